/* The plan of a group: every row change in source order, each with its key's entry, and what it may be written with. */
#include "applier/group.h"

#include <stdlib.h>

#include "applier/row_walk.h"
#include "common/base/mem.h"
#include "common/model/column_type.h"
#include "conflict/judge.h"

int group_doubt(struct group *g, size_t txn)
{
    if (g->out->result != APPLY_DOUBT || txn < g->out->doubt) {
        g->out->result = APPLY_DOUBT;
        g->out->doubt = txn;
    }
    return 0;
}

/* ---- tables ---- */

static bool in_other_key(const struct target_table *t, uint16_t column)
{
    for (size_t k = 0; k < t->key_count; k++) {
        bool primary = t->def->key_count > 0 && k == 0;
        for (uint16_t p = 0; !primary && p < t->keys[k].count; p++)
            if (t->keys[k].columns[p] == column)
                return true;
    }
    return false;
}

static void find_bound(struct group *g, struct group_table *t)
{
    const struct table_def *def = t->target->def;
    uint16_t *bound = arena_alloc(&g->arena, def->column_count * sizeof *bound);
    for (uint16_t i = 0; i < def->column_count; i++)
        if (in_other_key(t->target, i) || t->target->in_foreign_key[i])
            bound[t->bound_count++] = i;
    t->bound = bound;
}

/* One value has several encodings: what is read is not what was written. */
static bool is_bent(const struct column *c)
{
    return c->type == COLUMN_VARCHAR_COMPRESSED || c->type == COLUMN_BLOB_COMPRESSED || c->type == COLUMN_JSON;
}

/* A cell that equals another under the server's eyes has the same bytes. */
static bool bytes_decide(const struct column *c)
{
    enum column_kind kind = column_info(c)->kind;
    return kind == KIND_INTEGER || kind == KIND_TEMPORAL || kind == KIND_BIT || kind == KIND_DECIMAL ||
           (c->type == COLUMN_VARCHAR && c->collation == COLLATION_BINARY);
}

/* What may be done with its rows beyond writing them one after the other.
 *
 * Collapsing needs the cells of all keys in the images: not with keys over expressions or generated columns. Leaving
 * out a row that comes and goes also needs that nothing else could have refused it: no other unique key, no row that
 * refers to it. Judging by what was read needs that the row that is written reads back as it was written: not where the
 * server computes or packs columns. */
static void find_freedoms(struct group_table *t)
{
    const struct table_def *def = t->target->def;
    bool computed = false, keys_known = true;
    for (uint16_t i = 0; i < def->column_count; i++)
        computed = computed || def->columns[i].generated || is_bent(&def->columns[i]);
    for (size_t i = 0; i < t->bound_count; i++)
        keys_known = keys_known && !def->columns[t->bound[i]].generated;
    for (size_t k = 0; k < t->target->key_count; k++)
        keys_known = keys_known && !t->target->keys[k].expression;
    t->collapses = keys_known;
    t->cancels = keys_known && t->target->key_count == 1 && !t->target->is_parent;
    t->settles = !computed && t->plan->identity && !t->plan->by_meaning;
    for (uint16_t p = 0; p < def->key_count; p++) {
        const struct column *c = &def->columns[def->key[p]];
        t->text_key = t->text_key || c->key_prefix || !bytes_decide(c);
        t->collapses = t->collapses && !c->generated;
    }
}

/* A bitmap of columns in the group's arena. */
static const uint8_t *keep_columns(struct group *g, const struct table_def *t, const uint8_t *columns)
{
    return columns ? arena_copy(&g->arena, span_of(columns, table_bitmap_len(t))).p : NULL;
}

static bool same_columns(const struct table_def *t, const uint8_t *a, const uint8_t *b)
{
    return a && b ? memcmp(a, b, table_bitmap_len(t)) == 0 : !a && !b;
}

/* 1: found; 0: out is set; -1. */
static int group_table(struct group *g, const struct rows *rows, uint32_t txn, uint32_t *found, struct err *err)
{
    const struct table_def *source = rows->table;
    for (size_t i = g->table_count; i > 0; i--) {
        *found = (uint32_t)(i - 1);
        if (g->tables[i - 1].source == source) /* rows that bring other columns than those before never meet these */
            return same_columns(source, g->tables[i - 1].columns, sink_columns(g->sink, rows)) || group_doubt(g, txn);
    }
    const struct convert_plan *plan;
    int rc = apply_table(g->sink, rows, &plan, g->out, err);
    if (rc != 1)
        return rc;
    for (size_t i = 0; i < g->table_count; i++)
        if (g->tables[i].target == plan->table) /* rows written under two definitions never meet */
            return group_doubt(g, txn);
    if (g->table_count == g->table_cap) {
        g->table_cap = g->table_cap ? 2 * g->table_cap : 8;
        g->tables = xreallocarray(g->tables, g->table_cap, sizeof *g->tables);
    }
    *found = (uint32_t)g->table_count++;
    struct group_table *t = &g->tables[*found];
    *t = (struct group_table){.source = source,
                              .columns = keep_columns(g, source, sink_columns(g->sink, rows)),
                              .plan = plan,
                              .target = plan->table,
                              .rule = policy_of_table(g->sink, source)};
    t->keys = keymap_table(&g->keys, plan->table->def, plan->present, plan->ignore);
    t->causal = g->sink->causal && t->rule->versions == VERSIONS_CAUSAL;
    t->id = writeset_table_id(plan->table->def->db, plan->table->def->name);
    t->disordered = t->rule->by_count > 0 || t->rule->group_count > 0 || t->rule->deletes == DELETE_NEVER;
    find_bound(g, t);
    find_freedoms(t);
    return 1;
}

