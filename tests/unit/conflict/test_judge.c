/* Every kind of conflict under every policy, as a table: what the judge says and why. */
#include "conflict/judge.h"
#include "tests/unit/cmocka_all.h"

/* Table shop.item: id (key), name, ver, rev; images are built from a short notation, see image_of. */
enum { COLUMN_ID, COLUMN_NAME, COLUMN_VER, COLUMN_REV, COLUMNS };

struct fixture {
    struct arena arena;
    struct table_def *table;
};

static struct table_def *make_table(struct arena *a)
{
    struct table_def *t = arena_zalloc(a, sizeof *t);
    t->db = span_str("shop");
    t->name = span_str("item");
    t->column_count = COLUMNS;
    t->columns = arena_zalloc(a, COLUMNS * sizeof *t->columns);
    const char *const names[COLUMNS] = {"id", "name", "ver", "rev"};
    for (int i = 0; i < COLUMNS; i++) {
        struct column *c = &t->columns[i];
        c->name = span_str(names[i]);
        c->type = i == COLUMN_NAME ? COLUMN_VARCHAR : COLUMN_LONG;
        c->meta = i == COLUMN_NAME ? 40 : 0;
        c->collation = i == COLUMN_NAME ? 45 : COLLATION_NONE;
        c->nullable = true;
        c->key_order = i == COLUMN_ID ? 0 : COLUMN_NO_KEY;
    }
    table_def_seal(t, a);
    return t;
}

static struct cell int_cell(struct arena *a, char digit)
{
    if (digit == 'N')
        return (struct cell){.null = true};
    if (digit == '?')
        return (struct cell){.absent = true};
    uint8_t *p = arena_zalloc(a, 4);
    p[0] = (uint8_t)(digit - '0');
    return (struct cell){.data = span_of(p, 4)};
}

/* "a52": name "a", ver 5, rev 2, of the row id 1; N is NULL, ? absent; NULL: no image. */
static struct cell *image_of(struct arena *a, const char *notation)
{
    if (!notation)
        return NULL;
    assert_int_equal(strlen(notation), 3);
    struct cell *cells = arena_zalloc(a, COLUMNS * sizeof *cells);
    uint8_t *name = arena_alloc(a, 2);
    name[0] = 1;
    name[1] = (uint8_t)notation[0];
    cells[COLUMN_ID] = int_cell(a, '1');
    cells[COLUMN_NAME].data = span_of(name, 2);
    cells[COLUMN_VER] = int_cell(a, notation[1]);
    cells[COLUMN_REV] = int_cell(a, notation[2]);
    return cells;
}

static int set_up(void **state)
{
    static struct fixture f;
    memset(&f, 0, sizeof f);
    f.table = make_table(&f.arena);
    *state = &f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    arena_free(&f->arena);
    return 0;
}

static char by_ver[] = "ver", by_rev[] = "rev", by_name[] = "name", by_absent[] = "missing_column";
static char region_eu[] = "eu", region_us[] = "us";
static char *by_one[] = {by_ver}, *by_two[] = {by_ver, by_rev}, *by_text[] = {by_name}, *by_nothing[] = {by_absent};
static char *tie_eu[] = {region_eu, region_us}, *tie_us[] = {region_us, region_eu};

struct row {
    enum conflict_kind kind;
    enum policy policy;
    const char *before, *incoming, *local;
    enum conflict_verdict verdict; /* of a change from eu at us, ties for eu */
    const char *why;               /* a part of the reason */
};

