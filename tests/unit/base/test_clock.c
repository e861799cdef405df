/* Clocks, stamps, back-off and stopping. */
#include "common/base/clock.h"

#include <poll.h>
#include <signal.h>
#include <string.h>

#include "common/base/backoff.h"
#include "common/base/stop.h"
#include "tests/unit/cmocka_all.h"
#include "tests/unit/random.h"

static void times_are_written_in_utc(void **state)
{
    (void)state;
    char text[CLOCK_TEXT_LEN];
    assert_string_equal(clock_text(text, 0), "1970-01-01T00:00:00.000000Z");
    assert_string_equal(clock_text(text, 1769903999123456u), "2026-01-31T23:59:59.123456Z");
    assert_int_equal(strlen(clock_text(text, UINT64_MAX)), CLOCK_TEXT_LEN - 1);
    assert_true(clock_wall_us() > 1700000000000000u);
    uint64_t start = clock_mono_ms();
    clock_sleep_ms(20);
    assert_true(clock_mono_ms() - start >= 19);
}

static void stamps_only_rise_and_stay_near_their_time(void **state)
{
    (void)state;
    struct random rnd = random_start("stamp");
    uint64_t previous = 0, now = 1700000000000000u;
    for (int i = 0; i < 100000; i++) {
        now += random_below(&rnd, 3);
        uint64_t physical = now + random_below(&rnd, 100) - 50;
        uint64_t stamp = clock_stamp(physical, now, previous);
        assert_true(stamp > previous);
        assert_true(clock_stamp_us(stamp) <= now || stamp == previous + 1);
        if (physical <= now && physical > clock_stamp_us(previous))
            assert_true(clock_stamp_us(stamp) == physical);
        previous = stamp;
    }
}

static void waits_double_up_to_the_bound_with_jitter(void **state)
{
    (void)state;
    struct backoff b = backoff_make(100, 30000);
    uint32_t full = 100;
    for (int i = 0; i < 100; i++) {
        uint32_t ms = backoff_next(&b);
        assert_true(ms <= full && ms >= full / 2);
        full = full * 2 > 30000 ? 30000 : full * 2;
    }
    backoff_reset(&b);
    assert_true(backoff_next(&b) <= 100);
    b = backoff_make(UINT32_MAX, UINT32_MAX);
    b.tries = UINT32_MAX;
    assert_true(backoff_next(&b) >= UINT32_MAX / 2);
    b = backoff_make(1, 1);
    assert_true(backoff_next(&b) <= 1);
    struct backoff c = backoff_make(1000000, 1000000), d = backoff_make(1000000, 1000000);
    int same = 0;
    for (int i = 0; i < 10; i++)
        same += backoff_next(&c) == backoff_next(&d);
    assert_true(same < 10);
}

static struct stop *signalled; /* a handler has no argument */

static void on_signal(int number)
{
    (void)number;
    stop_request(signalled, "signal");
}

static void a_stop_wakes_poll_and_keeps_the_first_reason(void **state)
{
    (void)state;
    struct stop *s = signalled = stop_new();
    struct pollfd p = {.fd = stop_fd(s), .events = POLLIN};
    assert_false(stop_requested(s));
    assert_null(stop_reason(s));
    assert_int_equal(poll(&p, 1, 0), 0);
    uint64_t start = clock_mono_ms();
    assert_false(stop_wait(s, 30));
    assert_true(clock_mono_ms() - start >= 29);
    void (*old)(int) = signal(SIGUSR1, on_signal);
    assert_int_equal(raise(SIGUSR1), 0);
    (void)signal(SIGUSR1, old);
    stop_request(s, "second");
    assert_true(stop_requested(s));
    assert_string_equal(stop_reason(s), "signal");
    assert_int_equal(poll(&p, 1, 0), 1);
    assert_true(stop_wait(s, 100000));
    assert_int_equal(poll(&p, 1, 0), 1); /* stays readable */
    stop_free(&s);
    assert_null(s);
    stop_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_are_written_in_utc),
        cmocka_unit_test(stamps_only_rise_and_stay_near_their_time),
        cmocka_unit_test(waits_double_up_to_the_bound_with_jitter),
        cmocka_unit_test(a_stop_wakes_poll_and_keeps_the_first_reason),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
