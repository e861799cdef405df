/* From a record of the region's own stream to versions in the index.
 *
 * A transaction's keys go in with its fragments, before it is complete: its rows are locked until then, so that nobody
 * asks for them with another answer in mind. The keys of an XA body wait for XA COMMIT: the rows are locked meanwhile,
 * and the version is that of the commit. */
#include <stdlib.h>

#include "applier/versions_private.h"
#include "applier/writeset.h"
#include "common/base/mem.h"

static void add_key(struct changed_keys *keys, const struct version_key *key, bool deletes)
{
    if (keys->count == keys->cap) {
        keys->cap = keys->cap ? 2 * keys->cap : 64;
        keys->list = xreallocarray(keys->list, keys->cap, sizeof *keys->list);
    }
    keys->list[keys->count++] = (struct changed_key){*key, deletes};
}

/* An update that changes the key ends the row of one and begins that of another. */
static void add_row(struct versions *v, uint64_t table, const struct rows *rows, struct bytes *r, struct cell *cells)
{
    struct version_key before = {0}, after = {0};
    if (rows->op != ROWS_INSERT) {
        image_split(cells, rows->table, rows->present_before, r);
        before = version_key_of(table, rows->table, cells, &v->scratch);
    }
    if (rows->op != ROWS_DELETE) {
        image_split(cells, rows->table, rows->present_after, r);
        after = version_key_of(table, rows->table, cells, &v->scratch);
    }
    bool same = before.a == after.a && before.b == after.b;
    if (rows->op != ROWS_INSERT && !same)
        add_key(&v->changes, &before, true);
    if (rows->op != ROWS_DELETE)
        add_key(&v->changes, &after, false);
}

static int add_body(struct versions *v, struct span body, struct err *err)
{
    struct body_reader reader;
    struct rows rows;
    int more;
    v->changes.count = 0;
    body_open(&reader, body, &v->tables, &v->arena);
    while ((more = body_next(&reader, &rows, err)) > 0) {
        if (rows.table->key_count == 0 || table_is_reserved(rows.table->db)) /* marks of reconcile change no row */
            continue;
        uint64_t table = writeset_table_id(rows.table->db, rows.table->name);
        struct cell *cells = arena_alloc(&v->arena, rows.table->column_count * sizeof *cells);
        struct bytes r = bytes_of(rows.images);
        for (uint32_t i = 0; i < rows.count; i++)
            add_row(v, table, &rows, &r, cells);
    }
    arena_reset(&v->arena);
    return more;
}

static int put_all(struct versions *v, const struct changed_keys *keys, const struct record *rec, struct err *err)
{
    int rc = 0;
    pthread_mutex_lock(&v->lock);
    for (size_t i = 0; rc == 0 && i < keys->count; i++)
        rc = version_index_put(v->index, &keys->list[i].key, rec->seq, rec->stamp, keys->list[i].deletes, err);
    pthread_mutex_unlock(&v->lock);
    return rc;
}

static void free_keys(struct changed_keys **keys)
{
    if (*keys)
        free((*keys)->list);
    free(*keys);
    *keys = NULL;
}

static void hold(struct versions *v, const struct record *rec)
{
    void **held = map_ref(&v->held, rec->xid);
    struct changed_keys *keys = *held;
    if (rec->flags & RECORD_FIRST)
        free_keys(&keys);
    if (!keys)
        keys = xcalloc(1, sizeof *keys);
    for (size_t i = 0; i < v->changes.count; i++)
        add_key(keys, &v->changes.list[i].key, v->changes.list[i].deletes);
    *held = keys;
}

static int end_held(struct versions *v, const struct record *rec, struct err *err)
{
    struct changed_keys *keys = map_get(&v->held, rec->xid);
    bool commits = (rec->flags & RECORD_COMMIT) != 0;
    if (!keys)
        return !commits;
    int rc = commits ? put_all(v, keys, rec, err) : 0;
    *map_ref(&v->held, rec->xid) = NULL;
    free_keys(&keys);
    return rc ? -1 : 1;
}

void versions_drop_held(struct versions *v)
{
    size_t i = 0;
    struct span xid;
    void *value;
    while (map_next(&v->held, &i, &xid, &value)) {
        struct changed_keys *keys = value;
        free_keys(&keys);
    }
    map_free(&v->held);
    v->held = (struct map){0};
}

int versions_feed(struct versions *v, const struct record *rec, struct err *err)
{
    if (rec->kind == RECORD_XA_END)
        return end_held(v, rec, err);
    if (rec->kind != RECORD_DATA)
        return 1;
    if (add_body(v, rec->body, err))
        return -1;
    if (rec->flags & RECORD_HELD) {
        hold(v, rec);
        return 1;
    }
    return put_all(v, &v->changes, rec, err) ? -1 : 1;
}
