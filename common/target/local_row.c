/* Cells as SQL: literals that equal them, and conditions that find their rows. */
#include "common/target/local_row.h"

#include <stdio.h>
#include <string.h>

#include "common/model/json_binary.h"

static void put_hex_literal(struct buf *out, const char *charset, struct span bytes)
{
    if (charset)
        buf_printf(out, "_%s ", charset);
    buf_put_str(out, "X'");
    buf_put_hex(out, bytes);
    buf_put_u8(out, '\'');
}

/* Fixed bytes lose trailing zeros in a binlog. */
static void put_padded(struct buf *out, struct span bytes, size_t full)
{
    static const uint8_t zeros[16];
    buf_put_str(out, "X'");
    buf_put_hex(out, bytes);
    buf_put_hex(out, span_of(zeros, full - (bytes.n < full ? bytes.n : full)));
    buf_put_u8(out, '\'');
}

static void put_uuid(struct buf *out, struct span bytes)
{
    static const uint8_t dashes[] = {4, 6, 8, 10};
    uint8_t full[16] = {0};
    memcpy(full, bytes.p, bytes.n < sizeof full ? bytes.n : sizeof full);
    buf_put_u8(out, '\'');
    for (size_t i = 0, d = 0; i < sizeof full; i++) {
        if (d < sizeof dashes && dashes[d] == i) {
            buf_put_u8(out, '-');
            d++;
        }
        buf_put_hex(out, span_of(&full[i], 1));
    }
    buf_put_u8(out, '\'');
}

/* All 17 digits, so that the number read back has the same bits. */
static void put_float(struct buf *out, const struct column *c, const struct cell *v)
{
    double d = 0;
    if (c->type == COLUMN_FLOAT) {
        float f = 0;
        memcpy(&f, v->data.p, v->data.n < sizeof f ? v->data.n : sizeof f);
        d = (double)f;
    } else {
        memcpy(&d, v->data.p, v->data.n < sizeof d ? v->data.n : sizeof d);
    }
    buf_printf(out, "%.17e", d);
}

/* Signed: the server compares a SET of 64 members as a signed number. */
static void put_member_number(struct buf *out, const struct cell *v)
{
    struct bytes r = bytes_of(v->data);
    buf_printf(out, "%lld", (long long)bytes_le(&r, v->data.n > 8 ? 8 : v->data.n));
}

static void put_bit_number(struct buf *out, const struct cell *v)
{
    struct bytes r = bytes_of(v->data);
    buf_printf(out, "%llu", (unsigned long long)bytes_be(&r, v->data.n > 8 ? 8 : v->data.n));
}

/* Only by its own type does the server compare documents by what they say. */
static void put_document(struct buf *out, struct span doc)
{
    struct buf text = {0};
    (void)json_binary_put_text(doc, &text); /* nothing, which no document equals, when it is malformed */
    buf_put_str(out, "CAST(");
    put_hex_literal(out, "utf8mb4", buf_span(&text));
    buf_put_str(out, " AS JSON)");
    buf_free(&text);
}

static bool is_number(uint8_t type)
{
    return type == COLUMN_TINY || type == COLUMN_SHORT || type == COLUMN_INT24 || type == COLUMN_LONG ||
           type == COLUMN_LONGLONG || type == COLUMN_NEWDECIMAL;
}

static bool is_bytes(uint8_t type)
{
    return type == COLUMN_STRING || type == COLUMN_VARCHAR || type == COLUMN_VAR_STRING || type == COLUMN_BLOB ||
           type == COLUMN_GEOMETRY || type == COLUMN_JSON || type == COLUMN_VECTOR || type == COLUMN_BLOB_COMPRESSED ||
           type == COLUMN_VARCHAR_COMPRESSED;
}

void local_put_literal(struct buf *out, const struct column *c, const struct target_column *tc, const struct cell *v)
{
    if (v->null) {
        buf_put_str(out, "NULL");
    } else if (tc->form == READ_UUID) {
        put_uuid(out, cell_payload(c, v));
    } else if (tc->form == READ_INET6 || tc->form == READ_INET4) {
        put_padded(out, cell_payload(c, v), tc->form == READ_INET6 ? 16 : 4);
    } else if (tc->form == READ_NUMBER) {
        put_member_number(out, v);
    } else if (c->type == COLUMN_BIT) {
        put_bit_number(out, v);
    } else if (c->type == COLUMN_FLOAT || c->type == COLUMN_DOUBLE) {
        put_float(out, c, v);
    } else if (c->type == COLUMN_STRING && !tc->charset) {
        put_hex_literal(out, NULL, cell_payload(c, v)); /* see local_put_value for BINARY */
    } else if (c->type == COLUMN_JSON) {
        put_document(out, cell_payload(c, v));
    } else if (is_bytes(c->type)) {
        put_hex_literal(out, tc->charset, cell_payload(c, v));
    } else if (is_number(c->type)) {
        (void)cell_put_text(c, v, out);
    } else {
        buf_put_u8(out, '\'');
        (void)cell_put_text(c, v, out);
        buf_put_u8(out, '\'');
    }
}

/* BINARY(n) holds n bytes, its cell has lost the zeros at its end: RPAD brings them back. */
static void put_binary(struct buf *out, const struct column *c, const struct target_column *tc, const struct cell *v)
{
    buf_put_str(out, "RPAD(");
    local_put_literal(out, c, tc, v);
    buf_printf(out, ", %u, X'00')", c->meta);
}

void local_put_value(struct buf *out, const struct column *c, const struct target_column *tc, const struct cell *v)
{
    if (c->type == COLUMN_STRING && !tc->charset && tc->form == READ_PLAIN)
        put_binary(out, c, tc, v);
    else
        local_put_literal(out, c, tc, v);
}

void local_put_equals(struct buf *out, const struct column *c, const struct target_column *tc, uint16_t prefix,
                      const struct cell *v)
{
    if (v->null) {
        db_put_name(out, c->name);
        buf_put_str(out, " IS NULL");
    } else if (prefix) {
        buf_put_str(out, "LEFT(");
        db_put_name(out, c->name);
        buf_printf(out, ", %u) = LEFT(", prefix);
        local_put_value(out, c, tc, v);
        buf_printf(out, ", %u)", prefix);
    } else if (c->type == COLUMN_FLOAT) {
        buf_put_str(out, "CAST(");
        db_put_name(out, c->name);
        buf_put_str(out, " AS DOUBLE) = ");
        local_put_value(out, c, tc, v);
    } else if (tc->form == READ_VECTOR) {
        buf_put_str(out, "CAST(");
        db_put_name(out, c->name);
        buf_put_str(out, " AS BINARY) = ");
        local_put_value(out, c, tc, v);
    } else {
        db_put_name(out, c->name);
        buf_put_str(out, " = ");
        local_put_value(out, c, tc, v);
    }
}
