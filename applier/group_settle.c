/* Settling conflicts inside a group: the row is locked and known, so that each change of its key is judged at its turn
 * against what the changes before it left, as the exact way would read it.
 *
 * It gives the same verdicts and the same entries as apply_exact.c; a test holds both against each other. Nothing else
 * of the group can have changed the row in between: cascades are barriers, and keys that are changed or spelled in
 * several ways go the exact way. */
#include "applier/bury.h"
#include "applier/conflict_entry.h"
#include "applier/group.h"
#include "applier/row_walk.h"
#include "common/target/session.h"

struct settling {
    struct group *g;
    struct conflict_place place;
    struct key_entry *key;
    const struct cell *before; /* of the change */
    const struct cell *after;
    const struct cell *local; /* the row now; NULL: none */
    uint32_t txn;
    const struct convert_plan *plan;
    struct versions_question asked;
    struct settled *out;
};

static struct span image_of(struct group *g, const struct table_def *t, const struct cell *cells)
{
    struct buf image = {0};
    if (!cells)
        return (struct span){0};
    image_put(cells, t, NULL, &image);
    struct span kept = arena_copy(&g->arena, buf_span(&image));
    buf_free(&image);
    return kept;
}

/* The local row becomes `after`; either may be NULL. */
static void write_row(struct settling *s, const struct cell *after)
{
    s->out->before = image_of(s->g, s->place.table, s->local);
    s->out->after = image_of(s->g, s->place.table, after);
    s->key->present = after;
}

static int put_down(struct settling *s, const struct conflict_case *c, const struct conflict_outcome *outcome,
                    const struct cell *result, struct err *err)
{
    struct journal_entry entry = conflict_entry_at(&s->place, c, outcome, result);
    conflict_log(&entry);
    sink_count_conflict(&s->g->conflicts, (int)c->kind, outcome->cause);
    if (!s->g->journal)
        s->g->journal = journal_batch_new();
    journal_batch_put(s->g->journal, &entry);
    return journal_batch_is_full(s->g->journal) && group_send_journal(s->g, err) ? -1 : 1;
}

/* What stops the link, or goes beyond the row, must do so when everything before it is committed: the exact way comes
 * to it again. */
static bool is_for_the_exact_way(const struct conflict_outcome *o)
{
    return o->verdict == VERDICT_STOP || o->verdict == VERDICT_PARK || o->scope == SCOPE_TRANSACTION;
}

static int judge(struct settling *s, const struct conflict_case *c, struct err *err)
{
    struct conflict_outcome outcome;
    struct bury_found grave;
    struct err failed = {0};
    struct conflict_case whole = *c;
    if (bury_recall(&whole, &grave, s->g->sink, &s->g->arena, err))
        return -1;
    c = &whole;
    if (conflict_judge(c, &outcome, &s->g->arena, &failed)) {
        if (failed.class == ERR_DATA)
            return group_doubt(s->g, s->txn);
        *err = failed;
        return -1;
    }
    if (is_for_the_exact_way(&outcome))
        return group_doubt(s->g, s->txn);
    const struct cell *result = conflict_result(c, &outcome);
    conflict_warn_skew(c, &outcome);
    conflict_note_winner(c, &outcome, &s->place, s->key->question ? &s->asked : NULL);
    if (result != s->local)
        write_row(s, result);
    return put_down(s, c, &outcome, result, err);
}

/* What versions say of the row to this change; NULL where they were not asked. Only where something is contested do the
 * transactions that change one key need an answer each. */
static int ask(struct settling *s, const struct versions_question **out, struct err *err)
{
    const struct versions_question *first = s->key->question;
    const struct sink *sink = s->g->sink;
    *out = NULL;
    if (!first)
        return 0;
    s->asked = *first;
    s->asked.cut = s->place.txn->head.cut;
    *out = &s->asked;
    return versions_are_contested(first) ? causal_ask(sink->causal, sink->db, &s->asked, 1, err) : 0;
}

/* The change is written as it came; only that its version did not rise, or that it deletes at all, is put down. */
static int settle_row(struct settling *s, bool violates, struct err *err)
{
    struct conflict_case c = conflict_case_at(&s->place, CONFLICT_ORDER_VIOLATED, s->before, s->after, s->local);
    struct known_room known;
    const struct versions_question *asked;
    bool expected = s->before && s->local && convert_same(s->plan, s->before, s->local);
    if (ask(s, &asked, err))
        return -1;
    conflict_take_versions(&c, &known, &s->place, asked);
    if (conflict_meets(&c, expected))
        return judge(s, &c, err);
    write_row(s, s->after);
    if (!violates)
        return 1;
    struct conflict_outcome outcome = conflict_order_outcome(&c);
    c.kind = CONFLICT_ORDER_VIOLATED;
    return put_down(s, &c, &outcome, s->after, err);
}

static const struct cell *cells_of(struct group *g, const struct table_def *t, struct span image)
{
    return image.n > 0 ? row_cells(t, NULL, image, &g->arena) : NULL;
}

int group_settle(struct group *g, const struct change *c, struct settled *out, struct err *err)
{
    const struct group_table *t = &g->tables[c->table];
    const struct table_def *def = t->target->def;
    struct key_entry *e = c->key;
    if (!e->judged) {
        e->judged = true;
        e->present = cells_of(g, def, e->as_expected ? e->expect : e->local);
    }
    struct settling s = {
        .g = g,
        .place = {.sink = g->sink, .txn = g->txns[c->txn], .table = def, .rule = t->rule},
        .key = e,
        .before = cells_of(g, def, c->before),
        .after = cells_of(g, def, c->after),
        .local = e->present,
        .txn = c->txn,
        .plan = t->plan,
        .out = out,
    };
    *out = (struct settled){0};
    return settle_row(&s, c->violates, err);
}

int group_send_journal(struct group *g, struct err *err)
{
    if (!g->journal)
        return 0;
    return target_session_now(g->sink->db, err) || journal_batch_send(g->journal, g->sink->db, err) ? -1 : 0;
}
