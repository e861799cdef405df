/* What is needed and what is there, as SHOW GRANTS of both flavours has it. */
#include <stdlib.h>

#include "common/check/grants.h"
#include "tests/unit/cmocka_all.h"

static void hold(struct grants *g, const char *const *lines)
{
    for (; *lines; lines++)
        (void)grants_read(g, span_str(*lines));
}

static void expect(const char *const *needed, const char *const *held, const char *missing, const char *surplus,
                   const char *instead)
{
    struct grants need = {0}, have = {0}, less = {0}, more = {0}, other = {0};
    struct buf text = {0};
    hold(&need, needed);
    hold(&have, held);
    grants_missing(&less, &need, &have);
    grants_surplus(&more, &other, &need, &need, &have);
    grants_put_words(&text, &less);
    assert_string_equal(buf_cstr(&text), missing);
    buf_clear(&text);
    grants_put_revoke(&text, &more, "'drc'@'%'");
    assert_string_equal(buf_cstr(&text), surplus);
    buf_clear(&text);
    grants_put_line(&text, &other, "'drc'@'%'");
    assert_string_equal(buf_cstr(&text), instead);
    buf_free(&text);
    grants_free(&need);
    grants_free(&have);
    grants_free(&less);
    grants_free(&more);
    grants_free(&other);
}

#define LIST(...) ((const char *const[]){__VA_ARGS__, NULL})
#define NEEDED                                                                                                         \
    LIST("GRANT REPLICATION SLAVE, BINLOG REPLAY ON *.* TO x", "GRANT ALL PRIVILEGES ON `drc`.* TO x",                 \
         "GRANT SELECT ON `shop`.* TO x")

static void just_what_is_needed(void **state)
{
    (void)state;
    expect(NEEDED,
           LIST("GRANT REPLICATION SLAVE, BINLOG REPLAY ON *.* TO `drc`@`%` IDENTIFIED BY PASSWORD '*94BDCEBE'",
                "GRANT ALL PRIVILEGES ON `drc`.* TO `drc`@`%`", "GRANT SELECT ON `shop`.* TO `drc`@`%`"),
           "", "", "");
    expect(NEEDED,
           LIST("GRANT BINLOG REPLAY ON *.* TO `drc`@`%`", "GRANT REPLICATION SLAVE ON *.* TO `drc`@`%`",
                "GRANT USAGE ON *.* TO `drc`@`%`", "GRANT ALL PRIVILEGES ON `drc`.* TO `drc`@`%`",
                "GRANT EXECUTE ON FUNCTION `drc`.`next_id` TO `drc`@`%`", "GRANT SELECT ON `shop`.* TO `drc`@`%`"),
           "", "", "");
    expect(LIST("GRANT SELECT, INSERT ON `shop`.* TO x"),
           LIST("GRANT SELECT, INSERT ON `shop`.* TO y", "GRANT SELECT, INSERT ON `shop`.`big` TO y"), "", "", "");
    expect(LIST("GRANT SELECT ON `my\\_shop`.* TO x"), LIST("GRANT SELECT ON `my_shop`.* TO y"), "", "", "");
}

static void what_is_missing(void **state)
{
    (void)state;
    expect(NEEDED, LIST("GRANT USAGE ON *.* TO `drc`@`%`"),
           "REPLICATION SLAVE, BINLOG REPLAY on *.*; ALL PRIVILEGES on `drc`.*; SELECT on `shop`.*", "", "");
    expect(LIST("GRANT SELECT, INSERT ON `shop`.* TO x"), LIST("GRANT SELECT (`a`, `INSERT`) ON `shop`.`t` TO x"),
           "SELECT, INSERT on `shop`.*", "REVOKE SELECT (`a`, `INSERT`) ON `shop`.`t` FROM 'drc'@'%';", "");
}

static void what_is_too_much(void **state)
{
    (void)state;
    expect(NEEDED,
           LIST("GRANT REPLICATION SLAVE, BINLOG REPLAY, SELECT, FILE ON *.* TO `drc`@`%` WITH GRANT OPTION",
                "GRANT ALL PRIVILEGES ON `drc`.* TO `drc`@`%`"),
           "", "REVOKE SELECT, FILE, GRANT OPTION ON *.* FROM 'drc'@'%';", "GRANT SELECT ON `shop`.* TO 'drc'@'%';");
    expect(NEEDED, LIST("GRANT ALL PRIVILEGES ON *.* TO `drc`@`%`"), "", "REVOKE ALL PRIVILEGES ON *.* FROM 'drc'@'%';",
           "GRANT REPLICATION SLAVE, BINLOG REPLAY ON *.* TO 'drc'@'%'; GRANT ALL PRIVILEGES ON `drc`.* TO 'drc'@'%'; "
           "GRANT SELECT ON `shop`.* TO 'drc'@'%';");
    expect(LIST("GRANT SELECT ON `shop`.* TO x"), LIST("GRANT SELECT ON `sh%`.* TO x"), "",
           "REVOKE SELECT ON `sh%`.* FROM 'drc'@'%';", "GRANT SELECT ON `shop`.* TO 'drc'@'%';");
    expect(LIST("GRANT ALL PRIVILEGES ON `drc`.* TO x"),
           LIST("GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, ALTER, INDEX ON *.* TO x"), "",
           "REVOKE SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, ALTER, INDEX ON *.* FROM 'drc'@'%';",
           "GRANT ALL PRIVILEGES ON `drc`.* TO 'drc'@'%';");
}

static void lines_of_another_kind(void **state)
{
    (void)state;
    struct grants g = {0};
    assert_false(grants_read(&g, span_str("GRANT `writers` TO `drc`@`%`")));
    assert_false(grants_read(&g, span_str("GRANT PROXY ON ''@'%' TO 'root'@'localhost' WITH GRANT OPTION")));
    assert_false(grants_read(&g, span_str("SET DEFAULT ROLE `writers` FOR `drc`@`%`")));
    assert_false(grants_read(&g, span_str("")));
    assert_int_equal(g.count, 0);
    assert_true(grants_read(&g, span_str("GRANT SELECT ON `a ON b TO c`.* TO x")));
    assert_string_equal(g.items[0].place, "`a ON b TO c`.*");
    grants_free(&g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(just_what_is_needed),
        cmocka_unit_test(what_is_missing),
        cmocka_unit_test(what_is_too_much),
        cmocka_unit_test(lines_of_another_kind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
