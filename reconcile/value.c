/* Values by class: a table says for each column type which class it is of, a few switches say what that means. */
#include "reconcile/value.h"

#include <stdlib.h>

#include "common/base/utf8.h"
#include "common/model/cell.h"
#include "common/model/json_text.h"
#include "common/target/cell_encode.h"

enum value_class {
    VALUE_INTEGER,
    VALUE_DECIMAL,
    VALUE_TEXTUAL, /* dates, times, UUID, INET: text of digits and marks, never a comma; quoted as a literal */
    VALUE_MEMBER,  /* ENUM, SET, BIT: by number */
    VALUE_FLOAT,
    VALUE_STRING, /* with a character set, or bytes */
    VALUE_LONG,   /* the same, of any length */
    VALUE_GEOMETRY,
};

static const uint8_t classes[256] = {
    [COLUMN_TINY] = VALUE_INTEGER,
    [COLUMN_SHORT] = VALUE_INTEGER,
    [COLUMN_INT24] = VALUE_INTEGER,
    [COLUMN_LONG] = VALUE_INTEGER,
    [COLUMN_LONGLONG] = VALUE_INTEGER,
    [COLUMN_YEAR] = VALUE_INTEGER,
    [COLUMN_NEWDECIMAL] = VALUE_DECIMAL,
    [COLUMN_DECIMAL] = VALUE_DECIMAL,
    [COLUMN_FLOAT] = VALUE_FLOAT,
    [COLUMN_DOUBLE] = VALUE_FLOAT,
    [COLUMN_BIT] = VALUE_MEMBER,
    [COLUMN_ENUM] = VALUE_MEMBER,
    [COLUMN_SET] = VALUE_MEMBER,
    [COLUMN_DATE] = VALUE_TEXTUAL,
    [COLUMN_NEWDATE] = VALUE_TEXTUAL,
    [COLUMN_TIME] = VALUE_TEXTUAL,
    [COLUMN_TIME2] = VALUE_TEXTUAL,
    [COLUMN_DATETIME] = VALUE_TEXTUAL,
    [COLUMN_DATETIME2] = VALUE_TEXTUAL,
    [COLUMN_TIMESTAMP] = VALUE_TEXTUAL,
    [COLUMN_TIMESTAMP2] = VALUE_TEXTUAL,
    [COLUMN_STRING] = VALUE_STRING,
    [COLUMN_VARCHAR] = VALUE_STRING,
    [COLUMN_VAR_STRING] = VALUE_STRING,
    [COLUMN_VARCHAR_COMPRESSED] = VALUE_STRING,
    [COLUMN_TINY_BLOB] = VALUE_LONG,
    [COLUMN_BLOB] = VALUE_LONG,
    [COLUMN_MEDIUM_BLOB] = VALUE_LONG,
    [COLUMN_LONG_BLOB] = VALUE_LONG,
    [COLUMN_BLOB_COMPRESSED] = VALUE_LONG,
    [COLUMN_JSON] = VALUE_LONG,
    [COLUMN_VECTOR] = VALUE_LONG,
    [COLUMN_GEOMETRY] = VALUE_GEOMETRY,
};

static enum value_class class_of(const struct column *c, const struct target_column *tc)
{
    if (tc->form == READ_UUID || tc->form == READ_INET4 || tc->form == READ_INET6)
        return VALUE_TEXTUAL;
    return (enum value_class)classes[c->type];
}

bool value_can_be_key(const struct column *c, const struct target_column *tc)
{
    enum value_class class = class_of(c, tc);
    return class != VALUE_FLOAT && class != VALUE_GEOMETRY;
}

static void put_around(struct buf *out, const char *before, const struct column *c, const char *after)
{
    buf_put_str(out, before);
    db_put_name(out, c->name);
    buf_put_str(out, after);
}

void value_put_read(struct buf *out, const struct column *c, const struct target_column *tc)
{
    switch (class_of(c, tc)) {
    case VALUE_MEMBER:
        put_around(out, "CAST(", c, " AS UNSIGNED)");
        break;
    case VALUE_FLOAT:
        put_around(out, "ST_AsWKB(POINT(", c, ", 0))");
        break;
    default:
        if (tc->form == READ_VECTOR)
            put_around(out, "CAST(", c, " AS BINARY)");
        else
            db_put_name(out, c->name);
    }
}

