/* Walking a table in chunks of its key. */
#include "reconcile/keyed.h"

#include <stdlib.h>

#define CHUNK_START 1000u
#define CHUNK_MIN 200u
#define CHUNK_MAX 200000u
#define CHUNK_TARGET_MS 250u
#define LIST_ROWS 1000u     /* so few are fetched one by one */
#define SPLIT 8u            /* an unequal range is split into about that many */
#define DEPTH_MAX 16        /* of splits; only a table that grows while it is read gets there */
#define SUSPECTS_MAX 20000u /* then they are settled before going on */

struct walk {
    struct run *run;
    const struct plan *plan;
    struct table_counts *counts;
    struct suspects suspects;
    struct side_query query[2];
    struct map listed; /* of the source's rows: id -> row + 1 */
    struct buf id;
    uint64_t chunk_rows;
};

struct sums {
    uint64_t rows[2];
    uint64_t took_ms;
    bool equal;
};

static uint64_t number(struct span text)
{
    uint64_t n = 0;
    for (size_t i = 0; i < text.n && text.p[i] >= '0' && text.p[i] <= '9'; i++)
        n = n * 10 + (uint64_t)(text.p[i] - '0');
    return n;
}

static int sum_range(struct walk *w, struct sums *out, const struct plan_range *r, struct err *err)
{
    for (int side = 0; side < 2; side++) {
        side_query_start(&w->query[side]);
        plan_put_sum(w->plan, side, r, &w->query[side].sql);
    }
    if (side_both(w->run->sides, &w->query[0].job, &w->query[1].job, err))
        return -1;
    *out = (struct sums){.equal = true};
    for (int side = 0; side < 2; side++) {
        const struct side_query *q = &w->query[side];
        out->rows[side] = number(db_cell(&q->rows, 0, 0));
        out->took_ms = q->job.took_ms > out->took_ms ? q->job.took_ms : out->took_ms;
    }
    for (size_t i = 0; i < 2; i++)
        out->equal = out->equal && span_eq(db_cell(&w->query[0].rows, 0, i), db_cell(&w->query[1].rows, 0, i));
    w->counts->chunks++;
    return 0;
}

/* The key of a range's n-th row on a side, in the arena; *key is NULL when the range has fewer. */
static int find_nth(struct walk *w, const struct span **key, int side, const struct plan_range *r, uint64_t n,
                    struct arena *a, struct err *err)
{
    struct side_query *q = &w->query[side];
    struct side_job *taken;
    side_query_start(q);
    plan_put_nth(w->plan, side, r, n, &q->sql);
    side_give(w->run->sides[side], &q->job);
    *key = NULL;
    if (side_take(w->run->sides[side], &taken, err))
        return -1;
    if (q->rows.row_count == 0)
        return 0;
    struct span *copy = arena_alloc(a, w->plan->key_count * sizeof *copy);
    for (uint16_t i = 0; i < w->plan->key_count; i++)
        copy[i] = arena_copy(a, db_cell(&q->rows, 0, i));
    *key = copy;
    return 0;
}

/* ---- row by row ---- */

static const struct span *row_of(const struct walk *w, int side, size_t row)
{
    const struct db_rows *rows = &w->query[side].rows;
    return &rows->cells[row * rows->column_count];
}

static struct span id_of(struct walk *w, const struct span *key)
{
    buf_clear(&w->id);
    suspects_put_id(key, w->plan->key_count, &w->id);
    return buf_span(&w->id);
}

static void add_suspect(struct walk *w, const struct span *source, const struct span *target)
{
    uint16_t n = w->plan->key_count;
    const struct span *key = source ? source : target;
    struct suspect *x = suspects_ref(&w->suspects, id_of(w, key), key, n);
    x->now[0] = source ? suspects_state(source[n]) : 0;
    x->now[1] = target ? suspects_state(target[n]) : 0;
}

static void compare_lists(struct walk *w)
{
    size_t rows[2] = {w->query[0].rows.row_count, w->query[1].rows.row_count};
    map_clear(&w->listed);
    for (size_t i = 0; i < rows[0]; i++)
        *map_ref(&w->listed, id_of(w, row_of(w, 0, i))) = (void *)(i + 1);
    for (size_t j = 0; j < rows[1]; j++) {
        const struct span *target = row_of(w, 1, j);
        void **at = map_ref(&w->listed, id_of(w, target));
        const struct span *source = *at ? row_of(w, 0, (size_t)*at - 1) : NULL;
        if (!source || !span_eq(source[w->plan->key_count], target[w->plan->key_count]))
            add_suspect(w, source, target);
        *at = NULL; /* seen */
    }
    for (size_t i = 0; i < rows[0]; i++) {
        const struct span *source = row_of(w, 0, i);
        if (map_get(&w->listed, id_of(w, source)))
            add_suspect(w, source, NULL);
    }
}

