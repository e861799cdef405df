/* Re-encoding what is in memory costs only when something is parked; to keep each record as it came would cost always.
 */
#include "applier/park_record.h"

#include <inttypes.h>

#include "applier/key_tables.h"

void park_record_put(const struct txn *t, struct buf *out)
{
    struct body_writer w = {0};
    struct buf body = {0};
    struct record rec = t->head;
    body_start(&w, &body);
    for (size_t i = 0; i < t->rows_count; i++)
        body_put_rows(&w, &t->rows[i]);
    rec.kind = RECORD_DATA;
    rec.flags = (uint8_t)(rec.flags & (RECORD_FIRST | RECORD_LAST));
    rec.xid = rec.act = (struct span){0};
    rec.body = buf_span(&body);
    record_write(&rec, out);
    body_free(&w);
    buf_free(&body);
}

void park_put_tables(const struct txn *t, struct buf *out)
{
    for (size_t i = 0; i < t->rows_count; i++) {
        const struct table_def *def = t->rows[i].table;
        bool again = false;
        for (size_t k = 0; k < i && !again; k++)
            again = t->rows[k].table == def;
        if (!again)
            buf_printf(out, "%s%.*s.%.*s", out->len ? ", " : "", SPAN_ARG(def->db), SPAN_ARG(def->name));
    }
}

int park_record_read(struct txn *t, struct span record, struct table_cache *cache, const struct filter *tables,
                     struct err *err)
{
    struct record rec;
    if (record_read(&rec, record, err) || txn_fill(t, &rec, cache, tables, 0, err))
        return err_prefix(err, "what is parked");
    return 0;
}

/* ---- loading ---- */

struct loading {
    struct park *park;
    struct key_tables *keys;
    struct table_cache cache;
    const struct filter *tables;
};

static int load_one(void *context, const struct parked_row *row, struct span record, struct err *err)
{
    struct loading *l = context;
    struct park_item item = {
        .seq = row->seq, .rows = row->rows, .bytes = row->bytes, .behind = row->behind, .more = row->fragment > 0};
    struct txn *t = txn_new();
    int rc = park_record_read(t, record, &l->cache, l->tables, err);
    if (rc == 0)
        rc = key_tables_add(l->keys, &item.keys, t, err);
    if (rc == 0) {
        writeset_seal(&item.keys);
        park_load(l->park, &item);
    }
    writeset_free(&item.keys);
    txn_free(&t);
    return rc;
}

int park_load_all(struct park *p, struct db *db, const char *topic, const struct filter *tables, struct err *err)
{
    struct loading l = {.park = p, .keys = key_tables_new(db), .tables = tables};
    const struct parked_query all = {.topic = topic, .with_record = true};
    park_clear(p);
    int rc = parked_read(db, &all, load_one, &l, err);
    key_tables_free(&l.keys);
    table_cache_free(&l.cache);
    return rc;
}
