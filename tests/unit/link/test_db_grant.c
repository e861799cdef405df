/* What servers say when they refuse, and the GRANT that comes of it. */
#include "common/link/db_grant.h"
#include "tests/unit/cmocka_all.h"

static void expect(unsigned code, const char *text, const char *grant)
{
    struct buf out = {0};
    bool known = db_put_grant(&out, code, text, "'drc'@'%'");
    assert_int_equal(known, grant != NULL);
    assert_string_equal(buf_cstr(&out), grant ? grant : "");
    buf_free(&out);
}

static void a_refusal_that_tells_what_is_missing(void **state)
{
    (void)state;
    expect(1142, "SELECT command denied to user 'drc'@'127.0.0.1' for table `shop`.`it``em`",
           "GRANT SELECT ON `shop`.`it``em` TO 'drc'@'%';");
    expect(1142, "SHOW command denied to user 'drc'@'127.0.0.1' for table `shop`.`item`",
           "GRANT SELECT ON `shop`.`item` TO 'drc'@'%';");
    expect(1142, "SELECT, UPDATE command denied to user 'drc'@'127.0.0.1' for table `shop`.`item`",
           "GRANT SELECT, UPDATE ON `shop`.`item` TO 'drc'@'%';");
    expect(1142, "SELECT command denied to user 'drc'@'127.0.0.1' for table `drc`.`ledger`",
           "GRANT ALL PRIVILEGES ON `drc`.* TO 'drc'@'%';");
    expect(1044, "Access denied for user 'drc'@'%' to database 'drc'", "GRANT ALL PRIVILEGES ON `drc`.* TO 'drc'@'%';");
    expect(1095, "You are not owner of thread 7", "GRANT CONNECTION ADMIN ON *.* TO 'drc'@'%';");
    expect(1227, "Access denied; you need (at least one of) the BINLOG REPLAY privilege(s) for this operation",
           "GRANT BINLOG REPLAY ON *.* TO 'drc'@'%';");
    expect(1227, "Access denied; you need (at least one of) the SUPER, BINLOG ADMIN privilege(s) for this operation",
           "GRANT BINLOG ADMIN ON *.* TO 'drc'@'%';");
    expect(1227,
           "Access denied; you need (at least one of) the SUPER, REPLICATION_APPLIER or BINLOG_ADMIN privilege(s) for "
           "this operation",
           "GRANT REPLICATION_APPLIER ON *.* TO 'drc'@'%';");
    expect(1227, "Access denied; you need (at least one of) the SUPER or BINLOG_ADMIN privilege(s) for this operation",
           "GRANT REPLICATION_APPLIER ON *.* TO 'drc'@'%';");
    expect(1227,
           "Access denied; you need (at least one of) the SUPER, SYSTEM_VARIABLES_ADMIN or SESSION_VARIABLES_ADMIN "
           "privilege(s) for this operation",
           "GRANT SESSION_VARIABLES_ADMIN ON *.* TO 'drc'@'%';");
    expect(1227, "Access denied; you need (at least one of) the SUPER privilege(s) for this operation",
           "GRANT SUPER ON *.* TO 'drc'@'%';");
}

static void a_refusal_that_does_not(void **state)
{
    (void)state;
    expect(1045, "Access denied for user 'drc'@'127.0.0.1' (using password: YES)", NULL);
    expect(1130, "Host '10.0.0.1' is not allowed to connect to this MariaDB server", NULL);
    expect(1142, "SELECT command denied to user 'drc'@'127.0.0.1' for table 'item'", NULL);
    expect(1142, "SELECT command denied to user 'drc'@'127.0.0.1' for table `", NULL);
    expect(1142, "for table `shop`.`item`", NULL);
    expect(1227, "Zugriff verweigert", NULL);
    expect(1044, "Access denied for user 'drc'@'%' to database '", NULL);
    expect(1044, "", NULL);
}

static void expect_account(const char *current_user, const char *account)
{
    struct buf out = {0};
    db_put_account(&out, span_str(current_user));
    assert_string_equal(buf_cstr(&out), account);
    buf_free(&out);
}

static void an_account_as_grant_takes_it(void **state)
{
    (void)state;
    expect_account("drc@%", "'drc'@'%'");
    expect_account("drc@10.0.%", "'drc'@'10.0.%'");
    expect_account("a@b@localhost", "'a@b'@'localhost'");
    expect_account("o'neil\\@%", "'o''neil\\\\'@'%'");
    expect_account("", "''@'%'");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_refusal_that_tells_what_is_missing),
        cmocka_unit_test(a_refusal_that_does_not),
        cmocka_unit_test(an_account_as_grant_takes_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
