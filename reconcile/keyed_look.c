/* Looking again at rows by their key, and telling what differs in them. */
#include <stdlib.h>

#include "common/base/mem.h"
#include "reconcile/cause.h"
#include "reconcile/images.h"
#include "reconcile/keyed.h"
#include "reconcile/repair.h"

#define BATCH_KEYS 200
#define BATCH_BYTES (64u << 10) /* of keys in one statement */

struct look {
    struct run *run;
    const struct plan *plan;
    struct suspects *suspects;
    struct arena *arena;
    struct side_query query[2];
    struct side_query single;
    const struct span *rows[2][BATCH_KEYS]; /* of each suspect of the batch on each side; NULL: not there */
};

/* How many suspects from `first` on go into one statement. */
static size_t batch_size(const struct suspects *s, size_t first)
{
    size_t bytes = 0, n = 0;
    while (first + n < s->count && n < BATCH_KEYS && (n == 0 || bytes < BATCH_BYTES))
        bytes += s->list[first + n++].id.n;
    return n;
}

/* Put the rows of a side's answer in their places. Returns how many belong to no suspect of the batch by their bytes.
 */
static size_t place_rows(struct look *l, int side, size_t first, size_t n)
{
    const struct db_rows *rows = &l->query[side].rows;
    struct buf id = {0};
    size_t foreign = 0;
    for (size_t i = 0; i < rows->row_count; i++) {
        const struct span *row = &rows->cells[i * rows->column_count];
        buf_clear(&id);
        suspects_put_id(row, l->plan->key_count, &id);
        const struct suspect *x = suspects_find(l->suspects, buf_span(&id));
        size_t at = x ? (size_t)(x - l->suspects->list) - first : n;
        if (at < n)
            l->rows[side][at] = row;
        else
            foreign++;
    }
    buf_free(&id);
    return foreign;
}

/* A row that the side takes for the suspect's, by the column's collation, although its key has other bytes. */
static int find_alias(struct look *l, int side, size_t at, struct suspect *x, struct err *err)
{
    struct side_job *taken;
    side_query_start(&l->single);
    plan_put_lookup(l->plan, side, &x->key, 1, &l->single.sql);
    side_give(l->run->sides[side], &l->single.job);
    if (side_take(l->run->sides[side], &taken, err))
        return -1;
    struct db_rows *rows = &l->single.rows;
    if (rows->row_count == 0)
        return 0;
    plan_take_documents(l->plan, rows, true, l->arena);
    struct span *copy = arena_alloc(l->arena, rows->column_count * sizeof *copy);
    for (size_t i = 0; i < rows->column_count; i++)
        copy[i] = arena_copy(l->arena, rows->cells[i]);
    l->rows[side][at] = copy;
    x->alias = side == 0;
    return 0;
}

/* Could one row of the batch, which only the source has, be another, which only the target has, under another spelling?
 */
static bool may_have_twins(const struct look *l, size_t n)
{
    bool text = false, only[2] = {false, false};
    for (uint16_t i = 0; i < l->plan->key_count; i++)
        text = text || l->plan->key[i].of[0].tc->charset;
    for (size_t i = 0; i < n; i++) {
        only[0] = only[0] || (l->rows[0][i] && !l->rows[1][i]);
        only[1] = only[1] || (l->rows[1][i] && !l->rows[0][i]);
    }
    return text && only[0] && only[1];
}

static void take_states(struct look *l, size_t first, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct suspect *x = &l->suspects->list[first + i];
        for (int side = 0; side < 2; side++)
            x->now[side] = l->rows[side][i] ? suspects_state(l->rows[side][i][l->plan->key_count]) : 0;
    }
}

static int look_batch(struct look *l, size_t first, size_t n, struct err *err)
{
    const struct span *keys[BATCH_KEYS];
    for (size_t i = 0; i < n; i++) {
        keys[i] = l->suspects->list[first + i].key;
        l->suspects->list[first + i].alias = false;
        l->rows[0][i] = l->rows[1][i] = NULL;
    }
    for (int side = 0; side < 2; side++) {
        side_query_start(&l->query[side]);
        plan_put_lookup(l->plan, side, keys, n, &l->query[side].sql);
    }
    if (side_both(l->run->sides, &l->query[0].job, &l->query[1].job, err))
        return -1;
    for (int side = 0; side < 2; side++)
        plan_take_documents(l->plan, &l->query[side].rows, true, l->arena);
    size_t foreign[2] = {place_rows(l, 0, first, n), place_rows(l, 1, first, n)};
    bool twins = may_have_twins(l, n);
    for (int side = 0; side < 2; side++)
        for (size_t i = 0; i < n && (foreign[side] > 0 || twins); i++)
            if (!l->rows[side][i] && find_alias(l, side, i, &l->suspects->list[first + i], err))
                return -1;
    take_states(l, first, n);
    return 0;
}

static int look_at_keys(struct run *run, const struct plan *plan, struct suspects *s, struct arena *arena,
                        struct err *err)
{
    struct look l = {.run = run, .plan = plan, .suspects = s, .arena = arena};
    int rc = 0;
    for (size_t first = 0; rc == 0 && first < s->count;) {
        size_t n = batch_size(s, first);
        rc = look_batch(&l, first, n, err);
        first += n;
    }
    side_query_free(&l.query[0]);
    side_query_free(&l.query[1]);
    side_query_free(&l.single);
    return rc;
}

/* Tell the rows of a batch. What has become equal since the last look was in flight. */
static void tell_batch(struct run *run, struct images *images, const struct span *const *keys, struct cause *cause,
                       bool unsettled, struct table_counts *counts)
{
    struct difference d;
    for (size_t i = 0; i < images->count; i++) {
        if (!images_difference(images, &d, i)) {
            counts->in_flight++;
            continue;
        }
        cause_explain(cause, &d);
        (unsettled ? report_unsettled : report_difference)(run->report, counts, &d);
        if (run->repair && !unsettled)
            repair_note(run->repair, images->plan, keys[i], &d);
    }
}

/* Looked for once for all that are told now. */
static struct cause *search_causes(struct run *run, const struct plan *plan, const struct suspects *s,
                                   bool (*which)(const struct suspect *x))
{
    const struct span **keys = xcalloc(s->count, sizeof(const struct span *));
    size_t n = 0;
    for (size_t i = 0; i < s->count; i++)
        if (which(&s->list[i]) && !s->list[i].alias)
            keys[n++] = s->list[i].key;
    struct cause *cause = cause_search(run, plan, keys, n);
    free(keys);
    return cause;
}

static int tell_keys(struct run *run, const struct plan *plan, struct suspects *s,
                     bool (*which)(const struct suspect *x), bool unsettled, struct table_counts *counts,
                     struct err *err)
{
    struct images images = {0};
    struct cause *cause = unsettled ? NULL : search_causes(run, plan, s, which);
    const struct span *keys[IMAGES_BATCH];
    size_t n = 0;
    int rc = 0;
    for (size_t i = 0; rc == 0 && (i < s->count || n > 0);) {
        for (; i < s->count && n < IMAGES_BATCH; i++)
            if (which(&s->list[i]) && !s->list[i].alias)
                keys[n++] = s->list[i].key;
        rc = n > 0 ? images_read(&images, run, plan, keys, n, err) : 0;
        if (rc || n == 0)
            continue;
        tell_batch(run, &images, keys, cause, unsettled, counts);
        n -= images.count;
        memmove(keys, keys + images.count, n * sizeof *keys);
    }
    images_free(&images);
    cause_free(&cause);
    return rc;
}

const struct settle_kind keyed_kind = {look_at_keys, tell_keys, true};
