/* The table of cases: one pair of changes that cross for each kind, decided on both sides. */
#include "conflict/cases.h"

#include <assert.h>

#include "conflict/judge.h"

enum { COLUMN_ID, COLUMN_NAME, COLUMN_QTY, COLUMNS };

/* The three states of the row: before, as eu makes it, as us makes it a moment later. */
enum state { NONE, BEFORE, EU, US, STATES };

static const struct {
    const char *name;
    int64_t qty;
} states[STATES] = {
    [BEFORE] = {"old", 10},
    [EU] = {"eu",  13},
    [US] = {"us",  15},
};

/* What eu's change meets at us, and what us's change meets at eu. */
struct meeting {
    enum conflict_kind kind;
    enum state before, incoming, local;
    enum conflict_kind mirror; /* CONFLICT_KIND_COUNT: nothing: eu's own row stays */
    enum state mirror_before, mirror_incoming, mirror_local;
    bool buries;
    enum conflict_causality causality;
};

static const struct meeting meetings[] = {
    {CONFLICT_INSERT_EXISTS,  NONE,   EU,   US,     CONFLICT_INSERT_EXISTS,  NONE,   US,   EU,   true,  CAUSALITY_CONCURRENT},
    {CONFLICT_INSERT_DELETED, NONE,   EU,   NONE,   CONFLICT_DELETE_CHANGED, US,     NONE, EU,   true,  CAUSALITY_CONCURRENT},
    {CONFLICT_UPDATE_CHANGED, BEFORE, EU,   US,     CONFLICT_UPDATE_CHANGED, BEFORE, US,   EU,   true,  CAUSALITY_CONCURRENT},
    {CONFLICT_UPDATE_MISSING, BEFORE, EU,   NONE,   CONFLICT_DELETE_CHANGED, BEFORE, NONE, EU,   false, CAUSALITY_CONCURRENT},
    {CONFLICT_UPDATE_DELETED, BEFORE, EU,   NONE,   CONFLICT_DELETE_CHANGED, BEFORE, NONE, EU,   true,  CAUSALITY_CONCURRENT},
    {CONFLICT_DELETE_CHANGED, BEFORE, NONE, US,     CONFLICT_UPDATE_DELETED, BEFORE, US,   NONE, true,  CAUSALITY_CONCURRENT},
    {CONFLICT_DELETE_MISSING, BEFORE, NONE, NONE,   CONFLICT_DELETE_MISSING, BEFORE, NONE, NONE, true,
     CAUSALITY_CONCURRENT                                                                                                   },
    {CONFLICT_FOREIGN_WRITE,  BEFORE, EU,   US,     CONFLICT_KIND_COUNT,     NONE,   NONE, EU,   true,  CAUSALITY_AFTER     },
    {CONFLICT_UNIQUE_CLASH,   NONE,   EU,   NONE,   CONFLICT_KIND_COUNT,     NONE,   NONE, EU,   true,  CAUSALITY_CONCURRENT},
    {CONFLICT_NO_PARENT,      NONE,   EU,   NONE,   CONFLICT_KIND_COUNT,     NONE,   NONE, EU,   true,  CAUSALITY_CONCURRENT},
    {CONFLICT_HAS_CHILD,      BEFORE, NONE, BEFORE, CONFLICT_KIND_COUNT,     NONE,   NONE, NONE, true,  CAUSALITY_CONCURRENT},
    {CONFLICT_REFUSED,        NONE,   EU,   NONE,   CONFLICT_KIND_COUNT,     NONE,   NONE, EU,   true,  CAUSALITY_CONCURRENT},
    {CONFLICT_ORDER_VIOLATED, BEFORE, EU,   BEFORE, CONFLICT_KIND_COUNT,     NONE,   NONE, EU,   true,  CAUSALITY_AFTER     },
    {CONFLICT_WITH_LOSER,     BEFORE, EU,   BEFORE, CONFLICT_KIND_COUNT,     NONE,   NONE, EU,   true,  CAUSALITY_AFTER     },
};

