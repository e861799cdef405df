/* Watermarks against a naive array of flags. */
#include "common/base/watermark.h"

#include "tests/unit/cmocka_all.h"
#include "tests/unit/random.h"

#define SPACE 200

/* Equal to the flags, and in the one canonical form. */
static void assert_matches(const struct watermark *w, const bool done[SPACE + 2])
{
    uint64_t low = 0, high = 0;
    while (done[low + 1])
        low++;
    assert_int_equal(w->low, low);
    for (uint64_t seq = 1; seq <= SPACE; seq++) {
        assert_int_equal(watermark_has(w, seq), done[seq]);
        if (done[seq])
            high = seq;
    }
    assert_int_equal(watermark_high(w), high);
    uint64_t before = w->low;
    for (size_t i = 0; i < w->count; i++) {
        assert_true(w->ranges[i].first >= before + 2);
        assert_true(w->ranges[i].last >= w->ranges[i].first);
        before = w->ranges[i].last;
    }
}

static void assert_round_trip(const struct watermark *w)
{
    struct buf out = {0};
    watermark_put_ranges(w, &out);
    struct watermark back = {.low = w->low};
    struct bytes r = bytes_of(buf_span(&out));
    watermark_read_ranges(&back, &r);
    assert_false(r.bad);
    assert_int_equal(bytes_left(&r), 0);
    assert_int_equal(back.count, w->count);
    if (w->count > 0)
        assert_memory_equal(back.ranges, w->ranges, w->count * sizeof *w->ranges);
    for (size_t n = 0; n < out.len; n++) {
        r = bytes_of(span_of(out.data, n));
        watermark_read_ranges(&back, &r);
        assert_true(r.bad);
        assert_int_equal(back.count, 0);
    }
    watermark_free(&back);
    buf_free(&out);
}

static void random_step(struct random *rnd, struct watermark *w, bool done[SPACE + 2])
{
    uint64_t first = 1 + random_below(rnd, SPACE);
    uint64_t last = first + random_below(rnd, 6);
    if (last > SPACE)
        last = SPACE;
    if (random_below(rnd, 40) == 0) {
        watermark_raise(w, first / 4);
        for (uint64_t s = 1; s <= first / 4; s++)
            done[s] = true;
        return;
    }
    bool fresh = true;
    for (uint64_t s = first; s <= last; s++) {
        fresh = fresh && !done[s];
        done[s] = true;
    }
    assert_int_equal(watermark_add(w, first, last), fresh);
}

static void any_history_equals_the_naive_model(void **state)
{
    (void)state;
    struct random rnd = random_start("watermark");
    for (int history = 0; history < 150; history++) {
        struct watermark w = {0};
        bool done[SPACE + 2] = {false};
        for (int step = 0; step < 120; step++) {
            random_step(&rnd, &w, done);
            assert_matches(&w, done);
        }
        assert_round_trip(&w);
        watermark_free(&w);
    }
}

static void union_equals_the_naive_model(void **state)
{
    (void)state;
    struct random rnd = random_start("watermark union");
    for (int history = 0; history < 300; history++) {
        struct watermark a = {0}, b = {0};
        bool in_a[SPACE + 2] = {false}, in_b[SPACE + 2] = {false};
        for (int step = 0; step < 40; step++) {
            random_step(&rnd, &a, in_a);
            random_step(&rnd, &b, in_b);
        }
        watermark_union(&a, &b);
        for (int s = 1; s <= SPACE; s++)
            in_a[s] = in_a[s] || in_b[s];
        assert_matches(&a, in_a);
        watermark_free(&a);
        watermark_free(&b);
    }
}

static void the_greatest_numbers_do_not_wrap(void **state)
{
    (void)state;
    struct watermark w = {0};
    assert_true(watermark_add(&w, UINT64_MAX, UINT64_MAX));
    assert_true(watermark_add(&w, UINT64_MAX - 2, UINT64_MAX - 2));
    assert_int_equal(w.count, 2);
    assert_round_trip(&w);
    assert_true(watermark_add(&w, UINT64_MAX - 1, UINT64_MAX - 1));
    assert_int_equal(w.count, 1);
    assert_false(watermark_add(&w, UINT64_MAX - 9, UINT64_MAX));
    assert_true(watermark_add(&w, 1, UINT64_MAX - 10));
    assert_int_equal(w.low, UINT64_MAX);
    assert_int_equal(w.count, 0);
    assert_false(watermark_add(&w, UINT64_MAX, UINT64_MAX));
    watermark_raise(&w, UINT64_MAX);
    assert_true(watermark_has(&w, UINT64_MAX));
    watermark_free(&w);
}

static void ranges_as_seen_from_below_bring_low_back(void **state)
{
    (void)state;
    struct watermark w = {.low = 5}, back = {.low = 2};
    struct buf out = {0};
    assert_true(watermark_add(&w, 8, 9));
    watermark_put_ranges_above(&w, 2, &out);
    struct bytes r = bytes_of(buf_span(&out));
    watermark_read_ranges(&back, &r);
    assert_false(r.bad);
    assert_int_equal(back.low, 5);
    assert_int_equal(back.count, 1);
    assert_int_equal(back.ranges[0].first, 8);
    watermark_free(&w);
    watermark_free(&back);
    buf_free(&out);
}

static void malformed_ranges_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t n;
        uint64_t low;
    } bad[] = {
        {"\x01\x00\x00",                                         3,  5             }, /* low itself */
        {"\x7f\x02\x00",                                         3,  5             }, /* more ranges than bytes */
        {"\x02\x02\x00\x01\x00",                                 5,  5             }, /* second touches first */
        {"\x01\x02\x00",                                         3,  UINT64_MAX - 1}, /* wraps */
        {"\x01\x02\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x00", 13, 5             }, /* wraps in its length */
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct watermark w = {.low = bad[i].low};
        struct bytes r = bytes_of(span_of(bad[i].bytes, bad[i].n));
        watermark_read_ranges(&w, &r);
        assert_true(r.bad);
        assert_int_equal(w.count, 0);
        watermark_free(&w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_history_equals_the_naive_model),
        cmocka_unit_test(union_equals_the_naive_model),
        cmocka_unit_test(the_greatest_numbers_do_not_wrap),
        cmocka_unit_test(ranges_as_seen_from_below_bring_low_back),
        cmocka_unit_test(malformed_ranges_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
