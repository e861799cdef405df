/* Values by class: a table says for each column type which class it is of, a few switches say what that means. */
#include "reconcile/value.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/utf8.h"
#include "common/model/cell.h"
#include "common/model/json_text.h"
#include "common/target/cell_encode.h"

#define UTF8MB4_BIN 46

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

enum value_class value_class_of(const struct column *c, const struct target_column *tc)
{
    if (tc->form == READ_UUID || tc->form == READ_INET4 || tc->form == READ_INET6)
        return VALUE_TEXTUAL;
    return (enum value_class)classes[c->type];
}

bool value_can_be_key(const struct value *v)
{
    bool spelled = v->class == VALUE_FIXED && v->tc->charset; /* a text of it may be written in many ways */
    bool found = v->class != VALUE_FLOAT && v->class != VALUE_GEOMETRY && v->class != VALUE_DOCUMENT;
    return found && !v->members && !v->trim && !spelled;
}

bool value_same_order(const struct value pair[2])
{
    const char *x = pair[0].tc->collation, *y = pair[1].tc->collation;
    bool text = pair[0].class == VALUE_STRING || pair[0].class == VALUE_LONG;
    bool renumbered = pair[0].members || pair[1].members;
    if (pair[0].class == VALUE_FIXED || renumbered)
        return false;
    return !text || strcmp(x ? x : "", y ? y : "") == 0;
}

/* ---- reading ---- */

static void put_around(struct buf *out, const char *before, const struct value *v, const char *after)
{
    buf_put_str(out, before);
    db_put_name(out, v->c->name);
    buf_put_str(out, after);
}

static void put_number(struct buf *out, const struct value *v)
{
    put_around(out, v->tc->padded ? "(" : "", v, v->tc->padded ? " + 0)" : "");
}

/* ENUM: by its place in a list, 0 (no member) included. SET: each bit to its place. NULL stays NULL. */
static void put_members(struct buf *out, const struct value *v)
{
    uint16_t n = v->c->member_count;
    if (v->c->type == COLUMN_ENUM)
        put_around(out, "ELT(CAST(", v, " AS UNSIGNED) + 1, 0");
    else
        put_around(out, "(CAST(", v, " AS UNSIGNED) & 0");
    for (uint16_t i = 0; i < n && v->c->type == COLUMN_ENUM; i++)
        buf_printf(out, ", %u", v->members[i] + 1u);
    for (uint16_t i = 0; i < n && v->c->type == COLUMN_SET; i++) {
        put_around(out, " | IF(CAST(", v, " AS UNSIGNED)");
        buf_printf(out, " & %" PRIu64 ", %" PRIu64 ", 0)", (uint64_t)1 << i, (uint64_t)1 << v->members[i]);
    }
    buf_put_str(out, ")");
}

/* The digits of the bytes. A text that is none of the type stays apart from every value of it, and from NULL. */
static void put_fixed(struct buf *out, const struct value *v)
{
    if (v->tc->form != READ_PLAIN) {
        put_around(out, "LOWER(HEX(CAST(", v, " AS BINARY");
        buf_printf(out, "(%u))))", v->c->meta);
    } else if (!v->tc->charset) {
        put_around(out, "LOWER(HEX(", v, "))");
    } else if (v->fixed == READ_UUID) {
        put_around(out, "LOWER(REPLACE(CONVERT(", v, " USING utf8mb4), '-', ''))");
    } else {
        put_around(out, "IFNULL(LOWER(HEX(INET6_ATON(CONVERT(", v, " USING utf8mb4)))), ");
        put_around(out, "CONCAT('?', HEX(", v, ")))");
    }
}

static void put_string(struct buf *out, const struct value *v)
{
    if (v->recode)
        put_around(out, "CONVERT(", v, " USING utf8mb4)");
    else if (v->trim)
        put_around(out, "TRIM(TRAILING X'00' FROM ", v, ")");
    else if (v->tc->form == READ_VECTOR)
        put_around(out, "CAST(", v, " AS BINARY)");
    else
        db_put_name(out, v->c->name);
}

