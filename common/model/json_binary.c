/* Walking over MySQL's binary JSON, one small function per kind of value. */
#include "common/model/json_binary.h"

#include "common/base/bytes.h"
#include "common/base/utf8.h"
#include "common/model/decimal.h"
#include "common/model/json_type.h"
#include "common/model/number_text.h"
#include "common/model/table.h"
#include "common/model/temporal.h"

#define BASE64_LINE 57 /* bytes that a line of 76 characters holds */
#define OPAQUE_FSP 6   /* times inside JSON always show microseconds */

struct walk {
    struct buf *out;
    uint64_t budget; /* bytes of the document not yet paid for: values that overlap would be an unbounded document */
    unsigned depth;
};

typedef bool put_value(struct walk *w, uint8_t type, struct span s);

static bool put_any(struct walk *w, uint8_t type, struct span s);

static bool pay(struct walk *w, size_t n)
{
    if (n > w->budget)
        return false;
    w->budget -= n;
    return true;
}

static bool put_literal(struct walk *w, uint8_t type, struct span s)
{
    static const char *const names[] = {"null", "true", "false"};
    (void)type;
    if (s.n < 1 || s.p[0] > 2)
        return false;
    buf_put_str(w->out, names[s.p[0]]);
    return true;
}

static bool put_integer(struct walk *w, uint8_t type, struct span s)
{
    static const struct {
        uint8_t size;
        bool is_signed;
    } forms[JSON_TYPES] = {
        [JSON_INT16] = {2, true },
          [JSON_UINT16] = {2, false},
          [JSON_INT32] = {4, true },
        [JSON_UINT32] = {4, false},
          [JSON_INT64] = {8, true },
          [JSON_UINT64] = {8, false},
    };
    struct bytes r = bytes_of(s);
    unsigned unused = 64 - 8u * forms[type].size;
    uint64_t v = bytes_le(&r, forms[type].size) << unused;
    if (r.bad)
        return false;
    if (forms[type].is_signed)
        buf_printf(w->out, "%lld", (long long)((int64_t)v >> unused));
    else
        buf_printf(w->out, "%llu", (unsigned long long)(v >> unused));
    return true;
}

/* With a point or an exponent, so that it stays a double. */
static bool put_double(struct walk *w, uint8_t type, struct span s)
{
    double v;
    size_t start = w->out->len;
    (void)type;
    if (s.n < sizeof v)
        return false;
    memcpy(&v, s.p, sizeof v);
    if (!number_put_double(v, w->out))
        return false;
    for (size_t i = start; i < w->out->len; i++) {
        if (w->out->data[i] == '.' || w->out->data[i] == 'e')
            return true;
    }
    buf_put_str(w->out, ".0");
    return true;
}

/* A length of seven bits a byte, low ones first, at most 32 bits; then that many bytes. */
static bool read_sized(struct span *out, struct bytes *r)
{
    uint64_t n = bytes_varint(r);
    if (n > UINT32_MAX)
        bytes_fail(r);
    *out = bytes_take(r, (size_t)n);
    return !r->bad;
}

static bool put_quoted(struct walk *w, struct span s)
{
    if (!pay(w, s.n) || !utf8_valid(s))
        return false;
    buf_put_u8(w->out, '"');
    utf8_put_json(w->out, s);
    buf_put_u8(w->out, '"');
    return true;
}

static bool put_string(struct walk *w, uint8_t type, struct span s)
{
    struct bytes r = bytes_of(s);
    struct span text;
    (void)type;
    return read_sized(&text, &r) && put_quoted(w, text);
}

/* As the inside of a JSON string; the server breaks its lines. */
static void put_base64(struct buf *out, struct span s)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < s.n; i += 3) {
        size_t n = s.n - i < 3 ? s.n - i : 3;
        if (i > 0 && i % BASE64_LINE == 0)
            buf_put_str(out, "\\n");
        uint32_t v = (uint32_t)s.p[i] << 16 | (n > 1 ? (uint32_t)s.p[i + 1] << 8 : 0) | (n > 2 ? s.p[i + 2] : 0);
        for (size_t k = 0; k < 4; k++)
            buf_put_u8(out, k <= n ? (uint8_t)digits[v >> (18 - 6 * k) & 63] : '=');
    }
}

static bool put_opaque_time(struct walk *w, uint8_t column, struct span s)
{
    struct bytes r = bytes_of(s);
    struct temporal t;
    int64_t packed = (int64_t)bytes_u64(&r);
    if (r.bad || bytes_left(&r) > 0)
        return false;
    if (!(column == COLUMN_TIME ? temporal_from_packed_time(&t, packed) : temporal_from_packed_datetime(&t, packed)))
        return false;
    buf_put_u8(w->out, '"');
    if (column == COLUMN_TIME)
        temporal_put_time(&t, OPAQUE_FSP, w->out);
    else if (column == COLUMN_DATE)
        temporal_put_date(&t, w->out);
    else
        temporal_put_datetime(&t, OPAQUE_FSP, w->out);
    buf_put_u8(w->out, '"');
    return true;
}

