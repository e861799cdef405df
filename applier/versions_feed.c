/* From a record of a stream that is followed to versions in the index.
 *
 * A transaction's keys go in with its fragments, before it is complete: its rows are locked until then, so that nobody
 * asks for them with another answer in mind. The keys of an XA body wait for XA COMMIT: the rows are locked meanwhile,
 * and the version is that of the commit. Of the peer's stream all this is so once the transaction is in effect at the
 * target: whoever asks holds locks that it would have needed. */
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
static void add_row(struct version_stream *s, uint64_t table, const struct rows *rows, struct bytes *r,
                    struct cell *cells)
{
    struct version_key before = {0}, after = {0};
    if (rows->op != ROWS_INSERT) {
        image_split(cells, rows->table, rows->present_before, r);
        before = version_key_of(table, rows->table, cells, &s->scratch);
    }
    if (rows->op != ROWS_DELETE) {
        image_split(cells, rows->table, rows->present_after, r);
        after = version_key_of(table, rows->table, cells, &s->scratch);
    }
    bool same = before.a == after.a && before.b == after.b;
    if (rows->op != ROWS_INSERT && !same)
        add_key(&s->changes, &before, true);
    if (rows->op != ROWS_DELETE)
        add_key(&s->changes, &after, false);
}

static int add_body(struct version_stream *s, struct span body, struct err *err)
{
    struct body_reader reader;
    struct rows rows;
    int more;
    s->changes.count = 0;
    body_open(&reader, body, &s->tables, &s->arena);
    while ((more = body_next(&reader, &rows, err)) > 0) {
        if (rows.table->key_count == 0 || table_is_reserved(rows.table->db)) /* marks of reconcile change no row */
            continue;
        uint64_t table = writeset_table_id(rows.table->db, rows.table->name);
        struct cell *cells = arena_alloc(&s->arena, rows.table->column_count * sizeof *cells);
        struct bytes r = bytes_of(rows.images);
        for (uint32_t i = 0; i < rows.count; i++)
            add_row(s, table, &rows, &r, cells);
    }
    arena_reset(&s->arena);
    return more;
}

static int put_all(struct version_stream *s, const struct changed_keys *keys, const struct record *rec, struct err *err)
{
    struct versions *v = s->all;
    int rc = 0;
    pthread_mutex_lock(&v->lock);
    bool is_upcoming = versions_is_peer(s) && !watermark_has(&s->effect.done, rec->seq);
    if (is_upcoming)
        versions_put_upcoming(s, rec, keys);
    for (size_t i = 0; rc == 0 && !is_upcoming && i < keys->count; i++)
        rc = version_index_put(s->index, &keys->list[i].key, rec->seq, rec->stamp, keys->list[i].deletes, err);
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

static void hold(struct version_stream *s, const struct record *rec)
{
    void **held = map_ref(&s->held, rec->xid);
    struct changed_keys *keys = *held;
    if (rec->flags & RECORD_FIRST)
        free_keys(&keys);
    if (!keys)
        keys = xcalloc(1, sizeof *keys);
    for (size_t i = 0; i < s->changes.count; i++)
        add_key(keys, &s->changes.list[i].key, s->changes.list[i].deletes);
    *held = keys;
}

static int end_held(struct version_stream *s, const struct record *rec, struct err *err)
{
    struct changed_keys *keys = map_get(&s->held, rec->xid);
    bool commits = (rec->flags & RECORD_COMMIT) != 0;
    if (!keys)
        return !commits;
    int rc = commits ? put_all(s, keys, rec, err) : 0;
    *map_ref(&s->held, rec->xid) = NULL;
    free_keys(&keys);
    return rc ? -1 : 1;
}

void versions_drop_held(struct version_stream *s)
{
    size_t i = 0;
    struct span xid;
    void *value;
    while (map_next(&s->held, &i, &xid, &value)) {
        struct changed_keys *keys = value;
        free_keys(&keys);
    }
    map_free(&s->held);
    s->held = (struct map){0};
}

int versions_feed(struct version_stream *s, const struct record *rec, struct err *err)
{
    if (rec->kind == RECORD_XA_END)
        return end_held(s, rec, err);
    if (rec->kind != RECORD_DATA)
        return 1;
    if (add_body(s, rec->body, err))
        return -1;
    if (rec->flags & RECORD_HELD) {
        hold(s, rec);
        return 1;
    }
    return put_all(s, &s->changes, rec, err) ? -1 : 1;
}
