/* Error numbers of servers and client library, and what they mean for whoever owns the loop. */
#include <string.h>

#include "common/link/db.h"
#include "tests/unit/cmocka_all.h"

static void expect(unsigned code, const char *text, enum err_class class, int exit_code)
{
    struct err err = {0};
    assert_int_equal(db_error_of(NULL, code, text, &err, "doing it"), -1);
    if (err.class != class || (class == ERR_FATAL && err.exit_code != exit_code))
        fail_msg("%u is %s (%d)", code, err_class_name(err.class), err.exit_code);
    assert_int_equal(err.code, code);
    assert_non_null(strstr(err.text, "doing it"));
    assert_non_null(strstr(err.text, text));
}

static void the_world_may_mend_these(void **state)
{
    (void)state;
    static const unsigned codes[] = {1205, 1213, 1290, 1053, 1927, 2006, 2013, 2002, 2003, 1040, 1021, 4031, 3572, 1015,
                                     3,    20,   1026, 1114, 3675, 1878, 1836, 1792, 1203, 1047, 3101, 1461, 1615};
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
        expect(codes[i], "text", ERR_RETRY, 0);
}

/* As servers tell it: by numbers that have other causes, too, or that are not in the table at all. */
static void a_full_disk_goes_by_many_numbers(void **state)
{
    (void)state;
    static const unsigned codes[] = {1, 3, 4, 14, 20, 27, 1004, 1021, 1023, 1026, 1114, 1878, 3675};
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
        expect(codes[i], "text", ERR_RETRY, 0);
    expect(1005, "Can't create table `drc`.`meta` (errno: 28 \"No space left on device\")", ERR_RETRY, 0);
    expect(1005, "Can't create table `shop`.`item` (errno: 150 \"Foreign key constraint is incorrectly formed\")",
           ERR_FATAL, EXIT_BUG);
    expect(1598,
           "Binary logging not possible. Message: An error occurred during flush stage of the commit. "
           "'binlog_error_action' is set to 'ABORT_SERVER'. Server is being stopped.",
           ERR_RETRY, 0);
    expect(1598,
           "Binary logging not possible. Message: Either disk is full, file system is read only or there was an "
           "encryption error while opening the binlog. Aborting the server.",
           ERR_RETRY, 0);
    expect(1598, "Binary logging not possible. Message: no format fits", ERR_FATAL, EXIT_BAD_CONFIG);
    expect(1062, "Duplicate entry 'No space left on device' for key 'PRIMARY'", ERR_DATA, 0);
}

static void these_are_about_one_row(void **state)
{
    (void)state;
    static const unsigned codes[] = {1062, 1032, 1451, 1452, 1146, 1054, 4025, 1526, 1022};
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
        expect(codes[i], "text", ERR_DATA, 0);
}

static void these_are_for_the_operator(void **state)
{
    (void)state;
    expect(1045, "Access denied", ERR_FATAL, EXIT_DENIED);
    expect(1227, "Access denied", ERR_FATAL, EXIT_DENIED);
    expect(1095, "You are not owner of thread 7", ERR_FATAL, EXIT_DENIED);
    expect(4151, "Access denied, this account is locked", ERR_FATAL, EXIT_DENIED);
    expect(2026, "TLS/SSL error: self-signed certificate", ERR_FATAL, EXIT_BAD_CONFIG);
    expect(1064, "You have an error in your SQL syntax", ERR_FATAL, EXIT_BUG);
    expect(2014, "Commands out of sync", ERR_FATAL, EXIT_BUG);
    expect(1197, "Multi-statement transaction required more than 'max_binlog_cache_size' bytes", ERR_FATAL,
           EXIT_BAD_CONFIG);
}

static void a_handshake_that_was_cut_is_tried_again(void **state)
{
    (void)state;
    expect(2026, "TLS/SSL error: unexpected eof while reading", ERR_RETRY, 0);
    expect(2026, "TLS/SSL error: Connection reset by peer", ERR_RETRY, 0);
}

static void quoting_leaves_no_way_out(void **state)
{
    (void)state;
    struct buf out = {0};
    db_put_name(&out, span_str("a`b"));
    assert_string_equal(buf_cstr(&out), "`a``b`");
    buf_clear(&out);
    db_put_string(&out, span_str("plain - text"));
    assert_string_equal(buf_cstr(&out), "'plain - text'");
    static const char *const odd[] = {"it's", "back\\slash", "new\nline", "\xc3\xa4", "\x7f"};
    for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++) {
        buf_clear(&out);
        db_put_string(&out, span_str(odd[i]));
        assert_memory_equal(buf_cstr(&out), "X'", 2);
    }
    buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_world_may_mend_these),
        cmocka_unit_test(a_full_disk_goes_by_many_numbers),
        cmocka_unit_test(these_are_about_one_row),
        cmocka_unit_test(these_are_for_the_operator),
        cmocka_unit_test(a_handshake_that_was_cut_is_tried_again),
        cmocka_unit_test(quoting_leaves_no_way_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
