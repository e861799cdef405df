/* Groups of a binlog as text or as JSON, one object a group. */
#include "ctl/events_binlog.h"

#include <inttypes.h>
#include <stdio.h>

#include "common/base/clock.h"
#include "common/base/utf8.h"
#include "common/binlog/assemble.h"
#include "common/binlog/file_reader.h"

#define FLUSH_BYTES (1u << 20) /* a big transaction is printed as it is read */

struct binlog_run {
    struct events_printer *printer;
    struct assembler *assembler;
    const char *file; /* at hand */
    uint64_t from;    /* byte of the file at hand */
    bool open;        /* a group's head is in the printer's buffer, or was printed */
    bool matched;     /* and something of it is to be shown */
    bool first;       /* nothing is in its array yet */
    struct gtid gtid; /* of the open group */
};

static bool json(const struct binlog_run *b)
{
    return b->printer->options->json;
}

/* ---- a group's parts ---- */

static void put_begin(struct binlog_run *b, const struct item *item)
{
    char gtid[GTID_TEXT_LEN], when[CLOCK_TEXT_LEN];
    struct buf *out = &b->printer->out;
    const struct event_gtid *g = &item->begin.group;
    gtid_text(gtid, &g->gtid);
    clock_text(when, g->commit_us);
    if (!json(b)) {
        buf_printf(out, "%s:%" PRIu64 " gtid %s at %s server %" PRIu32 "\n", item->where.file, item->where.offset, gtid,
                   when, item->begin.server_id);
        return;
    }
    buf_put_str(out, "{\"kind\": \"transaction\", ");
    events_put_text(out, "file", span_str(item->where.file));
    buf_printf(out,
               ", \"position\": %" PRIu64 ", \"gtid\": \"%s\", \"at\": \"%s\", \"server_id\": %" PRIu32 ", \"rows\": [",
               item->where.offset, gtid, when, item->begin.server_id);
}

static void on_begin(struct binlog_run *b, const struct item *item)
{
    const struct events_filter *filter = &b->printer->options->filter;
    const struct event_gtid *g = &item->begin.group;
    b->gtid = g->gtid;
    b->open = item->where.offset >= b->from && events_filter_takes(filter, &g->gtid, g->commit_us);
    b->matched = b->open && !events_filter_by_table(filter);
    b->first = true;
    if (b->open)
        put_begin(b, item);
}

static void on_rows(struct binlog_run *b, const struct rows *rows)
{
    if (!events_filter_takes_table(&b->printer->options->filter, rows->table->db, rows->table->name))
        return;
    events_put_rows(b->printer, rows, &b->first);
    b->matched = true;
}

static void on_ddl(struct binlog_run *b, const struct ddl *ddl)
{
    struct events_printer *p = b->printer;
    if (!events_filter_takes_ddl(&p->options->filter, ddl))
        return;
    if (json(b))
        buf_put_str(&p->out, b->first ? "{\"op\": \"ddl\", " : ", {\"op\": \"ddl\", ");
    events_put_ddl(p, ddl);
    if (json(b))
        buf_put_str(&p->out, "}");
    b->first = false;
    b->matched = true;
}

/* What the rows that follow come from. It is no change itself, so it makes nothing match. */
static void on_statement(struct binlog_run *b, struct span statement)
{
    struct events_printer *p = b->printer;
    if (json(b)) {
        buf_put_str(&p->out, b->first ? "{\"op\": \"statement\", " : ", {\"op\": \"statement\", ");
        events_put_text(&p->out, "statement", statement);
        buf_put_str(&p->out, "}");
    } else {
        buf_put_str(&p->out, "  # ");
        utf8_put_printable(&p->out, statement, SIZE_MAX);
        buf_put_str(&p->out, "\n");
    }
    b->first = false;
}

static void on_mark(struct binlog_run *b, const char *op, uint32_t savepoint)
{
    struct buf *out = &b->printer->out;
    if (json(b))
        buf_printf(out, "%s{\"op\": \"%s\", \"savepoint\": %" PRIu32 "}", b->first ? "" : ", ", op, savepoint);
    else
        buf_printf(out, "  %s %" PRIu32 "\n", op, savepoint);
    b->first = false;
}

/* ---- a group's end ---- */

/* `xid` of XA's ends, else empty. */
static void end_group(struct binlog_run *b, const char *how, struct span xid)
{
    struct events_printer *p = b->printer;
    buf_printf(&p->out, json(b) ? "], \"end\": \"%s\"" : "  %s", how);
    if (xid.n > 0)
        events_put_xid(p, xid);
    buf_put_str(&p->out, json(b) ? "}\n" : "\n");
    if (b->matched)
        p->shown++;
    else
        buf_clear(&p->out);
    b->open = false;
    events_flush(p);
}

static void on_xa(struct binlog_run *b, const struct item *item, const char *how)
{
    if (events_filter_by_table(&b->printer->options->filter)) {
        if (item->kind == ITEM_XA_PREPARE && b->matched)
            events_note_held(b->printer, item->xid);
        else if (item->kind != ITEM_XA_PREPARE)
            b->matched = events_was_held(b->printer, item->xid);
    }
    end_group(b, how, item->xid);
}

/* The file ends, or cannot be read on. */
static void cut_off(struct binlog_run *b)
{
    if (b->open)
        end_group(b, "cut off", (struct span){0});
}

/* ---- what is no group ---- */

