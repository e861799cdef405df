/* The header for applications: what is composed comes apart again, and a generator rises whatever its clock does. */
#include <pthread.h>

#include "include/drc/id.h"
#include "tests/unit/cmocka_all.h"

static void an_id_is_a_time_and_a_tag(void **state)
{
    (void)state;
    static const uint64_t times[] = {0, 1, 1795359600123456, DRC_ID_TIME_MAX};
    static const unsigned tags[] = {0, 1, 2, 512, DRC_ID_TAG_MAX};
    for (size_t i = 0; i < sizeof times / sizeof *times; i++)
        for (size_t k = 0; k < sizeof tags / sizeof *tags; k++) {
            int64_t id = drc_id_compose(times[i], tags[k]);
            assert_true(id >= 0);
            assert_int_equal(drc_id_time_us(id), times[i]);
            assert_int_equal(drc_id_region(id), tags[k]);
        }
    assert_int_equal(drc_id_compose(1795359600123456, 3), 1795359600123456 * 1024 + 3);
}

static void an_id_is_positive_whatever_it_is_made_of(void **state)
{
    (void)state;
    assert_int_equal(drc_id_compose(UINT64_MAX, UINT32_MAX), INT64_MAX);
    assert_int_equal(drc_id_compose(DRC_ID_TIME_MAX + 1, DRC_ID_TAG_MAX + 1), 0);
}

static void ids_rise_when_the_clock_steps_back(void **state)
{
    (void)state;
    static const uint64_t clock[] = {1000, 1000, 1001, 5000, 4000, 4000, 5001, 5002, 5010};
    static const uint64_t expected[] = {1000, 1001, 1002, 5000, 5001, 5002, 5003, 5004, 5010};
    uint64_t last = 0;
    for (size_t i = 0; i < sizeof clock / sizeof *clock; i++) {
        int64_t id = drc_id_next(&last, clock[i], 7);
        assert_int_equal(drc_id_time_us(id), expected[i]);
        assert_int_equal(drc_id_region(id), 7);
    }
}

enum { THREADS = 4, EACH = 20000 };

struct taker {
    uint64_t *last;
    int64_t ids[EACH];
};

static void *take(void *argument)
{
    struct taker *t = argument;
    for (size_t i = 0; i < EACH; i++)
        t->ids[i] = drc_id_next(t->last, 100, 1);
    return NULL;
}

static void threads_never_get_the_same_id(void **state)
{
    (void)state;
    static struct taker takers[THREADS];
    static unsigned char seen[THREADS * EACH];
    pthread_t threads[THREADS];
    uint64_t last = 0;
    for (size_t i = 0; i < THREADS; i++) {
        takers[i].last = &last;
        assert_int_equal(pthread_create(&threads[i], NULL, take, &takers[i]), 0);
    }
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    for (size_t i = 0; i < THREADS; i++)
        for (size_t k = 0; k < EACH; k++) {
            uint64_t at = drc_id_time_us(takers[i].ids[k]) - 100;
            assert_true(at < sizeof seen && seen[at]++ == 0);
            assert_true(k == 0 || takers[i].ids[k] > takers[i].ids[k - 1]);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_id_is_a_time_and_a_tag),
        cmocka_unit_test(an_id_is_positive_whatever_it_is_made_of),
        cmocka_unit_test(ids_rise_when_the_clock_steps_back),
        cmocka_unit_test(threads_never_get_the_same_id),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