struct stage {
    struct arena arena;
    struct table_def *table;
    const struct cell *images[STATES];
};

static void set_stage(struct stage *s)
{
    static const char *const names[COLUMNS] = {"id", "name", "qty"};
    struct table_def *t = arena_zalloc(&s->arena, sizeof *t);
    t->db = span_str("shop");
    t->name = span_str("stock");
    t->column_count = COLUMNS;
    t->columns = arena_zalloc(&s->arena, COLUMNS * sizeof *t->columns);
    for (int i = 0; i < COLUMNS; i++)
        t->columns[i] = (struct column){.name = span_str(names[i]),
                                        .type = i == COLUMN_NAME ? COLUMN_VARCHAR : COLUMN_TINY,
                                        .meta = i == COLUMN_NAME ? 10 : 0,
                                        .collation = i == COLUMN_NAME ? 45 : COLLATION_NONE,
                                        .key_order = i == COLUMN_ID ? 0 : COLUMN_NO_KEY};
    table_def_seal(t, &s->arena);
    s->table = t;
    for (int k = BEFORE; k < STATES; k++) {
        struct cell *cells = arena_zalloc(&s->arena, COLUMNS * sizeof *cells);
        size_t n = strlen(states[k].name);
        uint8_t *bytes = arena_alloc(&s->arena, 3 + n);
        bytes[0] = 1;
        bytes[1] = (uint8_t)states[k].qty;
        bytes[2] = (uint8_t)n;
        memcpy(bytes + 3, states[k].name, n);
        cells[COLUMN_ID].data = span_of(bytes, 1);
        cells[COLUMN_QTY].data = span_of(bytes + 1, 1);
        cells[COLUMN_NAME].data = span_of(bytes + 2, n + 1);
        s->images[k] = cells;
    }
}

/* ---- one decision ---- */

struct decision {
    struct conflict_outcome outcome;
    const struct cell *row; /* after it; NULL: none */
};

static struct decision decide(struct stage *s, const struct policy_rule *rule, const struct meeting *m, bool mirrored)
{
    static const struct conflict_version of_eu = {.stamp = 1, .region = "eu"}, of_us = {.stamp = 2, .region = "us"};
    const struct conflict_tombstone grave = {.version = mirrored ? &of_eu : &of_us, .columns = s->images[BEFORE]};
    struct err err = {0};
    struct decision d;
    const enum conflict_kind kind = mirrored ? m->mirror : m->kind;
    const struct conflict_case c = {.kind = kind,
                                    .rule = rule,
                                    .table = s->table,
                                    .before = s->images[mirrored ? m->mirror_before : m->before],
                                    .incoming = s->images[mirrored ? m->mirror_incoming : m->incoming],
                                    .local = s->images[mirrored ? m->mirror_local : m->local],
                                    .from = mirrored ? "us" : "eu",
                                    .to = mirrored ? "eu" : "us",
                                    .causality = m->causality,
                                    .incoming_version = mirrored ? &of_us : &of_eu,
                                    .local_version = mirrored ? &of_eu : &of_us,
                                    .tombstone = &grave,
                                    .unseen_delete = kind == CONFLICT_INSERT_DELETED || kind == CONFLICT_UPDATE_DELETED,
                                    .buries = m->buries};
    int rc = conflict_judge(&c, &d.outcome, &s->arena, &err);
    assert(rc == 0);
    d.row = conflict_result(&c, &d.outcome);
    return d;
}

/* ---- printing ---- */

static void put_row(FILE *out, const struct stage *s, const struct cell *row)
{
    struct buf text = {0};
    if (row) {
        cell_put_text(&s->table->columns[COLUMN_NAME], &row[COLUMN_NAME], &text);
        buf_put_str(&text, " ");
        cell_put_text(&s->table->columns[COLUMN_QTY], &row[COLUMN_QTY], &text);
    }
    (void)fprintf(out, "%s", row ? buf_cstr(&text) : "none");
    buf_free(&text);
}

static bool waits(const struct decision *d)
{
    return d->outcome.verdict == VERDICT_PARK || d->outcome.verdict == VERDICT_STOP;
}

