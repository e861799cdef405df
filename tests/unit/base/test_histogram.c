/* Buckets: every value in one, at its bound too; shares by straight lines. */
#include "common/base/histogram.h"
#include "tests/unit/cmocka_all.h"

static void bounds_rise(void **state)
{
    (void)state;
    for (size_t i = 1; i < HISTOGRAM_BOUNDS; i++)
        assert_true(histogram_bounds_us[i - 1] < histogram_bounds_us[i]);
}

static void each_value_is_in_one_bucket(void **state)
{
    (void)state;
    for (size_t i = 0; i < HISTOGRAM_BOUNDS; i++) {
        struct histogram h = {0};
        histogram_add(&h, histogram_bounds_us[i]);
        histogram_add(&h, histogram_bounds_us[i] + 1);
        assert_int_equal(h.buckets[i], 1);
        assert_int_equal(h.buckets[i + 1], 1);
        assert_int_equal(h.count, 2);
        assert_int_equal(h.sum_us, 2 * histogram_bounds_us[i] + 1);
    }
    struct histogram h = {0};
    histogram_add(&h, 0);
    assert_int_equal(h.buckets[0], 1);
}

static void shares(void **state)
{
    (void)state;
    struct histogram h = {0};
    assert_true(histogram_quantile(&h, 0.5) == 0);
    for (int i = 0; i < 90; i++)
        histogram_add(&h, 1500); /* 1 to 2 ms */
    for (int i = 0; i < 10; i++)
        histogram_add(&h, 300000); /* 200 to 500 ms */
    assert_true(histogram_quantile(&h, 0.45) == 1500);
    assert_true(histogram_quantile(&h, 0.9) == 2000);
    assert_true(histogram_quantile(&h, 0.95) == 350000);
    histogram_add(&h, UINT64_C(100) * 24 * 3600 * 1000000);
    assert_true(histogram_quantile(&h, 1) == 24.0 * 3600 * 1e6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bounds_rise),
        cmocka_unit_test(each_value_is_in_one_bucket),
        cmocka_unit_test(shares),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