/* Digits and marks end at the comma; a WKB point has 21 bytes; strings bring their length. None of them is "N". */
void value_put_token(struct buf *out, const struct column *c, const struct target_column *tc)
{
    buf_put_str(out, c->nullable ? "IFNULL(" : "");
    switch (class_of(c, tc)) {
    case VALUE_STRING:
        put_around(out, "CONCAT(LENGTH(", c, "), ':', ");
        put_around(out, tc->charset ? "CAST(" : "", c, tc->charset ? " AS BINARY))" : ")");
        break;
    case VALUE_LONG:
    case VALUE_GEOMETRY: /* as stored: ST_AsWKB would turn axes about on MySQL */
        buf_put_str(out, "SHA2(");
        value_put_read(out, c, tc);
        buf_put_str(out, ", 256)");
        break;
    default:
        value_put_read(out, c, tc);
    }
    buf_put_str(out, c->nullable ? ", 'N')" : "");
}

void value_put_literal(struct buf *out, const struct column *c, const struct target_column *tc, struct span v)
{
    switch (class_of(c, tc)) {
    case VALUE_INTEGER:
    case VALUE_DECIMAL:
    case VALUE_MEMBER:
        buf_put_span(out, v);
        break;
    case VALUE_TEXTUAL:
        buf_put_str(out, "'");
        buf_put_span(out, v);
        buf_put_str(out, "'");
        break;
    default:
        if (tc->charset)
            buf_printf(out, "_%s ", tc->charset);
        buf_put_str(out, "X'");
        buf_put_hex(out, v);
        buf_put_str(out, "'");
    }
}

/* Byte order, type, x, y: the bits of x. */
static void encode_float(struct buf *cell, const struct column *c, struct span wkb)
{
    double d = 0;
    if (wkb.n >= 13)
        memcpy(&d, wkb.p + 5, sizeof d);
    float f = (float)d;
    if (c->type == COLUMN_FLOAT)
        buf_put(cell, &f, sizeof f);
    else
        buf_put(cell, &d, sizeof d);
}

static uint64_t number_of(struct span text)
{
    char digits[32];
    size_t n = text.n < sizeof digits - 1 ? text.n : sizeof digits - 1;
    memcpy(digits, text.p, n);
    digits[n] = '\0';
    return digits[0] == '-' ? (uint64_t)strtoll(digits, NULL, 10) : strtoull(digits, NULL, 10);
}

static void encode_number(struct buf *cell, const struct column *c, uint64_t number)
{
    if (c->type == COLUMN_BIT)
        buf_put_be(cell, number, (c->meta + 7u) / 8);
    else
        cell_encode_integer(cell, c, number);
}

/* MySQL's JSON comes as text. */
static void encode_bytes(struct buf *cell, const struct column *c, struct span v)
{
    struct buf doc = {0};
    bool is_doc = c->type == COLUMN_JSON && json_text_to_binary(v, &doc, NULL);
    cell_encode_bytes(cell, c, is_doc ? buf_span(&doc) : v);
    buf_free(&doc);
}

static void put_text_json(struct buf *out, struct span v)
{
    buf_put_str(out, "\"");
    utf8_put_json(out, v);
    buf_put_str(out, "\"");
}

void value_put_json(struct buf *out, const struct column *c, const struct target_column *tc, struct span v)
{
    struct buf bytes = {0};
    if (!v.p) {
        buf_put_str(out, "null");
        return;
    }
    switch (class_of(c, tc)) {
    case VALUE_TEXTUAL:
        put_text_json(out, v);
        return;
    case VALUE_INTEGER:
    case VALUE_MEMBER:
        encode_number(&bytes, c, number_of(v));
        break;
    case VALUE_FLOAT:
        encode_float(&bytes, c, v);
        break;
    case VALUE_DECIMAL:
        if (!cell_encode_decimal(&bytes, c, v))
            buf_clear(&bytes);
        break;
    default:
        encode_bytes(&bytes, c, v);
    }
    const struct cell cell = {.data = buf_span(&bytes)};
    cell_put_json(c, &cell, out);
    buf_free(&bytes);
}
