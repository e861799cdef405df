/* Comparing the rows of the keys that were touched. */
#include "common/base/clock.h"
#include "reconcile/keyed.h"
#include "reconcile/ready.h"
#include "reconcile/repair.h"
#include "reconcile/throttle.h"
#include "reconcile/touched_private.h"

#define BATCH_KEYS 200
#define BATCH_BYTES (64u << 10) /* of conditions in one statement */
#define SUSPECTS_MAX 20000u     /* then they are settled before going on */

struct comparing {
    struct run *run;
    struct touched_table *table;
    struct suspects suspects;
    struct side_query query[2];
    struct map listed; /* of the source's rows: id -> row + 1 */
    struct buf id;
    struct arena arena;
};

static const struct span *row_of(const struct comparing *c, int side, size_t row)
{
    const struct db_rows *rows = &c->query[side].rows;
    return &rows->cells[row * rows->column_count];
}

static struct span id_of(struct comparing *c, const struct span *key)
{
    buf_clear(&c->id);
    suspects_put_id(key, c->table->plan.key_count, &c->id);
    return buf_span(&c->id);
}

static void add_suspect(struct comparing *c, const struct span *source, const struct span *target)
{
    uint16_t n = c->table->plan.key_count;
    const struct span *key = source ? source : target;
    struct suspect *x = suspects_ref(&c->suspects, id_of(c, key), key, n);
    x->now[0] = source ? suspects_state(source[n]) : 0;
    x->now[1] = target ? suspects_state(target[n]) : 0;
}

/* Rows that only one side has under these bytes may be one under two spellings: the look at suspects knows. */
static void compare_rows(struct comparing *c)
{
    uint16_t n = c->table->plan.key_count;
    map_clear(&c->listed);
    for (size_t i = 0; i < c->query[0].rows.row_count; i++)
        *map_ref(&c->listed, id_of(c, row_of(c, 0, i))) = (void *)(i + 1);
    for (size_t j = 0; j < c->query[1].rows.row_count; j++) {
        const struct span *target = row_of(c, 1, j);
        void **at = map_ref(&c->listed, id_of(c, target));
        const struct span *source = *at ? row_of(c, 0, (size_t)*at - 1) : NULL;
        if (!source || !span_eq(source[n], target[n]))
            add_suspect(c, source, target);
        *at = NULL; /* seen */
    }
    for (size_t i = 0; i < c->query[0].rows.row_count; i++) {
        const struct span *source = row_of(c, 0, i);
        if (map_get(&c->listed, id_of(c, source)))
            add_suspect(c, source, NULL);
    }
}

static size_t batch_size(const struct touched_table *table, size_t first)
{
    size_t bytes = 0, n = 0;
    while (first + n < table->count && n < BATCH_KEYS && (n == 0 || bytes < BATCH_BYTES))
        bytes += table->conditions[first + n++].n;
    return n;
}

static int look_at_batch(struct comparing *c, size_t first, size_t n, struct err *err)
{
    const struct plan *plan = &c->table->plan;
    for (int side = 0; side < 2; side++) {
        side_query_start(&c->query[side]);
        plan_put_lookup_where(plan, side, &c->table->conditions[first], n, &c->query[side].sql);
    }
    struct side_job *jobs[2] = {&c->query[0].job, &c->query[1].job};
    if (throttle_holds(c->run->throttle))
        throttle_wait(c->run->throttle, c->run->meter, first, jobs[jobs[1]->took_ms > jobs[0]->took_ms]->took_ms);
    if (side_both(c->run->sides, jobs[0], jobs[1], err))
        return -1;
    arena_reset(&c->arena);
    for (int side = 0; side < 2; side++)
        plan_take_documents(plan, &c->query[side].rows, true, &c->arena);
    compare_rows(c);
    if (c->suspects.count > 0)
        ready_begin(c->run);
    return 0;
}

static int settle_when(struct comparing *c, size_t limit, struct err *err)
{
    if (c->suspects.count < limit)
        return 0;
    return settle(c->run, &c->table->plan, &c->suspects, &keyed_kind, &c->table->counts, err);
}

static size_t most_suspects(const struct comparing *c)
{
    size_t wants = run_wants(c->run, &c->table->counts);
    return wants < SUSPECTS_MAX ? wants : SUSPECTS_MAX;
}

int touched_compare_table(struct run *run, struct touched_table *table, struct err *err)
{
    struct comparing c = {.run = run, .table = table};
    uint64_t began_ms = clock_mono_ms();
    int rc = 0;
    run->told_before -= table_counts_found(&table->counts); /* of earlier keys of this table */
    meter_table(run->meter, table->db, table->name, table->count);
    for (size_t first = 0; rc == 0 && first < table->count;) {
        size_t n = batch_size(table, first);
        rc = look_at_batch(&c, first, n, err);
        first += n;
        table->counts.rows += n;
        table->counts.chunks++;
        meter_show(run->meter, first, "comparing");
        if (rc == 0)
            rc = settle_when(&c, most_suspects(&c), err);
        if (rc == 0 && run_wants(run, &table->counts) == 0)
            rc = err_data(err, "%s", run_end_text(run));
    }
    if (settle_when(&c, 1, rc ? NULL : err))
        rc = -1;
    run->told_before += table_counts_found(&table->counts);
    repair_table_end(run->repair, &table->plan, table->db, table->name, &table->counts);
    table->counts.took_ms += clock_mono_ms() - began_ms;
    meter_clear(run->meter);
    suspects_free(&c.suspects);
    map_free(&c.listed);
    buf_free(&c.id);
    arena_free(&c.arena);
    side_query_free(&c.query[0]);
    side_query_free(&c.query[1]);
    return rc;
}
