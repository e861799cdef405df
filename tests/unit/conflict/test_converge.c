/* The argument of docs/conflicts.md, held against random histories: under a rule that converges all regions end with
 * the same rows; for a rule that does not there is a history that shows it, and the linter finds it. */
#include <stdio.h>
#include <stdlib.h>

#include "common/base/clock.h"
#include "conflict/lint.h"
#include "tests/unit/cmocka_all.h"

#define HISTORIES 1000
#define LONG 40 /* changes of a long history */

static char eu[] = "eu", us[] = "us", ap[] = "ap", ver[] = "ver", ver_a[] = "ver_a", ver_b[] = "ver_b", qty[] = "qty",
            col_a[] = "a", col_b[] = "b", note[] = "note";
static char *all[] = {us, eu, ap}, *by_ver[] = {ver}, *of_qty[] = {qty}, *of_a[] = {col_a}, *of_b[] = {col_b},
            *by_a[] = {ver_a}, *by_b[] = {ver_b}, *of_note[] = {note};
static struct policy_group two_groups[] = {
    {.columns = of_a, .column_count = 1, .policy = POLICY_LATEST, .by = by_a, .by_count = 1},
    {.columns = of_b, .column_count = 1, .policy = POLICY_LATEST, .by = by_b, .by_count = 1},
};
static struct policy_group a_counter[] = {
    {.columns = of_qty, .column_count = 1, .policy = POLICY_DELTA}
};

#define BY_COLUMN .by = by_ver, .by_count = 1, .tie = all, .tie_count = 3
#define ORDERED .order = all, .order_count = 3
#define TWO 1u
#define THREE 2u

struct named_rule {
    const char *name;
    struct policy_rule rule;
    bool causal;
    bool buries;
    bool deletes;
    unsigned worlds; /* of how many regions it is for */
};

static const struct named_rule convergent[] = {
    {"latest",                                    {.policy = POLICY_LATEST},                                      true,  true,  true,  TWO | THREE},
    {"latest, delete wins",                       {.policy = POLICY_LATEST, .deletes = DELETE_WINS},              true,  true,  true,  TWO | THREE},
    {"latest by column",                          {.policy = POLICY_LATEST, BY_COLUMN},                           false, true,  true,  TWO        },
    {"latest by column, causal, delete wins",
     {.policy = POLICY_LATEST, BY_COLUMN, .deletes = DELETE_WINS},
     true,                                                                                                               true,
     true,                                                                                                                             TWO        },
    {"latest by column, causal, nothing deleted", {.policy = POLICY_LATEST, BY_COLUMN},                           true,  true,  false, TWO        },
    {"latest, nothing deleted",                   {.policy = POLICY_LATEST, BY_COLUMN},                           false, false, false, TWO        },
    {"latest, a column ignored",
     {.policy = POLICY_LATEST, .ignore = of_note, .ignore_count = 1},
     true,                                                                                                               true,
     true,                                                                                                                             TWO | THREE},
    {"priority",                                  {.policy = POLICY_PRIORITY, ORDERED},                           true,  true,  true,  TWO        },
    {"delta",                                     {.policy = POLICY_DELTA, .columns = of_qty, .column_count = 1}, true,  true,  true,  TWO | THREE},
    {"a group that adds",
     {.policy = POLICY_LATEST, .groups = a_counter, .group_count = 1},
     true,                                                                                                               true,
     true,                                                                                                                             TWO | THREE},
    {"groups by columns",
     {.policy = POLICY_LATEST, BY_COLUMN, .groups = two_groups, .group_count = 2},
     false,                                                                                                              false,
     false,                                                                                                                            TWO        },
    {"park",                                      {.policy = POLICY_PARK},                                        true,  true,  true,  TWO | THREE},
    {"stop",                                      {.policy = POLICY_STOP},                                        false, false, true,  TWO | THREE},
};

