/* The loop mark: reading rows of drc.ledger out of rows events. */
#include "common/stream/ledger_mark.h"

#include "common/target/schema.h"

#define LEDGER_COLUMNS_LEAST 15 /* of version 1 */

bool ledger_is_table(const struct table_def *t)
{
    return span_is(t->db, DRC_DB) && span_is(t->name, LEDGER_TABLE);
}

static bool find(size_t *out, const struct table_def *t, const char *name)
{
    int i = table_def_find(t, span_str(name));
    *out = i < 0 ? 0 : (size_t)i;
    return i >= 0;
}

static bool is_unsigned(const struct table_def *t, size_t i, unsigned type)
{
    return t->columns[i].type == type && t->columns[i].is_unsigned;
}

/* Without names the layout decides, which is our own: the columns that we read have had the same places in every
 * version.
 */
static bool find_by_place(struct ledger_columns *out, const struct table_def *t)
{
    *out = (struct ledger_columns){.stream = 0, .part = 1, .watermark = 6, .done = 7, .stamp = 17};
    out->has_stamp = t->column_count > out->stamp && is_unsigned(t, out->stamp, COLUMN_LONGLONG);
    if (t->column_count < LEDGER_COLUMNS_LEAST || t->columns[out->stream].type != COLUMN_STRING ||
        t->columns[out->stream].meta != STREAM_UUID_LEN || t->columns[out->done].type != COLUMN_VARCHAR)
        return false;
    return is_unsigned(t, out->part, COLUMN_LONG) && is_unsigned(t, out->watermark, COLUMN_LONGLONG);
}

bool ledger_columns_find(struct ledger_columns *out, const struct table_def *t)
{
    if (t->nameless)
        return find_by_place(out, t);
    out->has_stamp = find(&out->stamp, t, LEDGER_STAMP) && is_unsigned(t, out->stamp, COLUMN_LONGLONG);
    return find(&out->stream, t, LEDGER_STREAM) && find(&out->part, t, LEDGER_PART) &&
           find(&out->watermark, t, LEDGER_WATERMARK) && find(&out->done, t, LEDGER_DONE) &&
           is_unsigned(t, out->part, COLUMN_LONG) && is_unsigned(t, out->watermark, COLUMN_LONGLONG);
}

void ledger_mark_free(struct ledger_mark *m)
{
    watermark_free(&m->done);
}

static uint64_t number(const struct cell *c)
{
    struct bytes r = bytes_of(c->data);
    return bytes_le(&r, c->data.n <= 8 ? c->data.n : 8);
}

static bool take_cells(struct ledger_mark *out, const struct table_def *t, const struct ledger_columns *columns,
                       const struct cell *cells)
{
    const struct cell *needed[] = {&cells[columns->stream], &cells[columns->part], &cells[columns->watermark],
                                   &cells[columns->done]};
    for (size_t i = 0; i < 3; i++)
        if (needed[i]->null || needed[i]->absent)
            return false;
    /* BINARY columns lose their trailing zeros in the binlog. */
    struct span stream = cell_payload(&t->columns[columns->stream], needed[0]);
    if (stream.n > STREAM_UUID_LEN)
        return false;
    memset(out->stream, 0, sizeof out->stream);
    if (stream.n > 0)
        memcpy(out->stream, stream.p, stream.n);
    out->part = (uint32_t)number(needed[1]);
    out->done.low = number(needed[2]);
    if (columns->has_stamp && !cells[columns->stamp].null && !cells[columns->stamp].absent)
        out->stamp = number(&cells[columns->stamp]);
    if (needed[3]->null || needed[3]->absent)
        return true;
    struct bytes r = bytes_of(cell_payload(&t->columns[columns->done], needed[3]));
    if (bytes_left(&r) > 0)
        watermark_read_ranges(&out->done, &r);
    return !r.bad && bytes_left(&r) == 0;
}

int ledger_mark_read(struct ledger_mark *out, struct bytes *r, const struct rows *rows,
                     const struct ledger_columns *columns, struct cell *cells, struct err *err)
{
    *out = (struct ledger_mark){.gone = rows->op == ROWS_DELETE};
    if (rows->op == ROWS_UPDATE)
        image_skip(rows->table, rows->present_before, r);
    image_split(cells, rows->table, rows->op == ROWS_DELETE ? rows->present_before : rows->present_after, r);
    if (!r->bad && take_cells(out, rows->table, columns, cells))
        return 0;
    ledger_mark_free(out);
    return err_stop(err, MSG_STOP_LEDGER_ROWS,
                    "a row of " DRC_DB "." LEDGER_TABLE
                    " cannot be read: the table was changed by hand, or by a newer version of drc");
}