/* clang-format off */
static const struct row rows[] = {
    /* latest: versions decide */
    {CONFLICT_INSERT_EXISTS,  POLICY_LATEST,      NULL,  "a50", "b40", VERDICT_INCOMING, "ver 5 > 4"},
    {CONFLICT_INSERT_EXISTS,  POLICY_LATEST,      NULL,  "a40", "b50", VERDICT_LOCAL,    "ver 4 < 5"},
    {CONFLICT_INSERT_EXISTS,  POLICY_LATEST,      NULL,  "a50", "b50", VERDICT_INCOMING, "tie broken by region eu"},
    {CONFLICT_INSERT_EXISTS,  POLICY_LATEST,      NULL,  "a50", "a50", VERDICT_SAME,     "same row"},
    {CONFLICT_UPDATE_CHANGED, POLICY_LATEST,      "a30", "a50", "b40", VERDICT_INCOMING, "ver 5 > 4"},
    {CONFLICT_UPDATE_CHANGED, POLICY_LATEST,      "a30", "a40", "b50", VERDICT_LOCAL,    "ver 4 < 5"},
    {CONFLICT_UPDATE_CHANGED, POLICY_LATEST,      "a30", "a50", "b50", VERDICT_INCOMING, "tie broken by region eu"},
    {CONFLICT_UPDATE_CHANGED, POLICY_LATEST,      "a30", "b50", "b50", VERDICT_SAME,     "same row"},
    {CONFLICT_UPDATE_MISSING, POLICY_LATEST,      "a30", "a50", NULL,  VERDICT_INCOMING, "not there"},
    {CONFLICT_DELETE_CHANGED, POLICY_LATEST,      "a40", NULL,  "b50", VERDICT_LOCAL,    "beats a delete"},
    {CONFLICT_DELETE_CHANGED, POLICY_LATEST,      "a50", NULL,  "b40", VERDICT_LOCAL, "beats a delete"},
    {CONFLICT_DELETE_CHANGED, POLICY_LATEST,      "a50", NULL,  "b50", VERDICT_LOCAL, "beats a delete"},
    {CONFLICT_DELETE_MISSING, POLICY_LATEST,      "a50", NULL,  NULL,  VERDICT_SAME,     "gone already"},
    {CONFLICT_UPDATE_CHANGED, POLICY_MERGE,       "a30", "b50", "c60", VERDICT_LOCAL,    "ver 5 < 6"}, /* both changed both */
    {CONFLICT_UNIQUE_CLASH,   POLICY_LATEST,      NULL,  "a50", "b40", VERDICT_PARK,     "another row"},
    {CONFLICT_UNIQUE_CLASH,   POLICY_LATEST,      "a30", "a50", "b40", VERDICT_PARK,     "another row"},
    {CONFLICT_REFUSED,        POLICY_LATEST,      "a50", NULL,  "a50", VERDICT_PARK,     "refuses"},
    {CONFLICT_ORDER_VIOLATED, POLICY_LATEST,      "a50", "b50", "a50", VERDICT_INCOMING, "did not rise"},
    /* source_wins: whatever is there gives way, but for rows that the source did not mean */
    {CONFLICT_INSERT_EXISTS,  POLICY_SOURCE_WINS, NULL,  "a40", "b50", VERDICT_INCOMING, "source_wins"},
    {CONFLICT_INSERT_EXISTS,  POLICY_SOURCE_WINS, NULL,  "a50", "a50", VERDICT_SAME,     "same row"},
    {CONFLICT_UPDATE_CHANGED, POLICY_SOURCE_WINS, "a30", "a40", "b50", VERDICT_INCOMING, "source_wins"},
    {CONFLICT_UPDATE_CHANGED, POLICY_SOURCE_WINS, "a30", "b50", "b50", VERDICT_SAME,     "same row"},
    {CONFLICT_UPDATE_MISSING, POLICY_SOURCE_WINS, "a30", "a50", NULL,  VERDICT_INCOMING, "not there"},
    {CONFLICT_DELETE_CHANGED, POLICY_SOURCE_WINS, "a40", NULL,  "b50", VERDICT_INCOMING, "source_wins"},
    {CONFLICT_DELETE_MISSING, POLICY_SOURCE_WINS, "a50", NULL,  NULL,  VERDICT_SAME,     "gone already"},
    {CONFLICT_UNIQUE_CLASH,   POLICY_SOURCE_WINS, NULL,  "a50", "b40", VERDICT_PARK,     "another row"},
    {CONFLICT_REFUSED,        POLICY_SOURCE_WINS, "a50", NULL,  "a50", VERDICT_PARK,     "refuses"},
    {CONFLICT_ORDER_VIOLATED, POLICY_SOURCE_WINS, "a50", "b50", "a50", VERDICT_INCOMING, "did not rise"},
    /* target_wins: what is there stays, and what is not there stays away */
    {CONFLICT_INSERT_EXISTS,  POLICY_TARGET_WINS, NULL,  "a50", "b40", VERDICT_LOCAL,    "target_wins"},
    {CONFLICT_INSERT_EXISTS,  POLICY_TARGET_WINS, NULL,  "a50", "a50", VERDICT_SAME,     "same row"},
    {CONFLICT_UPDATE_CHANGED, POLICY_TARGET_WINS, "a30", "a50", "b40", VERDICT_LOCAL,    "target_wins"},
    {CONFLICT_UPDATE_CHANGED, POLICY_TARGET_WINS, "a30", "b50", "b50", VERDICT_SAME,     "same row"},
    {CONFLICT_UPDATE_MISSING, POLICY_TARGET_WINS, "a30", "a50", NULL,  VERDICT_LOCAL,    "not there"},
    {CONFLICT_DELETE_CHANGED, POLICY_TARGET_WINS, "a50", NULL,  "b40", VERDICT_LOCAL,    "target_wins"},
    {CONFLICT_DELETE_MISSING, POLICY_TARGET_WINS, "a50", NULL,  NULL,  VERDICT_SAME,     "gone already"},
    {CONFLICT_UNIQUE_CLASH,   POLICY_TARGET_WINS, NULL,  "a50", "b40", VERDICT_PARK,     "another row"},
    {CONFLICT_REFUSED,        POLICY_TARGET_WINS, "a50", NULL,  "a50", VERDICT_PARK,     "refuses"},
    {CONFLICT_ORDER_VIOLATED, POLICY_TARGET_WINS, "a50", "b50", "a50", VERDICT_INCOMING, "did not rise"},
    /* stop: nothing is settled without the operator, equal rows included */
    {CONFLICT_INSERT_EXISTS,  POLICY_STOP,        NULL,  "a50", "b40", VERDICT_STOP,     "stop"},
    {CONFLICT_INSERT_EXISTS,  POLICY_STOP,        NULL,  "a50", "a50", VERDICT_STOP,     "stop"},
    {CONFLICT_UPDATE_CHANGED, POLICY_STOP,        "a30", "a50", "b40", VERDICT_STOP,     "stop"},
    {CONFLICT_UPDATE_MISSING, POLICY_STOP,        "a30", "a50", NULL,  VERDICT_STOP,     "not there"},
    {CONFLICT_DELETE_CHANGED, POLICY_STOP,        "a50", NULL,  "b40", VERDICT_STOP,     "stop"},
    {CONFLICT_DELETE_MISSING, POLICY_STOP,        "a50", NULL,  NULL,  VERDICT_STOP,     "gone already"},
    {CONFLICT_UNIQUE_CLASH,   POLICY_STOP,        NULL,  "a50", "b40", VERDICT_STOP,     "another row"},
    {CONFLICT_REFUSED,        POLICY_STOP,        "a50", NULL,  "a50", VERDICT_STOP,     "refuses"},
    {CONFLICT_ORDER_VIOLATED, POLICY_STOP,        "a50", "b50", "a50", VERDICT_INCOMING, "did not rise"},
};
/* clang-format on */

