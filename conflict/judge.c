/* The judge: a table of kinds and policies that says which way each case is decided, and the ways. */
#include "conflict/judge.h"

#include <assert.h>
#include <stdio.h>

#include "conflict/combine.h"
#include "conflict/version.h"

#define POLICIES (POLICY_STOP + 1)

static const char *const verdict_names[] = {
    [VERDICT_INCOMING] = "incoming", [VERDICT_LOCAL] = "local", [VERDICT_SAME] = "same",
    [VERDICT_STOP] = "stop",         [VERDICT_PARK] = "park",   [VERDICT_MERGED] = "merged",
};

const char *conflict_verdict_name(enum conflict_verdict v)
{
    assert((size_t)v < sizeof verdict_names / sizeof *verdict_names);
    return verdict_names[v];
}

/* How a verdict is found. */
enum way {
    WAY_STOP,
    WAY_PARK,
    WAY_INCOMING,
    WAY_LOCAL,
    WAY_SAME,
    WAY_ROWS,    /* two rows: by version or region, columns apart where the rule says so */
    WAY_DELETE,  /* one of the two is a delete */
    WAY_FOREIGN, /* the source knew of all: as it came, but increments are added */
};

/* One line a kind; the columns are
 * latest, earliest, priority, max, min, delta, merge, source_wins, target_wins, park, stop.
 *
 * Why some fields are as they are:
 *  - update/missing: nothing is known of the row's end, so nothing speaks against the update.
 *  - delete/missing: both sides say the same. Not under park, as equal rows are not: images that are equal do not prove
 *    that nothing happened in between.
 *  - unique/clash: the local row is another one than the source meant. To remove or rewrite it would lose a row that
 *    nobody spoke of, to leave out the incoming one makes what depends on it wrong: only the operator can say. The same
 *    holds for what foreign keys and checks refuse.
 *  - foreign/write: what is there was written past the stream, and the source's change comes after all that the stream
 *    had: it goes in where changes are weighed at all.
 *  - order/violated is a note in the journal, not a collision: the change goes in under every policy. */
#define VERSIONED(way) way, way, way, way, way, way, way
#define REFUSED_BY_TARGET VERSIONED(WAY_PARK), WAY_PARK, WAY_PARK, WAY_PARK, WAY_STOP
/* clang-format off */
static const uint8_t ways[CONFLICT_KIND_COUNT][POLICIES] = {
    [CONFLICT_INSERT_EXISTS]  = {VERSIONED(WAY_ROWS),    WAY_INCOMING, WAY_LOCAL, WAY_PARK, WAY_STOP},
    [CONFLICT_INSERT_DELETED] = {VERSIONED(WAY_DELETE),  WAY_INCOMING, WAY_LOCAL, WAY_PARK, WAY_STOP},
    [CONFLICT_UPDATE_CHANGED] = {VERSIONED(WAY_ROWS),    WAY_INCOMING, WAY_LOCAL, WAY_PARK, WAY_STOP},
    [CONFLICT_UPDATE_MISSING] = {VERSIONED(WAY_INCOMING), WAY_INCOMING, WAY_LOCAL, WAY_PARK, WAY_STOP},
    [CONFLICT_UPDATE_DELETED] = {VERSIONED(WAY_DELETE),  WAY_INCOMING, WAY_LOCAL, WAY_PARK, WAY_STOP},
    [CONFLICT_DELETE_CHANGED] = {VERSIONED(WAY_DELETE),  WAY_INCOMING, WAY_LOCAL, WAY_PARK, WAY_STOP},
    [CONFLICT_DELETE_MISSING] = {VERSIONED(WAY_SAME),    WAY_SAME, WAY_SAME, WAY_PARK, WAY_STOP},
    [CONFLICT_UNIQUE_CLASH]   = {REFUSED_BY_TARGET},
    [CONFLICT_NO_PARENT]      = {REFUSED_BY_TARGET},
    [CONFLICT_HAS_CHILD]      = {REFUSED_BY_TARGET},
    [CONFLICT_REFUSED]        = {REFUSED_BY_TARGET},
    [CONFLICT_FOREIGN_WRITE]  = {VERSIONED(WAY_FOREIGN), WAY_INCOMING, WAY_LOCAL, WAY_PARK, WAY_STOP},
    [CONFLICT_ORDER_VIOLATED] = {VERSIONED(WAY_INCOMING), WAY_INCOMING, WAY_INCOMING, WAY_INCOMING, WAY_INCOMING},
    [CONFLICT_WITH_LOSER]     = {VERSIONED(WAY_LOCAL),   WAY_LOCAL, WAY_LOCAL, WAY_LOCAL, WAY_LOCAL},
};
/* clang-format on */

