/* From a record that counts to a transaction in memory, with every table name checked on the way. */
#include "applier/txn.h"

#include <inttypes.h>
#include <stdlib.h>

#include "common/base/mem.h"
#include "common/model/filter.h"

struct txn *txn_new(void)
{
    return xcalloc(1, sizeof(struct txn));
}

void txn_free(struct txn **t)
{
    if (!*t)
        return;
    struct arena arena = (*t)->arena;
    arena_free(&arena);
    free(*t);
    *t = NULL;
}

/* Capture passes on rows that lack what the source computes: then both images do, and no part of the key. */
static bool columns_make_sense(const struct rows *rows)
{
    const struct table_def *t = rows->table;
    const uint8_t *present = rows_columns(rows);
    if (!present)
        return !rows->present_before && !rows->present_after;
    if (rows->op == ROWS_UPDATE && (!rows->present_before || !rows->present_after ||
                                    memcmp(rows->present_before, rows->present_after, table_bitmap_len(t)) != 0))
        return false;
    for (uint16_t i = 0; i < t->key_count; i++)
        if (!table_bitmap_has(present, t->key[i]))
            return false;
    return true;
}

/* BINLOG asks for no table grants, so nothing but this check stands between a forged record and any table. */
static int check_table(const struct rows *rows, const struct filter *filter, struct err *err)
{
    const struct table_def *t = rows->table;
    if (table_is_reserved(t->db))
        return err_stop(err, MSG_STOP_FORGED,
                        "it writes to `%.*s`.`%.*s`, a schema that is never replicated: the record is forged",
                        SPAN_ARG(t->db), SPAN_ARG(t->name));
    if (!filter_match(filter, t->db, t->name))
        return err_stop(err, MSG_STOP_FORGED, "it writes to `%.*s`.`%.*s`, which is not among the pair's tables",
                        SPAN_ARG(t->db), SPAN_ARG(t->name));
    if (!columns_make_sense(rows))
        return err_fatal(err, EXIT_UNSAFE,
                         "row images of `%.*s`.`%.*s` lack columns: the source needs binlog_row_image=FULL",
                         SPAN_ARG(t->db), SPAN_ARG(t->name));
    return 0;
}

static struct rows *rows_append(struct txn *t, size_t *cap)
{
    if (t->rows_count == *cap) {
        *cap = *cap ? 2 * *cap : 4;
        struct rows *more = arena_alloc(&t->arena, *cap * sizeof *more);
        if (t->rows_count > 0)
            memcpy(more, t->rows, t->rows_count * sizeof *more);
        t->rows = more;
    }
    return &t->rows[t->rows_count++];
}

/* Marks are no rows to be written. */
static int append_marks(struct txn *t, const struct rows *rows, struct table_cache *cache, const struct filter *filter,
                        struct err *err)
{
    if (rows->op != ROWS_INSERT)
        return 0;
    struct repair_mark *marks = arena_alloc(&t->arena, (t->mark_count + rows->count) * sizeof *marks);
    if (t->mark_count > 0)
        memcpy(marks, t->marks, t->mark_count * sizeof *marks);
    if (repair_read_marks(&marks[t->mark_count], rows, cache, filter, &t->arena, err))
        return -1;
    t->marks = marks;
    t->mark_count += rows->count;
    return 0;
}

static int fill_rows(struct txn *t, struct span body, struct table_cache *cache, const struct filter *filter,
                     struct err *err)
{
    struct body_reader reader;
    struct rows rows;
    size_t cap = 0;
    int more;
    body_open(&reader, body, cache, &t->arena);
    while ((more = body_next(&reader, &rows, err)) > 0) {
        bool marks = repair_is_table(rows.table) && !rows.present_after;
        if (marks ? append_marks(t, &rows, cache, filter, err) : check_table(&rows, filter, err))
            return -1;
        if (marks)
            continue;
        *rows_append(t, &cap) = rows;
        t->row_total += rows.count;
    }
    return more;
}

static int fill_body(struct txn *t, const struct record *rec, struct table_cache *cache, const struct filter *filter,
                     struct err *err)
{
    switch (rec->kind) {
    case RECORD_DATA:
        /* The body of an XA PREPARE does nothing until its XA COMMIT. */
        return rec->flags & RECORD_HELD ? 0 : fill_rows(t, arena_copy(&t->arena, rec->body), cache, filter, err);
    case RECORD_DDL:
        t->ddl = arena_zalloc(&t->arena, sizeof *t->ddl);
        return ddl_read(t->ddl, arena_copy(&t->arena, rec->body), &t->arena, err) ||
                       ddl_session_read(t->ddl, arena_copy(&t->arena, rec->session), err)
                   ? -1
                   : 0;
    default:
        return 0;
    }
}

static void fill_head(struct txn *t, const struct record *rec, int64_t next_offset)
{
    t->head = *rec;
    t->head.body = t->head.cut = t->head.position = t->head.before = t->head.region = (struct span){0};
    t->head.permits = t->head.session = (struct span){0};
    t->head.cut = arena_copy(&t->arena, rec->cut);
    t->head.act = arena_copy(&t->arena, rec->act);
    t->head.xid = arena_copy(&t->arena, rec->xid);
    t->next_offset = next_offset;
}

void txn_fill_act(struct txn *t, const struct record *rec, int64_t next_offset)
{
    fill_head(t, rec, next_offset);
    t->bytes = rec->act.n;
}

static int name_it(const struct record *rec, struct err *err)
{
    char gtid[GTID_TEXT_LEN];
    return err_prefix(err, "transaction %s (seq %" PRIu64 ")", gtid_text(gtid, &rec->gtid), rec->seq);
}

int txn_fill(struct txn *t, const struct record *rec, struct table_cache *cache, const struct filter *filter,
             int64_t next_offset, struct err *err)
{
    fill_head(t, rec, next_offset);
    t->bytes = rec->body.n;
    if (rec->flags & RECORD_HELD) {
        t->head.flags |= RECORD_FIRST;
        t->head.fragment = 0;
    }
    return fill_body(t, rec, cache, filter, err) ? name_it(rec, err) : 0;
}

int txn_fill_held(struct txn *t, const struct record *end, const struct record *body, struct table_cache *cache,
                  const struct filter *filter, int64_t next_offset, struct err *err)
{
    fill_head(t, end, next_offset);
    t->head.flags = body->flags & (RECORD_FIRST | RECORD_LAST);
    t->head.fragment = body->fragment;
    t->bytes = body->body.n;
    return fill_rows(t, arena_copy(&t->arena, body->body), cache, filter, err) ? name_it(end, err) : 0;
}
