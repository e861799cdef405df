/* From a range whose sums differ to the rows that do. */
#include <assert.h>

#include "reconcile/keyed.h"
#include "reconcile/keyed_walk.h"
#include "reconcile/state.h"
#include "reconcile/throttle.h"

#define LIST_MOST 20000u /* rows that are fetched one by one */
#define LIST_LEAST 1000u
#define LIST_FEW 4000u /* that it is not worth to split once more for, where few differ */
#define LIST_BYTES (16u << 20)
#define DENSE 50u           /* one row of so many differs: the next range is not split */
#define ROW_BYTES 200u      /* of a row in memory, without its key */
#define LISTED_RANGES 64u   /* by one statement */
#define SPLIT 8u            /* an unequal range is split into about that many */
#define DEPTH_MAX 16        /* of splits; only a table that grows while it is read gets there */
#define SUSPECTS_MAX 10000u /* then they are settled before going on */

static uint64_t number(struct span text)
{
    uint64_t n = 0;
    for (size_t i = 0; i < text.n && text.p[i] >= '0' && text.p[i] <= '9'; i++)
        n = n * 10 + (uint64_t)(text.p[i] - '0');
    return n;
}

/* Whatever order the server gives them in. */
static size_t row_with(const struct db_rows *rows, size_t place)
{
    for (size_t i = 0; i < rows->row_count; i++)
        if (number(db_cell(rows, i, 0)) == place)
            return i;
    return rows->row_count;
}

void keyed_take_sums(struct keyed_sums *out, size_t count, const struct side_query *a, const struct side_query *b)
{
    for (size_t i = 0; i < count; i++) {
        size_t x = row_with(&a->rows, i), y = row_with(&b->rows, i);
        assert(x < a->rows.row_count && y < b->rows.row_count);
        out[i] = (struct keyed_sums){
            .rows = {number(db_cell(&a->rows, x, 1)), number(db_cell(&b->rows, y, 1))}
        };
        out[i].equal = out[i].rows[0] == out[i].rows[1] && span_eq(db_cell(&a->rows, x, 2), db_cell(&b->rows, y, 2));
    }
}

/* Others first, if they have to be waited for. */
static int ask_both(struct keyed_walk *w, struct err *err)
{
    struct side_job *jobs[2] = {&w->query[0].job, &w->query[1].job};
    if (throttle_holds(w->run->throttle)) {
        throttle_wait(w->run->throttle, w->run->meter, w->counts->rows, w->took_ms);
        w->took_ms = 0;
    }
    if (side_both(w->run->sides, jobs[0], jobs[1], err))
        return -1;
    w->took_ms += jobs[jobs[1]->took_ms > jobs[0]->took_ms]->took_ms;
    return 0;
}

static int sum_range(struct keyed_walk *w, struct keyed_sums *out, const struct plan_range *r, struct err *err)
{
    for (int side = 0; side < 2; side++) {
        side_query_start(&w->query[side]);
        plan_put_sums(w->plan, side, r, 1, &w->query[side].sql);
    }
    if (ask_both(w, err))
        return -1;
    keyed_take_sums(out, 1, &w->query[0], &w->query[1]);
    w->counts->chunks++;
    return 0;
}