static const struct named_rule divergent[] = {
    {"source wins",               {.policy = POLICY_SOURCE_WINS},                               true,  true,  true, TWO | THREE},
    {"target wins",               {.policy = POLICY_TARGET_WINS},                               true,  true,  true, TWO | THREE},
    {"earliest",                  {.policy = POLICY_EARLIEST},                                  true,  true,  true, TWO | THREE},
    {"max",                       {.policy = POLICY_MAX, .columns = of_qty, .column_count = 1}, true,  true,  true, TWO | THREE},
    {"min",                       {.policy = POLICY_MIN, .columns = of_qty, .column_count = 1}, true,  true,  true, TWO | THREE},
    {"merge",                     {.policy = POLICY_MERGE},                                     true,  true,  true, TWO | THREE},
    {"scope transaction",         {.policy = POLICY_LATEST, .scope = SCOPE_TRANSACTION},        true,  true,  true, TWO | THREE},
    {"priority of three",         {.policy = POLICY_PRIORITY, ORDERED},                         true,  true,  true, THREE      },
    {"a delete among increments",
     {.policy = POLICY_DELTA, .columns = of_qty, .column_count = 1, .deletes = DELETE_LATEST},
     true,                                                                                             true,
     true,                                                                                                          TWO | THREE},
    {"no tombstones",             {.policy = POLICY_LATEST, BY_COLUMN},                         false, false, true, TWO | THREE},
    {"latest by column, causal",  {.policy = POLICY_LATEST, BY_COLUMN},                         true,  true,  true, TWO | THREE},
    {"latest by column of three", {.policy = POLICY_LATEST, BY_COLUMN},                         false, true,  true, THREE      },
    {"updates win",               {.policy = POLICY_LATEST, .deletes = DELETE_UPDATE_WINS},     true,  true,  true, TWO | THREE},
};

static struct world_setting setting_of(const struct named_rule *r, size_t regions)
{
    return (struct world_setting){
        .rule = &r->rule,
        .regions = {eu, us, ap},
        .region_count = regions,
        .causal = r->causal,
        .buries = r->buries,
        .deletes = r->deletes
    };
}

static bool is_for(const struct named_rule *r, size_t regions)
{
    return r->worlds & (regions == 2 ? TWO : THREE);
}

static void fail_at(const struct named_rule *r, const struct world *w, uint64_t seed)
{
    struct buf history = {0};
    world_put_history(w, &history);
    fail_msg("%s, seed %llu: %s", r->name, (unsigned long long)seed, buf_cstr(&history));
}

static void check_history(const struct named_rule *r, struct world *w, size_t regions, uint64_t seed)
{
    if (world_silent_losers(w) > 0)
        fail_at(r, w, seed);
    if (world_waits_for_operator(w))
        return;
    if (!world_is_settled(w) || !world_is_equal(w))
        fail_at(r, w, seed);
    for (size_t region = 0; !r->deletes && region < regions; region++) {
        int64_t value;
        for (size_t key = 0; key < WORLD_KEYS; key++)
            if (world_counter(w, region, key, &value) && value != world_counter_sum(w, key))
                fail_at(r, w, seed);
    }
}

static void play_many(const struct named_rule *r, uint64_t seed)
{
    for (size_t regions = 2; regions <= 3; regions++) {
        struct world_setting s = setting_of(r, regions);
        struct world *w = world_new(&s);
        for (unsigned i = 0; is_for(r, regions) && i < HISTORIES; i++) {
            lint_play(w, &s, 1 + i % LONG, seed + i);
            check_history(r, w, regions, seed + i);
        }
        world_free(&w);
    }
}

static void all_regions_end_with_the_same_rows(void **state)
{
    uint64_t seed = clock_wall_us();
    (void)state;
    printf("seed %llu\n", (unsigned long long)seed);
    for (size_t i = 0; i < sizeof convergent / sizeof *convergent; i++)
        play_many(&convergent[i], seed);
}

static void counters_equal_the_sum_of_increments(void **state)
{
    uint64_t seed = clock_wall_us();
    (void)state;
    printf("seed %llu\n", (unsigned long long)seed);
    for (size_t i = 0; i < sizeof convergent / sizeof *convergent; i++) {
        struct named_rule r = convergent[i];
        r.deletes = false;
        if (policy_adds(&r.rule))
            play_many(&r, seed);
    }
}