static struct policy_rule rule_of(enum policy policy)
{
    return (struct policy_rule){.policy = policy, .by = by_one, .by_count = 1, .tie = tie_eu, .tie_count = 2};
}

static int judge(struct fixture *f, const struct row *row, const struct policy_rule *rule, struct conflict_outcome *out,
                 struct err *err)
{
    struct conflict_case c = {.kind = row->kind,
                              .rule = rule,
                              .table = f->table,
                              .before = image_of(&f->arena, row->before),
                              .incoming = image_of(&f->arena, row->incoming),
                              .local = image_of(&f->arena, row->local),
                              .from = "eu",
                              .to = "us"};
    return conflict_judge(&c, out, &f->arena, err);
}

static void every_kind_under_every_policy(void **state)
{
    bool seen[CONFLICT_KIND_COUNT][POLICY_STOP + 1] = {0};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct row *row = &rows[i];
        struct policy_rule rule = rule_of(row->policy);
        struct conflict_outcome out;
        struct err err = {0};
        assert_int_equal(judge(*state, row, &rule, &out, &err), 0);
        if (out.verdict != row->verdict || !strstr(out.why, row->why))
            fail_msg("row %zu: %s under %s gives %s (%s), not %s (%s)", i, conflict_kind_name(row->kind),
                     policy_name(row->policy), conflict_verdict_name(out.verdict), out.why,
                     conflict_verdict_name(row->verdict), row->why);
        seen[row->kind][row->policy] = true;
    }
    static const enum conflict_kind kinds[] = {
        CONFLICT_INSERT_EXISTS,  CONFLICT_UPDATE_CHANGED, CONFLICT_UPDATE_MISSING, CONFLICT_DELETE_CHANGED,
        CONFLICT_DELETE_MISSING, CONFLICT_UNIQUE_CLASH,   CONFLICT_REFUSED,        CONFLICT_ORDER_VIOLATED};
    static const enum policy policies[] = {POLICY_LATEST, POLICY_SOURCE_WINS, POLICY_TARGET_WINS, POLICY_STOP};
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
        for (size_t p = 0; p < sizeof policies / sizeof *policies; p++)
            if (!seen[kinds[k]][policies[p]])
                fail_msg("no row for %s under %s", conflict_kind_name(kinds[k]), policy_name(policies[p]));
}