static void put_control(struct binlog_run *b, const struct item *item, const char *kind, const char *name,
                        struct span text)
{
    struct buf *out = &b->printer->out;
    if (!json(b)) {
        buf_printf(out, "%s:%" PRIu64 " %s ", b->file, item->where.offset, kind);
        utf8_put_printable(out, text, SIZE_MAX);
        buf_put_str(out, "\n");
    } else {
        buf_printf(out, "{\"kind\": \"%s\", ", kind);
        events_put_text(out, "file", span_str(b->file));
        buf_printf(out, ", \"position\": %" PRIu64 ", ", item->where.offset);
        events_put_text(out, name, text);
        buf_put_str(out, "}\n");
    }
    b->printer->shown++;
    events_flush(b->printer);
}

static void on_control(struct binlog_run *b, const struct item *item)
{
    if (!b->printer->options->control || item->where.offset < b->from ||
        !events_filter_takes_time(&b->printer->options->filter, (uint64_t)item->timestamp * 1000000))
        return;
    if (item->kind == ITEM_FORMAT) {
        put_control(b, item, "format", "server", span_str(item->format->server));
    } else if (item->kind == ITEM_ROTATE) {
        put_control(b, item, "rotate", "next", item->place.file);
    } else if (item->kind == ITEM_GTIDS) {
        struct buf text = {0};
        position_put_text(item->gtids, &text);
        put_control(b, item, "gtids", "before", buf_span(&text));
        buf_free(&text);
    }
}

/* ---- the files ---- */

static void print_inside(struct binlog_run *b, const struct item *item)
{
    static const char *const ends[ITEM_KIND_COUNT] = {
        [ITEM_COMMIT] = "commit",       [ITEM_ROLLBACK] = "rollback",       [ITEM_XA_PREPARE] = "xa prepare",
        [ITEM_XA_COMMIT] = "xa commit", [ITEM_XA_ROLLBACK] = "xa rollback",
    };
    if (item->kind == ITEM_ROWS)
        on_rows(b, &item->rows);
    else if (item->kind == ITEM_DDL)
        on_ddl(b, &item->ddl);
    else if (item->kind == ITEM_STATEMENT)
        on_statement(b, item->statement);
    else if (item->kind == ITEM_SAVEPOINT || item->kind == ITEM_ROLLBACK_TO)
        on_mark(b, item->kind == ITEM_SAVEPOINT ? "savepoint" : "rollback to", item->savepoint);
    else if (item->kind == ITEM_COMMIT || item->kind == ITEM_ROLLBACK)
        end_group(b, ends[item->kind], (struct span){0});
    else if (ends[item->kind])
        on_xa(b, item, ends[item->kind]);
    if (b->matched && b->printer->out.len > FLUSH_BYTES)
        events_flush(b->printer);
}

static bool enough(const struct binlog_run *b)
{
    return b->printer->shown >= b->printer->options->limit;
}

static int print_event(struct binlog_run *b, struct span raw, struct err *err)
{
    struct item item;
    int got = 0;
    if (assembler_feed(b->assembler, raw, err))
        return -1;
    while (!enough(b) && (got = assembler_next(b->assembler, &item, err)) > 0) {
        if (item.kind == ITEM_BEGIN)
            on_begin(b, &item);
        else if (b->open)
            print_inside(b, &item);
        else
            on_control(b, &item);
    }
    return got < 0 ? -1 : 0;
}

static int print_events(struct binlog_run *b, struct file_reader *reader, struct err *err)
{
    struct span raw;
    int got = 0;
    while (!enough(b) && (got = file_reader_next(reader, &raw, NULL, err)) > 0)
        if (print_event(b, raw, err))
            return -1;
    return got < 0 ? -1 : 0;
}

static int print_file(struct binlog_run *b, const char *path, bool last, struct err *err)
{
    struct file_reader *reader;
    char gtid[GTID_TEXT_LEN];
    if (file_reader_open(&reader, path, err))
        return -1;
    b->file = file_reader_name(reader);
    assembler_restart(b->assembler, b->file);
    int rc = print_events(b, reader, err);
    if (rc == 0 && last && !enough(b) && assembler_in_group(b->assembler))
        rc = err_fatal(err, EXIT_UNSAFE, "%s: the file ends inside the transaction %s", b->file,
                       gtid_text(gtid, &b->gtid));
    cut_off(b);
    file_reader_close(&reader);
    return rc;
}

int events_print_binlogs(struct events_printer *p, char *const *paths, size_t count, struct err *err)
{
    struct binlog_run b = {.printer = p, .assembler = assembler_new()};
    int rc = 0;
    if (p->options->verbose && !(p->options->mask && p->options->mask->count > 0)) /* their texts have values */
        assembler_tell_statements(b.assembler);
    assembler_take_lacking(b.assembler);
    b.from = p->options->from > 0 ? (uint64_t)p->options->from : 0;
    for (size_t i = 0; rc == 0 && i < count && !enough(&b); i++) {
        rc = print_file(&b, paths[i], i + 1 == count, err);
        b.from = 0;
    }
    uint64_t ignored = assembler_counts(b.assembler)->ignored;
    if (ignored > 0) {
        fflush(stdout);
        fprintf(stderr, "drcctl: passed over %" PRIu64 " events of unknown types, which are marked ignorable\n",
                ignored);
    }
    assembler_free(&b.assembler);
    return rc;
}
