/* Stages by heartbeats: which clock each is of, what waits, what came from the future. */
#include "applier/heartbeat.h"
#include "tests/unit/cmocka_all.h"

#define S UINT64_C(1000000)
#define WALL (1800000000 * S)

static struct clocks at(uint64_t us)
{
    return (struct clocks){WALL + us, us};
}

static void read(struct heartbeats *h, uint64_t seq, uint64_t as_of_us, uint64_t put_us, uint64_t now_us)
{
    const struct heartbeat beat = {seq, WALL + as_of_us, WALL + put_us};
    const struct clocks now = at(now_us);
    heartbeats_read(h, &beat, &now);
}

static void arrive(struct heartbeats *h, uint64_t seq, uint64_t now_us)
{
    const struct clocks now = at(now_us);
    heartbeats_arrive(h, seq, &now);
}

static void each_stage_from_its_own_clock(void **state)
{
    (void)state;
    struct heartbeats h = {0};
    read(&h, 10, 100 * S, 102 * S, 105 * S);
    arrive(&h, 9, 106 * S); /* not all before it */
    assert_int_equal(h.applied.count, 0);
    arrive(&h, 10, 112 * S);
    assert_int_equal(h.transported.sum_us, 3 * S);
    assert_int_equal(h.applied.sum_us, 7 * S);
    assert_int_equal(h.total.sum_us, 12 * S);
    uint64_t lag;
    assert_true(age_now(&h.lag, &lag, 113 * S, 2 * S));
    assert_int_equal(lag, 12 * S);
    assert_true(age_now(&h.lag, &lag, 122 * S, 2 * S));
    assert_int_equal(lag, 22 * S);
}

static void one_watermark_passes_many(void **state)
{
    (void)state;
    struct heartbeats h = {0};
    for (uint64_t i = 0; i < 2 * HEARTBEATS_WAITING; i++)
        read(&h, i / 2, 1, 1, 1);
    assert_int_equal(h.transported.count, 2 * HEARTBEATS_WAITING);
    assert_int_equal(h.count, HEARTBEATS_WAITING);
    arrive(&h, 3, 5); /* of seqs 0 to 3, two each */
    assert_int_equal(h.applied.count, 8);
    read(&h, 1000, 1, 1, 1);
    arrive(&h, 999, 5);
    assert_int_equal(h.count, 1);
    heartbeats_restart(&h);
    arrive(&h, 1000, 5);
    assert_int_equal(h.applied.count, HEARTBEATS_WAITING);
}

static void what_comes_from_the_future_counts_as_nothing_and_is_told(void **state)
{
    (void)state;
    struct heartbeats h = {0};
    struct clocks now = at(50 * S);
    assert_int_equal(heartbeats_behind_us(&h, &now), 0);
    read(&h, 1, 52 * S, 53 * S, 50 * S);
    arrive(&h, 1, 51 * S);
    assert_int_equal(h.transported.sum_us + h.total.sum_us, 0);
    assert_int_equal(heartbeats_behind_us(&h, &now), 3 * S);
    for (uint64_t t = 55; t < 75; t += 5)
        read(&h, 1, t * S, t * S, t * S);
    now = at(75 * S);
    assert_int_equal(heartbeats_behind_us(&h, &now), 3 * S); /* of the minute */
    for (uint64_t t = 80; t < 145; t += 5)
        read(&h, 1, t * S, t * S, t * S);
    now = at(145 * S);
    assert_int_equal(heartbeats_behind_us(&h, &now), 0);
    read(&h, 1, 150 * S, 150 * S, 146 * S);
    now = at(300 * S); /* nothing has come since */
    assert_int_equal(heartbeats_behind_us(&h, &now), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_stage_from_its_own_clock),
        cmocka_unit_test(one_watermark_passes_many),
        cmocka_unit_test(what_comes_from_the_future_counts_as_nothing_and_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
