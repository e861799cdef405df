/* Rows, statements and names as text and as JSON: what printing a topic and a binlog have in common. */
#include <stdio.h>

#include "common/base/utf8.h"
#include "common/binlog/xid.h"
#include "common/target/journal_images.h"
#include "ctl/events.h"
#include "ctl/events_charset.h"

#define HEX_HEAD "{\"hex\": \"" /* of what cell_put_json writes for bytes that are no UTF-8 */
#define HEX_TAIL "\"}"
#define VALUE_SHOWN 200 /* bytes of a value in a line for people */
#define NAME_SHOWN 200
#define STATEMENT_SHOWN 4000

void events_printer_free(struct events_printer *p)
{
    table_cache_free(&p->tables);
    arena_free(&p->arena);
    map_free(&p->held);
    buf_free(&p->out);
}

void events_flush(struct events_printer *p)
{
    fwrite(p->out.data, 1, p->out.len, stdout);
    buf_clear(&p->out);
    arena_reset(&p->arena);
}

void events_put_text(struct buf *out, const char *name, struct span text)
{
    buf_printf(out, "\"%s\": \"", name);
    utf8_put_json(out, text);
    buf_put_str(out, "\"");
}

void events_put_xid(struct events_printer *p, struct span xid)
{
    struct buf text = {0};
    xid_put_text(&text, xid);
    buf_put_str(&p->out, p->options->json ? ", " : " ");
    if (p->options->json)
        events_put_text(&p->out, "xid", buf_span(&text));
    else
        buf_put_span(&p->out, buf_span(&text));
    buf_free(&text);
}

/* Any value will do that is not NULL. */
void events_note_held(struct events_printer *p, struct span xid)
{
    *map_ref(&p->held, xid) = p;
}

bool events_was_held(const struct events_printer *p, struct span xid)
{
    return map_get(&p->held, xid) != NULL;
}

/* ---- rows ---- */

static void put_row_json(struct events_printer *p, const struct rows *rows, const struct cell *before,
                         const struct cell *after)
{
    struct buf *out = &p->out;
    buf_printf(out, "{\"op\": \"%s\", ", rows_op_name(rows->op));
    events_put_text(out, "db", rows->table->db);
    buf_put_str(out, ", ");
    events_put_text(out, "table", rows->table->name);
    if (before) {
        buf_put_str(out, ", \"before\": ");
        journal_put_json(rows->table, before, p->options->mask, out);
    }
    if (after) {
        buf_put_str(out, ", \"after\": ");
        journal_put_json(rows->table, after, p->options->mask, out);
    }
    buf_put_str(out, "}");
}

static uint8_t hex_value(uint8_t digit)
{
    return digit <= '9' ? (uint8_t)(digit - '0') : (uint8_t)(digit - 'a' + 10);
}

/* What stands at `start` as {"hex": "…"} because its character set is another one becomes a string. */
static void hex_to_string(struct buf *out, size_t start, unsigned collation)
{
    struct buf bytes = {0}, text = {0};
    size_t head = strlen(HEX_HEAD), tail = strlen(HEX_TAIL);
    for (size_t i = start + head; i + 1 < out->len - tail; i += 2)
        buf_put_u8(&bytes, (uint8_t)(hex_value(out->data[i]) << 4 | hex_value(out->data[i + 1])));
    if (events_charset_to_utf8(&text, buf_span(&bytes), collation)) {
        out->len = start;
        buf_put_str(out, "\"");
        utf8_put_json(out, buf_span(&text));
        buf_put_str(out, "\"");
    }
    buf_free(&bytes);
    buf_free(&text);
}

/* For people: in UTF-8 where that can be, and what is long is cut, between two characters. */
static void put_value(struct events_printer *p, const struct table_def *t, const struct cell *image, uint16_t i)
{
    const struct column *c = &t->columns[i];
    struct buf *out = &p->out;
    size_t start = out->len;
    if (mask_has(p->options->mask, t, i)) {
        mask_put_text(p->options->mask, t, image, i, out);
        return;
    }
    cell_put_json(c, &image[i], out);
    if (out->len - start >= strlen(HEX_HEAD HEX_TAIL) && memcmp(out->data + start, HEX_HEAD, strlen(HEX_HEAD)) == 0)
        hex_to_string(out, start, c->collation);
    if (p->options->verbose || out->len - start <= VALUE_SHOWN)
        return;
    out->len = start + VALUE_SHOWN;
    while ((out->data[out->len] & 0xc0) == 0x80)
        out->len--;
    buf_printf(out, "... (%zu bytes)", image[i].data.n);
}