void value_put_read(struct buf *out, const struct value *v)
{
    switch (v->class) {
    case VALUE_INTEGER:
        put_number(out, v);
        break;
    case VALUE_DECIMAL:
        buf_put_str(out, v->decimal ? "CAST(" : "");
        put_number(out, v);
        if (v->decimal)
            buf_printf(out, " AS DECIMAL(%u,%u))", v->decimal >> 8, v->decimal & 0xffu);
        break;
    case VALUE_TEXTUAL:
        put_around(out, v->suffix ? "CONCAT(" : "", v, "");
        if (v->suffix)
            buf_printf(out, ", '%s')", v->suffix);
        break;
    case VALUE_MEMBER:
        if (v->members)
            put_members(out, v);
        else
            put_around(out, "CAST(", v, " AS UNSIGNED)");
        break;
    case VALUE_FLOAT: /* + 0e0 takes the sign off 0 */
        put_around(out, "ST_AsWKB(POINT(", v, " + 0e0, 0))");
        break;
    case VALUE_FIXED:
        put_fixed(out, v);
        break;
    case VALUE_DOCUMENT:
        put_around(out, v->tc->charset ? "CONVERT(" : "", v, v->tc->charset ? " USING utf8mb4)" : "");
        break;
    case VALUE_STRING:
    case VALUE_LONG:
        put_string(out, v);
        break;
    case VALUE_GEOMETRY:
        db_put_name(out, v->c->name);
        break;
    }
}

/* As stored: ST_AsWKB would turn the axes of geometries about on MySQL. */
static void put_digest(struct buf *out, const struct value *v, enum value_digest digest)
{
    buf_put_str(out, digest == VALUE_CRC ? "(CRC32(" : "SHA2(");
    value_put_read(out, v);
    if (digest == VALUE_CRC) {
        buf_put_str(out, ") << 32 | CRC32C(");
        value_put_read(out, v);
    }
    buf_put_str(out, digest == VALUE_CRC ? "))" : ", 256)");
}

/* Digits and marks end at the comma; a WKB point has 21 bytes; strings bring their length. None of them is "N". */
void value_put_token(struct buf *out, const struct value *v, enum value_digest digest)
{
    buf_put_str(out, v->c->nullable ? "IFNULL(" : "");
    switch (v->class) {
    case VALUE_STRING:
        buf_put_str(out, "CONCAT(LENGTH(");
        put_string(out, v);
        buf_put_str(out, v->tc->charset ? "), ':', CAST(" : "), ':', ");
        put_string(out, v);
        buf_put_str(out, v->tc->charset ? " AS BINARY))" : ")");
        break;
    case VALUE_LONG:
    case VALUE_GEOMETRY:
        put_digest(out, v, digest);
        break;
    default:
        value_put_read(out, v);
    }
    buf_put_str(out, v->c->nullable ? ", 'N')" : "");
}

void value_put_length(struct buf *out, const struct value *v)
{
    buf_put_str(out, v->c->nullable ? "IFNULL(LENGTH(" : "LENGTH(");
    put_string(out, v);
    if (v->c->nullable)
        buf_printf(out, "), %d)", VALUE_NO_LENGTH);
    else
        buf_put_str(out, ")");
}

/* ---- literals ---- */

/* `text` is hexadecimal digits. */
static void put_fixed_literal(struct buf *out, const struct value *v, struct span text)
{
    if (v->tc->form == READ_PLAIN) {
        buf_printf(out, "X'%.*s'", SPAN_ARG(text));
    } else if (v->tc->form != READ_UUID) {
        buf_printf(out, "INET6_NTOA(X'%.*s')", SPAN_ARG(text));
    } else {
        buf_put_str(out, "'");
        for (size_t i = 0; i < text.n; i++) {
            buf_put_str(out, i == 8 || i == 12 || i == 16 || i == 20 ? "-" : "");
            buf_put_u8(out, text.p[i]);
        }
        buf_put_str(out, "'");
    }
}

