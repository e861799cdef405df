/* max_skew: version columns and the clocks of the commits are to tell the same distance between two changes. */
#include "conflict/judge.h"
#include "tests/unit/cmocka_all.h"

enum { COLUMN_ID, COLUMN_AT, COLUMNS };

static char at[] = "at", eu[] = "eu", us[] = "us";
static char *by_at[] = {at}, *tie[] = {eu, us};

static struct table_def *make_table(struct arena *a)
{
    struct table_def *t = arena_zalloc(a, sizeof *t);
    t->db = span_str("shop");
    t->name = span_str("item");
    t->column_count = COLUMNS;
    t->columns = arena_zalloc(a, COLUMNS * sizeof *t->columns);
    t->columns[COLUMN_ID] = (struct column){.name = span_str("id"), .type = COLUMN_LONG};
    t->columns[COLUMN_AT] =
        (struct column){.name = span_str("at"), .type = COLUMN_DATETIME2, .key_order = COLUMN_NO_KEY};
    table_def_seal(t, a);
    return t;
}

/* Row 1, written so many seconds after 2026-01-31 10:00:00 by its column. */
static struct cell *row_at(struct arena *a, unsigned seconds)
{
    struct cell *cells = arena_zalloc(a, COLUMNS * sizeof *cells);
    uint8_t *id = arena_zalloc(a, 4), *v = arena_alloc(a, 5);
    uint64_t hms = (uint64_t)(10 + seconds / 3600) << 12 | seconds / 60 % 60 << 6 | seconds % 60;
    uint64_t packed = (uint64_t)1 << 39 | (uint64_t)(2026 * 13 + 1) << 22 | (uint64_t)31 << 17 | hms;
    id[0] = 1;
    for (int i = 0; i < 5; i++)
        v[i] = (uint8_t)(packed >> (8 * (4 - i)));
    cells[COLUMN_ID].data = span_of(id, 4);
    cells[COLUMN_AT].data = span_of(v, 5);
    return cells;
}

static const struct {
    unsigned incoming, local;       /* seconds, by the column */
    unsigned incoming_at, local_at; /* by the commits */
    uint64_t bound_ms;
    uint64_t told_ms; /* 0: no warning */
} cases[] = {
    {5,    0,  5,  0, 10000, 0      },
    {15,   0,  5,  0, 10000, 0      }, /* the bound itself is none too many */
    {16,   0,  5,  0, 10000, 11000  },
    {0,    20, 5,  0, 10000, 25000  }, /* the later commit has the earlier column */
    {20,   0,  0,  5, 10000, 25000  },
    {3605, 0,  5,  0, 10000, 3600000},
    {20,   10, 15, 5, 10000, 0      }, /* both five seconds ahead: a time zone, or nothing to tell them apart by */
    {3600, 0,  5,  0, 0,     0      }, /* not asked for */
};

static void what_the_clocks_disagree_by_is_told(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct arena a = {0};
        struct conflict_outcome out;
        struct err err;
        const struct policy_rule rule = {.policy = POLICY_LATEST,
                                         .by = by_at,
                                         .by_count = 1,
                                         .tie = tie,
                                         .tie_count = 2,
                                         .max_skew_ms = cases[i].bound_ms};
        const struct conflict_version incoming = {((uint64_t)cases[i].incoming_at * 1000000) << 12, eu},
                                      local = {((uint64_t)cases[i].local_at * 1000000) << 12, us};
        struct conflict_case c = {.kind = CONFLICT_UPDATE_CHANGED,
                                  .rule = &rule,
                                  .table = make_table(&a),
                                  .before = row_at(&a, 1000),
                                  .incoming = row_at(&a, cases[i].incoming),
                                  .local = row_at(&a, cases[i].local),
                                  .from = eu,
                                  .to = us,
                                  .causality = CAUSALITY_CONCURRENT,
                                  .incoming_version = &incoming,
                                  .local_version = &local};
        assert_int_equal(conflict_judge(&c, &out, &a, &err), 0);
        assert_int_equal(out.skew_ms, cases[i].told_ms);
        /* The column decides all the same. */
        assert_int_equal(out.verdict, cases[i].incoming > cases[i].local ? VERDICT_INCOMING : VERDICT_LOCAL);
        c.local_version = NULL; /* only one clock is known: there is nothing to compare */
        assert_int_equal(conflict_judge(&c, &out, &a, &err), 0);
        assert_int_equal(out.skew_ms, 0);
        arena_free(&a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_the_clocks_disagree_by_is_told),
    };
    return cmocka_run_group_tests_name("skew", tests, NULL, NULL);
}