/* The two sides of one collision, seen from both regions: exactly one of the two rows must win on both. */
static void both_sides_agree(void **state)
{
    struct fixture *f = *state;
    static const char *const versions[] = {"a40", "a50", "a51"};
    char **const ties[] = {tie_eu, tie_us};
    for (size_t tie = 0; tie < 2; tie++)
        for (size_t i = 0; i < 3; i++)
            for (size_t j = 0; j < 3; j++) {
                char mine[] = {'e', versions[i][1], versions[i][2], 0},
                     theirs[] = {'u', versions[j][1], versions[j][2], 0};
                struct policy_rule rule = {
                    .policy = POLICY_LATEST, .by = by_two, .by_count = 2, .tie = ties[tie], .tie_count = 2};
                struct conflict_case at_us = {.kind = CONFLICT_UPDATE_CHANGED,
                                              .rule = &rule,
                                              .table = f->table,
                                              .before = image_of(&f->arena, "x10"),
                                              .incoming = image_of(&f->arena, mine),
                                              .local = image_of(&f->arena, theirs),
                                              .from = "eu",
                                              .to = "us"};
                struct conflict_case at_eu = at_us;
                at_eu.incoming = at_us.local;
                at_eu.local = at_us.incoming;
                at_eu.from = "us";
                at_eu.to = "eu";
                struct conflict_outcome us, eu;
                struct err err = {0};
                assert_int_equal(conflict_judge(&at_us, &us, &f->arena, &err), 0);
                assert_int_equal(conflict_judge(&at_eu, &eu, &f->arena, &err), 0);
                bool eu_row_at_us = us.verdict == VERDICT_INCOMING, eu_row_at_eu = eu.verdict == VERDICT_LOCAL;
                assert_int_equal(eu_row_at_us, eu_row_at_eu);
            }
}

static void later_columns_count_when_earlier_are_equal(void **state)
{
    struct policy_rule rule = rule_of(POLICY_LATEST);
    rule.by = by_two;
    rule.by_count = 2;
    const struct row second = {CONFLICT_UPDATE_CHANGED, POLICY_LATEST, "a30", "a52", "b51", VERDICT_INCOMING, ""};
    const struct row first = {CONFLICT_UPDATE_CHANGED, POLICY_LATEST, "a30", "a59", "b61", VERDICT_LOCAL, ""};
    struct conflict_outcome out;
    struct err err = {0};
    assert_int_equal(judge(*state, &second, &rule, &out, &err), 0);
    assert_int_equal(out.verdict, VERDICT_INCOMING);
    assert_string_equal(out.why, "rev 2 > 1");
    assert_int_equal(judge(*state, &first, &rule, &out, &err), 0);
    assert_int_equal(out.verdict, VERDICT_LOCAL);
    assert_string_equal(out.why, "ver 5 < 6");
}

static void ties_follow_the_list(void **state)
{
    struct policy_rule rule = rule_of(POLICY_LATEST);
    const struct row row = {CONFLICT_UPDATE_CHANGED, POLICY_LATEST, "a30", "a50", "b50", VERDICT_LOCAL, ""};
    struct conflict_outcome out;
    struct err err = {0};
    rule.tie = tie_us;
    assert_int_equal(judge(*state, &row, &rule, &out, &err), 0);
    assert_int_equal(out.verdict, VERDICT_LOCAL);
    assert_non_null(strstr(out.why, "region us"));
    rule.tie_count = 0;
    assert_int_equal(judge(*state, &row, &rule, &out, &err), -1);
    assert_int_equal(err.class, ERR_DATA);
}

static void rule_that_cannot_be_carried_out(void **state)
{
    static const struct {
        char **by;
        size_t by_count;
        const char *incoming, *local, *message;
    } cases[] = {
        {by_nothing, 1, "a50", "b40", "no version column 'missing_column'"},
        {by_text,    1, "a50", "b40", "no number, date or time"           },
        {by_one,     1, "aN0", "b40", "'ver' of shop.item has no value"   },
        {by_one,     1, "a50", "bN0", "'ver' of shop.item has no value"   },
        {by_one,     1, "a?0", "b40", "'ver' of shop.item has no value"   },
        {NULL,       0, "a50", "b40", "no version column for shop.item"   },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct policy_rule rule = rule_of(POLICY_LATEST);
        rule.by = cases[i].by;
        rule.by_count = cases[i].by_count;
        const struct row row = {
            CONFLICT_UPDATE_CHANGED, POLICY_LATEST, "x10", cases[i].incoming, cases[i].local, 0, ""};
        struct conflict_outcome out;
        struct err err = {0};
        assert_int_equal(judge(*state, &row, &rule, &out, &err), -1);
        assert_int_equal(err.class, ERR_DATA);
        if (!strstr(err.text, cases[i].message))
            fail_msg("case %zu: '%s' does not say '%s'", i, err.text, cases[i].message);
    }
}

