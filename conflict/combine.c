/* Column by column: whose value the resulting row has. */
#include "conflict/combine.h"

#include <stdio.h>

#include "conflict/add.h"

/* What becomes of a column. */
enum pick {
    PICK_REST, /* as the rest of the row */
    PICK_LOCAL,
    PICK_INCOMING,
    PICK_MAX,
    PICK_MIN,
    PICK_ADD,
    PICK_MERGE,
};

struct combining {
    const struct conflict_case *c;
    struct conflict_outcome *out;
    struct arena *arena;
    uint8_t *picks; /* enum pick, one a column */
    struct cell *row;
    bool rest; /* the incoming row has what nothing is said about */
    bool parks;
};

bool combine_is_needed(const struct policy_rule *rule, enum policy policy)
{
    return rule->group_count > 0 || policy == POLICY_MAX || policy == POLICY_MIN || policy == POLICY_DELTA ||
           policy == POLICY_MERGE;
}

/* ---- which column goes which way ---- */

static int set_picks(struct combining *m, char *const *columns, size_t count, enum pick pick, struct err *err)
{
    const struct table_def *t = m->c->table;
    for (size_t i = 0; i < count; i++) {
        int k = table_def_find(t, span_str(columns[i]));
        if (k < 0)
            return err_data(err, "table %.*s.%.*s has no column '%s', which the policy names", SPAN_ARG(t->db),
                            SPAN_ARG(t->name), columns[i]);
        m->picks[k] = (uint8_t)pick;
    }
    return 0;
}

static enum pick pick_of_policy(enum policy p)
{
    switch (p) {
    case POLICY_MAX:
        return PICK_MAX;
    case POLICY_MIN:
        return PICK_MIN;
    case POLICY_DELTA:
        return PICK_ADD;
    case POLICY_MERGE:
        return PICK_MERGE;
    case POLICY_SOURCE_WINS:
        return PICK_INCOMING;
    case POLICY_TARGET_WINS:
        return PICK_LOCAL;
    case POLICY_LATEST:
    case POLICY_EARLIEST:
    case POLICY_PRIORITY:
    case POLICY_PARK:
    case POLICY_STOP:
        break;
    }
    return PICK_REST;
}

/* A group that is decided as a whole by versions or regions of its own. */
static int set_group(struct combining *m, const struct policy_group *g, struct err *err)
{
    struct conflict_outcome of_group = {.policy = g->policy};
    enum pick pick = pick_of_policy(g->policy);
    bool incoming = m->rest;
    int rc = 0;
    const struct version_order by = {.by = g->by_count ? g->by : m->c->rule->by,
                                     .count = g->by_count ? g->by_count : m->c->rule->by_count,
                                     .earliest = g->policy == POLICY_EARLIEST};
    if (g->policy == POLICY_PRIORITY)
        rc = version_priority(&incoming, m->c, &of_group, err);
    else if (g->policy == POLICY_LATEST || g->policy == POLICY_EARLIEST)
        rc = version_decides(&incoming, m->c, &by, &of_group, err);
    if (of_group.skew_ms > m->out->skew_ms)
        m->out->skew_ms = of_group.skew_ms;
    if (pick == PICK_REST)
        pick = incoming ? PICK_INCOMING : PICK_LOCAL;
    if (rc || set_picks(m, g->columns, g->column_count, pick, err))
        return -1;
    return set_picks(m, g->by, g->by_count, pick, err);
}

static int plan(struct combining *m, struct err *err)
{
    const struct policy_rule *rule = m->c->rule;
    enum policy policy = m->out->policy;
    m->picks = arena_zalloc(m->arena, m->c->table->column_count);
    if (policy == POLICY_MERGE)
        memset(m->picks, PICK_MERGE, m->c->table->column_count);
    else if (set_picks(m, rule->columns, rule->column_count, pick_of_policy(policy), err))
        return -1;
    for (size_t i = 0; i < rule->group_count; i++)
        if (set_group(m, &rule->groups[i], err))
            return -1;
    return 0;
}

