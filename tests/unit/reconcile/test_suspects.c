/* The store of suspects: found by their key, and only by it, also after others were removed. */
#include "reconcile/suspects.h"
#include "tests/unit/cmocka_all.h"
#include "tests/unit/random.h"

static void ids_are_unambiguous(void **state)
{
    (void)state;
    const struct span one[] = {span_str("a"), span_str("bc")}, two[] = {span_str("ab"), span_str("c")};
    struct buf x = {0}, y = {0};
    suspects_put_id(one, 2, &x);
    suspects_put_id(two, 2, &y);
    assert_false(span_eq(buf_span(&x), buf_span(&y)));
    buf_free(&x);
    buf_free(&y);
}

static bool is_even(const struct suspect *x, void *context)
{
    (void)context;
    return x->now[0] % 2 == 0;
}

static void removal_keeps_the_others_findable(void **state)
{
    (void)state;
    struct random r = random_start("suspects");
    struct suspects s = {0};
    bool there[500] = {0};
    for (int round = 0; round < 20; round++) {
        for (int i = 0; i < 200; i++) {
            unsigned n = (unsigned)random_below(&r, 500);
            struct suspect *x = suspects_ref(&s, span_of(&n, sizeof n), NULL, 0);
            x->now[0] = n;
            there[n] = true;
        }
        suspects_remove(&s, is_even, NULL);
        size_t count = 0;
        for (unsigned n = 0; n < 500; n++) {
            there[n] = there[n] && n % 2 == 1;
            count += there[n];
            const struct suspect *x = suspects_find(&s, span_of(&n, sizeof n));
            assert_int_equal(x != NULL, there[n]);
            if (x)
                assert_int_equal(x->now[0], n);
        }
        assert_int_equal(s.count, count);
    }
    suspects_clear(&s);
    unsigned n = 1;
    assert_null(suspects_find(&s, span_of(&n, sizeof n)));
    suspects_free(&s);
}

static void a_row_that_is_there_has_a_state(void **state)
{
    (void)state;
    assert_int_not_equal(suspects_state(span_str("")), 0);
    assert_int_equal(suspects_state(span_str("abc")), suspects_state(span_str("abc")));
    assert_int_not_equal(suspects_state(span_str("abc")), suspects_state(span_str("abd")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_are_unambiguous),
        cmocka_unit_test(removal_keeps_the_others_findable),
        cmocka_unit_test(a_row_that_is_there_has_a_state),
    };
    return cmocka_run_group_tests_name("suspects", tests, NULL, NULL);
}
