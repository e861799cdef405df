/* A transaction that lost as a whole: nothing of it stays at the target, all of it stands in the journal. */
#include "applier/exact_lost.h"

#include <stdio.h>

#include "applier/apply_private.h"
#include "applier/conflict_entry.h"
#include "applier/row_walk.h"

struct losing {
    struct sink *sink;
    const struct txn *txn;
    const struct exact_loser *loser;
    const struct convert_plan *plan;
    struct arena arena; /* of the row at hand */
    uint64_t number;
};

bool exact_may_lose(const struct sink *s, const struct txn *txn)
{
    for (size_t k = 0; k < txn->rows_count; k++)
        if (policy_of_table(s, txn->rows[k].table)->scope == SCOPE_TRANSACTION)
            return true;
    return false;
}

static int put_row(struct losing *l, const struct row_step *row, struct err *err)
{
    const struct target_table *t = l->plan->table;
    const struct conflict_place place = {
        .sink = l->sink, .txn = l->txn, .table = t->def, .rule = policy_of_table(l->sink, t->def)};
    const struct cell *image = row->before ? row->before : row->after;
    struct conflict_outcome outcome = l->loser->outcome;
    enum conflict_kind kind = l->loser->kind;
    if (l->number != l->loser->number) {
        kind = CONFLICT_WITH_LOSER;
        outcome = (struct conflict_outcome){.verdict = VERDICT_LOCAL, .policy = place.rule->policy};
        (void)snprintf(outcome.why, sizeof outcome.why, "row %llu of its transaction lost",
                       (unsigned long long)l->loser->number);
    }
    const struct cell *local;
    if (l->sink->ground->read(&local, l->sink, t, image, &l->arena, err))
        return -1;
    struct conflict_case c = conflict_case_at(&place, kind, row->before, row->after, local);
    struct journal_entry entry = conflict_entry_at(&place, &c, &outcome, local);
    sink_count_conflict(&l->sink->counts, (int)kind, outcome.cause);
    return l->sink->ground->journal(l->sink, &entry, err);
}

static int put_rows(struct losing *l, const struct rows *rows, struct err *err)
{
    struct arena cells = {0};
    struct rows converted;
    struct row_walk walk;
    struct row_step row;
    int rc = convert_rows(&converted, l->plan, rows, &cells, err);
    if (rc == 0)
        row_walk_start(&walk, &converted, &cells);
    while (rc == 0 && row_walk_next(&walk, &row)) {
        l->number++;
        rc = put_row(l, &row, err);
        arena_reset(&l->arena);
    }
    arena_free(&cells);
    return rc;
}

int exact_lose(struct sink *s, const struct txn *txn, const struct exact_loser *loser, struct apply_outcome *out,
               struct err *err)
{
    struct losing l = {.sink = s, .txn = txn, .loser = loser};
    int rc = s->ground->undo(s, err) ? -1 : 1;
    for (size_t k = 0; rc == 1 && k < txn->rows_count; k++) {
        rc = apply_table(s, &txn->rows[k], &l.plan, out, err);
        if (rc == 1 && put_rows(&l, &txn->rows[k], err))
            rc = -1;
    }
    arena_free(&l.arena);
    return rc;
}