void value_put_literal(struct buf *out, const struct value *v, struct span text)
{
    bool other = v->recode && strcmp(v->tc->charset, "utf8mb4") != 0;
    switch (v->class) {
    case VALUE_INTEGER:
    case VALUE_DECIMAL:
    case VALUE_MEMBER:
        buf_put_span(out, text);
        break;
    case VALUE_TEXTUAL:
        buf_put_str(out, "'");
        buf_put_span(out, text);
        buf_put_str(out, "'");
        break;
    case VALUE_FIXED:
        put_fixed_literal(out, v, text);
        break;
    default:
        buf_put_str(out, other ? "CONVERT(" : "");
        if (v->tc->charset)
            buf_printf(out, "_%s ", v->recode ? "utf8mb4" : v->tc->charset);
        buf_put_str(out, "X'");
        buf_put_hex(out, text);
        buf_put_str(out, "'");
        if (other)
            buf_printf(out, " USING %s) COLLATE %s", v->tc->charset, v->tc->collation);
    }
}

/* ---- showing ---- */

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

static void put_cell(struct buf *out, const struct column *c, const struct buf *bytes)
{
    const struct cell cell = {.data = buf_span(bytes)};
    cell_put_json(c, &cell, out);
}

/* Of any width: the other side's column may be a wider one. */
static void put_integer_json(struct buf *out, const struct value *v, struct span text)
{
    const struct column wide = {.type = COLUMN_LONGLONG, .is_unsigned = text.n > 0 && text.p[0] != '-'};
    struct buf cell = {0};
    cell_encode_integer(&cell, v->c->type == COLUMN_YEAR ? v->c : &wide, number_of(text));
    put_cell(out, v->c->type == COLUMN_YEAR ? v->c : &wide, &cell);
    buf_free(&cell);
}

static void put_decimal_json(struct buf *out, const struct value *v, struct span text)
{
    const struct column c = {.type = COLUMN_NEWDECIMAL, .meta = v->decimal ? v->decimal : v->c->meta};
    struct buf cell = {0};
    if (!cell_encode_decimal(&cell, &c, text))
        buf_clear(&cell);
    put_cell(out, &c, &cell);
    buf_free(&cell);
}

static void put_member_json(struct buf *out, const struct value *v, struct span text)
{
    struct buf cell = {0};
    if (v->shown->type == COLUMN_BIT)
        buf_put_be(&cell, number_of(text), (v->shown->meta + 7u) / 8);
    else
        cell_encode_integer(&cell, v->shown, number_of(text));
    put_cell(out, v->shown, &cell);
    buf_free(&cell);
}

/* As long as it is. MySQL's JSON comes as text. */
static void put_bytes_json(struct buf *out, const struct value *v, struct span text)
{
    struct column c = *v->shown;
    struct buf cell = {0}, doc = {0};
    if (c.type == COLUMN_JSON) {
        cell_encode_bytes(&cell, &c, json_printed_to_binary(text, &doc, NULL) ? buf_span(&doc) : text);
    } else if (c.type != COLUMN_GEOMETRY && c.type != COLUMN_VECTOR) {
        c.type = COLUMN_BLOB;
        c.meta = 4;
        c.collation = v->recode ? UTF8MB4_BIN : c.collation;
        cell_encode_bytes(&cell, &c, text);
    } else {
        cell_encode_bytes(&cell, &c, text);
    }
    put_cell(out, &c, &cell);
    buf_free(&cell);
    buf_free(&doc);
}

static void put_text_json(struct buf *out, struct span text)
{
    buf_put_str(out, "\"");
    utf8_put_json(out, text);
    buf_put_str(out, "\"");
}

void value_put_json(struct buf *out, const struct value *v, struct span text)
{
    struct buf cell = {0};
    if (!text.p) {
        buf_put_str(out, "null");
        return;
    }
    switch (v->class) {
    case VALUE_TEXTUAL:
    case VALUE_FIXED:
    case VALUE_DOCUMENT:
        put_text_json(out, text);
        break;
    case VALUE_INTEGER:
        put_integer_json(out, v, text);
        break;
    case VALUE_MEMBER:
        put_member_json(out, v, text);
        break;
    case VALUE_FLOAT:
        encode_float(&cell, v->shown, text);
        put_cell(out, v->shown, &cell);
        break;
    case VALUE_DECIMAL:
        put_decimal_json(out, v, text);
        break;
    case VALUE_STRING:
    case VALUE_LONG:
    case VALUE_GEOMETRY:
        put_bytes_json(out, v, text);
        break;
    }
    buf_free(&cell);
}
