/* Walking over cells and row images, and comparing whole images. */
#include "common/model/cell.h"

#include <assert.h>

#include "common/model/column_type.h"
#include "common/model/compressed.h"
#include "common/model/decimal.h"
#include "common/model/json_text.h"

/* Length bytes in front of a string's or blob's data; 0 for types without. */
static size_t prefix_size(const struct column *c, enum cell_rule rule)
{
    if (rule == CELL_STRING)
        return c->meta > 255 ? 2 : 1;
    return rule == CELL_BLOB ? c->meta : 0;
}

/* SIZE_MAX when it is not whole, or the column impossible. */
static inline size_t length_at(const struct column *c, const uint8_t *p, size_t left)
{
    const struct column_type_info *info = column_info(c);
    size_t n = SIZE_MAX;
    switch (info->rule) {
    case CELL_FIXED:
        n = info->size;
        break;
    case CELL_META:
        n = c->meta >= 1 && c->meta <= 8 ? c->meta : SIZE_MAX;
        break;
    case CELL_BITS:
        n = c->meta >= 1 && c->meta <= 64 ? (c->meta + 7u) / 8 : SIZE_MAX;
        break;
    case CELL_DECIMAL:
        n = decimal_size(c->meta >> 8, c->meta & 0xff);
        n = n ? n : SIZE_MAX;
        break;
    case CELL_FRACTION:
        n = c->meta <= 6 ? info->size + (c->meta + 1u) / 2 : SIZE_MAX;
        break;
    case CELL_STRING:
    case CELL_BLOB: {
        size_t prefix = prefix_size(c, info->rule);
        if (prefix < 1 || prefix > 4 || prefix > left)
            return SIZE_MAX;
        n = 0;
        for (size_t i = 0; i < prefix; i++)
            n |= (size_t)p[i] << (8 * i);
        n += prefix;
        break;
    }
    case CELL_UNKNOWN:
        break;
    }
    return n <= left ? n : SIZE_MAX;
}

size_t cell_length(const struct column *c, struct bytes *r)
{
    size_t n = length_at(c, r->p, bytes_left(r));
    if (n != SIZE_MAX)
        return n;
    bytes_fail(r);
    return 0;
}

static bool bit_at(const uint8_t *bitmap, size_t i)
{
    return bitmap[i / 8] >> (i % 8) & 1;
}

/* How many of the table's columns are in the image. */
static size_t count_present(const struct table_def *t, const uint8_t *present)
{
    size_t n = 0;
    if (!present)
        return t->column_count;
    for (size_t i = 0; i < t->column_count; i++)
        n += bit_at(present, i);
    return n;
}

/* `cells` may be NULL. */
static inline void walk(struct cell *cells, const struct table_def *t, const uint8_t *present, struct bytes *r)
{
    struct span nulls = bytes_take(r, (count_present(t, present) + 7) / 8);
    size_t bit = 0; /* of the NULL bitmap, which has bits for the columns in the image only */
    for (size_t i = 0; i < t->column_count && !r->bad; i++) {
        struct cell v = {.absent = present && !bit_at(present, i)};
        if (!v.absent)
            v.null = bit_at(nulls.p, bit++);
        if (!v.absent && !v.null) {
            v.data = span_of(r->p, cell_length(&t->columns[i], r));
            r->p += v.data.n;
        }
        if (cells)
            cells[i] = v;
    }
}

void image_split(struct cell *cells, const struct table_def *t, const uint8_t *present, struct bytes *r)
{
    walk(cells, t, present, r);
    if (r->bad)
        memset(cells, 0, t->column_count * sizeof *cells);
}

void image_skip(const struct table_def *t, const uint8_t *present, struct bytes *r)
{
    walk(NULL, t, present, r);
}

void image_put(const struct cell *cells, const struct table_def *t, const uint8_t *present, struct buf *out)
{
    size_t n = (count_present(t, present) + 7) / 8, at = out->len;
    size_t bit = 0;
    memset(buf_grow(out, n), 0xff, n); /* MariaDB sets the bits beyond the last column as well */
    for (size_t i = 0; i < t->column_count; i++) {
        if (present && !bit_at(present, i))
            continue;
        assert(!cells[i].absent);
        if (!cells[i].null) {
            out->data[at + bit / 8] &= (uint8_t) ~(1u << (bit % 8));
            buf_put_span(out, cells[i].data);
        }
        bit++;
    }
}

/* -0.0 and 0.0 are one value: the servers compare them as equal, and MariaDB 10.11 hands out as 0 what it has stored as
 * -0. */
static bool is_zero(const struct column *c, struct span data)
{
    uint8_t any = 0;
    if (c->type != COLUMN_FLOAT && c->type != COLUMN_DOUBLE)
        return false;
    for (size_t i = 0; i + 1 < data.n; i++)
        any |= data.p[i];
    return data.n > 0 && (any | (data.p[data.n - 1] & 0x7f)) == 0;
}

bool cell_equal(const struct column *c, const struct cell *a, const struct cell *b)
{
    if (a->absent || b->absent)
        return true;
    if (a->null || b->null)
        return a->null == b->null;
    if (span_eq(a->data, b->data))
        return true;
    if (is_zero(c, a->data) && is_zero(c, b->data))
        return true;
    if (c->type == COLUMN_JSON)
        return json_binary_same(cell_payload(c, a), cell_payload(c, b));
    /* One text has many compressed forms. */
    return (c->type == COLUMN_VARCHAR_COMPRESSED || c->type == COLUMN_BLOB_COMPRESSED) &&
           compressed_equal(cell_payload(c, a), cell_payload(c, b));
}

bool image_equal(const struct cell *a, const struct cell *b, const struct table_def *t, const bool *ignore)
{
    for (size_t i = 0; i < t->column_count; i++) {
        if (!(ignore && ignore[i]) && !cell_equal(&t->columns[i], &a[i], &b[i]))
            return false;
    }
    return true;
}

void image_put_key(const struct cell *cells, const struct table_def *t, struct buf *out)
{
    for (size_t i = 0; i < t->key_count; i++) {
        const struct cell *v = &cells[t->key[i]];
        assert(!v->absent);
        buf_put_varint(out, v->null ? 0 : v->data.n + 1);
        if (!v->null)
            buf_put_span(out, v->data);
    }
}

struct span cell_payload(const struct column *c, const struct cell *v)
{
    size_t prefix = prefix_size(c, column_info(c)->rule);
    if (v->null || v->absent || prefix > v->data.n)
        return span_of(v->data.p, 0);
    return span_of(v->data.p + prefix, v->data.n - prefix);
}