static void the_linter_lets_them_pass(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof convergent / sizeof *convergent; i++)
        for (size_t regions = 2; regions <= 3; regions++) {
            struct world_setting s = setting_of(&convergent[i], regions);
            struct lint_finding found;
            if (!is_for(&convergent[i], regions))
                continue;
            lint_rule(&found, &s, 6, LINT_HISTORIES, 1);
            if (found.diverges)
                fail_msg("%s, %zu regions: %s", convergent[i].name, regions, buf_cstr(&found.history));
            lint_finding_free(&found);
        }
}

static void what_does_not_converge_is_shown_by_a_history(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof divergent / sizeof *divergent; i++)
        for (size_t regions = 2; regions <= 3; regions++) {
            struct world_setting s = setting_of(&divergent[i], regions);
            struct lint_finding found, again;
            if (!is_for(&divergent[i], regions))
                continue;
            lint_rule(&found, &s, 6, LINT_HISTORIES, 1);
            lint_rule(&again, &s, 6, LINT_HISTORIES, 1);
            if (!found.diverges)
                fail_msg("%s, %zu regions: nothing found", divergent[i].name, regions);
            printf("%s, %zu regions: %s\n", divergent[i].name, regions, buf_cstr(&found.history));
            assert_string_equal(buf_cstr(&found.history), buf_cstr(&again.history));
            lint_finding_free(&found);
            lint_finding_free(&again);
        }
}

/* By version columns it converges where all deletes are known (above); an applier that knows only of those that its
 * link has brought does not. */
static void version_columns_want_all_deletes_to_be_known(void **state)
{
    (void)state;
    const struct named_rule r = {
        "latest by column", {.policy = POLICY_LATEST, BY_COLUMN},
         false, true, true, TWO
    };
    struct world_setting s = setting_of(&r, 2);
    struct lint_finding found;
    s.unaware = true;
    lint_rule(&found, &s, 6, LINT_HISTORIES, 1);
    assert_true(found.diverges);
    printf("%s\n", buf_cstr(&found.history));
    lint_finding_free(&found);
}

/* Each side takes itself for the first between equal versions. */
static void a_wrong_tie_break_is_caught(void **state)
{
    (void)state;
    char *eu_first[] = {eu, us, ap}, *us_first[] = {us, eu, ap};
    struct policy_rule at_eu = {.policy = POLICY_LATEST, .by = by_ver, .by_count = 1, .tie = eu_first, .tie_count = 3};
    struct policy_rule at_us = at_eu;
    struct lint_finding found;
    at_us.tie = us_first;
    const struct world_setting s = {
        .rule = &at_eu,
        .other = {NULL, &at_us},
        .regions = {eu,   us    },
        .region_count = 2,
        .causal = true,
        .buries = true,
        .deletes = true
    };
    lint_rule(&found, &s, 6, LINT_HISTORIES, 1);
    assert_true(found.diverges);
    lint_finding_free(&found);
}

/* An applier of three regions that follows the argument but for one step: some convergent rule must show it. */
static void a_wrong_applier_is_caught(void **state)
{
    (void)state;
    static const struct {
        enum world_fault fault;
        const char *rule;
    } cases[] = {
        {WORLD_HASTY,     "delta" },
        {WORLD_BLIND,     "latest"},
        {WORLD_BLIND,     "delta" },
        {WORLD_PREMATURE, "delta" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct named_rule *r = convergent;
        while (strcmp(r->name, cases[i].rule) != 0)
            r++;
        struct world_setting s = setting_of(r, 3);
        struct lint_finding found;
        s.fault = cases[i].fault;
        lint_rule(&found, &s, 8, LINT_HISTORIES, 1);
        if (!found.diverges)
            fail_msg("%s, fault %d: nothing found", r->name, (int)s.fault);
        printf("%s, fault %d: %s\n", r->name, (int)s.fault, buf_cstr(&found.history));
        lint_finding_free(&found);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_regions_end_with_the_same_rows),
        cmocka_unit_test(counters_equal_the_sum_of_increments),
        cmocka_unit_test(the_linter_lets_them_pass),
        cmocka_unit_test(what_does_not_converge_is_shown_by_a_history),
        cmocka_unit_test(version_columns_want_all_deletes_to_be_known),
        cmocka_unit_test(a_wrong_tie_break_is_caught),
        cmocka_unit_test(a_wrong_applier_is_caught),
    };
    return cmocka_run_group_tests_name("converge", tests, NULL, NULL);
}
