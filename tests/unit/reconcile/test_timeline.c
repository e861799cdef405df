/* Steps that widen: nothing added is lost, whatever order it comes in, and what is too old is counted. */
#include "reconcile/timeline.h"
#include "tests/unit/cmocka_all.h"
#include "tests/unit/random.h"

#define S ((uint64_t)1000000)
#define DAY ((uint64_t)86400)

static uint64_t sum(const struct timeline *t, enum timeline_series s)
{
    uint64_t all = t->earlier[s];
    for (size_t i = 0; i < TIMELINE_STEPS; i++)
        all += t->values[s][i];
    return all;
}

static void a_minute_is_told_by_the_second(void **state)
{
    (void)state;
    struct timeline t = {0};
    assert_int_equal(timeline_used(&t), 0);
    timeline_add(&t, TIMELINE_DIFFERENCES, 1000 * S + 5, 2);
    timeline_add(&t, TIMELINE_DIFFERENCES, 1060 * S, 1);
    timeline_add(&t, TIMELINE_DIFFERENCES, 1000 * S, 3);
    timeline_add(&t, TIMELINE_LAG_SOURCE, 1030 * S, 70);
    timeline_add(&t, TIMELINE_LAG_SOURCE, 1030 * S, 50);
    assert_int_equal(t.step_s, 1);
    assert_int_equal(t.start_s, 1000);
    assert_int_equal(t.values[TIMELINE_DIFFERENCES][0], 5);
    assert_int_equal(t.values[TIMELINE_DIFFERENCES][60], 1);
    assert_int_equal(t.values[TIMELINE_LAG_SOURCE][30], 70);
    assert_int_equal(timeline_used(&t), 61);
    assert_true(timeline_has(&t, TIMELINE_LAG_SOURCE));
    assert_false(timeline_has(&t, TIMELINE_LAG_TARGET));
}

static void a_longer_time_makes_wider_steps(void **state)
{
    (void)state;
    struct timeline t = {0};
    timeline_add(&t, TIMELINE_CONFLICTS_TARGET, 100000 * S, 1);
    timeline_add(&t, TIMELINE_CONFLICTS_TARGET, 100001 * S, 1);
    timeline_add(&t, TIMELINE_CONFLICTS_TARGET, (100000 - 3600) * S, 4); /* backwards */
    assert_int_equal(t.step_s, 60);
    assert_int_equal(t.start_s % t.step_s, 0);
    assert_int_equal(t.values[TIMELINE_CONFLICTS_TARGET][(100000 - t.start_s) / 60], 2);
    assert_int_equal(sum(&t, TIMELINE_CONFLICTS_TARGET), 6);
}

static void what_is_older_than_a_month_is_counted(void **state)
{
    (void)state;
    struct timeline t = {0};
    timeline_add(&t, TIMELINE_DIFFERENCES, 1000 * DAY * S, 5);
    timeline_add(&t, TIMELINE_DIFFERENCES, 1400 * DAY * S, 7);
    timeline_add(&t, TIMELINE_DIFFERENCES, 900 * DAY * S, 2);
    assert_int_equal(t.earlier[TIMELINE_DIFFERENCES], 7);
    assert_int_equal(sum(&t, TIMELINE_DIFFERENCES), 14);
    assert_true(timeline_used(&t) <= TIMELINE_STEPS);
}

static void nothing_is_lost_in_any_order(void **state)
{
    (void)state;
    struct random r = random_start("timeline");
    for (int round = 0; round < 500; round++) {
        struct timeline t = {0};
        uint64_t added = 0, base = 50000 + random_below(&r, 1000000000), span = 1 + random_below(&r, 90 * DAY);
        for (int i = 0; i < 200; i++) {
            uint64_t at = base + random_below(&r, random_below(&r, 2) ? span : 1 + span / 100);
            uint64_t n = 1 + random_below(&r, 5);
            timeline_add(&t, TIMELINE_DIFFERENCES, at * S, n);
            added += n;
            assert_true(timeline_used(&t) <= TIMELINE_STEPS);
        }
        assert_int_equal(sum(&t, TIMELINE_DIFFERENCES), added);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_minute_is_told_by_the_second),
        cmocka_unit_test(a_longer_time_makes_wider_steps),
        cmocka_unit_test(what_is_older_than_a_month_is_counted),
        cmocka_unit_test(nothing_is_lost_in_any_order),
    };
    return cmocka_run_group_tests_name("timeline", tests, NULL, NULL);
}