/* A value of some column type: the type, then its bytes. */
static bool put_opaque(struct walk *w, uint8_t type, struct span s)
{
    struct bytes r = bytes_of(s);
    struct span data;
    (void)type;
    uint8_t column = bytes_u8(&r);
    if (!read_sized(&data, &r) || !pay(w, data.n))
        return false;
    if (column == COLUMN_NEWDECIMAL)
        return data.n >= 2 && decimal_put_text(span_of(data.p + 2, data.n - 2), data.p[0], data.p[1], w->out);
    if (column == COLUMN_TIME || column == COLUMN_DATE || column == COLUMN_DATETIME || column == COLUMN_TIMESTAMP)
        return put_opaque_time(w, column, data);
    buf_printf(w->out, "\"base64:type%u:", column);
    put_base64(w->out, data);
    buf_put_u8(w->out, '"');
    return true;
}

/* Entry of a value: its type, then itself or its offset from the beginning of the container. */
static bool put_entry(struct walk *w, struct bytes *entries, struct span container, bool large)
{
    size_t width = large ? 4 : 2;
    uint8_t type = bytes_u8(entries);
    struct span field = bytes_take(entries, width);
    if (entries->bad)
        return false;
    if (json_is_inline(type, large))
        return put_any(w, type, field);
    struct bytes r = bytes_of(field);
    uint64_t offset = bytes_le(&r, width);
    if (offset >= container.n)
        return false;
    return put_any(w, type, span_of(container.p + offset, container.n - (size_t)offset));
}

/* Entry of a key: its offset and its length. */
static bool put_key(struct walk *w, struct bytes *entries, struct span container, bool large)
{
    uint64_t offset = bytes_le(entries, large ? 4 : 2);
    uint64_t n = bytes_le(entries, 2);
    if (entries->bad || offset > container.n || n > container.n - offset)
        return false;
    if (!put_quoted(w, span_of(container.p + offset, (size_t)n)))
        return false;
    buf_put_str(w->out, ": ");
    return true;
}

/* Number of elements, size in bytes, entries of the keys (objects), entries of the values, then what they point to. */
static bool put_container(struct walk *w, uint8_t type, struct span s)
{
    bool large = type == JSON_LARGE_OBJECT || type == JSON_LARGE_ARRAY;
    bool object = type == JSON_SMALL_OBJECT || type == JSON_LARGE_OBJECT;
    size_t width = large ? 4 : 2;
    struct bytes head = bytes_of(s);
    uint64_t count = bytes_le(&head, width);
    uint64_t size = bytes_le(&head, width);
    if (head.bad || size > s.n || size < 2 * width || w->depth == JSON_MAX_DEPTH)
        return false;
    s.n = (size_t)size;
    struct bytes keys = bytes_of(span_of(s.p + 2 * width, s.n - 2 * width));
    struct bytes values = keys;
    bytes_skip(&values, object ? (size_t)count * (width + 2) : 0);
    if (values.bad || !pay(w, 2 * width) || !pay(w, (size_t)count * (width + 1)))
        return false;
    w->depth++;
    buf_put_u8(w->out, object ? '{' : '[');
    for (uint64_t i = 0; i < count; i++) {
        if (i > 0)
            buf_put_str(w->out, ", ");
        if ((object && !put_key(w, &keys, s, large)) || !put_entry(w, &values, s, large))
            return false;
    }
    buf_put_u8(w->out, object ? '}' : ']');
    w->depth--;
    return true;
}

static bool put_any(struct walk *w, uint8_t type, struct span s)
{
    static put_value *const kinds[JSON_TYPES] = {
        [JSON_SMALL_OBJECT] = put_container, [JSON_LARGE_OBJECT] = put_container, [JSON_SMALL_ARRAY] = put_container,
        [JSON_LARGE_ARRAY] = put_container,  [JSON_LITERAL] = put_literal,        [JSON_INT16] = put_integer,
        [JSON_UINT16] = put_integer,         [JSON_INT32] = put_integer,          [JSON_UINT32] = put_integer,
        [JSON_INT64] = put_integer,          [JSON_UINT64] = put_integer,         [JSON_DOUBLE] = put_double,
        [JSON_STRING] = put_string,          [JSON_OPAQUE] = put_opaque};
    return type < JSON_TYPES && kinds[type] && kinds[type](w, type, s);
}

bool json_binary_put_text(struct span doc, struct buf *out)
{
    size_t start = out->len;
    if (doc.n == 0) {
        buf_put_str(out, "null");
        return true;
    }
    struct walk w = {.out = out, .budget = doc.n};
    bool good = put_any(&w, doc.p[0], span_of(doc.p + 1, doc.n - 1));
    if (!good)
        out->len = start;
    return good;
}