static const char *const reasons[CONFLICT_KIND_COUNT] = {
    [CONFLICT_INSERT_DELETED] = "the row has been deleted",
    [CONFLICT_UPDATE_MISSING] = "the row is not there",
    [CONFLICT_UPDATE_DELETED] = "the row has been deleted",
    [CONFLICT_DELETE_MISSING] = "the row is gone already",
    [CONFLICT_UNIQUE_CLASH] = "a unique value belongs to another row",
    [CONFLICT_NO_PARENT] = "the row that it refers to is missing",
    [CONFLICT_HAS_CHILD] = "other rows refer to it",
    [CONFLICT_REFUSED] = "the target refuses the row",
    [CONFLICT_FOREIGN_WRITE] = "what is there was not written through the stream",
    [CONFLICT_ORDER_VIOLATED] = "the version column did not rise",
    [CONFLICT_WITH_LOSER] = "another row of its transaction lost",
};

static int settle(struct conflict_outcome *out, enum conflict_verdict verdict, const char *why)
{
    out->verdict = verdict;
    (void)snprintf(out->why, sizeof out->why, "%s", why);
    return 0;
}

static int settle_side(struct conflict_outcome *out, bool incoming)
{
    out->verdict = incoming ? VERDICT_INCOMING : VERDICT_LOCAL;
    return 0;
}

static struct version_order order_of(const struct conflict_case *c, const struct conflict_outcome *out)
{
    return (struct version_order){
        .by = c->rule->by, .count = c->rule->by_count, .earliest = out->policy == POLICY_EARLIEST};
}

/* ---- two rows ---- */

/* Where columns are decided apart, the rest may have no version at all, on links that have no opposite one: then the
 * source's word goes. */
static int rest_of_row(bool *incoming, const struct conflict_case *c, struct conflict_outcome *out, struct err *err)
{
    const struct version_order by = order_of(c, out);
    if (out->policy == POLICY_PRIORITY)
        return version_priority(incoming, c, out, err);
    if (combine_is_needed(c->rule, out->policy) && !version_is_known(c, &by)) {
        *incoming = true;
        (void)settle(out, VERDICT_INCOMING, policy_name(out->policy));
        return 0;
    }
    return version_decides(incoming, c, &by, out, err);
}

static int judge_rows(const struct conflict_case *c, struct conflict_outcome *out, struct arena *arena, struct err *err)
{
    bool incoming;
    if (rest_of_row(&incoming, c, out, err))
        return -1;
    if (combine_is_needed(c->rule, out->policy))
        return combine_rows(c, incoming, out, arena, err);
    return settle_side(out, incoming);
}

/* ---- a delete and a write ---- */

static int judge_delete(const struct conflict_case *c, struct conflict_outcome *out, struct err *err)
{
    enum policy_delete deletes = policy_deletes(c->rule);
    bool is_delete = c->incoming == NULL, incoming;
    const struct version_order by = order_of(c, out);
    if (deletes == DELETE_WINS) {
        bool wins = is_delete || c->causality == CAUSALITY_IMAGES; /* one that was unseen has won before (decide) */
        (void)settle(out, VERDICT_LOCAL, wins ? "a delete wins" : "the change knew of the delete");
        return settle_side(out, is_delete || !wins);
    }
    if (is_delete && !c->buries)
        return settle(out, VERDICT_LOCAL, "the row was changed meanwhile, which beats a delete");
    if (deletes == DELETE_LATEST && out->policy == POLICY_PRIORITY) {
        if (version_priority(&incoming, c, out, err))
            return -1;
    } else if (version_decides_delete(&incoming, c, &by, deletes == DELETE_UPDATE_WINS, out, err)) {
        return -1;
    }
    return settle_side(out, incoming);
}

