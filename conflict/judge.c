/* The judge: a table of kinds and policies, and the comparison of versions behind `latest`. */
#include "conflict/judge.h"

#include <assert.h>
#include <stdio.h>

static const char *const kind_names[] = {
    [CONFLICT_INSERT_EXISTS] = "insert/exists",   [CONFLICT_UPDATE_CHANGED] = "update/changed",
    [CONFLICT_UPDATE_MISSING] = "update/missing", [CONFLICT_DELETE_CHANGED] = "delete/changed",
    [CONFLICT_DELETE_MISSING] = "delete/missing", [CONFLICT_UNIQUE_CLASH] = "unique/clash",
    [CONFLICT_REFUSED] = "row/refused",           [CONFLICT_ORDER_VIOLATED] = "order/violated",
};

static const char *const verdict_names[] = {
    [VERDICT_INCOMING] = "incoming", [VERDICT_LOCAL] = "local", [VERDICT_SAME] = "same",
    [VERDICT_STOP] = "stop",         [VERDICT_PARK] = "park",
};

#define KINDS (sizeof kind_names / sizeof *kind_names)
#define VERDICTS (sizeof verdict_names / sizeof *verdict_names)
#define POLICIES (POLICY_STOP + 1)

const char *conflict_kind_name(enum conflict_kind k)
{
    assert((size_t)k < KINDS);
    return kind_names[k];
}

const char *conflict_verdict_name(enum conflict_verdict v)
{
    assert((size_t)v < VERDICTS);
    return verdict_names[v];
}

/* How a verdict is found: either the table says it, or versions decide. */
enum way {
    WAY_INCOMING,
    WAY_LOCAL,
    WAY_SAME,
    WAY_STOP,
    WAY_VERSION, /* the incoming image against the local one */
};

/* Why some fields are as they are:
 *  - update/missing under latest: without tombstones nobody knows how new the delete was; an update that always beats
 * it gives the same answer on both sides (the other side keeps its newer row by delete/changed).
 *  - delete/changed under latest: for the same reason any write beats a concurrent delete, whatever its version. Were
 * the versions compared, an older row that was written again would stay on the side that deleted and go on the other.
 *  - unique/clash: the local row is another one than the source meant. To remove or rewrite it would lose a row that
 *    nobody spoke of, to leave out the incoming one makes what depends on it wrong: only the operator can say.
 *  - row/refused: the same.
 *  - order/violated is a note in the journal, not a collision: the change goes in under every policy. */
static const enum way ways[KINDS][POLICIES] = {
  /* kind                        latest              source_wins   target_wins   stop */
    [CONFLICT_INSERT_EXISTS] = {WAY_VERSION,  WAY_INCOMING, WAY_LOCAL,    WAY_STOP    },
    [CONFLICT_UPDATE_CHANGED] = {WAY_VERSION,  WAY_INCOMING, WAY_LOCAL,    WAY_STOP    },
    [CONFLICT_UPDATE_MISSING] = {WAY_INCOMING, WAY_INCOMING, WAY_LOCAL,    WAY_STOP    },
    [CONFLICT_DELETE_CHANGED] = {WAY_LOCAL,    WAY_INCOMING, WAY_LOCAL,    WAY_STOP    },
    [CONFLICT_DELETE_MISSING] = {WAY_SAME,     WAY_SAME,     WAY_SAME,     WAY_STOP    },
    [CONFLICT_UNIQUE_CLASH] = {WAY_STOP,     WAY_STOP,     WAY_STOP,     WAY_STOP    },
    [CONFLICT_REFUSED] = {WAY_STOP,     WAY_STOP,     WAY_STOP,     WAY_STOP    },
    [CONFLICT_ORDER_VIOLATED] = {WAY_INCOMING, WAY_INCOMING, WAY_INCOMING, WAY_INCOMING},
};

static const char *const reasons[KINDS] = {
    [CONFLICT_UPDATE_MISSING] = "the row is not there",
    [CONFLICT_DELETE_MISSING] = "the row is gone already",
    [CONFLICT_UNIQUE_CLASH] = "a unique value belongs to another row",
    [CONFLICT_REFUSED] = "the target refuses the row",
    [CONFLICT_ORDER_VIOLATED] = "the version column did not rise",
};

static int settle(struct conflict_outcome *out, enum conflict_verdict verdict, const char *why)
{
    out->verdict = verdict;
    snprintf(out->why, sizeof out->why, "%s", why);
    return 0;
}

/* Version column `name`, usable: it is there, has an order, and both images have a value. */
static int version_column(uint16_t *out, const struct table_def *t, const char *name, const struct cell *a,
                          const struct cell *b, struct err *err)
{
    int i = table_def_find(t, span_str(name));
    if (i < 0)
        return err_data(err, "table %.*s.%.*s has no version column '%s'", SPAN_ARG(t->db), SPAN_ARG(t->name), name);
    if (!cell_is_ordered(&t->columns[i]))
        return err_data(err, "version column '%s' of %.*s.%.*s is no number, date or time", name, SPAN_ARG(t->db),
                        SPAN_ARG(t->name));
    if (a[i].absent || b[i].absent || a[i].null || b[i].null)
        return err_data(err, "version column '%s' of %.*s.%.*s has no value in this row", name, SPAN_ARG(t->db),
                        SPAN_ARG(t->name));
    *out = (uint16_t)i;
    return 0;
}

