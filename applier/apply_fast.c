/* The fast path: many source transactions in one target transaction, before images verified by one locking read a
 * table.
 *
 * Rows are written in source order and none is left out, so whatever the source's own order made right (unique values
 * that move from row to row, parents before children, a key that is deleted and inserted again) is right here too.
 * Deletes and updates are verified by reading, under lock, what the group expects before it; inserts by the server's
 * duplicate-key error; rows of tables without any unique key by the server's search for the whole row. A table without
 * a primary key but with another unique key is searched by that key alone, which verifies nothing: its changes go the
 * exact way. */
#include <stdlib.h>

#include "applier/apply_private.h"
#include "applier/keymap.h"
#include "applier/row_walk.h"
#include "common/base/mem.h"
#include "common/target/convert.h"
#include "common/target/local_row.h"
#include "conflict/judge.h"

#define VERIFY_KEYS 500 /* keys in one locking read */

/* One table of the group. */
struct fast_table {
    const struct table_def *source;
    const struct convert_plan *plan;
    const struct target_table *target;
    const struct policy_rule *rule;
};

struct fast {
    struct sink *sink;
    struct keymap keys;
    struct arena arena; /* cells */
    struct fast_table *tables;
    size_t table_count;
    size_t table_cap;
    struct apply_outcome *out;
};

static int doubt(struct fast *f, size_t txn)
{
    if (f->out->result != APPLY_DOUBT || txn < f->out->doubt) {
        f->out->result = APPLY_DOUBT;
        f->out->doubt = txn;
    }
    return 0;
}

/* 1: found; 0: out is set; -1. */
static int fast_table(struct fast *f, const struct table_def *source, struct fast_table **found, struct err *err)
{
    for (size_t i = f->table_count; i > 0; i--) {
        *found = &f->tables[i - 1];
        if ((*found)->source == source)
            return 1;
    }
    const struct convert_plan *plan;
    int rc = apply_table(f->sink, source, &plan, f->out, err);
    if (rc != 1)
        return rc;
    if (f->table_count == f->table_cap) {
        f->table_cap = f->table_cap ? 2 * f->table_cap : 8;
        f->tables = xreallocarray(f->tables, f->table_cap, sizeof *f->tables);
    }
    *found = &f->tables[f->table_count++];
    **found = (struct fast_table){source, plan, plan->table, policy_of_table(f->sink, source)};
    return 1;
}

static bool plan_row(struct fast *f, const struct fast_table *t, const struct row_step *row, size_t txn)
{
    const struct table_def *def = t->target->def;
    const uint8_t *present = t->plan->present;
    const struct cell *before = row->before ? row_cells(def, present, row->before_image, &f->arena) : NULL;
    const struct cell *after = row->after ? row_cells(def, present, row->after_image, &f->arena) : NULL;
    if (!before)
        return keymap_insert(&f->keys, def, after, txn);
    if (!after)
        return keymap_delete(&f->keys, def, before, txn);
    return conflict_order_holds(t->rule, def, before, after) && keymap_update(&f->keys, def, before, after, txn);
}

/* 1: the rows fit what the group expects so far; 0: out is set; -1. */
static int plan_rows(struct fast *f, const struct rows *rows, size_t txn, struct err *err)
{
    struct fast_table *t;
    int rc = fast_table(f, rows->table, &t, err);
    if (rc != 1)
        return rc;
    if (t->target->def->key_count == 0)
        return rows->op == ROWS_INSERT || t->target->key_count == 0 ? 1 : doubt(f, txn);
    struct rows converted;
    struct row_walk walk;
    struct row_step row;
    if (convert_rows(&converted, t->plan, rows, &f->arena, err))
        return -1;
    for (row_walk_start(&walk, &converted, &f->arena); row_walk_next(&walk, &row);)
        if (!plan_row(f, t, &row, txn))
            return doubt(f, txn);
    return 1;
}