static void put_member(struct events_printer *p, const struct table_def *t, const struct cell *image, uint16_t i,
                       bool *first)
{
    buf_put_str(&p->out, *first ? "\"" : ", \"");
    *first = false;
    utf8_put_json(&p->out, t->columns[i].name);
    buf_put_str(&p->out, "\": ");
    put_value(p, t, image, i);
}

/* The columns of the key, or all of them where there is none. */
static void put_image(struct events_printer *p, const struct table_def *t, const struct cell *cells, bool key_only)
{
    bool first = true;
    buf_put_str(&p->out, "{");
    for (uint16_t i = 0; i < t->column_count; i++) {
        bool wanted = !key_only || t->key_count == 0 || t->columns[i].key_order != COLUMN_NO_KEY;
        if (wanted && !cells[i].absent)
            put_member(p, t, cells, i, &first);
    }
    buf_put_str(&p->out, "}");
}

/* Which row it was, and what has changed in it. */
static void put_changes(struct events_printer *p, const struct table_def *t, const struct cell *before,
                        const struct cell *after)
{
    const char *separator = " ";
    put_image(p, t, before, true);
    for (uint16_t i = 0; i < t->column_count; i++) {
        if (after[i].absent || (before[i].null == after[i].null && span_eq(before[i].data, after[i].data)))
            continue;
        bool first = true;
        buf_put_str(&p->out, separator);
        put_member(p, t, before, i, &first);
        buf_put_str(&p->out, " -> ");
        put_value(p, t, after, i);
        separator = ", ";
    }
    if (separator[0] == ' ')
        buf_put_str(&p->out, " (nothing changed)");
}

static void put_row_text(struct events_printer *p, const struct rows *rows, const struct cell *before,
                         const struct cell *after)
{
    buf_printf(&p->out, "  %s ", rows_op_name(rows->op));
    utf8_put_printable(&p->out, rows->table->db, NAME_SHOWN);
    buf_put_str(&p->out, ".");
    utf8_put_printable(&p->out, rows->table->name, NAME_SHOWN);
    buf_put_str(&p->out, " ");
    if (before && after && !p->options->verbose) {
        put_changes(p, rows->table, before, after);
    } else {
        if (before)
            put_image(p, rows->table, before, false);
        if (before && after)
            buf_put_str(&p->out, " -> ");
        if (after)
            put_image(p, rows->table, after, false);
    }
    buf_put_str(&p->out, "\n");
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
        if (p->options->json && !*first)
            buf_put_str(&p->out, ", ");
        *first = false;
        if (p->options->json)
            put_row_json(p, rows, before, after);
        else
            put_row_text(p, rows, before, after);
    }
}

/* ---- statements ---- */

/* Its lines stay lines, indented. */
static void put_ddl_text(struct events_printer *p, const struct ddl *d)
{
    struct bytes r = bytes_of(d->text);
    size_t left = p->options->verbose ? SIZE_MAX : STATEMENT_SHOWN;
    buf_printf(&p->out, "  %s in ", ddl_class_name(d->class));
    utf8_put_printable(&p->out, d->db, NAME_SHOWN);
    buf_put_str(&p->out, ": ");
    while (bytes_left(&r) > 0 && left > 0) {
        const uint8_t *end = memchr(r.p, '\n', bytes_left(&r));
        struct span line = bytes_take(&r, end ? (size_t)(end - r.p) : bytes_left(&r));
        utf8_put_printable(&p->out, line, left);
        left -= line.n < left ? line.n : left;
        bytes_skip(&r, end != NULL);
        if (end)
            buf_put_str(&p->out, "\n      ");
    }
    buf_put_str(&p->out, "\n");
}

void events_put_ddl(struct events_printer *p, const struct ddl *d)
{
    if (!p->options->json) {
        put_ddl_text(p, d);
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
