/* Records, rows and statements as text and as JSON. */
#include <inttypes.h>
#include <stdio.h>

#include "common/base/clock.h"
#include "common/base/utf8.h"
#include "common/model/position.h"
#include "common/target/journal_images.h"
#include "ctl/events.h"

void events_printer_free(struct events_printer *p)
{
    table_cache_free(&p->tables);
    arena_free(&p->arena);
    buf_free(&p->out);
}

void events_put_text(struct buf *out, const char *name, struct span text)
{
    buf_printf(out, "\"%s\": \"", name);
    utf8_put_json(out, text);
    buf_put_str(out, "\"");
}

/* ---- rows ---- */

static void put_row_json(struct buf *out, const struct rows *rows, const struct cell *before, const struct cell *after)
{
    buf_printf(out, "{\"op\": \"%s\", ", rows_op_name(rows->op));
    events_put_text(out, "db", rows->table->db);
    buf_put_str(out, ", ");
    events_put_text(out, "table", rows->table->name);
    if (before) {
        buf_put_str(out, ", \"before\": ");
        journal_put_json(rows->table, before, out);
    }
    if (after) {
        buf_put_str(out, ", \"after\": ");
        journal_put_json(rows->table, after, out);
    }
    buf_put_str(out, "}");
}

static void put_row_text(struct buf *out, const struct rows *rows, const struct cell *before, const struct cell *after)
{
    buf_printf(out, "  %s ", rows_op_name(rows->op));
    utf8_put_printable(out, rows->table->db, 200);
    buf_put_str(out, ".");
    utf8_put_printable(out, rows->table->name, 200);
    buf_put_str(out, " ");
    if (before)
        journal_put_json(rows->table, before, out);
    if (before && after)
        buf_put_str(out, " -> ");
    if (after)
        journal_put_json(rows->table, after, out);
    buf_put_str(out, "\n");
}

void events_put_rows(struct events_printer *p, const struct rows *rows, bool *first)
{
    struct bytes r = bytes_of(rows->images);
    size_t size = rows->table->column_count * sizeof(struct cell);
    struct cell *before = rows->op == ROWS_INSERT ? NULL : arena_alloc(&p->arena, size);
    struct cell *after = rows->op == ROWS_DELETE ? NULL : arena_alloc(&p->arena, size);
    for (uint32_t i = 0; i < rows->count; i++) {
        if (before)
            image_split(before, rows->table, rows->present_before, &r);
        if (after)
            image_split(after, rows->table, rows->present_after, &r);
        if (p->json && !*first)
            buf_put_str(&p->out, ", ");
        *first = false;
        (p->json ? put_row_json : put_row_text)(&p->out, rows, before, after);
    }
}

void events_put_ddl(struct events_printer *p, const struct ddl *d)
{
    if (!p->json) {
        buf_printf(&p->out, "  %s in ", ddl_class_name(d->class));
        utf8_put_printable(&p->out, d->db, 200);
        buf_put_str(&p->out, ": ");
        utf8_put_printable(&p->out, d->text, 4000);
        buf_put_str(&p->out, "\n");
        return;
    }
    buf_printf(&p->out, "\"class\": \"%s\", ", ddl_class_name(d->class));
    events_put_text(&p->out, "db", d->db);
    buf_put_str(&p->out, ", ");
    events_put_text(&p->out, "statement", d->text);
    buf_put_str(&p->out, ", \"tables\": [");
    for (size_t i = 0; i < d->table_count; i++) {
        buf_put_str(&p->out, i == 0 ? "{" : ", {");
        events_put_text(&p->out, "db", d->tables[i].db.n > 0 ? d->tables[i].db : d->db);
        buf_put_str(&p->out, ", ");
        events_put_text(&p->out, "table", d->tables[i].name);
        buf_put_str(&p->out, "}");
    }
    buf_put_str(&p->out, "]");
}

/* ---- records ---- */

static bool is_control(const struct record *rec)
{
    return rec->kind == RECORD_EPOCH || rec->kind == RECORD_RESUME || rec->kind == RECORD_HEARTBEAT;
}

static void put_position(struct buf *out, struct span field)
{
    struct position position = {0};
    struct bytes r = bytes_of(field);
    if (field.n == 0)
        return;
    position_read(&position, &r);
    if (r.bad)
        buf_put_str(out, "?");
    else
        position_put_text(&position, out);
    position_free(&position);
}

