/* Parsing values by the column's kind: one small function a kind, each says in `why` what it would take. */
#include "ctl/conflicts_value_private.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/utf8.h"
#include "common/model/charset.h"
#include "common/model/column_type.h"
#include "common/model/json_text.h"
#include "common/target/cell_encode.h"

#define UUID_BYTES 16

bool value_wants(struct value_given *v, const char *what)
{
    buf_clear(&v->why);
    buf_put_str(&v->why, what);
    return false;
}

bool value_all_digits(struct span s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!isdigit(s.p[i]))
            return false;
    return s.n > 0;
}

bool value_take_number(struct span s, uint64_t most, uint64_t *out)
{
    *out = 0;
    for (size_t i = 0; i < s.n; i++) {
        uint64_t digit = (uint64_t)(s.p[i] - '0');
        if (!isdigit(s.p[i]) || *out > (UINT64_MAX - digit) / 10)
            return false;
        *out = *out * 10 + digit;
    }
    return s.n > 0 && *out <= most;
}

/* "0x…" as bytes; false: it is none. */
static bool take_hex(struct span s, struct buf *out)
{
    if (s.n < 2 || s.n % 2 || s.p[0] != '0' || s.p[1] != 'x')
        return false;
    for (size_t i = 2; i < s.n; i++)
        if (!isxdigit(s.p[i]))
            return false;
    for (size_t i = 2; i < s.n; i += 2) {
        const char digits[] = {(char)s.p[i], (char)s.p[i + 1], '\0'};
        buf_put_u8(out, (uint8_t)strtoul(digits, NULL, 16));
    }
    return true;
}

/* ---- numbers ---- */

static unsigned integer_bits(const struct column *c)
{
    switch (c->type) {
    case COLUMN_TINY:
        return 8;
    case COLUMN_SHORT:
        return 16;
    case COLUMN_INT24:
        return 24;
    case COLUMN_LONG:
        return 32;
    default:
        return 64;
    }
}

static bool parse_integer(struct value_given *v)
{
    const struct column *c = v->column;
    bool negative = v->text.n > 0 && v->text.p[0] == '-' && !c->is_unsigned;
    uint64_t most = UINT64_MAX >> (64 - integer_bits(c) + !c->is_unsigned);
    uint64_t n;
    struct span digits = negative ? span_of(v->text.p + 1, v->text.n - 1) : v->text;
    if (!value_take_number(digits, most + negative, &n)) {
        buf_printf(&v->why, "digits from %s%" PRIu64 " to %" PRIu64, c->is_unsigned ? "" : "-",
                   c->is_unsigned ? 0 : most + 1, most);
        return false;
    }
    cell_encode_integer(&v->cell, c, negative ? 0 - n : n);
    return true;
}

static bool parse_float(struct value_given *v)
{
    char text[64];
    char *end;
    if (v->text.n == 0 || v->text.n >= sizeof text || !memchr("+-.0123456789", v->text.p[0], 13))
        return value_wants(v, "a number such as -1.5e3");
    memcpy(text, v->text.p, v->text.n);
    text[v->text.n] = '\0';
    errno = 0;
    double d = strtod(text, &end);
    bool single = v->column->type == COLUMN_FLOAT;
    if (*end || !isfinite(d) || (single && fabs(d) > (double)FLT_MAX))
        return value_wants(v, "a number such as -1.5e3, within the type's range");
    float f = (float)d;
    if (single)
        buf_put(&v->cell, &f, sizeof f);
    else
        buf_put(&v->cell, &d, sizeof d);
    return true;
}

static bool parse_decimal(struct value_given *v)
{
    const struct column *c = v->column;
    struct span digits = v->text;
    if (digits.n > 0 && digits.p[0] == '-')
        digits = span_of(digits.p + 1, digits.n - 1);
    const uint8_t *point = digits.n ? memchr(digits.p, '.', digits.n) : NULL;
    struct span whole = point ? span_of(digits.p, (size_t)(point - digits.p)) : digits;
    struct span rest = point ? span_of(point + 1, digits.n - whole.n - 1) : whole;
    if (value_all_digits(whole) && value_all_digits(rest) && cell_encode_decimal(&v->cell, c, v->text))
        return true;
    buf_printf(&v->why, "digits such as -12.50, at most %u in all, %u of them behind the point", c->meta >> 8,
               c->meta & 0xffu);
    return false;
}

static bool parse_bit(struct value_given *v)
{
    unsigned bits = v->column->meta;
    struct buf bytes = {0};
    uint64_t n = 0;
    bool hex = take_hex(v->text, &bytes);
    bool good = hex ? bytes.len <= 8 : value_take_number(v->text, UINT64_MAX, &n);
    for (size_t i = 0; hex && good && i < bytes.len; i++)
        n = n << 8 | bytes.data[i];
    buf_free(&bytes);
    if (!good || (bits < 64 && n >> bits)) {
        buf_printf(&v->why, "a number of %u bits, as digits or 0x…", bits);
        return false;
    }
    buf_put_be(&v->cell, n, (bits + 7) / 8);
    return true;
}