static int plan(struct fast *f, struct txn *const *txns, size_t count, struct err *err)
{
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < txns[i]->rows_count; k++) {
            int rc = plan_rows(f, &txns[i]->rows[k], i, err);
            if (rc != 1)
                return rc;
        }
    }
    return 1;
}

static int by_key(const void *a, const void *b)
{
    const struct key_entry *x = *(struct key_entry *const *)a, *y = *(struct key_entry *const *)b;
    size_t n = x->key.n < y->key.n ? x->key.n : y->key.n;
    int order = n ? memcmp(x->key.p, y->key.p, n) : 0;
    return order ? order : (x->key.n > y->key.n) - (x->key.n < y->key.n);
}

static int verify_chunk(struct fast *f, const struct convert_plan *plan, struct key_entry **entries, size_t n,
                        struct err *err)
{
    const struct target_table *t = plan->table;
    const struct cell *images[VERIFY_KEYS];
    struct local_rows local;
    for (size_t i = 0; i < n; i++)
        images[i] = entries[i]->expect;
    if (local_rows_by_key(&local, f->sink->db, t, images, n, LOCAL_FOR_UPDATE, &f->arena, err))
        return -1;
    for (size_t i = 0; i < local.count; i++) {
        struct key_entry *e = keymap_find(&f->keys, t->def, local.rows[i]);
        if (e && e->expect && convert_same(plan, e->expect, local.rows[i]))
            e->verified = true;
    }
    return 0;
}

/* Keys are sorted, so that every applier and every such read takes its locks in the same order. */
static int verify_table(struct fast *f, const struct key_table *keys, const struct convert_plan *plan, struct err *err)
{
    struct key_entry **sorted = arena_alloc(&f->arena, keys->to_verify * sizeof *sorted);
    size_t n = 0;
    for (struct key_entry *e = keys->entries; e; e = e->next)
        if (e->expect)
            sorted[n++] = e;
    qsort(sorted, n, sizeof *sorted, by_key);
    for (size_t at = 0; at < n; at += VERIFY_KEYS)
        if (verify_chunk(f, plan, sorted + at, n - at < VERIFY_KEYS ? n - at : VERIFY_KEYS, err))
            return -1;
    for (size_t i = 0; i < n; i++)
        if (!sorted[i]->verified)
            doubt(f, sorted[i]->txn);
    return 0;
}

static int verify(struct fast *f, struct err *err)
{
    for (size_t i = 0; i < f->keys.table_count; i++) {
        const struct key_table *keys = &f->keys.tables[i];
        size_t k = 0;
        while (f->tables[k].target->def != keys->def)
            k++;
        if (keys->to_verify && verify_table(f, keys, f->tables[k].plan, err))
            return -1;
    }
    return f->out->result == APPLY_DOUBT ? 0 : 1;
}

static int write_rows(struct fast *f, struct txn *const *txns, size_t count, struct err *err)
{
    struct rows_writer *w = f->sink->writer;
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < txns[i]->rows_count; k++) {
            const struct rows *rows = &txns[i]->rows[k];
            struct fast_table *t;
            int rc = fast_table(f, rows->table, &t, err);
            if (rc != 1)
                return rc;
            struct rows put;
            if (convert_rows(&put, t->plan, rows, &f->arena, err) || rows_writer_put(w, t->target, &put, err))
                return -1;
        }
    }
    return rows_writer_flush(w, err) ? -1 : 1;
}

int fast_rows(struct sink *s, struct txn *const *txns, size_t count, struct apply_outcome *out, struct err *err)
{
    struct fast f = {.sink = s, .out = out};
    struct err found = {0};
    int rc = plan(&f, txns, count, &found);
    if (rc == 1)
        rc = verify(&f, &found);
    if (rc == 1)
        rc = write_rows(&f, txns, count, &found);
    if (rc == -1 && found.class == ERR_DATA) /* a value does not fit, or the server refused a row: not told whose */
        rc = doubt(&f, count);
    else if (rc == -1 && err)
        *err = found;
    keymap_free(&f.keys);
    arena_free(&f.arena);
    free(f.tables);
    return rc;
}