static int judge_foreign(const struct conflict_case *c, struct conflict_outcome *out, struct arena *arena,
                         struct err *err)
{
    if (policy_adds(c->rule) && c->incoming && c->local)
        return combine_rows(c, true, out, arena, err);
    return settle(out, VERDICT_INCOMING, reasons[CONFLICT_FOREIGN_WRITE]);
}

/* ---- the entrance ---- */

/* The images that each kind comes with; anything else is a mistake of the caller. */
static void check_images(const struct conflict_case *c)
{
    bool is_delete = c->kind == CONFLICT_DELETE_CHANGED || c->kind == CONFLICT_DELETE_MISSING;
    bool is_insert = c->kind == CONFLICT_INSERT_EXISTS || c->kind == CONFLICT_INSERT_DELETED;
    bool is_update =
        c->kind == CONFLICT_UPDATE_CHANGED || c->kind == CONFLICT_UPDATE_MISSING || c->kind == CONFLICT_UPDATE_DELETED;
    bool is_there =
        c->kind == CONFLICT_INSERT_EXISTS || c->kind == CONFLICT_UPDATE_CHANGED || c->kind == CONFLICT_DELETE_CHANGED;
    assert(c->kind < CONFLICT_KIND_COUNT && (size_t)c->rule->policy < POLICIES);
    if (!is_delete && !is_insert && !is_update)
        return;
    assert(is_delete == (c->incoming == NULL));
    assert(is_insert == (c->before == NULL));
    assert(is_there == (c->local != NULL));
}

/* Columns whose differences count for nothing: NULL where there are none. */
static const bool *ignored(const struct conflict_case *c, struct arena *arena)
{
    const struct policy_rule *rule = c->rule;
    bool *out = rule->ignore_count ? arena_zalloc(arena, c->table->column_count) : NULL;
    for (size_t i = 0; i < rule->ignore_count; i++) {
        int k = table_def_find(c->table, span_str(rule->ignore[i]));
        if (k >= 0)
            out[k] = true;
    }
    return out;
}

/* Both sides say the same already. Not where increments are added: two equal ones are two. */
static bool same_already(const struct conflict_case *c, struct arena *arena)
{
    if (!c->incoming || !c->local || policy_adds(c->rule))
        return false;
    if (c->kind != CONFLICT_INSERT_EXISTS && c->kind != CONFLICT_UPDATE_CHANGED && c->kind != CONFLICT_FOREIGN_WRITE)
        return false;
    return image_equal(c->incoming, c->local, c->table, ignored(c, arena));
}

static int decide(const struct conflict_case *c, struct conflict_outcome *out, struct arena *arena, struct err *err)
{
    enum way way = (enum way)ways[c->kind][out->policy];
    const char *reason = reasons[c->kind] ? reasons[c->kind] : policy_name(out->policy);
    bool is_weighed = way == WAY_ROWS || way == WAY_DELETE || way == WAY_FOREIGN;
    if (is_weighed && c->incoming && c->unseen_delete && policy_deletes(c->rule) == DELETE_WINS)
        return settle(out, VERDICT_LOCAL, "a delete that the change did not know of wins");
    if (way != WAY_STOP && way != WAY_PARK && same_already(c, arena))
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
    case WAY_PARK:
        return settle(out, VERDICT_PARK, reason);
    case WAY_ROWS:
        return judge_rows(c, out, arena, err);
    case WAY_DELETE:
        return judge_delete(c, out, err);
    case WAY_FOREIGN:
        return judge_foreign(c, out, arena, err);
    }
    assert(!"a way that is not in the table");
    return -1;
}