/* ---- texts and bytes ---- */

/* UTF-8 in the column's character set. */
static bool recode(struct value_given *v, struct buf *out)
{
    const char *name = v->target->charset;
    const struct charset *to = name ? charset_find(name) : NULL;
    if (!name) {
        buf_put_span(out, v->text);
        return true;
    }
    if (to && charset_convert(out, to, charset_find("utf8mb4"), v->text))
        return true;
    bool ascii = !to;
    for (size_t i = 0; i < v->text.n; i++)
        ascii = ascii && v->text.p[i] < 0x80;
    if (ascii) { /* those that are not known here have ASCII as it is */
        buf_put_span(out, v->text);
        return true;
    }
    buf_printf(&v->why, "a text of character set %s, or its bytes as 0x…", name);
    return false;
}

static size_t characters(struct span text)
{
    size_t n = 0;
    for (size_t i = 0; i < text.n; i++)
        n += (text.p[i] & 0xc0) != 0x80;
    return n;
}

/* How many bytes and, where the character set is known, characters the column holds. */
static bool check_length(struct value_given *v, struct span bytes, bool as_text)
{
    const struct column *c = v->column;
    const struct charset *set = v->target->charset ? charset_find(v->target->charset) : NULL;
    bool is_blob = column_info(c)->rule == CELL_BLOB;
    bool compressed = c->type == COLUMN_BLOB_COMPRESSED || c->type == COLUMN_VARCHAR_COMPRESSED;
    uint64_t room = is_blob ? ((uint64_t)1 << 8 * c->meta) - 1 : c->meta;
    room -= compressed && room;
    uint64_t most = set && !is_blob ? room / charset_widest(set) : room;
    if (bytes.n <= room && (!as_text || !set || is_blob || characters(v->text) <= most))
        return true;
    buf_printf(&v->why, "at most %" PRIu64 " %s", most, set && !is_blob ? "characters" : "bytes");
    return false;
}

static bool parse_string(struct value_given *v, bool quoted)
{
    struct buf bytes = {0};
    bool hex = !quoted && take_hex(v->text, &bytes);
    while (!hex && v->column->type == COLUMN_STRING && v->target->charset && v->text.n > 0 &&
           v->text.p[v->text.n - 1] == ' ') /* CHAR does not keep them */
        v->text.n--;
    bool good = (hex || recode(v, &bytes)) && check_length(v, buf_span(&bytes), !hex);
    if (good)
        cell_encode_bytes(&v->cell, v->column, buf_span(&bytes));
    buf_free(&bytes);
    return good;
}

static bool parse_bytes(struct value_given *v)
{
    struct buf bytes = {0};
    bool vector = v->column->type == COLUMN_VECTOR;
    bool good = take_hex(v->text, &bytes) && (!vector || bytes.len % 4 == 0);
    if (good)
        cell_encode_bytes(&v->cell, v->column, buf_span(&bytes));
    buf_free(&bytes);
    return good ||
           value_wants(v, vector ? "its bytes as 0x…, four for each number" : "its bytes as 0x… (SRID, then WKB)");
}

static bool parse_json(struct value_given *v)
{
    const char *why = "";
    struct buf doc = {0};
    bool good = json_text_to_binary(v->text, &doc, &why);
    if (good)
        cell_encode_bytes(&v->cell, v->column, buf_span(&doc));
    else
        buf_printf(&v->why, "JSON (%s)", why);
    buf_free(&doc);
    return good;
}

static bool parse_uuid(struct value_given *v)
{
    struct buf digits = {0}, bytes = {0};
    buf_put_str(&digits, "0x");
    for (size_t i = 0; i < v->text.n; i++)
        if (v->text.p[i] != '-')
            buf_put_u8(&digits, v->text.p[i]);
    bool good = take_hex(buf_span(&digits), &bytes) && bytes.len == UUID_BYTES;
    if (good)
        cell_encode_bytes(&v->cell, v->column, buf_span(&bytes));
    buf_free(&digits);
    buf_free(&bytes);
    return good || value_wants(v, "a UUID: 32 hexadecimal digits");
}

static bool parse_address(struct value_given *v, int family, const char *what)
{
    char text[INET6_ADDRSTRLEN] = "";
    uint8_t bytes[16];
    if (v->text.n < sizeof text)
        memcpy(text, v->text.p, v->text.n);
    if (v->text.n >= sizeof text || inet_pton(family, text, bytes) != 1)
        return value_wants(v, what);
    cell_encode_bytes(&v->cell, v->column, span_of(bytes, family == AF_INET6 ? 16 : 4));
    return true;
}