/* The key of a range's n-th row on a side, in the arena; *key is NULL when the range has fewer. */
static int find_nth(struct keyed_walk *w, const struct span **key, int side, const struct plan_range *r, uint64_t n,
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

static const struct span *row_of(const struct keyed_walk *w, int side, size_t row)
{
    const struct db_rows *rows = &w->query[side].rows;
    return &rows->cells[row * rows->column_count];
}

static struct span id_of(struct keyed_walk *w, const struct span *key)
{
    buf_clear(&w->id);
    suspects_put_id(key, w->plan->key_count, &w->id);
    return buf_span(&w->id);
}

static void add_suspect(struct keyed_walk *w, const struct span *source, const struct span *target)
{
    uint16_t n = w->plan->key_count;
    const struct span *key = source ? source : target;
    struct suspect *x = suspects_ref(&w->suspects, id_of(w, key), key, n);
    x->now[0] = source ? suspects_state(source[n]) : 0;
    x->now[1] = target ? suspects_state(target[n]) : 0;
}

static void compare_lists(struct keyed_walk *w)
{
    size_t rows[2] = {w->query[0].rows.row_count, w->query[1].rows.row_count}, before = w->suspects.count;
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
    w->dense = (w->suspects.count - before) * DENSE > rows[0];
}

static int list_ranges(struct keyed_walk *w, const struct plan_range *ranges, size_t count, struct err *err)
{
    for (int side = 0; side < 2; side++) {
        side_query_start(&w->query[side]);
        plan_put_lists(w->plan, side, ranges, count, &w->query[side].sql);
    }
    if (ask_both(w, err))
        return -1;
    compare_lists(w);
    return 0;
}

/* ---- ranges ---- */

int keyed_settle(struct keyed_walk *w, size_t limit, struct err *err)
{
    if (w->suspects.count < limit)
        return 0;
    meter_show(w->run->meter, w->counts->rows, "settling suspects");
    if (settle(w->run, w->plan, &w->suspects, &keyed_kind, w->counts, err))
        return -1;
    w->noted = 0;
    state_settled(w->run->state);
    return 0;
}

/* So many rows are fetched with their checksums: at most LIST_BYTES of them, if all keys are as long as they may be. */
static uint64_t list_rows(const struct plan *plan)
{
    uint64_t bytes = ROW_BYTES;
    for (uint16_t i = 0; i < plan->key_count; i++)
        bytes += plan->key[i].of[0].tc->charset ? plan->key[i].of[0].c->meta : 20u;
    uint64_t n = LIST_BYTES / bytes;
    return n < LIST_LEAST ? LIST_LEAST : n > LIST_MOST ? LIST_MOST : n;
}

static int list_and_settle(struct keyed_walk *w, const struct plan_range *ranges, size_t count, struct err *err)
{
    return list_ranges(w, ranges, count, err) ? -1 : keyed_settle(w, SUSPECTS_MAX, err);
}

/* Split by the side that has more rows, and only unequal parts again. */
static int search_range(struct keyed_walk *w, const struct plan_range *range, const struct keyed_sums *sums, int depth,
                        struct err *err)
{
    int bigger = sums->rows[1] > sums->rows[0];
    uint64_t most = list_rows(w->plan), few = w->dense || most < LIST_FEW ? most : LIST_FEW;
    if (sums->rows[bigger] <= few || depth >= DEPTH_MAX)
        return list_and_settle(w, range, 1, err);

    uint64_t step = sums->rows[bigger] / SPLIT;
    struct plan_range part = *range;
    struct arena arena = {0};
    int rc = -1;
    if (step < few / 2)
        step = few / 2;
    do {
        struct keyed_sums found;
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

static uint64_t rows_of(const struct keyed_sums *s)
{
    return s->rows[s->rows[1] > s->rows[0]];
}

/* Few rows, or beside another that differs: what differs comes in clusters. */
static bool is_to_list(const struct keyed_sums *sums, size_t count, size_t i, uint64_t few)
{
    bool beside = (i > 0 && !sums[i - 1].equal) || (i + 1 < count && !sums[i + 1].equal);
    return beside || rows_of(&sums[i]) <= few;
}

int keyed_search(struct keyed_walk *w, const struct plan_range *ranges, const struct keyed_sums *sums, size_t count,
                 struct err *err)
{
    uint64_t most = list_rows(w->plan), few = w->dense || most < LIST_FEW ? most : LIST_FEW, rows = 0;
    struct plan_range listed[LISTED_RANGES];
    size_t n = 0;
    for (size_t i = 0; i < count; i++) {
        bool fits = rows_of(&sums[i]) <= most && is_to_list(sums, count, i, few);
        if (sums[i].equal)
            continue;
        if (!fits && search_range(w, &ranges[i], &sums[i], 0, err))
            return -1;
        if (fits && n > 0 && (n == LISTED_RANGES || rows + rows_of(&sums[i]) > most)) {
            if (list_and_settle(w, listed, n, err))
                return -1;
            n = 0;
            rows = 0;
        }
        if (fits) {
            listed[n++] = ranges[i];
            rows += rows_of(&sums[i]);
        }
    }
    return n > 0 ? list_and_settle(w, listed, n, err) : 0;
}

void keyed_walk_free(struct keyed_walk *w)
{
    suspects_free(&w->suspects);
    map_free(&w->listed);
    buf_free(&w->id);
    side_query_free(&w->query[0]);
    side_query_free(&w->query[1]);
}