static void put_head_text(struct buf *out, const struct record *rec, int64_t offset)
{
    char gtid[GTID_TEXT_LEN], when[CLOCK_TEXT_LEN];
    buf_printf(out, "%" PRId64 " %s epoch %" PRIu64 " seq %" PRIu64, offset, record_kind_name(rec->kind), rec->epoch,
               rec->seq);
    if (!(rec->flags & RECORD_FIRST) || !(rec->flags & RECORD_LAST))
        if (!is_control(rec))
            buf_printf(out, " fragment %" PRIu32 "%s", rec->fragment, rec->flags & RECORD_LAST ? " (last)" : "");
    if (rec->gtid.flavor != FLAVOR_NONE)
        buf_printf(out, " gtid %s", gtid_text(gtid, &rec->gtid));
    if (rec->commit_us)
        buf_printf(out, " at %s", clock_text(when, rec->commit_us));
    if (is_control(rec) && rec->position.n > 0) {
        buf_put_str(out, " position ");
        put_position(out, rec->position);
    }
    if (rec->xid.n > 0) {
        buf_put_str(out, " xid ");
        buf_put_hex(out, rec->xid);
    }
    if (rec->kind == RECORD_XA_END)
        buf_put_str(out, rec->flags & RECORD_COMMIT ? " commit" : " rollback");
    buf_put_str(out, "\n");
}

static void put_flag(struct buf *out, const char *name, bool value)
{
    buf_printf(out, ", \"%s\": %s", name, value ? "true" : "false");
}

static void put_head_json(struct buf *out, const struct record *rec, int64_t offset)
{
    char gtid[GTID_TEXT_LEN], when[CLOCK_TEXT_LEN];
    buf_printf(out, "{\"offset\": %" PRId64 ", \"kind\": \"%s\", \"stream\": \"", offset, record_kind_name(rec->kind));
    buf_put_hex(out, span_of(rec->stream, STREAM_UUID_LEN));
    buf_printf(out, "\", \"epoch\": %" PRIu64 ", \"instance\": \"%016" PRIx64 "\", \"seq\": %" PRIu64, rec->epoch,
               rec->instance, rec->seq);
    buf_printf(out, ", \"gtid\": \"%s\", \"chain\": \"%016" PRIx64 "\"", gtid_text(gtid, &rec->gtid), rec->chain);
    if (rec->commit_us)
        buf_printf(out, ", \"at\": \"%s\"", clock_text(when, rec->commit_us));
    if (is_control(rec)) {
        buf_put_str(out, ", \"position\": \"");
        put_position(out, rec->position);
        buf_put_str(out, "\"");
    } else {
        buf_printf(out, ", \"fragment\": %" PRIu32, rec->fragment);
        put_flag(out, "last", rec->flags & RECORD_LAST);
    }
    if (rec->xid.n > 0) {
        buf_put_str(out, ", \"xid\": \"");
        buf_put_hex(out, rec->xid);
        buf_put_str(out, "\"");
    }
    if (rec->flags & RECORD_HELD)
        put_flag(out, "held", true);
    if (rec->kind == RECORD_XA_END)
        put_flag(out, "commit", rec->flags & RECORD_COMMIT);
}

static int put_data(struct events_printer *p, const struct record *rec, struct err *err)
{
    struct body_reader body;
    struct rows rows;
    bool first = true;
    int got;
    if (p->json)
        buf_put_str(&p->out, ", \"rows\": [");
    body_open(&body, rec->body, &p->tables, &p->arena);
    while ((got = body_next(&body, &rows, err)) > 0)
        events_put_rows(p, &rows, &first);
    if (p->json)
        buf_put_str(&p->out, "]");
    return got;
}

static int put_ddl(struct events_printer *p, const struct record *rec, struct err *err)
{
    struct ddl ddl;
    if (ddl_read(&ddl, rec->body, &p->arena, err))
        return -1;
    if (p->json)
        buf_put_str(&p->out, ", ");
    events_put_ddl(p, &ddl);
    return 0;
}

int events_print_record(struct events_printer *p, const struct record *rec, int64_t offset, struct err *err)
{
    int rc = 0;
    buf_clear(&p->out);
    arena_reset(&p->arena);
    (p->json ? put_head_json : put_head_text)(&p->out, rec, offset);
    if (rec->kind == RECORD_DATA)
        rc = put_data(p, rec, err);
    else if (rec->kind == RECORD_DDL)
        rc = put_ddl(p, rec, err);
    if (p->json)
        buf_put_str(&p->out, "}\n");
    fwrite(p->out.data, 1, p->out.len, stdout);
    return rc;
}