static int list_range(struct walk *w, const struct plan_range *r, struct err *err)
{
    for (int side = 0; side < 2; side++) {
        side_query_start(&w->query[side]);
        plan_put_list(w->plan, side, r, &w->query[side].sql);
    }
    if (side_both(w->run->sides, &w->query[0].job, &w->query[1].job, err))
        return -1;
    compare_lists(w);
    return 0;
}

/* ---- ranges ---- */

static int settle_when(struct walk *w, size_t limit, struct err *err)
{
    if (w->suspects.count < limit)
        return 0;
    meter_show(w->run->meter, w->counts->rows, "settling suspects");
    return settle(w->run, w->plan, &w->suspects, &keyed_kind, w->counts, err);
}

/* A range that differs: split by the side that has more rows, and only unequal parts again. */
static int search_range(struct walk *w, const struct plan_range *range, const struct sums *sums, int depth,
                        struct err *err)
{
    int bigger = sums->rows[1] > sums->rows[0];
    if (sums->rows[bigger] <= LIST_ROWS || depth >= DEPTH_MAX)
        return list_range(w, range, err) ? -1 : settle_when(w, SUSPECTS_MAX, err);

    uint64_t step = sums->rows[bigger] / SPLIT;
    struct plan_range part = *range;
    struct arena arena = {0};
    int rc = -1;
    if (step < LIST_ROWS / 2)
        step = LIST_ROWS / 2;
    do {
        struct sums found;
        const struct plan_range rest = {part.lower, range->upper};
        if (find_nth(w, &part.upper, bigger, &rest, step, &arena, err))
            goto out;
        if (!part.upper)
            part.upper = range->upper;
        if (sum_range(w, &found, &part, err) || (!found.equal && search_range(w, &part, &found, depth + 1, err)))
            goto out;
        part.lower = part.upper;
    } while (part.upper != range->upper);
    rc = 0;
out:
    arena_free(&arena);
    return rc;
}

/* Towards chunks that take the target time, at most twice as much or half as much at once. */
static void adapt(struct walk *w, const struct sums *s)
{
    uint64_t n = w->chunk_rows;
    if (w->run->chunk_rows > 0)
        return;
    if (s->took_ms < CHUNK_TARGET_MS / 2)
        n *= 2;
    else if (s->took_ms > CHUNK_TARGET_MS * 3 / 2)
        n /= 2;
    w->chunk_rows = n < CHUNK_MIN ? CHUNK_MIN : n > CHUNK_MAX ? CHUNK_MAX : n;
}

static int compare_chunks(struct walk *w, struct err *err)
{
    struct arena bounds[2] = {0}; /* of the lower and upper end, in turn */
    struct plan_range range = {0};
    int turn = 0;
    int rc = -1;
    do {
        struct sums sums;
        const struct plan_range rest = {range.lower, NULL};
        arena_reset(&bounds[turn]);
        if (find_nth(w, &range.upper, 0, &rest, w->chunk_rows, &bounds[turn], err) ||
            sum_range(w, &sums, &range, err) || (!sums.equal && search_range(w, &range, &sums, 0, err)))
            goto out;
        w->counts->rows += sums.rows[0] > sums.rows[1] ? sums.rows[0] : sums.rows[1];
        meter_show(w->run->meter, w->counts->rows, "comparing");
        adapt(w, &sums);
        range.lower = range.upper;
        turn = !turn;
    } while (range.lower);
    rc = 0;
out:
    arena_free(&bounds[0]);
    arena_free(&bounds[1]);
    return rc;
}

int keyed_compare(struct run *run, const struct plan *plan, struct table_counts *counts, struct err *err)
{
    struct walk w = {.run = run, .plan = plan, .counts = counts};
    w.chunk_rows = run->chunk_rows ? run->chunk_rows : CHUNK_START;
    int rc = compare_chunks(&w, err);
    if (settle_when(&w, 1, rc ? NULL : err))
        rc = -1;
    suspects_free(&w.suspects);
    map_free(&w.listed);
    buf_free(&w.id);
    side_query_free(&w.query[0]);
    side_query_free(&w.query[1]);
    return rc;
}
