/* Some rows of one table, in one transaction for each direction. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/mem.h"
#include "common/target/convert.h"
#include "reconcile/repair_private.h"

#define HELD_BYTES ((size_t)4 << 20)            /* of the losing side's rows at a time */
#define SQL_TRANSACTION_BYTES ((size_t)1 << 20) /* of --repair-sql; a table's end ends one, too */

/* Rows of one direction at work. */
struct batch {
    struct repair *r;
    int winner;
    const struct repair_row *rows[REPAIR_ROUND];
    struct marker_ask asks[REPAIR_ROUND];
    size_t count;
    struct arena arena;
};

/* ---- files ---- */

/* The pair's target's is the file itself, the other side's beside it. */
static int open_file(struct repair *r, struct repair_file **out, int side, const char *path, const char *what,
                     bool unlogged, struct err *err)
{
    const char *region = r->run->wishes->regions[side];
    struct buf name = {0};
    buf_put_str(&name, path);
    if (side == 0)
        buf_printf(&name, ".%s", region);
    const struct repair_file_setup setup = {.path = buf_cstr(&name),
                                            .pair = r->run->config->pair,
                                            .region = region,
                                            .what = what,
                                            .stopped = r->wishes->sql_path != NULL || !unlogged,
                                            .unlogged = unlogged,
                                            .keeps = path == r->wishes->undo_path};
    int rc = repair_file_open(out, &setup, err);
    buf_free(&name);
    return rc;
}

/* Which sides may lose? */
static bool may_lose(const struct repair *r, int side)
{
    const char *winner = r->run->wishes->regions[!side];
    bool any = r->wishes->winner && strcmp(r->wishes->winner, winner) == 0;
    bool said = r->wishes->winner != NULL;
    for (int c = 0; c < DIFFERENCE_CLASSES; c++) {
        any = any || (r->wishes->winner_of[c] && strcmp(r->wishes->winner_of[c], winner) == 0);
        said = said || r->wishes->winner_of[c];
    }
    return any || (!said && marker_has_link(r->marker, !side));
}

int repair_open_files(struct repair *r, struct err *err)
{
    bool two_way = marker_has_link(r->marker, 0) && marker_has_link(r->marker, 1);
    for (int side = 0; side < 2; side++) {
        if (!may_lose(r, side))
            continue;
        if (r->wishes->sql_path && open_file(r, &r->sql[side], side, r->wishes->sql_path, "repairs rows", two_way, err))
            return -1;
        if (r->wishes->undo_path && !r->wishes->dry_run &&
            open_file(r, &r->undo[side], side, r->wishes->undo_path, "undoes repairs", two_way, err))
            return -1;
    }
    return 0;
}

/* How to come back from what the winner has to what the loser had. */
static int put_undo(struct batch *b, struct marker_ask *a, struct err *err)
{
    struct repair_file *f = b->r->undo[!b->winner];
    struct span hash = {0};
    if (!f || (!a->here && !a->there))
        return 0;
    if (a->here && marker_row_hash(b->r->marker, &hash, b->winner, a, &b->arena, err))
        return -1;
    const struct repair_change c = {
        .plan = a->plan, .side = !b->winner, .key = a->key, .row = a->there, .is_there = a->here != NULL, .hash = hash};
    repair_file_put(f, &c);
    return 0;
}

/* ---- over the link ---- */

static size_t bytes_of_row(const struct table_def *t, const struct cell *row)
{
    size_t n = 0;
    for (uint16_t i = 0; row && i < t->column_count; i++)
        n += row[i].data.n;
    return n;
}

/* The losing side's rows as they are now, `*n` of them; then all that was written there so far is let come to the
 * winner. */
static int look_there(struct batch *b, size_t first, size_t *n, struct err *err)
{
    struct marker *m = b->r->marker;
    size_t held = 0;
    bool moved;
    *n = 0;
    arena_reset(&b->arena);
    if (marker_connect(m, b->winner, err))
        return -1;
    while (first + *n < b->count && held < HELD_BYTES) {
        struct marker_ask *a = &b->asks[first + *n];
        const struct table_def *t = a->plan->tables[!b->winner]->def;
        if (marker_read_there(m, b->winner, a, &b->arena, err))
            return -1;
        repair_hash_row(&a->seen, t, a->there);
        held += bytes_of_row(t, a->there);
        ++*n;
    }
    if (links_mark(b->r->links, &moved, err) || links_wait(b->r->links, b->r->run->timeout_ms, err)) {
        b->r->cut_off = true;
        return -1;
    }
    return 0;
}