static void order_holds_only_when_the_version_rises(void **state)
{
    struct fixture *f = *state;
    struct policy_rule rule = rule_of(POLICY_LATEST);
    struct cell *four = image_of(&f->arena, "a40"), *five = image_of(&f->arena, "a50"),
                *none = image_of(&f->arena, "aN0");
    assert_true(conflict_order_holds(&rule, f->table, four, five));
    assert_false(conflict_order_holds(&rule, f->table, five, five));
    assert_false(conflict_order_holds(&rule, f->table, five, four));
    assert_false(conflict_order_holds(&rule, f->table, five, none));
    assert_true(conflict_order_holds(&rule, f->table, NULL, five));
    char *absent[] = {"no_such_column"};
    struct policy_rule other = rule;
    other.by = absent;
    other.by_count = 1;
    assert_true(conflict_order_holds(&other, f->table, five, four));
    /* A group's own column has to rise when a column of the group changes. */
    char *of_name[] = {by_name}, *of_rev[] = {by_rev};
    struct policy_group group = {
        .columns = of_name, .column_count = 1, .policy = POLICY_LATEST, .by = of_rev, .by_count = 1};
    rule.groups = &group;
    rule.group_count = 1;
    assert_true(conflict_order_holds(&rule, f->table, four, five));
    assert_false(conflict_order_holds(&rule, f->table, four, image_of(&f->arena, "b50")));
    assert_true(conflict_order_holds(&rule, f->table, four, image_of(&f->arena, "b51")));
    rule.group_count = 0;
    rule.policy = POLICY_SOURCE_WINS;
    assert_true(conflict_order_holds(&rule, f->table, five, four));
}

