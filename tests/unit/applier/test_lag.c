/* A replica's lag by counts of the ledger. */
#include "applier/lag.h"
#include "tests/unit/cmocka_all.h"

static void what_it_lacks_is_as_old_as_when_it_was_seen(void **state)
{
    (void)state;
    struct lag l = {.every_ms = 0};
    assert_int_equal(lag_of(&l, 5000, 0), 0);
    lag_note(&l, 1000, 10);
    lag_note(&l, 2000, 20);
    lag_note(&l, 3000, 20);
    lag_note(&l, 4000, 30);
    assert_int_equal(lag_of(&l, 5000, 30), 0);
    assert_int_equal(lag_of(&l, 5000, 31), 0);
    assert_int_equal(lag_of(&l, 5000, 29), 1000);
    assert_int_equal(lag_of(&l, 5000, 20), 1000);
    assert_int_equal(lag_of(&l, 5000, 19), 3000);
    assert_int_equal(lag_of(&l, 5000, 0), 4000);
}

/* An idle target and a replica that has all of it: no lag, however long that lasts. */
static void nothing_to_come_is_no_lag(void **state)
{
    (void)state;
    struct lag l = {.every_ms = 0};
    lag_note(&l, 1000, 10);
    assert_int_equal(lag_of(&l, 1000000, 10), 0);
    assert_int_equal(lag_of(&l, 1000000, 9), 999000);
}

static void the_ring_keeps_the_newest_and_reaches_far_enough(void **state)
{
    (void)state;
    struct lag l = {.every_ms = 100};
    for (uint64_t ms = 1; ms <= 100000; ms++)
        lag_note(&l, ms, ms);
    assert_int_equal(l.count, LAG_SAMPLES);
    uint64_t oldest = lag_of(&l, 100000, 0);
    assert_true(oldest >= (LAG_SAMPLES - 1) * 100 && oldest <= LAG_SAMPLES * 100);
    assert_true(lag_of(&l, 100000, 95000) >= 4900 && lag_of(&l, 100000, 95000) <= 5000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_it_lacks_is_as_old_as_when_it_was_seen),
        cmocka_unit_test(nothing_to_come_is_no_lag),
        cmocka_unit_test(the_ring_keeps_the_newest_and_reaches_far_enough),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