static int put_marks(struct batch *b, struct marker_ask *asks, size_t n, struct err *err)
{
    struct marker *m = b->r->marker;
    struct repair_file *undo = b->r->undo[!b->winner];
    if (undo)
        repair_file_drop(undo);
    if (marker_begin(m, b->winner, err))
        return -1;
    for (size_t i = 0; i < n; i++)
        if (marker_lock(m, &asks[i], err) || put_undo(b, &asks[i], err) || marker_put(m, &asks[i], err))
            return -1;
    /* What is executed can be undone, whatever becomes of this program. */
    if (undo && repair_file_flush(undo, err))
        return -1;
    return marker_commit(m, err);
}

static void tell_all(struct batch *b, size_t first, size_t n, enum repair_outcome o, const char *why)
{
    for (size_t i = first; i < first + n; i++)
        repair_outcome(b->r, b->rows[i], o, why);
}

static void take_outcomes(struct batch *b, size_t first, size_t n)
{
    static const enum repair_outcome outcomes[REPAIR_ANSWERS] = {
        [REPAIR_NONE] = OUTCOME_UNANSWERED, [REPAIR_EQUAL] = OUTCOME_EQUAL,      [REPAIR_DIFFERS] = OUTCOME_MOVED,
        [REPAIR_UNLIKE] = OUTCOME_MOVED,    [REPAIR_CONCURRENT] = OUTCOME_MOVED, [REPAIR_DONE] = OUTCOME_REPAIRED,
        [REPAIR_MOVED] = OUTCOME_MOVED,     [REPAIR_REFUSED] = OUTCOME_REFUSED,  [REPAIR_PARKED] = OUTCOME_PARKED,
    };
    for (size_t i = first; i < first + n; i++) {
        const struct repair_reply *reply = &b->asks[i].reply;
        if (reply->answer == REPAIR_REFUSED)
            repair_later(b->r, b->rows[i], reply->why);
        else
            repair_outcome(b->r, b->rows[i], outcomes[reply->answer],
                           reply->answer == REPAIR_NONE ? "the applier has not answered in time" : reply->why);
    }
}

/* How many of the `n` rows have gone out, in transactions of bounded size; fewer than `n`: `err`. */
static size_t put_all(struct batch *b, size_t first, size_t n, struct err *err)
{
    size_t done = 0;
    while (done < n) {
        struct backoff backoff = backoff_make(20, 2000);
        size_t most = b->r->together ? n : MARKER_ROWS;
        size_t count = n - done < most ? n - done : most;
        struct err found = {0};
        while (put_marks(b, &b->asks[first + done], count, &found)) {
            if (!marker_try_again(b->r->marker, &backoff, &found)) {
                *err = found;
                return done;
            }
            found = (struct err){0};
        }
        done += count;
    }
    return done;
}

/* Some rows, as many as are held at once. Returns how many it took. */
static size_t apply_some(struct batch *b, size_t first)
{
    struct marker *m = b->r->marker;
    struct backoff backoff = backoff_make(20, 2000);
    struct err err = {0};
    size_t n, done = 0;
    int rc;
    while ((rc = look_there(b, first, &n, &err)) && !b->r->cut_off && marker_try_again(m, &backoff, &err))
        err = (struct err){0};
    if (rc) {
        tell_all(b, first, b->count - first, run_stopped(b->r->run) ? OUTCOME_PASSED_OVER : OUTCOME_UNANSWERED,
                 run_stopped(b->r->run) ? run_end_text(b->r->run) : err.text);
        return b->count - first;
    }
    done = put_all(b, first, n, &err);
    if (done < n)
        tell_all(b, first + done, n - done, OUTCOME_UNANSWERED, err.text);
    if (marker_collect(m, &b->asks[first], done, b->r->run->timeout_ms, &err))
        tell_all(b, first, done, OUTCOME_UNANSWERED, err.text);
    else
        take_outcomes(b, first, done);
    return n;
}

static void apply(struct batch *b)
{
    size_t first = 0;
    while (first < b->count && !b->r->cut_off)
        first += apply_some(b, first);
    if (first < b->count)
        tell_all(b, first, b->count - first, OUTCOME_UNANSWERED, "the links did not come in time");
}

/* ---- into a file ---- */

const struct cell *repair_converted(const struct plan *p, int winner, const struct cell *row, struct arena *a,
                                    struct err *err)
{
    const struct target_table *to = p->tables[!winner];
    struct convert_plan *plan;
    struct buf why = {0};
    struct cell *out = NULL;
    int rc = convert_plan_make(&plan, to, p->tables[winner]->def, NULL, &why);
    if (rc == 0)
        err_data(err, "%s", buf_cstr(&why));
    if (rc == 1) {
        out = arena_alloc(a, to->def->column_count * sizeof *out);
        if (convert_image(out, plan, row, a, err))
            out = NULL;
        convert_plan_free(&plan);
    }
    buf_free(&why);
    return out;
}