static void put_side(FILE *out, const struct stage *s, enum conflict_kind kind, const struct decision *d)
{
    (void)fprintf(out, " | `%s` %s", conflict_kind_name(kind), conflict_verdict_name(d->outcome.verdict));
    if (waits(d))
        return;
    (void)fputs(": ", out);
    put_row(out, s, d->row);
}

/* What the other scopes make of it. */
static const char *other_scope(const struct decision *d, enum policy_scope scope)
{
    if (d->outcome.verdict != VERDICT_LOCAL || scope == SCOPE_ROW)
        return "the same";
    return scope == SCOPE_STOP ? "stop" : "the whole transaction: local";
}

static void print_line(FILE *out, struct stage *s, const struct meeting *m, enum policy policy)
{
    static char eu[] = "eu", us[] = "us", qty[] = "qty";
    static char *regions[] = {eu, us}, *columns[] = {qty};
    bool columned = policy == POLICY_MAX || policy == POLICY_MIN || policy == POLICY_DELTA;
    struct policy_rule rule = {.policy = policy,
                               .columns = columns,
                               .column_count = columned,
                               .tie = regions,
                               .tie_count = 2,
                               .order = regions,
                               .order_count = 2,
                               .versions = VERSIONS_CAUSAL};
    struct decision here = decide(s, &rule, m, false);
    (void)fprintf(out, "| `%s` | %s", conflict_kind_name(m->kind), policy_name(policy));
    put_side(out, s, m->kind, &here);
    if (m->mirror == CONFLICT_KIND_COUNT) {
        (void)fputs(" | nothing: ", out);
        put_row(out, s, s->images[m->mirror_local]);
    } else {
        struct decision there = decide(s, &rule, m, true);
        put_side(out, s, m->mirror, &there);
    }
    for (int scope = SCOPE_TRANSACTION; scope <= SCOPE_STOP; scope++) {
        rule.scope = (enum policy_scope)scope;
        struct decision scoped = decide(s, &rule, m, false);
        const char *said = m->kind == CONFLICT_WITH_LOSER ? "the same" : other_scope(&here, rule.scope);
        bool stops = scoped.outcome.verdict == VERDICT_STOP && here.outcome.verdict != VERDICT_STOP;
        assert(stops == (strcmp(said, "stop") == 0));
        (void)fprintf(out, " | %s", said);
    }
    (void)fputs(" |\n", out);
}

static const char preface[] =
    "# Every kind of conflict under every policy\n"
    "\n"
    "<!-- Generated by `drcctl conflicts cases` from conflict/cases.c, which asks the judge. Change it there. -->\n"
    "\n"
    "A row of `shop.stock` is `old 10` (name, qty) in both regions. eu makes it `eu 13`, and us, a moment later and "
    "without\n"
    "knowledge of that, `us 15`; or one of them deletes or inserts it. *At us* is what eu's change meets there, the "
    "verdict and\n"
    "the row after it; *at eu* what us's change meets. Each verdict is an entry of the journal of that side, with "
    "these "
    "words.\n"
    "Versions are those of the changes (`versions: causal`); `priority` has `order: [eu, us]`; `max`, `min` and "
    "`delta` "
    "are about\n"
    "`qty`. The last two columns say what `scope: transaction` and `scope: stop` change at us. `update/missing` is "
    "what "
    "an update\n"
    "meets where no tombstones are kept. Where the last row of both sides differs, the policy does not converge: see\n"
    "[conflicts.md](conflicts.md).\n"
    "\n"
    "| Kind | Policy | At us | At eu | Scope transaction | Scope stop |\n"
    "|---|---|---|---|---|---|\n";

void conflict_print_cases(FILE *out)
{
    struct stage s = {0};
    set_stage(&s);
    (void)fputs(preface, out);
    for (size_t i = 0; i < sizeof meetings / sizeof *meetings; i++)
        for (int p = 0; policy_name((enum policy)p); p++)
            print_line(out, &s, &meetings[i], (enum policy)p);
    arena_free(&s.arena);
}
