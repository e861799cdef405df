/* Cells as text for people and as JSON: one small function per kind of type. */
#include <assert.h>

#include "common/base/utf8.h"
#include "common/model/cell.h"
#include "common/model/collation.h"
#include "common/model/column_type.h"
#include "common/model/compressed.h"
#include "common/model/decimal.h"
#include "common/model/json_binary.h"
#include "common/model/number_text.h"
#include "common/model/temporal.h"

/* What the text of a value is, which decides how JSON shows it. */
enum text_form {
    FORM_BAD,    /* the bytes are no value of the type; nothing was written */
    FORM_NUMBER, /* a JSON number */
    FORM_TEXT,   /* UTF-8 */
    FORM_BYTES,  /* nothing was written: only hex can show it; `raw` is set */
};

struct text {
    struct buf *out;
    struct span raw;     /* FORM_BYTES: what is to be shown */
    struct buf *scratch; /* behind `raw`, where it is not the cell itself */
};

static enum text_form put_integer(const struct column *c, struct span data, struct text *t)
{
    struct bytes r = bytes_of(data);
    unsigned unused = 64 - 8u * column_info(c)->size;
    uint64_t v = bytes_le(&r, column_info(c)->size) << unused;
    if (c->is_unsigned)
        buf_printf(t->out, "%llu", (unsigned long long)(v >> unused));
    else
        buf_printf(t->out, "%lld", (long long)((int64_t)v >> unused));
    return FORM_NUMBER;
}

static enum text_form put_float(const struct column *c, struct span data, struct text *t)
{
    float f;
    double d;
    bool good;
    if (c->type == COLUMN_FLOAT) {
        memcpy(&f, data.p, sizeof f);
        good = number_put_float(f, t->out);
    } else {
        memcpy(&d, data.p, sizeof d);
        good = number_put_double(d, t->out);
    }
    return good ? FORM_NUMBER : FORM_BAD;
}

static enum text_form put_decimal(const struct column *c, struct span data, struct text *t)
{
    return decimal_put_text(data, c->meta >> 8, c->meta & 0xff, t->out) ? FORM_NUMBER : FORM_BAD;
}

static enum text_form put_bits(const struct column *c, struct span data, struct text *t)
{
    struct bytes r = bytes_of(data);
    uint64_t v = bytes_be(&r, data.n);
    if (c->meta < 64 && v >> c->meta)
        return FORM_BAD;
    buf_printf(t->out, "%llu", (unsigned long long)v);
    return FORM_NUMBER;
}

static enum text_form put_temporal(const struct column *c, struct span data, struct text *t)
{
    struct temporal v;
    if (c->type == COLUMN_YEAR) {
        buf_printf(t->out, "%04u", data.p[0] ? 1900u + data.p[0] : 0);
        return FORM_TEXT;
    }
    unsigned fsp = column_info(c)->rule == CELL_FRACTION ? c->meta : 0;
    if (!temporal_read(&v, c->type, fsp, data))
        return FORM_BAD;
    if (c->type == COLUMN_DATE || c->type == COLUMN_NEWDATE)
        temporal_put_date(&v, t->out);
    else if (c->type == COLUMN_TIME2 || c->type == COLUMN_TIME)
        temporal_put_time(&v, fsp, t->out);
    else
        temporal_put_datetime(&v, fsp, t->out);
    return FORM_TEXT;
}

/* Bytes of a collation: as text where they are UTF-8. */
static enum text_form put_collated(const struct column *c, struct span s, struct text *t)
{
    t->raw = s;
    if (!collation_is_utf8(c->collation))
        return FORM_BYTES;
    if (!utf8_valid(s))
        return FORM_BAD;
    buf_put_span(t->out, s);
    return FORM_TEXT;
}

/* BINARY(n) comes without its trailing zeros: the value has them. */
static struct span pad_binary(const struct column *c, struct span s, struct buf *scratch)
{
    buf_put_span(scratch, s);
    memset(buf_grow(scratch, c->meta - s.n), 0, c->meta - s.n);
    return buf_span(scratch);
}

static enum text_form put_string(const struct column *c, struct span data, struct text *t)
{
    struct cell v = {.data = data};
    struct span s = cell_payload(c, &v);
    if (c->type == COLUMN_VARCHAR_COMPRESSED || c->type == COLUMN_BLOB_COMPRESSED) {
        if (!compressed_unpack(s, t->scratch))
            return FORM_BAD;
        s = buf_span(t->scratch);
    } else if (column_info(c)->rule == CELL_STRING && s.n > c->meta) {
        return FORM_BAD;
    } else if (c->type == COLUMN_STRING && c->collation == COLLATION_BINARY && s.n < c->meta) {
        s = pad_binary(c, s, t->scratch);
    }
    return put_collated(c, s, t);
}

