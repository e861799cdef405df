/* Rows of tables without a key: how many equal ones there are to be, as SQL guarded by how many there are. */
#include <string.h>

#include "reconcile/repair_private.h"

static void outcome(struct repair *r, const struct plan *plan, enum repair_outcome o, const char *why)
{
    const struct table_def *t = plan->tables[0]->def;
    repair_table_outcome(r, t->db, t->name, o, why, (struct span){0});
}

/* An equal row, as the losing side has it, or is to get it. NULL: an error, or it does not fit (ERR_DATA). */
static const struct cell *read_copy(struct repair *r, const struct plan *plan, struct span hash,
                                    const struct difference *d, int winner, struct arena *arena, struct err *err)
{
    const struct cell *row = NULL;
    int side = d->copies[!winner] > 0 ? !winner : winner;
    if (marker_connect_both(r->marker, err) || marker_read_copy(r->marker, &row, side, plan, hash, arena, err))
        return NULL;
    if (!row) {
        (void)err_data(err, "the row is not there any more");
        return NULL;
    }
    return side == winner ? repair_converted(plan, winner, row, arena, err) : row;
}

static int write_copies(struct repair *r, const struct plan *plan, struct span hash, const struct difference *d,
                        int winner, struct err *err)
{
    struct arena arena = {0};
    const struct cell *row = read_copy(r, plan, hash, d, winner, &arena, err);
    struct repair_copies c = {
        .plan = plan, .side = !winner, .hash = hash, .row = row, .from = d->copies[!winner], .to = d->copies[winner]};
    if (row) {
        repair_file_put_copies(r->sql[!winner], &c);
        c.from = d->copies[winner];
        c.to = d->copies[!winner];
        if (r->undo[!winner])
            repair_file_put_copies(r->undo[!winner], &c);
    }
    arena_free(&arena);
    return row ? 0 : -1;
}

void repair_note_copies(struct repair *r, const struct plan *plan, struct span hash, const struct difference *d)
{
    struct err err = {0};
    int winner = repair_winner(r, d);
    if (!r->wishes->sql_path || plan->document_count > 0)
        return; /* told once, for the table */
    if (winner < 0) {
        outcome(r, plan, OUTCOME_PASSED_OVER, "nobody says whose rows count: --winner REGION");
    } else if (!write_copies(r, plan, hash, d, winner, &err)) {
        r->counts[OUTCOME_WRITTEN]++;
    } else if (err.class == ERR_DATA) {
        outcome(r, plan, OUTCOME_REFUSED, err.text);
    } else {
        report_problem(r->run->report, err.text);
    }
}

void repair_copies_end(struct repair *r, const struct plan *plan)
{
    if (!r->wishes->sql_path)
        outcome(
            r, plan, OUTCOME_PASSED_OVER,
            "its rows have no key by which the link could tell one: --repair-sql FILE writes statements for them, to "
            "be run while the applier is stopped");
    else if (plan->document_count > 0)
        outcome(r, plan, OUTCOME_PASSED_OVER, "rows without a key, with JSON of two flavours, cannot be told apart");
}
