/* Literals, and pieces of them. */
#include "reconcile/repair_value.h"

#include <inttypes.h>
#include <string.h>

#include "common/model/json_binary.h"
#include "common/target/local_row.h"

#define LONG_ROW ((size_t)1 << 20) /* bytes; a literal takes twice as many */
#define LONG_VALUE 1024u           /* of such a row: what is shorter stays in the statement */
#define PIECE ((size_t)1 << 20)

/* ---- which columns ---- */

bool repair_is_stored(const struct target_table *t, uint16_t i, const struct cell *row)
{
    return !t->def->columns[i].generated && !row[i].absent;
}

/* Some columns change by themselves when another one is set. */
bool repair_is_to_be_set(const struct target_table *t, uint16_t i, const struct cell *row, const struct cell *from)
{
    const struct column *c = &t->def->columns[i];
    bool moves = c->type == COLUMN_TIMESTAMP2 || c->type == COLUMN_DATETIME2 || c->type == COLUMN_TIMESTAMP ||
                 c->type == COLUMN_DATETIME;
    return repair_is_stored(t, i, row) &&
           (moves || !from || from[i].null != row[i].null || (!row[i].null && !span_eq(from[i].data, row[i].data)));
}

/* ---- in pieces ---- */

static bool is_long(const struct repair_longs *l, uint16_t i)
{
    const struct cell *v = l->row ? &l->row[i] : NULL;
    return v && l->table->columns[i].form == READ_PLAIN && repair_is_to_be_set(l->table, i, l->row, l->from) &&
           !v->null && cell_payload(&l->table->def->columns[i], v).n > LONG_VALUE;
}

static void put_variable(struct buf *sql, const struct repair_longs *l, uint16_t i)
{
    buf_printf(sql, "@drc_long_%" PRIu64 "_%u", l->number, i);
}

/* Of a document its text, which is in `room` then. */
static struct span bytes_of_long(const struct repair_longs *l, uint16_t i, struct buf *room)
{
    const struct column *c = &l->table->def->columns[i];
    struct span payload = cell_payload(c, &l->row[i]);
    if (c->type != COLUMN_JSON)
        return payload;
    buf_clear(room);
    (void)json_binary_put_text(payload, room); /* nothing, which is no document, when it is malformed */
    return buf_span(room);
}

static void put_pieces(struct buf *sql, const struct repair_longs *l, uint16_t i, struct span bytes)
{
    bool first = true;
    do {
        size_t n = bytes.n < PIECE ? bytes.n : PIECE;
        buf_put_str(sql, "SET ");
        put_variable(sql, l, i);
        buf_put_str(sql, " = ");
        if (!first) {
            buf_put_str(sql, "CONCAT(");
            put_variable(sql, l, i);
            buf_put_str(sql, ", ");
        }
        buf_put_str(sql, "X'");
        buf_put_hex(sql, span_of(bytes.p, n));
        buf_put_str(sql, first ? "';\n" : "');\n");
        bytes = span_of(bytes.p + n, bytes.n - n);
        first = false;
    } while (bytes.n > 0);
}

static size_t bytes_of_row(const struct target_table *t, const struct cell *row)
{
    size_t n = 0;
    for (uint16_t i = 0; i < t->def->column_count; i++)
        n += row[i].null || row[i].absent ? 0 : row[i].data.n;
    return n;
}

void repair_longs_begin(struct repair_longs *out, struct buf *sql, const struct target_table *t, const struct cell *row,
                        const struct cell *from, uint64_t number)
{
    struct buf room = {0};
    *out = (struct repair_longs){.table = t, .number = number};
    if (bytes_of_row(t, row) <= LONG_ROW)
        return;
    out->row = row;
    out->from = from;
    for (uint16_t i = 0; i < t->def->column_count; i++)
        if (is_long(out, i))
            put_pieces(sql, out, i, bytes_of_long(out, i, &room));
    buf_free(&room);
}

void repair_longs_put_whole(const struct repair_longs *l, struct buf *sql)
{
    struct buf room = {0};
    for (uint16_t i = 0; l->row && i < l->table->def->column_count; i++) {
        if (!is_long(l, i))
            continue;
        buf_put_str(sql, "LENGTH(");
        put_variable(sql, l, i);
        buf_printf(sql, ") = %zu AND ", bytes_of_long(l, i, &room).n);
    }
    buf_free(&room);
}

void repair_longs_end(const struct repair_longs *l, struct buf *sql)
{
    bool any = false;
    for (uint16_t i = 0; l->row && i < l->table->def->column_count; i++) {
        if (!is_long(l, i))
            continue;
        buf_put_str(sql, any ? ", " : "SET ");
        put_variable(sql, l, i);
        buf_put_str(sql, " = NULL");
        any = true;
    }
    buf_put_str(sql, any ? ";\n" : "");
}

/* ---- values ---- */

/* Text of plain letters stands there as it is; all else by its bytes. */
static bool is_readable(const struct column *c, const struct target_column *tc, struct span text)
{
    bool string = c->type == COLUMN_VARCHAR || c->type == COLUMN_STRING || c->type == COLUMN_BLOB;
    if (!string || !tc->charset || tc->form != READ_PLAIN || strncmp(tc->charset, "utf", 3) != 0 ||
        (strcmp(tc->charset, "utf8mb4") != 0 && strncmp(tc->charset, "utf8", 4) != 0))
        return false;
    for (size_t i = 0; i < text.n; i++)
        if (text.p[i] < ' ' || text.p[i] > '~' || text.p[i] == '\'' || text.p[i] == '\\')
            return false;
    return true;
}

void repair_put_value(struct buf *sql, const struct repair_longs *l, const struct target_table *t, uint16_t i,
                      const struct cell *v)
{
    const struct column *c = &t->def->columns[i];
    bool document = c->type == COLUMN_JSON;
    if (is_long(l, i)) {
        buf_put_str(sql, document ? "CAST(CONVERT(" : "");
        put_variable(sql, l, i);
        buf_put_str(sql, document ? " USING utf8mb4) AS JSON)" : "");
    } else if (v->null || !is_readable(c, &t->columns[i], cell_payload(c, v))) {
        local_put_value(sql, c, &t->columns[i], v);
    } else {
        buf_put_str(sql, "'");
        buf_put_span(sql, cell_payload(c, v));
        buf_put_str(sql, "'");
    }
}
