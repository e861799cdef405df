/* What is told between looks, and when they stop coming. */
#include "common/base/age.h"
#include "tests/unit/cmocka_all.h"

static void as_found_then_growing(void **state)
{
    (void)state;
    struct age a = {0};
    uint64_t us = 0;
    assert_false(age_now(&a, &us, 5, 10));
    age_note(&a, 1000, 7);
    const struct {
        uint64_t now, us;
    } cases[] = {
        {1000, 7   },
        {1100, 7   },
        {1101, 108 },
        {2000, 1007},
        {900,  7   },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_true(age_now(&a, &us, cases[i].now, 100));
        assert_int_equal(us, cases[i].us);
    }
    age_note(&a, 2000, 0);
    assert_true(age_now(&a, &us, 2100, 100));
    assert_int_equal(us, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_found_then_growing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
