/* Items of the assembler as lines of text, for tests that compare what a binlog says with what is expected. */
#ifndef DRC_TESTS_UNIT_BINLOG_ITEMS_TEXT_H
#define DRC_TESTS_UNIT_BINLOG_ITEMS_TEXT_H

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/base/mem.h"
#include "common/binlog/assemble.h"
#include "common/binlog/file_reader.h"
#include "common/binlog/xid.h"
#include "common/model/cell.h"

/* What has been printed: a definition is shown before its first rows. Zeroed at the start. */
struct items_text {
    struct buf out;
    struct map shown; /* fingerprints */
};

static inline void items_text_free(struct items_text *x)
{
    buf_free(&x->out);
    map_free(&x->shown);
}

static inline void put_definition(struct items_text *x, const struct table_def *t)
{
    struct buf type = {0};
    void **seen = map_ref(&x->shown, span_of(&t->fingerprint, sizeof t->fingerprint));
    if (*seen)
        return;
    *seen = x;
    buf_printf(&x->out, "  table %.*s.%.*s\n", SPAN_ARG(t->db), SPAN_ARG(t->name));
    for (size_t i = 0; i < t->column_count; i++) {
        const struct column *c = &t->columns[i];
        buf_printf(&x->out, "    %.*s: %s%s%s", SPAN_ARG(c->name), column_type_text(c, &type),
                   c->nullable ? "" : ", not null", c->invisible ? ", invisible" : "");
        if (c->key_order != COLUMN_NO_KEY)
            buf_printf(&x->out, ", key part %u", c->key_order + 1u);
        if (c->key_prefix)
            buf_printf(&x->out, " prefix %u", c->key_prefix);
        if (c->member_count)
            buf_printf(&x->out, ", collation %u", c->collation);
        for (size_t m = 0; m < c->member_count; m++)
            buf_printf(&x->out, "%s%.*s", m ? "|" : " ", SPAN_ARG(c->members[m]));
        buf_put_str(&x->out, "\n");
    }
    buf_free(&type);
}

/* The image at r. Long cells are cut: a test file is read by people. */
static inline void put_image(struct buf *out, const struct table_def *t, const uint8_t *present, struct bytes *r)
{
    struct cell *cells = xcalloc(t->column_count, sizeof *cells);
    image_split(cells, t, present, r);
    for (size_t i = 0; i < t->column_count; i++) {
        size_t before = out->len + 2;
        buf_put_str(out, i ? ", " : "");
        if (!cell_put_text(&t->columns[i], &cells[i], out))
            buf_put_str(out, " (not what the type allows)");
        if (out->len > before + 120) {
            size_t n = out->len - before;
            out->len = before + 100;
            while ((out->data[out->len] & 0xc0) == 0x80)
                out->len--; /* not in the middle of a character */
            buf_printf(out, "… (%zu)", n);
        }
    }
    free(cells);
}

static inline void put_rows(struct items_text *x, const struct rows *rows)
{
    struct bytes r = bytes_of(rows->images);
    put_definition(x, rows->table);
    buf_printf(&x->out, "  %s %.*s.%.*s%s%s%s, %u\n", rows_op_name(rows->op), SPAN_ARG(rows->table->db),
               SPAN_ARG(rows->table->name), rows->flags & ROWS_STMT_END ? ", statement ends" : "",
               rows->flags & ROWS_NO_FOREIGN_KEY_CHECKS ? ", no foreign key checks" : "",
               rows->flags & ROWS_NO_UNIQUE_CHECKS ? ", no unique checks" : "", rows->count);
    while (r.p < r.end && !r.bad) {
        buf_put_str(&x->out, "    ");
        put_image(&x->out, rows->table, rows_columns(rows), &r);
        if (rows->op == ROWS_UPDATE) {
            buf_put_str(&x->out, "\n      -> ");
            put_image(&x->out, rows->table, rows_columns(rows), &r);
        }
        buf_put_str(&x->out, "\n");
    }
}

