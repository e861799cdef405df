/* Which rule a table has, and the names of the policies. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "common/base/mem.h"
#include "common/model/policy.h"

static void names_can_be_walked_and_parsed_back(void **state)
{
    (void)state;
    int count = 0;
    while (policy_name((enum policy)count)) {
        assert_int_equal(policy_parse(policy_name((enum policy)count)), count);
        count++;
    }
    assert_int_equal(count, 11);
    assert_int_equal(policy_parse("newest"), -1);
    assert_int_equal(policy_parse(""), -1);
}

static char **one_name(const char *name)
{
    char **list = xcalloc(1, sizeof *list);
    list[0] = xstrdup(name);
    return list;
}

static void a_tables_own_rule_comes_before_the_default(void **state)
{
    (void)state;
    struct policy_set s = {
        .fallback = {.policy = POLICY_STOP}, .rules = xcalloc(2, sizeof(struct policy_rule)), .count = 2};
    s.rules[0] = (struct policy_rule){.db = xstrdup("shop"), .table = xstrdup("stock"), .policy = POLICY_SOURCE_WINS};
    s.rules[1] = (struct policy_rule){.db = xstrdup("shop"),
                                      .table = xstrdup("orders"),
                                      .policy = POLICY_LATEST,
                                      .by = one_name("updated_at"),
                                      .by_count = 1,
                                      .tie = one_name("eu"),
                                      .tie_count = 1};
    assert_ptr_equal(policy_for(&s, "shop", "orders"), &s.rules[1]);
    assert_ptr_equal(policy_for(&s, "shop", "stock"), &s.rules[0]);
    assert_ptr_equal(policy_for(&s, "shop", "order"), &s.fallback);
    assert_ptr_equal(policy_for(&s, "Shop", "orders"), &s.fallback);
    assert_ptr_equal(policy_for(&s, "orders", "shop"), &s.fallback);
    policy_set_free(&s);
    assert_null(s.rules);
    assert_int_equal(s.count, 0);
    policy_set_free(&s); /* empty is valid */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_can_be_walked_and_parsed_back),
        cmocka_unit_test(a_tables_own_rule_comes_before_the_default),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