static int write_one(struct batch *b, size_t i, struct err *err)
{
    struct marker_ask *a = &b->asks[i];
    struct span hashes[2] = {{0}, {0}};
    struct marker *m = b->r->marker;
    const struct cell *wanted = NULL;
    if (marker_read_there(m, b->winner, a, &b->arena, err) || marker_lock(m, a, err) ||
        marker_row_hash(m, &hashes[0], 0, a, &b->arena, err) || marker_row_hash(m, &hashes[1], 1, a, &b->arena, err))
        return -1;
    if (a->here && !(wanted = repair_converted(a->plan, b->winner, a->here, &b->arena, err)))
        return -1;
    struct repair_change c = {.plan = a->plan,
                              .side = !b->winner,
                              .key = a->key,
                              .row = wanted,
                              .is_there = a->there != NULL,
                              .hash = hashes[!b->winner],
                              .from = a->there};
    if (!a->here && !a->there)
        return 0;
    repair_file_put(b->r->sql[!b->winner], &c);
    if (!b->r->undo[!b->winner])
        return 0;
    c.row = a->there;
    c.is_there = a->here != NULL;
    c.hash = hashes[b->winner];
    c.from = wanted;
    repair_file_put(b->r->undo[!b->winner], &c);
    return 0;
}

static int write_rows(struct batch *b, struct err *err)
{
    struct repair_file *undo = b->r->undo[!b->winner];
    if (marker_connect_both(b->r->marker, err))
        return -1;
    for (size_t i = 0; i < b->count; i++) {
        struct err found = {0};
        marker_side(b->r->marker, b->winner);
        arena_reset(&b->arena);
        if (write_one(b, i, &found) == 0) {
            repair_outcome(b->r, b->rows[i], OUTCOME_WRITTEN, "");
        } else if (found.class == ERR_DATA) {
            repair_outcome(b->r, b->rows[i], OUTCOME_REFUSED, found.text);
        } else {
            *err = found;
            return -1;
        }
    }
    /* Rows that exchange values of unique keys may lie far apart: the more of a table is one transaction, the better.
     */
    if (repair_file_held(b->r->sql[!b->winner]) < SQL_TRANSACTION_BYTES)
        return 0;
    return repair_file_flush(b->r->sql[!b->winner], err) || (undo && repair_file_flush(undo, err)) ? -1 : 0;
}

/* ---- both directions ---- */

/* Rows that others refer to go when all else is through: what referred to them is gone by then. */
static bool goes_later(const struct repair *r, const struct repair_row *row)
{
    bool goes = row->class == (row->winner == 0 ? DIFFERENCE_EXTRA : DIFFERENCE_MISSING);
    return goes && row->plan->tables[!row->winner]->is_parent && !r->parents_too && r->wishes->apply;
}

static void take_row(struct batch *b, const struct repair_row *row)
{
    if (goes_later(b->r, row)) {
        repair_later(b->r, row, "");
        return;
    }
    b->rows[b->count] = row;
    b->asks[b->count++] = (struct marker_ask){.plan = row->plan, .key = row->key, .kind = REPAIR_ROW};
}

static void run_batch(struct batch *b)
{
    struct repair *r = b->r;
    struct err err = {0};
    char why[200], would[200];
    const char *const *regions = r->run->wishes->regions;
    (void)snprintf(would, sizeof would, "as %s has it", regions[b->winner]);
    (void)snprintf(why, sizeof why, "there is no link from %s to %s", regions[b->winner], regions[!b->winner]);
    if (run_stopped(r->run))
        tell_all(b, 0, b->count, OUTCOME_PASSED_OVER, run_end_text(r->run));
    else if (r->wishes->sql_path && write_rows(b, &err))
        report_problem(r->run->report, err.text);
    else if (r->wishes->dry_run)
        tell_all(b, 0, b->count, OUTCOME_WOULD, would);
    else if (r->wishes->apply && !marker_has_link(r->marker, b->winner))
        tell_all(b, 0, b->count, OUTCOME_REFUSED, why);
    else if (r->wishes->apply)
        apply(b);
}

void repair_batch(struct repair *r, const struct repair_row *rows, size_t n)
{
    struct batch *b = xcalloc(1, sizeof *b);
    for (size_t i = 0; i < n; i++)
        if (rows[i].winner < 0)
            repair_outcome(r, &rows[i], OUTCOME_PASSED_OVER, "nobody says whose row counts: --winner REGION");
    for (int winner = 0; winner < 2; winner++) {
        *b = (struct batch){.r = r, .winner = winner, .arena = b->arena};
        arena_reset(&b->arena);
        for (size_t i = 0; i < n; i++)
            if (rows[i].winner == winner)
                take_row(b, &rows[i]);
        if (b->count > 0)
            run_batch(b);
    }
    arena_free(&b->arena);
    free(b);
}