static inline void put_group_flags(struct buf *out, uint32_t flags)
{
    static const char *const names[] = {
        "standalone",      "transactional",     "ddl",       "xa prepared", "xa completed", "alter started",
        "alter committed", "alter rolled back", "commit id", "statements"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (flags & 1u << i)
            buf_printf(out, ", %s", names[i]);
}

static inline void put_begin(struct buf *out, const struct item_begin *b)
{
    char gtid[GTID_TEXT_LEN];
    buf_printf(out, " %s, server %" PRIu32 ", time %" PRIu64, gtid_text(gtid, &b->group.gtid), b->server_id,
               b->group.commit_us);
    put_group_flags(out, b->group.flags);
    if (b->group.xid.n) {
        buf_put_str(out, ", ");
        xid_put_text(out, b->group.xid);
    }
}

static inline void put_ddl(struct buf *out, const struct ddl *d)
{
    buf_printf(out, " %s (%.*s)", ddl_class_name(d->class), SPAN_ARG(d->db));
    for (size_t i = 0; i < d->table_count; i++)
        buf_printf(out, " [%.*s.%.*s]", SPAN_ARG(d->tables[i].db), SPAN_ARG(d->tables[i].name));
    buf_printf(out, ", mode %" PRIx64 ", charset %u %u %u: %.*s", d->sql_mode, d->charset_client,
               d->collation_connection, d->collation_server, SPAN_ARG(d->text));
}

static inline void items_text_put(struct items_text *x, const struct item *item)
{
    struct buf *out = &x->out;
    buf_put_str(out, item_kind_name(item->kind));
    if (item->kind == ITEM_FORMAT)
        buf_printf(out, " %s %s%s", flavor_name(item->format->flavor), item->format->server,
                   item->format->checksum ? ", checksums" : "");
    else if (item->kind == ITEM_ROTATE || item->kind == ITEM_HEARTBEAT)
        buf_printf(out, " %.*s:%" PRIu64 "%s", SPAN_ARG(item->place.file), item->place.position,
                   item->place.artificial ? ", artificial" : "");
    else if (item->kind == ITEM_GTIDS) {
        buf_put_str(out, " ");
        position_put_text(item->gtids, out);
    } else if (item->kind == ITEM_BEGIN)
        put_begin(out, &item->begin);
    else if (item->kind == ITEM_DDL)
        put_ddl(out, &item->ddl);
    else if (item->kind == ITEM_SAVEPOINT || item->kind == ITEM_ROLLBACK_TO)
        buf_printf(out, " %" PRIu32, item->savepoint);
    else if (item->kind == ITEM_COMMIT)
        buf_printf(out, "%s%s", item->commit.xid ? " xid" : "", item->commit.one_phase ? ", one phase" : "");
    else if (item->kind == ITEM_XA_START || item->kind >= ITEM_XA_PREPARE) {
        buf_put_str(out, " ");
        xid_put_text(out, item->xid);
    }
    buf_put_str(out, "\n");
    if (item->kind == ITEM_ROWS)
        put_rows(x, &item->rows);
}

/* Feed one event and print its items; an error is printed too. */
static inline int items_text_feed(struct items_text *x, struct assembler *a, struct span raw)
{
    struct item item;
    struct err err = {0};
    int rc = assembler_feed(a, raw, &err);
    while (rc == 0 && (rc = assembler_next(a, &item, &err)) == 1) {
        items_text_put(x, &item);
        rc = 0;
    }
    if (rc < 0)
        buf_printf(&x->out, "ERROR %d: %s\n", err.exit_code, err.text);
    return rc;
}

/* All items of a file. The error, if any, is the last line. */
static inline int items_text_of_file(struct items_text *x, struct assembler *a, const char *path)
{
    struct file_reader *reader = NULL;
    struct span raw;
    struct err err = {0};
    int rc = file_reader_open(&reader, path, &err);
    if (rc == 0)
        assembler_restart(a, file_reader_name(reader));
    while (rc == 0 && (rc = file_reader_next(reader, &raw, NULL, &err)) == 1)
        rc = items_text_feed(x, a, raw);
    if (rc < 0 && err.class)
        buf_printf(&x->out, "ERROR %d: %s\n", err.exit_code, err.text);
    file_reader_close(&reader);
    return rc;
}

#endif