static const struct conflict_version *version_after(const struct conflict_case *c, const struct conflict_outcome *out)
{
    if (out->version || out->verdict == VERDICT_SAME)
        return version_later(c);
    return out->verdict == VERDICT_INCOMING ? c->incoming_version : c->local_version;
}

int conflict_judge(const struct conflict_case *c, struct conflict_outcome *out, struct arena *arena, struct err *err)
{
    check_images(c);
    *out = (struct conflict_outcome){.policy = policy_of_kind(c->rule, c->kind), .cause = conflict_cause(c)};
    if (decide(c, out, arena, err))
        return -1;
    if (out->verdict == VERDICT_LOCAL && c->kind != CONFLICT_WITH_LOSER) {
        out->scope = c->rule->scope;
        if (out->scope == SCOPE_STOP)
            out->verdict = VERDICT_STOP;
    }
    out->version = version_after(c, out);
    return 0;
}

/* A row in the way of another one, a check, a note: the images do not tell who wrote what. */
static bool met_other_than_expected(enum conflict_kind kind)
{
    return conflict_kind_has_policy(kind);
}

enum conflict_cause conflict_cause(const struct conflict_case *c)
{
    if (!met_other_than_expected(c->kind))
        return CONFLICT_CAUSE_UNTOLD;
    if (c->one_way || c->kind == CONFLICT_FOREIGN_WRITE)
        return CONFLICT_CAUSE_FOREIGN_WRITE;
    if (c->causality == CAUSALITY_CONCURRENT || c->unseen_delete)
        return CONFLICT_CAUSE_CONCURRENT;
    return c->causality == CAUSALITY_AFTER ? CONFLICT_CAUSE_FOREIGN_WRITE : CONFLICT_CAUSE_UNTOLD;
}

const struct cell *conflict_result(const struct conflict_case *c, const struct conflict_outcome *out)
{
    if (out->verdict == VERDICT_MERGED)
        return out->merged;
    return out->verdict == VERDICT_INCOMING ? c->incoming : c->local;
}

/* ---- what a change meets ---- */

/* Without versions an insert that comes after a delete is known as late only by its version columns. */
static bool insert_is_late(const struct conflict_case *c)
{
    const struct version_order by = {.by = c->rule->by, .count = c->rule->by_count};
    struct err ignored_err;
    int order;
    uint16_t decided;
    if (c->causality != CAUSALITY_IMAGES)
        return c->causality == CAUSALITY_CONCURRENT;
    if (by.count == 0 || !c->tombstone->columns ||
        version_compare(&order, &decided, &by, c->table, c->incoming, c->tombstone->columns, &ignored_err))
        return false;
    return order <= 0;
}

static bool absent_meets(struct conflict_case *c)
{
    if (!c->incoming) {
        c->kind = CONFLICT_DELETE_MISSING;
        return true;
    }
    if (!c->before) {
        c->kind = CONFLICT_INSERT_DELETED;
        if (c->causality != CAUSALITY_IMAGES && policy_deletes(c->rule) == DELETE_WINS)
            return c->unseen_delete;
        return c->tombstone && insert_is_late(c);
    }
    bool is_late = c->causality != CAUSALITY_IMAGES && c->unseen_delete && policy_deletes(c->rule) == DELETE_WINS;
    c->kind = c->tombstone || is_late ? CONFLICT_UPDATE_DELETED : CONFLICT_UPDATE_MISSING;
    if (c->causality == CAUSALITY_AFTER && !is_late)
        c->kind = CONFLICT_FOREIGN_WRITE;
    return true;
}

bool conflict_meets(struct conflict_case *c, bool as_expected)
{
    if (!c->local)
        return absent_meets(c);
    c->kind = !c->before ? CONFLICT_INSERT_EXISTS : !c->incoming ? CONFLICT_DELETE_CHANGED : CONFLICT_UPDATE_CHANGED;
    if (c->before && as_expected && c->causality != CAUSALITY_CONCURRENT)
        return false;
    if (c->causality == CAUSALITY_AFTER)
        c->kind = CONFLICT_FOREIGN_WRITE;
    return true;
}
