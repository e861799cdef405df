/* The rules of foreign keys, out of what servers print. */
#include "common/target/foreign_rules.h"
#include "tests/unit/cmocka_all.h"

static const char create[] =
    "CREATE TABLE `member` (\n"
    "  `id` int(11) NOT NULL COMMENT 'CONSTRAINT `plain` FOREIGN KEY (x) REFERENCES y (z) ON DELETE CASCADE',\n"
    "  `family` int(11) DEFAULT NULL,\n"
    "  PRIMARY KEY (`id`),\n"
    "  KEY `plain` (`family`),\n"
    "  CONSTRAINT `both` FOREIGN KEY (`family`) REFERENCES `family` (`id`) ON DELETE CASCADE ON UPDATE CASCADE,\n"
    "  CONSTRAINT `gone` FOREIGN KEY (`a`, `b`) REFERENCES `other`.`family` (`x`, `y`) ON DELETE SET NULL,\n"
    "  CONSTRAINT `moved` FOREIGN KEY (`a`) REFERENCES `family` (`x`) ON DELETE NO ACTION ON UPDATE SET DEFAULT,\n"
    "  CONSTRAINT `kept` FOREIGN KEY (`a`) REFERENCES `family` (`x`) ON DELETE RESTRICT ON UPDATE NO ACTION,\n"
    "  CONSTRAINT `plain` FOREIGN KEY (` ON DELETE CASCADE`) REFERENCES `family` (` ON UPDATE CASCADE (`),\n"
    "  CONSTRAINT `odd``name` FOREIGN KEY (`a`) REFERENCES `family` (`x`),\n"
    "  CONSTRAINT `odd` CHECK (`a` > 0)\n"
    ") ENGINE=InnoDB DEFAULT CHARSET=utf8mb4";

static void expect(const char *text, const char *name, bool on_delete, bool on_update)
{
    const struct foreign_rules found = foreign_rules_find(span_str(text), span_str(name));
    assert_int_equal(found.delete_cascades, on_delete);
    assert_int_equal(found.update_cascades, on_update);
}

static void rules_are_those_of_the_constraint_of_that_name(void **state)
{
    (void)state;
    expect(create, "both", true, true);
    expect(create, "gone", true, false);
    expect(create, "moved", false, true);
    expect(create, "kept", false, false);
    expect(create, "plain", false, false);
    expect(create, "odd`name", false, false);
    expect("CREATE TABLE \"x\" (\n  CONSTRAINT \"a`b\" FOREIGN KEY (\"y\") REFERENCES \"z\" (\"y\")\n)", "a`b", false,
           false);
}

static void what_is_not_found_is_taken_to_cascade(void **state)
{
    (void)state;
    expect("", "both", true, true);
    expect(create, "odd", true, true);
    expect(create, "bot", true, true);
    expect(create, "both_", true, true);
    expect("  CONSTRAINT `both", "both", true, true);
    expect("  CONSTRAINT `both`", "both", true, true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rules_are_those_of_the_constraint_of_that_name),
        cmocka_unit_test(what_is_not_found_is_taken_to_cascade),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
