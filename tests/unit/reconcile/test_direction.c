/* Whose row counts, by the rule: version columns of any length, their ties, rows of one side only, and silence where a
 * rule says nothing. */
#include <stdlib.h>

#include "reconcile/direction.h"
#include "tests/unit/cmocka_all.h"

static const char *const regions[2] = {"eu", "us"};

static int compare(const char *a, const char *b)
{
    int there = direction_compare(span_str(a), span_str(b)), back = direction_compare(span_str(b), span_str(a));
    assert_int_equal(back, there == 2 ? 2 : -there);
    return there;
}

static void values_have_the_order_of_their_type(void **state)
{
    (void)state;
    assert_int_equal(compare("9", "10"), -1);
    assert_int_equal(compare("-9", "-10"), 1);
    assert_int_equal(compare("-1", "0"), -1);
    assert_int_equal(compare("-0.00", "0"), 0);
    assert_int_equal(compare("1.50", "1.5"), 0);
    assert_int_equal(compare("1.5", "1.45"), 1);
    assert_int_equal(compare("-1.5", "-1.45"), -1);
    assert_int_equal(compare("18446744073709551614", "18446744073709551615"), -1);
    assert_int_equal(compare("9007199254740993", "9007199254740992"), 1);
    assert_int_equal(compare("\"2026-01-01 00:00:00\"", "\"2026-01-01 00:00:00.000001\""), -1);
    assert_int_equal(compare("\"2026-01-02 00:00:00\"", "\"2026-01-01 23:59:59.9\""), 1);
    assert_int_equal(compare("null", "-5"), -1);
    assert_int_equal(compare("1", "\"1\""), 2);
    assert_int_equal(compare("1e3", "2"), 2);
    assert_int_equal(compare("{\"hex\": \"00\"}", "{\"hex\": \"01\"}"), 2);
}

struct row {
    struct difference_column columns[2];
    struct difference d;
};

static void make(struct row *r, const char *high[2], const char *low[2])
{
    *r = (struct row){
        .d = {.class = DIFFERENCE_DIVERGED, .columns = r->columns, .column_count = 2}
    };
    r->columns[0] = (struct difference_column){
        .name = span_str("high"), .value = {span_str(high[0]), span_str(high[1])}
    };
    r->columns[1] = (struct difference_column){
        .name = span_str("low"), .value = {span_str(low[0]), span_str(low[1])}
    };
}

static void the_latest_goes_by_columns_then_ties_then_topics(void **state)
{
    (void)state;
    static char high[] = "high", low[] = "low", us[] = "us", eu[] = "eu", other[] = "other";
    char *by[] = {high, low}, *tie[] = {us, eu}, *foreign[] = {other};
    struct policy_rule rule = {.policy = POLICY_LATEST, .by = by, .by_count = 2, .tie = tie, .tie_count = 2};
    struct row r;
    make(&r, (const char *[2]){"7", "7"}, (const char *[2]){"9", "10"});
    assert_int_equal(direction_by_rule(&rule, regions, &r.d), 1);
    make(&r, (const char *[2]){"8", "7"}, (const char *[2]){"9", "10"});
    assert_int_equal(direction_by_rule(&rule, regions, &r.d), 0);
    make(&r, (const char *[2]){"7", "7"}, (const char *[2]){"9", "9"});
    assert_int_equal(direction_by_rule(&rule, regions, &r.d), 1);
    rule.tie = foreign;
    rule.tie_count = 1;
    assert_int_equal(direction_by_rule(&rule, regions, &r.d), -1);
    r.d.newest = 1; /* columns decide, where there are any */
    assert_int_equal(direction_by_rule(&rule, regions, &r.d), -1);
    r.d.class = DIFFERENCE_EXTRA; /* a row of one side has nothing to be compared with */
    assert_int_equal(direction_by_rule(&rule, regions, &r.d), 0);
    r.d.newest = 0;
    assert_int_equal(direction_by_rule(&rule, regions, &r.d), -1);
    const struct policy_rule causal = {.policy = POLICY_LATEST};
    r.d.class = DIFFERENCE_DIVERGED;
    r.d.newest = 2;
    assert_int_equal(direction_by_rule(&causal, regions, &r.d), 1);
}

static void other_rules_say_it_by_region_or_not_at_all(void **state)
{
    (void)state;
    static char us[] = "us", eu[] = "eu", ap[] = "ap";
    char *order[] = {ap, us, eu};
    struct row r;
    make(&r, (const char *[2]){"1", "2"}, (const char *[2]){"1", "2"});
    r.d.newest = 1;
    struct policy_rule rule = {.policy = POLICY_PRIORITY, .order = order, .order_count = 3};
    assert_int_equal(direction_by_rule(&rule, regions, &r.d), 1);
    rule.policy = POLICY_DELTA;
    assert_int_equal(direction_by_rule(&rule, regions, &r.d), -1);
    rule.policy = POLICY_SOURCE_WINS;
    assert_int_equal(direction_by_rule(&rule, regions, &r.d), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_have_the_order_of_their_type),
        cmocka_unit_test(the_latest_goes_by_columns_then_ties_then_topics),
        cmocka_unit_test(other_rules_say_it_by_region_or_not_at_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
