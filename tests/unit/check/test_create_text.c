/* Cutting what SHOW CREATE TABLE says. */
#include "common/check/create_text.h"
#include "tests/unit/cmocka_all.h"

static const char item[] = "CREATE TABLE `it(em` (\n"
                           "  `id` int(11) NOT NULL AUTO_INCREMENT,\n"
                           "  `a``b` varchar(40) DEFAULT ',(',\n"
                           "  PRIMARY KEY (`id`),\n"
                           "  UNIQUE KEY `u` (`a``b`),\n"
                           "  KEY `k` (`id`,`a``b`),\n"
                           "  CONSTRAINT `f` FOREIGN KEY (`id`) REFERENCES `p` (`id`) ON DELETE CASCADE,\n"
                           "  CONSTRAINT `c` CHECK (`id` > 0)\n"
                           ") ENGINE=InnoDB AUTO_INCREMENT=5 DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin COMMENT=')'";

static void lines_of_a_table(void **state)
{
    (void)state;
    static const struct {
        enum create_kind kind;
        const char *name;
    } lines[] = {
        {CREATE_COLUMN,  "`id`"  },
        {CREATE_COLUMN,  "`a``b`"},
        {CREATE_PRIMARY, ""      },
        {CREATE_UNIQUE,  "`u`"   },
        {CREATE_KEY,     "`k`"   },
        {CREATE_FOREIGN, "`f`"   },
        {CREATE_CHECK,   "`c`"   },
    };
    struct create_text t;
    create_text_read(&t, span_str(item));
    assert_int_equal(t.count, sizeof lines / sizeof lines[0]);
    for (size_t i = 0; i < t.count; i++) {
        assert_int_equal(t.lines[i].kind, lines[i].kind);
        assert_true(span_is(t.lines[i].name, lines[i].name));
    }
    assert_true(span_is(t.lines[1].text, "`a``b` varchar(40) DEFAULT ',('"));
    assert_true(span_is(t.charset, "utf8mb4"));
    assert_true(span_is(t.collation, "utf8mb4_bin"));
    assert_int_equal(t.body.p[0], '(');
    create_text_free(&t);
}

static void what_is_the_same(void **state)
{
    (void)state;
    struct create_text t, other;
    create_text_read(&t, span_str(item));
    create_text_read(&other, span_str("CREATE TABLE `x` (\n  `id` bigint,\n  UNIQUE KEY `named_otherwise` (`a``b`),\n"
                                      "  KEY `k` (`id`)\n) ENGINE=InnoDB"));
    assert_ptr_equal(create_text_find(&other, &t.lines[0]), &other.lines[0]); /* a column, by its name */
    assert_null(create_text_find(&other, &t.lines[1]));
    assert_null(create_text_find(&other, &t.lines[2]));
    assert_ptr_equal(create_text_find(&other, &t.lines[3]), &other.lines[1]); /* a key, by what it is of */
    assert_null(create_text_find(&other, &t.lines[4]));
    assert_null(create_text_named(&other, &t.lines[2]));
    assert_null(create_text_named(&other, &t.lines[3]));
    assert_ptr_equal(create_text_named(&other, &t.lines[4]), &other.lines[2]); /* another key of that name */
    assert_int_equal(other.charset.n, 0);
    create_text_free(&t);
    create_text_free(&other);
}

static void no_table(void **state)
{
    (void)state;
    static const char *const texts[] = {"", "CREATE VIEW `v` AS SELECT 1", "CREATE TABLE `x` (", "\n", "(\n)", "(\n`"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct create_text t;
        create_text_read(&t, span_str(texts[i]));
        create_text_free(&t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_of_a_table),
        cmocka_unit_test(what_is_the_same),
        cmocka_unit_test(no_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
