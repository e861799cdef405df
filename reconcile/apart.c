/* Reading both sides in their own orders, and keeping rows until their counterparts come.
 *
 * What waits is few where the orders are nearly one, as those of two collations of one language are. */
#include "reconcile/apart.h"

#include "reconcile/keyed.h"
#include "reconcile/settle.h"
#include "reconcile/throttle.h"

#define PAGE_START 200u
#define PAGE_MIN 4u
#define PAGE_MAX 20000u
#define PAGE_TARGET_MS 250u
#define PAGE_BYTES (4u << 20)
#define COMPACT_ROWS 10000u  /* so many that met, and more than still wait: forget them */
#define WAITING_MAX 1000000u /* then they are looked up by their keys */

/* One side's place in its own order. */
struct reader {
    struct side_query query;
    struct arena bounds[2];  /* of the last row's key, in turn */
    const struct span *last; /* NULL: at the beginning */
    uint64_t rows;
    uint64_t page; /* rows of the next */
    int turn;
    bool done;
};

struct walk {
    struct run *run;
    const struct plan *plan;
    struct table_counts *counts;
    struct reader readers[2];
    struct suspects waiting; /* also those that met, until they are forgotten */
    size_t met;
    struct buf id;
};

/* ---- reading ---- */

static size_t bytes_of_rows(const struct db_rows *rows)
{
    size_t n = 0;
    for (size_t i = 0; i < rows->row_count * rows->column_count; i++)
        n += rows->cells[i].n;
    return n;
}

/* Towards pages that take the target time and no more than the target memory. */
static void adapt(struct reader *r)
{
    size_t bytes = bytes_of_rows(&r->query.rows);
    if (bytes > PAGE_BYTES || r->query.job.took_ms > PAGE_TARGET_MS * 3 / 2)
        r->page /= 2;
    else if (bytes < PAGE_BYTES / 2 && r->query.job.took_ms < PAGE_TARGET_MS / 2)
        r->page *= 2;
    r->page = r->page < PAGE_MIN ? PAGE_MIN : r->page > PAGE_MAX ? PAGE_MAX : r->page;
}

static void remember_last(struct reader *r, uint16_t key_count)
{
    const struct db_rows *rows = &r->query.rows;
    const struct span *row = &rows->cells[(rows->row_count - 1) * rows->column_count];
    struct arena *a = &r->bounds[r->turn];
    r->turn = !r->turn;
    arena_reset(a);
    struct span *copy = arena_alloc(a, key_count * sizeof *copy);
    for (uint16_t i = 0; i < key_count; i++)
        copy[i] = arena_copy(a, row[i]);
    r->last = copy;
}

/* The next page of each side that is not through. */
static int read_pages(struct walk *w, struct err *err)
{
    struct side_job *taken;
    struct err second = {0};
    bool asked[2];
    int rc = 0;
    for (int side = 0; side < 2; side++) {
        struct reader *r = &w->readers[side];
        const struct plan_range rest = {r->last, NULL};
        asked[side] = !r->done;
        side_query_start(&r->query);
        if (r->done)
            continue;
        plan_put_page(w->plan, side, &rest, r->page, &r->query.sql);
        side_give(w->run->sides[side], &r->query.job);
    }
    for (int side = 0; side < 2; side++)
        if (asked[side] && side_take(w->run->sides[side], &taken, rc ? &second : err))
            rc = -1;
    return rc;
}

/* ---- bringing together ---- */

static void take_page(struct walk *w, int side)
{
    struct reader *r = &w->readers[side];
    uint16_t n = w->plan->key_count;
    plan_take_documents(w->plan, &r->query.rows, false, &r->query.arena);
    for (size_t i = 0; i < r->query.rows.row_count; i++) {
        const struct span *row = &r->query.rows.cells[i * r->query.rows.column_count];
        buf_clear(&w->id);
        suspects_put_id(row, n, &w->id);
        struct suspect *x = suspects_ref(&w->waiting, buf_span(&w->id), row, n);
        w->met -= x->now[0] && x->now[0] == x->now[1];
        x->now[side] = suspects_state(row[n]);
        w->met += x->now[0] == x->now[1];
    }
    r->rows += r->query.rows.row_count;
    r->done = r->query.rows.row_count < r->page;
    if (r->query.rows.row_count > 0)
        remember_last(r, n);
    adapt(r);
}

/* Keep what still waits, in memory of its own. */
static void forget_met(struct walk *w)
{
    struct suspects kept = {0};
    for (size_t i = 0; i < w->waiting.count; i++) {
        const struct suspect *x = &w->waiting.list[i];
        if (x->now[0] == x->now[1])
            continue;
        struct suspect *copy = suspects_ref(&kept, x->id, x->key, w->plan->key_count);
        copy->now[0] = x->now[0];
        copy->now[1] = x->now[1];
    }
    suspects_free(&w->waiting);
    w->waiting = kept;
    w->met = 0;
}

static int settle_waiting(struct walk *w, struct err *err)
{
    forget_met(w);
    if (w->waiting.count == 0)
        return 0;
    meter_show(w->run->meter, w->counts->rows, "settling suspects");
    return settle(w->run, w->plan, &w->waiting, &keyed_kind, w->counts, err);
}

/* Let others have their turn. */
static void rest(struct walk *w)
{
    struct run *run = w->run;
    uint64_t took_ms[2] = {w->readers[0].query.job.took_ms, w->readers[1].query.job.took_ms};
    if (throttle_holds(run->throttle))
        throttle_wait(run->throttle, run->meter, w->counts->rows, took_ms[took_ms[1] > took_ms[0]]);
}

static int walk_pages(struct walk *w, struct err *err)
{
    while (!w->readers[0].done || !w->readers[1].done) {
        rest(w);
        if (run_stopped(w->run))
            return err_data(err, "%s", run_end_text(w->run));
        if (read_pages(w, err))
            return -1;
        for (int side = 0; side < 2; side++)
            if (!w->readers[side].done)
                take_page(w, side);
        w->counts->rows = w->readers[w->readers[1].rows > w->readers[0].rows].rows;
        w->counts->chunks++;
        meter_show(w->run->meter, w->counts->rows, "comparing");
        if (w->met > COMPACT_ROWS && w->met > w->waiting.count / 2)
            forget_met(w);
        if (w->waiting.count - w->met > WAITING_MAX && settle_waiting(w, err))
            return -1;
    }
    return 0;
}

int apart_compare(struct run *run, const struct plan *plan, struct table_counts *counts, struct err *err)
{
    struct walk w = {.run = run, .plan = plan, .counts = counts};
    uint64_t page = run->chunk_rows ? run->chunk_rows : PAGE_START;
    w.readers[0].page = w.readers[1].page = page;
    int rc = walk_pages(&w, err);
    if (rc == 0)
        rc = settle_waiting(&w, err);
    suspects_free(&w.waiting);
    buf_free(&w.id);
    for (int side = 0; side < 2; side++) {
        side_query_free(&w.readers[side].query);
        arena_free(&w.readers[side].bounds[0]);
        arena_free(&w.readers[side].bounds[1]);
    }
    return rc;
}