/* A definition without members (a reader that was not told them) shows the number. */
static enum text_form put_number(uint64_t v, struct text *t)
{
    buf_printf(t->out, "%llu", (unsigned long long)v);
    return FORM_NUMBER;
}

static enum text_form put_enum(const struct column *c, struct span data, struct text *t)
{
    struct bytes r = bytes_of(data);
    uint64_t v = bytes_le(&r, data.n);
    if (c->member_count == 0)
        return put_number(v, t);
    if (v > c->member_count)
        return FORM_BAD;
    return v == 0 ? FORM_TEXT : put_collated(c, c->members[v - 1], t); /* 0: the empty error value */
}

static enum text_form put_set(const struct column *c, struct span data, struct text *t)
{
    struct bytes r = bytes_of(data);
    uint64_t v = bytes_le(&r, data.n);
    if (c->member_count == 0)
        return put_number(v, t);
    if (c->member_count < 64 && v >> c->member_count)
        return FORM_BAD;
    for (size_t i = 0; i < c->member_count && i < 64; i++) {
        if (!(v >> i & 1))
            continue;
        if (t->scratch->len > 0)
            buf_put_u8(t->scratch, ',');
        buf_put_span(t->scratch, c->members[i]);
    }
    return put_collated(c, buf_span(t->scratch), t);
}

static enum text_form put_member(const struct column *c, struct span data, struct text *t)
{
    return c->type == COLUMN_ENUM ? put_enum(c, data, t) : put_set(c, data, t);
}

static enum text_form put_json(const struct column *c, struct span data, struct text *t)
{
    struct cell v = {.data = data};
    return json_binary_put_text(cell_payload(c, &v), t->out) ? FORM_TEXT : FORM_BAD;
}

static enum text_form put_bytes(const struct column *c, struct span data, struct text *t)
{
    struct cell v = {.data = data};
    t->raw = cell_payload(c, &v);
    return FORM_BYTES;
}

/* Write the value where it has a text. A cell that is not whole, or longer than one, is bad. */
static enum text_form put_value(const struct column *c, const struct cell *v, struct text *t)
{
    static enum text_form (*const kinds[])(const struct column *, struct span, struct text *) = {
        [KIND_OTHER] = put_bytes,     [KIND_INTEGER] = put_integer, [KIND_FLOAT] = put_float,
        [KIND_DECIMAL] = put_decimal, [KIND_BIT] = put_bits,        [KIND_TEMPORAL] = put_temporal,
        [KIND_STRING] = put_string,   [KIND_MEMBER] = put_member,   [KIND_JSON] = put_json,
        [KIND_BYTES] = put_bytes};
    struct bytes r = bytes_of(v->data);
    size_t n = cell_length(c, &r);
    if (r.bad || n != v->data.n)
        return FORM_BAD;
    return kinds[column_info(c)->kind](c, v->data, t);
}

bool cell_put_text(const struct column *c, const struct cell *v, struct buf *out)
{
    if (v->null || v->absent) {
        buf_put_str(out, v->null ? "NULL" : "(absent)");
        return true;
    }
    struct buf scratch = {0};
    struct text t = {.out = out, .scratch = &scratch};
    enum text_form form = put_value(c, v, &t);
    if (form == FORM_BAD || form == FORM_BYTES) {
        buf_put_str(out, "0x");
        buf_put_hex(out, form == FORM_BAD ? v->data : t.raw);
    }
    buf_free(&scratch);
    return form != FORM_BAD;
}

void cell_put_json(const struct column *c, const struct cell *v, struct buf *out)
{
    if (v->null || v->absent) {
        buf_put_str(out, "null");
        return;
    }
    struct buf scratch = {0}, text = {0};
    struct text t = {.out = &text, .scratch = &scratch};
    enum text_form form = put_value(c, v, &t);
    if (form == FORM_NUMBER) {
        buf_put_span(out, buf_span(&text));
    } else if (form == FORM_TEXT) {
        buf_put_u8(out, '"');
        utf8_put_json(out, buf_span(&text));
        buf_put_u8(out, '"');
    } else {
        buf_put_str(out, "{\"hex\": \"");
        buf_put_hex(out, form == FORM_BAD ? v->data : t.raw);
        buf_put_str(out, "\"}");
    }
    buf_free(&text);
    buf_free(&scratch);
}