/* ---- changes ---- */

static bool same_cell(const struct cell *a, const struct cell *b)
{
    return a->null == b->null && (a->null || span_eq(a->data, b->data));
}

static bool changes_bound(const struct group_table *t, const struct row_step *row)
{
    for (size_t i = 0; i < t->bound_count; i++)
        if (!same_cell(&row->before[t->bound[i]], &row->after[t->bound[i]]))
            return true;
    return false;
}

static struct change *add_change(struct group *g)
{
    if (g->change_count == g->change_cap) {
        g->change_cap = g->change_cap ? 2 * g->change_cap : 256;
        g->changes = xreallocarray(g->changes, g->change_cap, sizeof *g->changes);
    }
    return &g->changes[g->change_count++];
}

static void plan_update(struct group *g, const struct group_table *t, const struct row_step *row, struct change *c)
{
    const struct key_image before = {row->before_image, row->before}, after = {row->after_image, row->after};
    c->key = keymap_update(&g->keys, t->keys, &before, &after, c->txn, &c->moved);
    c->plain = t->collapses && !c->moved && !changes_bound(t, row);
}

static void look_at_order(const struct group_table *t, const struct row_step *row, struct change *c)
{
    c->violates = t->disordered && !conflict_order_holds(t->rule, t->target->def, row->before, row->after);
    if (c->violates && c->key->way == KEY_CLEAN)
        c->key->way = KEY_SETTLE;
}

static void name_version(struct group *g, const struct group_table *t, struct key_entry *e, const struct cell *cells)
{
    if (t->causal && e->version.b == 0)
        e->version = version_key_of(t->id, t->target->def, cells, &g->scratch);
}

static void plan_row(struct group *g, const struct rows *rows, uint32_t table, const struct row_step *row, uint32_t txn)
{
    const struct group_table *t = &g->tables[table];
    struct change *c = add_change(g);
    *c = (struct change){
        .rows = rows, .before = row->before_image, .after = row->after_image, .table = table, .txn = txn};
    if (t->target->def->key_count == 0)
        return;
    if (!row->before)
        c->key = keymap_insert(&g->keys, t->keys, &(struct key_image){row->after_image, row->after}, txn);
    else if (!row->after)
        c->key = keymap_delete(&g->keys, t->keys, &(struct key_image){row->before_image, row->before}, txn);
    else
        plan_update(g, t, row, c);
    look_at_order(t, row, c);
    name_version(g, t, c->key, row->before ? row->before : row->after);
    if (c->moved)
        name_version(g, t, c->moved, row->after);
}

/* A row of a table without any unique key is found by its whole image, by the server itself: what is not there is an
 * error of the server, and the whole group's, so that the second time each goes by itself. By a unique key that is not
 * the primary one the server finds a row without comparing the rest, which verifies nothing. */
static bool must_go_exact(const struct group *g, const struct group_table *t, const struct rows *rows)
{
    return t->target->def->key_count == 0 && rows->op != ROWS_INSERT && (t->target->key_count > 0 || g->careful);
}

/* The rows that refer to a row may change with it, below the binlog: what was read of them before is then worth
 * nothing. So a delete and an update that changes a key go by themselves. */
static bool is_barrier(const struct group_table *t, const struct change *c)
{
    return t->target->cascades && c->before.n > 0 && !c->plain;
}

/* 1: planned; 0: out is set; -1. */
static int plan_rows(struct group *g, const struct rows *rows, uint32_t txn, struct err *err)
{
    uint32_t table = 0;
    int rc = group_table(g, rows, txn, &table, err);
    if (rc != 1)
        return rc;
    if (must_go_exact(g, &g->tables[table], rows))
        g->exact[txn] = true;
    struct rows *converted = arena_alloc(&g->arena, sizeof *converted);
    struct err found = {0};
    if (convert_rows(converted, g->tables[table].plan, rows, &g->arena, &found)) {
        if (found.class == ERR_DATA)
            return group_doubt(g, txn);
        *err = found;
        return -1;
    }
    struct row_walk walk;
    struct row_step row;
    for (row_walk_start(&walk, converted, &g->arena); row_walk_next(&walk, &row);) {
        plan_row(g, converted, table, &row, txn);
        if (is_barrier(&g->tables[table], &g->changes[g->change_count - 1]))
            return group_doubt(g, txn);
    }
    return 1;
}

int group_plan(struct group *g, struct err *err)
{
    g->exact = arena_zalloc(&g->arena, g->count * sizeof *g->exact);
    for (size_t i = 0; i < g->count; i++) {
        for (size_t k = 0; k < g->txns[i]->rows_count; k++) {
            int rc = plan_rows(g, &g->txns[i]->rows[k], (uint32_t)i, err);
            if (rc != 1)
                return rc;
        }
    }
    return 1;
}