/* Order of two images by the rule's columns, most significant first: *order is <0, 0, >0, *decided the column that said
 * so (the last one when all are equal). */
static int compare_versions(int *order, uint16_t *decided, const struct policy_rule *rule, const struct table_def *t,
                            const struct cell *a, const struct cell *b, struct err *err)
{
    *order = 0;
    if (rule->by_count == 0)
        return err_data(err, "policy latest has no version column for %.*s.%.*s", SPAN_ARG(t->db), SPAN_ARG(t->name));
    for (size_t i = 0; i < rule->by_count && *order == 0; i++) {
        if (version_column(decided, t, rule->by[i], a, b, err))
            return -1;
        *order = cell_compare(&t->columns[*decided], &a[*decided], &b[*decided]);
    }
    return 0;
}

/* Place of a region in the tie list; those that are not in it come last. */
static size_t tie_place(const struct policy_rule *rule, const char *region)
{
    size_t i = 0;
    while (i < rule->tie_count && strcmp(rule->tie[i], region) != 0)
        i++;
    return i;
}

static int break_tie(struct conflict_outcome *out, const struct conflict_case *c, struct err *err)
{
    size_t from = tie_place(c->rule, c->from);
    size_t to = tie_place(c->rule, c->to);
    if (from == to)
        return err_data(err, "equal versions in %.*s.%.*s, and neither %s nor %s is in the policy's tie list",
                        SPAN_ARG(c->table->db), SPAN_ARG(c->table->name), c->from, c->to);
    out->verdict = from < to ? VERDICT_INCOMING : VERDICT_LOCAL;
    snprintf(out->why, sizeof out->why, "versions equal, tie broken by region %s", from < to ? c->from : c->to);
    return 0;
}

/* The greater of the incoming and the local row. */
static int judge_by_version(const struct conflict_case *c, struct conflict_outcome *out, struct err *err)
{
    const struct cell *incoming = c->incoming;
    int order;
    uint16_t decided = 0;
    if (compare_versions(&order, &decided, c->rule, c->table, incoming, c->local, err))
        return -1;
    if (order == 0)
        return break_tie(out, c, err);

    const struct column *column = &c->table->columns[decided];
    struct buf text = {0};
    buf_put_span(&text, column->name);
    buf_put_str(&text, " ");
    cell_put_text(column, &incoming[decided], &text);
    buf_put_str(&text, order > 0 ? " > " : " < ");
    cell_put_text(column, &c->local[decided], &text);
    settle(out, order > 0 ? VERDICT_INCOMING : VERDICT_LOCAL, buf_cstr(&text));
    buf_free(&text);
    return 0;
}

/* The images that each kind comes with; anything else is a mistake of the caller. */
static void check_images(const struct conflict_case *c)
{
    bool deletes = c->kind == CONFLICT_DELETE_CHANGED || c->kind == CONFLICT_DELETE_MISSING;
    bool missing = c->kind == CONFLICT_UPDATE_MISSING || c->kind == CONFLICT_DELETE_MISSING;
    assert((size_t)c->kind < KINDS && (size_t)c->rule->policy < POLICIES);
    if (c->kind == CONFLICT_REFUSED)
        return;
    assert(deletes == (c->incoming == NULL));
    assert(missing == (c->local == NULL));
    assert(c->before || c->kind == CONFLICT_INSERT_EXISTS || c->kind == CONFLICT_UNIQUE_CLASH);
}

/* Both sides say the same already; a clash or a note is about something else than the row's content. */
static bool same_already(const struct conflict_case *c)
{
    if (c->kind != CONFLICT_INSERT_EXISTS && c->kind != CONFLICT_UPDATE_CHANGED)
        return false;
    return image_equal(c->incoming, c->local, c->table, NULL);
}

int conflict_judge(const struct conflict_case *c, struct conflict_outcome *out, struct err *err)
{
    check_images(c);
    enum way way = ways[c->kind][c->rule->policy];
    const char *reason = reasons[c->kind] ? reasons[c->kind] : policy_name(c->rule->policy);
    if (c->kind == CONFLICT_DELETE_CHANGED && c->rule->policy == POLICY_LATEST)
        reason = "the row was changed meanwhile, which beats a delete";
    if (way != WAY_STOP && same_already(c))
        return settle(out, VERDICT_SAME, "both sides hold the same row");
    switch (way) {
    case WAY_INCOMING:
        return settle(out, VERDICT_INCOMING, reason);
    case WAY_LOCAL:
        return settle(out, VERDICT_LOCAL, reason);
    case WAY_SAME:
        return settle(out, VERDICT_SAME, reason);
    case WAY_STOP:
        return settle(out, VERDICT_STOP, reason);
    case WAY_VERSION:
        return judge_by_version(c, out, err);
    }
    assert(!"a way that is not in the table");
    return -1;
}

bool conflict_order_holds(const struct policy_rule *rule, const struct table_def *table, const struct cell *before,
                          const struct cell *after)
{
    int order;
    uint16_t decided = 0;
    struct err ignored = {0};
    if (rule->policy != POLICY_LATEST || !before || !after)
        return true;
    for (size_t i = 0; i < rule->by_count; i++)
        if (table_def_find(table, span_str(rule->by[i])) < 0)
            return true;
    return compare_versions(&order, &decided, rule, table, after, before, &ignored) == 0 && order > 0;
}
