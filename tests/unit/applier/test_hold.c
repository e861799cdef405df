/* What an operator says to a link: a word about a statement holds until the statement has been passed, a pause until
 * the target knows it. */
#include "applier/hold.h"
#include "common/base/clock.h"

#include "tests/unit/cmocka_all.h"

static void says(struct hold *h, const char *args, const char *answer)
{
    struct buf out = {0};
    hold_ask_resume(h, args, &out);
    assert_string_equal(buf_cstr(&out), answer);
    buf_free(&out);
}

static void says_resumed(struct hold *h)
{
    struct buf out = {0};
    hold_ask_resume(h, "ann - go on", &out);
    assert_int_equal(strncmp(buf_cstr(&out), "resumed; ", 9), 0);
    buf_free(&out);
}

static void a_word_holds_until_the_statement_is_passed(void **state)
{
    (void)state;
    char by[LINK_ROW_PAUSED_MAX + 1];
    struct hold *h = hold_new();
    says(h, "ann 0-1-7 done", "error: the link is neither paused nor does it wait for a word about a DDL statement\n");
    hold_expect(h, "0-1-7");
    assert_false(hold_resumed(h, by));
    says(h, "ann 0-1-8 done", "error: the statement that is waited for is that of 0-1-7, not of 0-1-8\n");
    assert_false(hold_resumed(h, by));
    says(h, "ann 0-1-7 swapped by hand", "passes the statement of 0-1-7\n");
    hold_expect(h, "0-1-7"); /* it comes again, after a lost connection */
    assert_true(hold_resumed(h, by));
    assert_non_null(strstr(by, "ann"));
    assert_non_null(strstr(by, "swapped by hand"));
    assert_true(hold_resumed(h, by)); /* the COMMIT of it has failed */
    hold_expect(h, NULL);
    assert_false(hold_resumed(h, by));
    hold_free(&h);
}

static void a_word_is_of_one_statement(void **state)
{
    (void)state;
    char by[LINK_ROW_PAUSED_MAX + 1];
    struct hold *h = hold_new();
    hold_expect(h, "0-1-7");
    says(h, "ann -", "passes the statement of 0-1-7\n");
    hold_expect(h, "0-1-9");
    assert_false(hold_resumed(h, by));
    hold_free(&h);
}

/* What the target was told late is not what holds. */
static void the_target_is_told_until_it_knows(void **state)
{
    (void)state;
    char paused[LINK_ROW_PAUSED_MAX + 1];
    uint64_t before = clock_mono_ms(), since;
    struct buf out = {0};
    struct hold *h = hold_new();
    assert_false(hold_due(h));
    assert_false(hold_is_kept(h)); /* what it knows has not been read */
    hold_load(h, "");
    assert_true(hold_is_kept(h));
    hold_ask_pause(h, "ann why", &out);
    assert_true(hold_paused(h, paused, &since));
    assert_in_range(since, before, clock_mono_ms());
    assert_true(hold_due(h));
    assert_false(hold_is_kept(h));
    hold_told(h, paused);
    assert_true(hold_is_kept(h));
    says_resumed(h);
    assert_false(hold_is_kept(h));
    hold_told(h, "");
    assert_true(hold_is_kept(h));
    assert_false(hold_due(h));
    hold_told(h, paused);
    assert_true(hold_due(h));
    hold_told(h, "");
    assert_false(hold_due(h));
    buf_free(&out);
    hold_free(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_word_holds_until_the_statement_is_passed),
        cmocka_unit_test(a_word_is_of_one_statement),
        cmocka_unit_test(the_target_is_told_until_it_knows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
