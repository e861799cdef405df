/* From cells in the binlog's encoding to bound values, one small function a kind. */
#include "common/target/sql_value.h"

#include "common/model/column_type.h"
#include "common/model/compressed.h"

#define UUID_BYTES 16
#define INET6_BYTES 16
#define INET4_BYTES 4

/* ---- kinds ---- */

static enum sql_kind kind_of_text(const struct target_column *tc)
{
    return tc->charset && strcmp(tc->charset, "utf8mb4") == 0 ? SQL_TEXT : SQL_BYTES;
}

enum sql_kind sql_kind_of(const struct column *c, const struct target_column *tc)
{
    if (tc->form == READ_UUID)
        return SQL_TEXT;
    if (c->type == COLUMN_YEAR)
        return SQL_UNSIGNED;
    switch (column_info(c)->kind) {
    case KIND_INTEGER:
        return c->is_unsigned ? SQL_UNSIGNED : SQL_INTEGER;
    case KIND_FLOAT:
        return c->type == COLUMN_FLOAT ? SQL_FLOAT : SQL_DOUBLE;
    case KIND_DECIMAL:
        return SQL_DECIMAL;
    case KIND_BIT:
        return SQL_UNSIGNED;
    case KIND_MEMBER: /* the servers compare a SET of 64 members as a signed number */
        return SQL_INTEGER;
    case KIND_TEMPORAL:
    case KIND_JSON:
        return SQL_TEXT;
    case KIND_STRING:
        return kind_of_text(tc);
    case KIND_BYTES:
    case KIND_OTHER:
        break;
    }
    return SQL_BYTES;
}

/* ---- values ---- */

static bool number_of(struct sql_value *out, const struct column *c, const struct cell *v)
{
    struct bytes r = bytes_of(v->data);
    size_t n = v->data.n;
    if (n == 0 || n > sizeof out->integer)
        return false;
    if (c->type == COLUMN_BIT) {
        out->integer = bytes_be(&r, n);
        return true;
    }
    uint64_t number = bytes_le(&r, n);
    bool negative = column_info(c)->kind == KIND_INTEGER && !c->is_unsigned && number >> (8 * n - 1);
    if (negative && n < sizeof number)
        number |= UINT64_MAX << 8 * n;
    if (c->type == COLUMN_YEAR)
        number = number ? 1900 + (number & 0xff) : 0;
    out->integer = number;
    return true;
}

static bool float_of(struct sql_value *out, const struct column *c, const struct cell *v)
{
    if (c->type == COLUMN_FLOAT && v->data.n == sizeof out->single)
        memcpy(&out->single, v->data.p, sizeof out->single);
    else if (c->type == COLUMN_DOUBLE && v->data.n == sizeof out->twice)
        memcpy(&out->twice, v->data.p, sizeof out->twice);
    else
        return false;
    return true;
}

static bool text_of(struct sql_value *out, const struct column *c, const struct cell *v, struct buf *scratch,
                    struct arena *a)
{
    buf_clear(scratch);
    bool good = cell_put_text(c, v, scratch);
    out->bytes = arena_copy(a, buf_span(scratch));
    return good;
}

/* Fixed bytes lose their trailing zeros in a binlog. */
static struct span padded(struct span v, size_t full, struct arena *a)
{
    if (v.n >= full)
        return v;
    uint8_t *bytes = arena_zalloc(a, full);
    if (v.n)
        memcpy(bytes, v.p, v.n);
    return span_of(bytes, full);
}

static void uuid_text(struct sql_value *out, struct span payload, struct buf *scratch, struct arena *a)
{
    struct span bytes = padded(payload, UUID_BYTES, a);
    buf_clear(scratch);
    for (size_t i = 0; i < UUID_BYTES; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            buf_put_u8(scratch, '-');
        buf_put_hex(scratch, span_of(bytes.p + i, 1));
    }
    out->bytes = arena_copy(a, buf_span(scratch));
}

static bool unpacked(struct sql_value *out, struct span payload, struct buf *scratch, struct arena *a)
{
    buf_clear(scratch);
    bool good = compressed_unpack(payload, scratch);
    out->bytes = arena_copy(a, buf_span(scratch));
    return good;
}

static bool bytes_value(struct sql_value *out, const struct column *c, const struct target_column *tc,
                        const struct cell *v, struct buf *scratch, struct arena *a)
{
    struct span payload = cell_payload(c, v);
    bool good = true;
    if (c->type == COLUMN_BLOB_COMPRESSED || c->type == COLUMN_VARCHAR_COMPRESSED)
        good = unpacked(out, payload, scratch, a);
    else if (tc->form == READ_UUID)
        uuid_text(out, payload, scratch, a);
    else if (tc->form == READ_INET6 || tc->form == READ_INET4)
        out->bytes = padded(payload, tc->form == READ_INET6 ? INET6_BYTES : INET4_BYTES, a);
    else if (c->type == COLUMN_STRING && !tc->charset)
        out->bytes = padded(payload, c->meta, a);
    else
        out->bytes = payload;
    return good;
}

static bool value_of(struct sql_value *out, const struct column *c, const struct target_column *tc,
                     const struct cell *v, struct buf *scratch, struct arena *a)
{
    switch (sql_kind_of(c, tc)) {
    case SQL_INTEGER:
    case SQL_UNSIGNED:
        return number_of(out, c, v);
    case SQL_FLOAT:
    case SQL_DOUBLE:
        return float_of(out, c, v);
    case SQL_DECIMAL:
        return text_of(out, c, v, scratch, a);
    case SQL_TEXT:
        if (column_info(c)->kind == KIND_TEMPORAL || column_info(c)->kind == KIND_JSON)
            return text_of(out, c, v, scratch, a);
        break;
    case SQL_BYTES:
        break;
    }
    return bytes_value(out, c, tc, v, scratch, a);
}

bool sql_value_of(struct sql_value *out, const struct column *c, const struct target_column *tc, const struct cell *v,
                  struct buf *scratch, struct arena *a)
{
    *out = (struct sql_value){0};
    bool good = value_of(out, c, tc, v, scratch, a);
    if (!out->bytes.p) /* libmariadb takes a missing buffer for NULL */
        out->bytes = span_str("");
    return good;
}