/* ---- the row ---- */

static void take(struct combining *m, uint16_t i, bool incoming)
{
    m->row[i] = incoming && !m->c->incoming[i].absent ? m->c->incoming[i] : m->c->local[i];
}

/* NULL is less than any value. */
static void take_extreme(struct combining *m, uint16_t i, int sign)
{
    const struct conflict_case *c = m->c;
    take(m, i, sign * cell_compare(&c->table->columns[i], &c->incoming[i], &c->local[i]) > 0);
}

static int add(struct combining *m, uint16_t i, struct err *err)
{
    const struct conflict_case *c = m->c;
    const struct column *column = &c->table->columns[i];
    if (!cell_can_add(column))
        return err_data(err, "column '%.*s' of %.*s.%.*s is no integer and no DECIMAL, to which policy delta could add",
                        SPAN_ARG(column->name), SPAN_ARG(c->table->db), SPAN_ARG(c->table->name));
    if (cell_add(&m->row[i], column, &c->local[i], &c->incoming[i], c->before ? &c->before[i] : NULL, m->arena))
        return 0;
    m->parks = true;
    (void)snprintf(m->out->why, sizeof m->out->why, "the increment of %.*s cannot be added: out of range, or NULL",
                   SPAN_ARG(column->name));
    return 0;
}

/* The side that changed it; where both did, or nobody knows, as the rest. */
static void take_changed(struct combining *m, uint16_t i)
{
    const struct conflict_case *c = m->c;
    const struct column *column = &c->table->columns[i];
    bool there = !c->before || !cell_equal(column, &c->before[i], &c->local[i]);
    bool came = !c->before || !cell_equal(column, &c->before[i], &c->incoming[i]);
    take(m, i, there == came ? m->rest : came);
}

static int fill(struct combining *m, uint16_t i, struct err *err)
{
    switch ((enum pick)m->picks[i]) {
    case PICK_REST:
        take(m, i, m->rest);
        return 0;
    case PICK_LOCAL:
    case PICK_INCOMING:
        take(m, i, m->picks[i] == PICK_INCOMING);
        return 0;
    case PICK_MAX:
    case PICK_MIN:
        take_extreme(m, i, m->picks[i] == PICK_MAX ? 1 : -1);
        return 0;
    case PICK_ADD:
        return add(m, i, err);
    case PICK_MERGE:
        take_changed(m, i);
        return 0;
    }
    return 0;
}

static bool is_row(const struct combining *m, const struct cell *image)
{
    return image_equal(m->row, image, m->c->table, NULL);
}

int combine_rows(const struct conflict_case *c, bool incoming, struct conflict_outcome *out, struct arena *a,
                 struct err *err)
{
    struct combining m = {.c = c, .out = out, .arena = a, .rest = incoming};
    const struct table_def *t = c->table;
    if (plan(&m, err))
        return -1;
    m.row = arena_alloc(a, t->column_count * sizeof *m.row);
    for (uint16_t i = 0; i < t->column_count; i++)
        if (fill(&m, i, err))
            return -1;
    for (uint16_t i = 0; i < t->key_count; i++)
        m.row[t->key[i]] = c->local[t->key[i]];
    if (m.parks) {
        out->verdict = VERDICT_PARK;
        return 0;
    }
    out->verdict = VERDICT_MERGED;
    out->merged = m.row;
    out->version = version_later(c); /* whichever side's it looks like */
    if (is_row(&m, c->local))
        out->verdict = VERDICT_LOCAL;
    else if (is_row(&m, c->incoming))
        out->verdict = VERDICT_INCOMING;
    if (out->verdict != VERDICT_MERGED)
        out->merged = NULL;
    else
        (void)snprintf(out->why, sizeof out->why, "%s: the row is made of both", policy_name(out->policy));
    return 0;
}