/* ---- members ---- */

/* Number of the member, from 1; 0: there is none of that name. */
static uint64_t member(const struct value_given *v, struct span name)
{
    struct value_given one = {.column = v->column, .target = v->target, .text = name};
    struct buf bytes = {0};
    uint64_t found = 0;
    bool good = recode(&one, &bytes);
    for (uint16_t i = 0; good && !found && i < v->column->member_count; i++)
        found = span_eq(v->column->members[i], buf_span(&bytes)) ? i + 1u : 0;
    buf_free(&bytes);
    buf_free(&one.why);
    return found;
}

static bool parse_member(struct value_given *v)
{
    bool set = v->column->type == COLUMN_SET;
    uint64_t number = 0;
    struct span left = v->text;
    bool good = set || left.n > 0;
    while (good && left.n > 0) {
        const uint8_t *comma = set ? memchr(left.p, ',', left.n) : NULL;
        size_t n = comma ? (size_t)(comma - left.p) : left.n;
        uint64_t i = member(v, span_of(left.p, n));
        good = i > 0;
        number = set && good ? number | (uint64_t)1 << (i - 1) : i;
        left = span_of(left.p + n + (comma != NULL), left.n - n - (comma != NULL));
    }
    if (!good)
        return value_wants(v, set ? "members of the SET, with commas between"
                                  : "a member of the ENUM, as it is spelled there");
    cell_encode_integer(&v->cell, v->column, number);
    return true;
}

/* ---- all ---- */

static bool parse(struct value_given *v, bool quoted)
{
    switch (v->target->form) {
    case READ_UUID:
        return parse_uuid(v);
    case READ_INET6:
        return parse_address(v, AF_INET6, "an IPv6 address");
    case READ_INET4:
        return parse_address(v, AF_INET, "an IPv4 address");
    case READ_VECTOR:
        return parse_bytes(v);
    case READ_PLAIN:
    case READ_NUMBER:
        break;
    }
    switch (column_info(v->column)->kind) {
    case KIND_INTEGER:
        return v->column->type == COLUMN_YEAR ? value_parse_temporal(v) : parse_integer(v);
    case KIND_FLOAT:
        return parse_float(v);
    case KIND_DECIMAL:
        return parse_decimal(v);
    case KIND_BIT:
        return parse_bit(v);
    case KIND_TEMPORAL:
        return value_parse_temporal(v);
    case KIND_STRING:
        return parse_string(v, quoted);
    case KIND_MEMBER:
        return parse_member(v);
    case KIND_JSON:
        return parse_json(v);
    case KIND_BYTES:
    case KIND_OTHER:
        break;
    }
    return parse_bytes(v);
}

/* The text between single quotes. False: there are none around it. */
static bool unquote(struct span text, struct buf *out)
{
    if (text.n < 2 || text.p[0] != '\'' || text.p[text.n - 1] != '\'')
        return false;
    for (size_t i = 1; i + 1 < text.n; i++) {
        buf_put_u8(out, text.p[i]);
        i += text.p[i] == '\'' && i + 2 < text.n && text.p[i + 1] == '\'';
    }
    return true;
}

static int refuse(const struct column *c, const char *text, const char *why, struct err *err)
{
    struct buf type = {0}, shown = {0};
    utf8_put_printable(&shown, span_str(text), 60);
    (void)err_fatal(err, EXIT_BAD_USAGE, "--set: %s is no value of `%.*s` %s: give %s", buf_cstr(&shown),
                    SPAN_ARG(c->name), column_type_text(c, &type), why);
    buf_free(&type);
    buf_free(&shown);
    return -1;
}

int conflicts_value_parse(struct cell *out, const struct column *c, const struct target_column *tc, const char *text,
                          struct arena *a, struct err *err)
{
    struct buf plain = {0};
    struct value_given v = {.column = c, .target = tc, .text = span_str(text)};
    *out = (struct cell){.null = strcmp(text, "NULL") == 0};
    if (c->generated)
        return err_fatal(err, EXIT_BAD_USAGE, "--set: `%.*s` is computed by the server", SPAN_ARG(c->name));
    if (out->null)
        return c->nullable ? 0 : refuse(c, text, "a value, since it is NOT NULL", err);
    bool quoted = unquote(v.text, &plain);
    if (quoted)
        v.text = buf_span(&plain);
    if (!v.text.p)
        v.text = span_str("");
    int rc = utf8_valid(v.text) ? parse(&v, quoted) ? 0 : -1 : -1;
    if (rc == 0)
        out->data = arena_copy(a, buf_span(&v.cell));
    else
        rc = refuse(c, text, v.why.len ? buf_cstr(&v.why) : "a text in UTF-8", err);
    buf_free(&v.cell);
    buf_free(&v.why);
    buf_free(&plain);
    return rc;
}
