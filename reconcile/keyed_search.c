/* From a range whose sums differ to the rows that do. */
#include "reconcile/keyed.h"
#include "reconcile/keyed_walk.h"
#include "reconcile/state.h"

#define LIST_MOST 60000u /* rows that are fetched one by one */
#define LIST_LEAST 1000u
#define LIST_BYTES (16u << 20)
#define ROW_BYTES 160u      /* of a row in memory, without its key */
#define SPLIT 8u            /* an unequal range is split into about that many */
#define DEPTH_MAX 16        /* of splits; only a table that grows while it is read gets there */
#define SUSPECTS_MAX 20000u /* then they are settled before going on */

static uint64_t number(struct span text)
{
    uint64_t n = 0;
    for (size_t i = 0; i < text.n && text.p[i] >= '0' && text.p[i] <= '9'; i++)
        n = n * 10 + (uint64_t)(text.p[i] - '0');
    return n;
}

struct keyed_sums keyed_sums_of(const struct side_query *a, const struct side_query *b)
{
    struct keyed_sums s = {
        .rows = {number(db_cell(&a->rows, 0, 0)), number(db_cell(&b->rows, 0, 0))}
    };
    s.took_ms = a->job.took_ms > b->job.took_ms ? a->job.took_ms : b->job.took_ms;
    s.equal = s.rows[0] == s.rows[1] && span_eq(db_cell(&a->rows, 0, 1), db_cell(&b->rows, 0, 1));
    return s;
}

static int sum_range(struct keyed_walk *w, struct keyed_sums *out, const struct plan_range *r, struct err *err)
{
    for (int side = 0; side < 2; side++) {
        side_query_start(&w->query[side]);
        plan_put_sum(w->plan, side, r, &w->query[side].sql);
    }
    if (side_both(w->run->sides, &w->query[0].job, &w->query[1].job, err))
        return -1;
    *out = keyed_sums_of(&w->query[0], &w->query[1]);
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

static int list_range(struct keyed_walk *w, const struct plan_range *r, struct err *err)
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

/* Split by the side that has more rows, and only unequal parts again. */
static int search_range(struct keyed_walk *w, const struct plan_range *range, const struct keyed_sums *sums, int depth,
                        struct err *err)
{
    int bigger = sums->rows[1] > sums->rows[0];
    uint64_t few = list_rows(w->plan);
    if (sums->rows[bigger] <= few || depth >= DEPTH_MAX)
        return list_range(w, range, err) ? -1 : keyed_settle(w, SUSPECTS_MAX, err);

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

int keyed_search(struct keyed_walk *w, const struct plan_range *range, const struct keyed_sums *sums, struct err *err)
{
    return search_range(w, range, sums, 0, err);
}

void keyed_walk_free(struct keyed_walk *w)
{
    suspects_free(&w->suspects);
    map_free(&w->listed);
    buf_free(&w->id);
    side_query_free(&w->query[0]);
    side_query_free(&w->query[1]);
}
