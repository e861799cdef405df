/* Groups of a binlog as text or as JSON, one object a group. */
#include "ctl/events_binlog.h"

#include <inttypes.h>
#include <stdio.h>

#include "common/base/clock.h"
#include "common/base/utf8.h"
#include "common/binlog/assemble.h"
#include "common/binlog/file_reader.h"
#include "common/binlog/xid.h"

#define FLUSH_BYTES (1u << 20) /* a big transaction is printed as it is read */

struct binlog_run {
    struct events_printer *printer;
    struct assembler *assembler;
    uint64_t left; /* groups */
    bool first;    /* nothing is in the open group's array yet */
};

static void flush(struct events_printer *p)
{
    fputs(buf_cstr(&p->out), stdout);
    buf_clear(&p->out);
    arena_reset(&p->arena);
}

static void put_begin(struct binlog_run *b, const struct item *item)
{
    char gtid[GTID_TEXT_LEN], when[CLOCK_TEXT_LEN];
    struct buf *out = &b->printer->out;
    const struct event_gtid *g = &item->begin.group;
    b->first = true;
    gtid_text(gtid, &g->gtid);
    clock_text(when, g->commit_us);
    if (!b->printer->json) {
        buf_printf(out, "%s:%" PRIu64 " gtid %s at %s server %" PRIu32 "\n", item->where.file, item->where.offset, gtid,
                   when, item->begin.server_id);
        return;
    }
    buf_put_str(out, "{");
    events_put_text(out, "file", span_str(item->where.file));
    buf_printf(out,
               ", \"position\": %" PRIu64 ", \"gtid\": \"%s\", \"at\": \"%s\", \"server_id\": %" PRIu32 ", \"rows\": [",
               item->where.offset, gtid, when, item->begin.server_id);
}

static void put_ddl(struct binlog_run *b, const struct item *item)
{
    struct events_printer *p = b->printer;
    if (p->json)
        buf_put_str(&p->out, b->first ? "{\"op\": \"ddl\", " : ", {\"op\": \"ddl\", ");
    events_put_ddl(p, &item->ddl);
    if (p->json)
        buf_put_str(&p->out, "}");
    b->first = false;
}

static void put_mark(struct binlog_run *b, const char *op, uint32_t savepoint)
{
    struct buf *out = &b->printer->out;
    if (b->printer->json)
        buf_printf(out, "%s{\"op\": \"%s\", \"savepoint\": %" PRIu32 "}", b->first ? "" : ", ", op, savepoint);
    else
        buf_printf(out, "  %s %" PRIu32 "\n", op, savepoint);
    b->first = false;
}

static void put_end(struct binlog_run *b, const char *how, const struct item *item)
{
    struct buf *out = &b->printer->out;
    bool xa = item->kind == ITEM_XA_PREPARE || item->kind == ITEM_XA_COMMIT || item->kind == ITEM_XA_ROLLBACK;
    if (b->printer->json)
        buf_printf(out, "], \"end\": \"%s\"", how);
    else
        buf_printf(out, "  %s", how);
    if (xa) {
        struct buf xid = {0};
        xid_put_text(&xid, item->xid);
        buf_put_str(out, b->printer->json ? ", " : " ");
        if (b->printer->json)
            events_put_text(out, "xid", buf_span(&xid));
        else
            buf_put_span(out, buf_span(&xid));
        buf_free(&xid);
    }
    buf_put_str(out, b->printer->json ? "}\n" : "\n");
    b->left--;
}

static void print_item(struct binlog_run *b, const struct item *item)
{
    static const char *const ends[ITEM_KIND_COUNT] = {
        [ITEM_COMMIT] = "commit",       [ITEM_ROLLBACK] = "rollback",       [ITEM_XA_PREPARE] = "xa prepare",
        [ITEM_XA_COMMIT] = "xa commit", [ITEM_XA_ROLLBACK] = "xa rollback",
    };
    switch (item->kind) {
    case ITEM_BEGIN:
        put_begin(b, item);
        break;
    case ITEM_ROWS:
        events_put_rows(b->printer, &item->rows, &b->first);
        break;
    case ITEM_DDL:
        put_ddl(b, item);
        break;
    case ITEM_SAVEPOINT:
        put_mark(b, "savepoint", item->savepoint);
        break;
    case ITEM_ROLLBACK_TO:
        put_mark(b, "rollback to", item->savepoint);
        break;
    default:
        if (ends[item->kind])
            put_end(b, ends[item->kind], item);
    }
    if (b->printer->out.len > FLUSH_BYTES || ends[item->kind])
        flush(b->printer);
}

static int print_event(struct binlog_run *b, struct span raw, struct err *err)
{
    struct item item;
    int got = 0;
    if (assembler_feed(b->assembler, raw, err))
        return -1;
    while (b->left > 0 && (got = assembler_next(b->assembler, &item, err)) > 0)
        print_item(b, &item);
    return got < 0 ? -1 : 0;
}

static int print_file(struct binlog_run *b, const char *path, struct err *err)
{
    struct file_reader *reader;
    struct span raw;
    int got = 0;
    if (file_reader_open(&reader, path, err))
        return -1;
    assembler_restart(b->assembler, file_reader_name(reader));
    while (b->left > 0 && (got = file_reader_next(reader, &raw, NULL, err)) > 0)
        if (print_event(b, raw, err)) {
            got = -1;
            break;
        }
    file_reader_close(&reader);
    return got < 0 ? -1 : 0;
}

int events_print_binlogs(struct events_printer *p, char *const *paths, size_t count, uint64_t limit, struct err *err)
{
    struct binlog_run b = {.printer = p, .assembler = assembler_new(), .left = limit};
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < count && b.left > 0; i++)
        rc = print_file(&b, paths[i], err);
    if (rc && p->json)
        buf_clear(&p->out); /* the object that was not finished */
    flush(p);
    assembler_free(&b.assembler);
    return rc;
}
