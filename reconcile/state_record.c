/* Each field by the same few writers and readers; what is optional has a byte before it that says whether it is there.
 */
#include "reconcile/state_record.h"

enum { COLUMN_KEY = 1, COLUMN_DIFFERS = 2 };

static void put_optional(struct buf *out, struct span s)
{
    buf_put_u8(out, s.p != NULL);
    if (s.p)
        buf_put_sized(out, s);
}

static struct span read_optional(struct bytes *r)
{
    return bytes_u8(r) ? bytes_sized(r) : (struct span){0};
}

static void put_text(struct buf *out, const char *text)
{
    put_optional(out, text ? span_str(text) : (struct span){0});
}

static const char *read_text(struct arena *a, struct bytes *r)
{
    struct span s = read_optional(r);
    return s.p ? arena_strdup(a, s) : NULL;
}

static void put_column(struct buf *out, const struct difference_column *c)
{
    buf_put_sized(out, c->name);
    buf_put_u8(out, (uint8_t)((c->key ? COLUMN_KEY : 0) | (c->differs ? COLUMN_DIFFERS : 0)));
    put_optional(out, c->value[0]);
    put_optional(out, c->value[1]);
}

static void read_column(struct difference_column *out, struct bytes *r)
{
    out->name = bytes_sized(r);
    uint8_t flags = bytes_u8(r);
    out->key = flags & COLUMN_KEY;
    out->differs = flags & COLUMN_DIFFERS;
    out->value[0] = read_optional(r);
    out->value[1] = read_optional(r);
}

static void put_write(struct buf *out, const struct difference_write *w)
{
    put_text(out, w->region);
    buf_put_sized(out, w->gtid);
    buf_put_varint(out, w->seq);
    buf_put_varint(out, w->time_us);
}

static void read_write(struct difference_write *out, struct arena *a, struct bytes *r)
{
    out->region = read_text(a, r);
    out->gtid = bytes_sized(r);
    out->seq = bytes_varint(r);
    out->time_us = bytes_varint(r);
}

void state_put_difference(struct buf *out, const struct difference *d)
{
    buf_put_u8(out, (uint8_t)d->class);
    buf_put_u8(out, (uint8_t)d->cause);
    buf_put_sized(out, d->db);
    buf_put_sized(out, d->table);
    buf_put_varint(out, d->column_count);
    for (size_t i = 0; i < d->column_count; i++)
        put_column(out, &d->columns[i]);
    buf_put_varint(out, d->copies[0]);
    buf_put_varint(out, d->copies[1]);
    buf_put_varint(out, d->journal_id);
    put_text(out, d->journal_at);
    put_write(out, &d->last[0]);
    put_write(out, &d->last[1]);
    put_text(out, d->detail);
}

void state_read_difference(struct difference *out, struct arena *a, struct bytes *r)
{
    *out = (struct difference){.class = (enum difference_class)bytes_u8(r)};
    out->cause = (enum difference_cause)bytes_u8(r);
    out->db = bytes_sized(r);
    out->table = bytes_sized(r);
    uint64_t count = bytes_varint(r);
    if (out->class >= DIFFERENCE_CLASSES || out->cause >= DIFFERENCE_CAUSES || count > bytes_left(r)) {
        bytes_fail(r);
        return;
    }
    struct difference_column *columns = arena_zalloc(a, count * sizeof *columns);
    for (size_t i = 0; i < count; i++)
        read_column(&columns[i], r);
    out->columns = columns;
    out->column_count = count;
    out->copies[0] = bytes_varint(r);
    out->copies[1] = bytes_varint(r);
    out->journal_id = bytes_varint(r);
    out->journal_at = read_text(a, r);
    read_write(&out->last[0], a, r);
    read_write(&out->last[1], a, r);
    out->detail = read_text(a, r);
}

void state_put_counts(struct buf *out, const struct table_counts *c)
{
    buf_put_varint(out, c->rows);
    buf_put_varint(out, c->chunks);
    buf_put_varint(out, c->in_flight);
    buf_put_varint(out, c->unsettled);
    buf_put_varint(out, c->took_ms);
    buf_put_varint(out, DIFFERENCE_CLASSES);
    for (int i = 0; i < DIFFERENCE_CLASSES; i++)
        buf_put_varint(out, c->found[i]);
    buf_put_varint(out, DIFFERENCE_CAUSES);
    for (int i = 0; i < DIFFERENCE_CAUSES; i++)
        buf_put_varint(out, c->causes[i]);
}

/* Of a release that knows other ones: malformed. */
static void read_numbers(uint64_t *out, uint64_t count, struct bytes *r)
{
    if (bytes_varint(r) != count)
        bytes_fail(r);
    for (uint64_t i = 0; i < count; i++)
        out[i] = bytes_varint(r);
}

void state_read_counts(struct table_counts *out, struct bytes *r)
{
    *out = (struct table_counts){.rows = bytes_varint(r)};
    out->chunks = bytes_varint(r);
    out->in_flight = bytes_varint(r);
    out->unsettled = bytes_varint(r);
    out->took_ms = bytes_varint(r);
    read_numbers(out->found, DIFFERENCE_CLASSES, r);
    read_numbers(out->causes, DIFFERENCE_CAUSES, r);
}