static void a_rule_fits_a_table_that_has_its_columns(void **state)
{
    struct fixture *f = *state;
    static const struct {
        struct policy_rule rule;
        const char *message; /* NULL: it fits */
    } cases[] = {
        {{.policy = POLICY_LATEST, .by = by_two, .by_count = 2},           NULL                                         },
        {{.policy = POLICY_LATEST, .by = by_text, .by_count = 1},          "column `name` of `shop`.`item` is varchar"  },
        {{.policy = POLICY_LATEST, .by = by_nothing, .by_count = 1},
         "no column `missing_column`, which policy latest names"                                                        },
        {{.policy = POLICY_DELTA, .columns = by_one, .column_count = 1},   NULL                                         },
        {{.policy = POLICY_DELTA, .columns = by_text, .column_count = 1},  "policy delta needs an integer or a DECIMAL" },
        {{.policy = POLICY_MAX, .columns = by_text, .column_count = 1},    "policy max needs a number, a date or a time"},
        {{.policy = POLICY_STOP, .ignore = by_nothing, .ignore_count = 1}, "no column `missing_column`"                 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct err err = {0};
        int rc = conflict_rule_fits(&cases[i].rule, f->table, &err);
        if ((rc == 0) != !cases[i].message || (rc && !strstr(err.text, cases[i].message)))
            fail_msg("case %zu: %s", i, err.text);
    }
    f->table->columns[COLUMN_NAME].generated = true;
    const struct policy_rule merges = {.policy = POLICY_MERGE};
    struct err err = {0};
    assert_int_equal(conflict_rule_fits(&merges, f->table, &err), -1);
    assert_non_null(strstr(err.text, "is generated"));
}

static void the_cause_is_told_where_it_is_known(void **state)
{
    (void)state;
    static const struct {
        enum conflict_kind kind;
        enum conflict_causality causality;
        bool unseen_delete;
        const char *two_way;
        const char *one_way;
    } cases[] = {
        {CONFLICT_UPDATE_CHANGED, CAUSALITY_IMAGES,     false, "",              "foreign_write"},
        {CONFLICT_UPDATE_CHANGED, CAUSALITY_CONCURRENT, false, "concurrent",    "foreign_write"},
        {CONFLICT_DELETE_MISSING, CAUSALITY_AFTER,      false, "foreign_write", "foreign_write"},
        {CONFLICT_FOREIGN_WRITE,  CAUSALITY_AFTER,      false, "foreign_write", "foreign_write"},
        {CONFLICT_INSERT_DELETED, CAUSALITY_AFTER,      true,  "concurrent",    "foreign_write"},
        {CONFLICT_INSERT_EXISTS,  CAUSALITY_IMAGES,     false, "",              "foreign_write"},
        {CONFLICT_UNIQUE_CLASH,   CAUSALITY_CONCURRENT, false, "",              ""             },
        {CONFLICT_NO_PARENT,      CAUSALITY_IMAGES,     false, "",              ""             },
        {CONFLICT_HAS_CHILD,      CAUSALITY_IMAGES,     false, "",              ""             },
        {CONFLICT_REFUSED,        CAUSALITY_AFTER,      false, "",              ""             },
        {CONFLICT_ORDER_VIOLATED, CAUSALITY_IMAGES,     false, "",              ""             },
        {CONFLICT_WITH_LOSER,     CAUSALITY_AFTER,      false, "",              ""             },
    };
    for (size_t i = 0; i < 2 * sizeof cases / sizeof *cases; i++) {
        const struct conflict_case c = {.kind = cases[i / 2].kind,
                                        .causality = cases[i / 2].causality,
                                        .unseen_delete = cases[i / 2].unseen_delete,
                                        .one_way = i % 2 != 0};
        const char *want = c.one_way ? cases[i / 2].one_way : cases[i / 2].two_way;
        const char *cause = conflict_cause_name(conflict_cause(&c));
        if (strcmp(cause, want) != 0)
            fail_msg("case %zu: %s, not %s", i, cause, want);
    }
}

static void names_are_the_documented_ones(void **state)
{
    (void)state;
    assert_string_equal(conflict_kind_name(CONFLICT_INSERT_EXISTS), "insert/exists");
    assert_string_equal(conflict_kind_name(CONFLICT_UPDATE_CHANGED), "update/changed");
    assert_string_equal(conflict_kind_name(CONFLICT_UPDATE_MISSING), "update/missing");
    assert_string_equal(conflict_kind_name(CONFLICT_DELETE_CHANGED), "delete/changed");
    assert_string_equal(conflict_kind_name(CONFLICT_DELETE_MISSING), "delete/missing");
    assert_string_equal(conflict_kind_name(CONFLICT_UNIQUE_CLASH), "unique/clash");
    assert_string_equal(conflict_kind_name(CONFLICT_REFUSED), "row/refused");
    assert_string_equal(conflict_kind_name(CONFLICT_ORDER_VIOLATED), "order/violated");
    assert_string_equal(conflict_kind_name(CONFLICT_INSERT_DELETED), "insert/deleted");
    assert_string_equal(conflict_kind_name(CONFLICT_UPDATE_DELETED), "update/deleted");
    assert_string_equal(conflict_kind_name(CONFLICT_FOREIGN_WRITE), "foreign/write");
    assert_string_equal(conflict_kind_name(CONFLICT_NO_PARENT), "parent/missing");
    assert_string_equal(conflict_kind_name(CONFLICT_HAS_CHILD), "child/exists");
    assert_string_equal(conflict_kind_name(CONFLICT_WITH_LOSER), "transaction/lost");
    assert_string_equal(conflict_verdict_name(VERDICT_SAME), "same");
    assert_string_equal(conflict_verdict_name(VERDICT_PARK), "park");
    assert_string_equal(conflict_verdict_name(VERDICT_MERGED), "merged");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_kind_under_every_policy, set_up, tear_down),
        cmocka_unit_test_setup_teardown(both_sides_agree, set_up, tear_down),
        cmocka_unit_test_setup_teardown(later_columns_count_when_earlier_are_equal, set_up, tear_down),
        cmocka_unit_test_setup_teardown(ties_follow_the_list, set_up, tear_down),
        cmocka_unit_test_setup_teardown(rule_that_cannot_be_carried_out, set_up, tear_down),
        cmocka_unit_test_setup_teardown(order_holds_only_when_the_version_rises, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_rule_fits_a_table_that_has_its_columns, set_up, tear_down),
        cmocka_unit_test(the_cause_is_told_where_it_is_known),
        cmocka_unit_test(names_are_the_documented_ones),
    };
    return cmocka_run_group_tests_name("judge", tests, NULL, NULL);
}
