/* Bursts of log lines under a clock of our own. */
#include "common/base/log_limit.h"

#include "tests/unit/cmocka_all.h"

static struct log_limit limit;
static struct log_repeat evicted;

static bool take(enum message_id id, const char *value, uint64_t now)
{
    return log_limit_take(&limit, &evicted, id, "link", span_str(value), now);
}

/* How many of `n` lines at that time pass. */
static unsigned burst(enum message_id id, const char *value, uint64_t now, unsigned n)
{
    unsigned passed = 0;
    while (n-- > 0)
        passed += take(id, value, now);
    return passed;
}

static int fresh(void **state)
{
    (void)state;
    limit = (struct log_limit){0};
    return 0;
}

static void the_first_pass_and_the_rest_is_told_once(void **state)
{
    (void)state;
    struct log_repeat due;
    assert_int_equal(burst(MSG_CONFLICT, "a:b", 1000, 100), LOG_LIMIT_FIRST);
    assert_int_equal(burst(MSG_CONFLICT, "b:a", 1000, 3), 3);
    assert_int_equal(burst(MSG_PARKED, "a:b", 1000, 3), 3);
    assert_false(log_limit_due(&limit, &due, 1000 + LOG_LIMIT_WINDOW_MS - 1, false));
    assert_true(log_limit_due(&limit, &due, 1000 + LOG_LIMIT_WINDOW_MS, false));
    assert_int_equal(due.id, MSG_CONFLICT);
    assert_int_equal(due.hidden, 100 - LOG_LIMIT_FIRST);
    assert_string_equal(due.key, "link");
    assert_string_equal(due.value, "a:b");
    assert_false(log_limit_due(&limit, &due, 1000 + LOG_LIMIT_WINDOW_MS, false));
}

static void a_storm_that_goes_on_has_one_line_and_one_count_a_window(void **state)
{
    (void)state;
    struct log_repeat due;
    uint64_t now = 500;
    (void)burst(MSG_CONFLICT, "a:b", now, 100);
    for (int window = 0; window < 5; window++) {
        now += LOG_LIMIT_WINDOW_MS;
        assert_true(log_limit_due(&limit, &due, now, false));
        assert_int_equal(burst(MSG_CONFLICT, "a:b", now, 50), 1);
    }
    now += LOG_LIMIT_WINDOW_MS;
    assert_true(log_limit_due(&limit, &due, now, false));
    assert_int_equal(due.hidden, 49);
    now += LOG_LIMIT_WINDOW_MS; /* a quiet window: as if nothing had been */
    assert_false(log_limit_due(&limit, &due, now, false));
    assert_int_equal(burst(MSG_CONFLICT, "a:b", now, 50), LOG_LIMIT_FIRST);
}

static void slow_lines_all_pass(void **state)
{
    (void)state;
    struct log_repeat due;
    for (uint64_t i = 0; i < 1000; i++) {
        uint64_t now = i * (LOG_LIMIT_WINDOW_MS / LOG_LIMIT_FIRST);
        assert_false(log_limit_due(&limit, &due, now, false));
        assert_true(take(MSG_CONFLICT, "a:b", now));
    }
}

static void nothing_is_forgotten_when_room_ends_or_the_process(void **state)
{
    (void)state;
    struct log_repeat due;
    char value[16];
    (void)burst(MSG_CONFLICT, "first", 1, 15);
    for (unsigned i = 0; i < LOG_LIMIT_SLOTS - 1; i++) {
        (void)snprintf(value, sizeof value, "%u", i);
        assert_true(take(MSG_CONFLICT, value, 2));
        assert_int_equal(evicted.hidden, 0);
    }
    assert_true(take(MSG_CONFLICT, "one more", 3));
    assert_string_equal(evicted.value, "first");
    assert_int_equal(evicted.hidden, 5);
    (void)burst(MSG_CONFLICT, "one more", 3, 20);
    assert_true(log_limit_due(&limit, &due, 4, true));
    assert_string_equal(due.value, "one more");
    assert_int_equal(due.hidden, 11);
    assert_false(log_limit_due(&limit, &due, 4, true));
}

static void long_values_differ_beyond_what_is_kept(void **state)
{
    (void)state;
    char a[200], b[200];
    memset(a, 'x', sizeof a);
    memset(b, 'x', sizeof b);
    a[199] = b[199] = '\0';
    b[198] = 'y';
    assert_int_equal(burst(MSG_CONFLICT, a, 1, 20), LOG_LIMIT_FIRST);
    assert_int_equal(burst(MSG_CONFLICT, b, 1, 20), LOG_LIMIT_FIRST);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(the_first_pass_and_the_rest_is_told_once, fresh),
        cmocka_unit_test_setup(a_storm_that_goes_on_has_one_line_and_one_count_a_window, fresh),
        cmocka_unit_test_setup(slow_lines_all_pass, fresh),
        cmocka_unit_test_setup(nothing_is_forgotten_when_room_ends_or_the_process, fresh),
        cmocka_unit_test_setup(long_values_differ_beyond_what_is_kept, fresh),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
