/* The pulse: who beats, who rests, who is stuck. */
#include "common/base/pulse.h"

#include "common/base/clock.h"
#include "tests/unit/cmocka_all.h"

#define LIMIT_MS 300

static void assert_stuck(struct pulse *p, size_t count, const char *names)
{
    struct buf out = {0};
    assert_int_equal(pulse_stuck(p, LIMIT_MS, &out), count);
    assert_string_equal(buf_cstr(&out), names);
    buf_free(&out);
}

static void who_does_not_get_on_is_named(void **state)
{
    (void)state;
    struct pulse *p = pulse_new();
    struct beat *reader = pulse_join(p, "reader"), *sender = pulse_join(p, "sender");
    struct buf out = {0};
    assert_int_equal(pulse_stuck(p, 60000, &out), 0);
    buf_free(&out);
    clock_sleep_ms(2 * LIMIT_MS);
    assert_stuck(p, 2, "sender, reader");
    beat_rest(sender, BEAT_ANY_TIME);
    assert_stuck(p, 1, "reader");
    beat_rest(reader, 600000); /* one that has not ended */
    clock_sleep_ms(2 * LIMIT_MS);
    assert_stuck(p, 0, "");
    beat_rest(reader, LIMIT_MS); /* one that has, and by more than the limit */
    clock_sleep_ms(3 * LIMIT_MS);
    beat_on(sender); /* a rest is not counted afterwards */
    assert_stuck(p, 1, "reader");
    pulse_leave(p, &reader);
    assert_null(reader);
    assert_stuck(p, 0, "");
    pulse_leave(p, &reader);
    pulse_free(&p);
    assert_null(p);
}

static void nobody_has_to_watch(void **state)
{
    (void)state;
    struct beat *beat = pulse_join(NULL, "reader");
    assert_null(beat);
    pulse_leave(NULL, &beat);
    beat_on(NULL);
    beat_rest(NULL, BEAT_ANY_TIME);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_does_not_get_on_is_named),
        cmocka_unit_test(nobody_has_to_watch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
