/* Reading JSON text into a tree, which json_tree writes; comparing documents by their text. */
#include "common/model/json_text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/arena.h"
#include "common/base/bytes.h"
#include "common/base/utf8.h"
#include "common/model/decimal.h"
#include "common/model/json_binary.h"
#include "common/model/json_string.h"
#include "common/model/json_tree.h"
#include "common/model/json_type.h"
#include "common/model/number_text.h"
#include "common/model/table.h"

#define DECIMAL_SCALE_MAX 30

struct parse {
    struct bytes r;
    struct arena *a;
    unsigned depth;
    bool printed; /* by MySQL */
    const char *why;
};

/* What was wrong first; false. */
static bool refuse(struct parse *p, const char *why)
{
    p->why = p->why ? p->why : why;
    return false;
}

static bool take_value(struct json_node *out, struct parse *p);

static uint8_t look(struct parse *p)
{
    while (bytes_left(&p->r) > 0 && strchr(" \t\r\n", *p->r.p) && *p->r.p)
        p->r.p++;
    return bytes_left(&p->r) > 0 ? *p->r.p : 0;
}

static bool take_char(struct parse *p, char c)
{
    if (look(p) != (uint8_t)c)
        return false;
    p->r.p++;
    return true;
}

static struct json_node scalar(struct parse *p, uint8_t type, uint64_t v, size_t n)
{
    struct buf raw = {0};
    buf_put_le(&raw, v, n);
    struct json_node node = {.type = type, .raw = arena_copy(p->a, buf_span(&raw))};
    buf_free(&raw);
    return node;
}

static bool take_literal(struct json_node *out, struct parse *p)
{
    static const char *const names[] = {"null", "true", "false"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        size_t n = strlen(names[i]);
        if (bytes_left(&p->r) < n || memcmp(p->r.p, names[i], n) != 0)
            continue;
        bytes_skip(&p->r, n);
        *out = scalar(p, JSON_LITERAL, i, 1);
        return true;
    }
    return false;
}

/* ---- numbers ---- */

static size_t take_digits(struct bytes *r)
{
    const uint8_t *start = r->p;
    while (bytes_left(r) > 0 && *r->p >= '0' && *r->p <= '9')
        r->p++;
    return (size_t)(r->p - start);
}

static bool at(const struct bytes *r, const char *any)
{
    return bytes_left(r) > 0 && *r->p && strchr(any, *r->p);
}

/* The number's text; *whole: it has neither fraction nor exponent. */
static bool take_number_text(struct span *out, bool *whole, struct bytes *r)
{
    const uint8_t *start = r->p;
    bool zero;
    *whole = true;
    if (at(r, "-"))
        r->p++;
    zero = at(r, "0");
    size_t digits = take_digits(r);
    if (digits == 0 || (zero && digits > 1))
        return false;
    if (at(r, ".")) {
        *whole = false;
        r->p++;
        if (take_digits(r) == 0)
            return false;
    }
    if (at(r, "eE")) {
        *whole = false;
        r->p++;
        if (at(r, "+-"))
            r->p++;
        if (take_digits(r) == 0)
            return false;
    }
    *out = span_of(start, (size_t)(r->p - start));
    return true;
}

/* False when it is beyond 64 bits. */
static bool magnitude(uint64_t *out, struct span digits)
{
    uint64_t v = 0;
    for (size_t i = 0; i < digits.n; i++) {
        uint64_t digit = (uint64_t)(digits.p[i] - '0');
        if (v > (UINT64_MAX - digit) / 10)
            return false;
        v = v * 10 + digit;
    }
    *out = v;
    return true;
}

/* The server takes what 32 bits without a sign hold for signed, and what is above that for unsigned; each then stands
 * in the least form. False: it is a double. */
static bool put_integer(struct json_node *out, struct parse *p, struct span text)
{
    bool negative = text.p[0] == '-';
    uint64_t v;
    if (!magnitude(&v, span_of(text.p + negative, text.n - negative)) || (negative && v > (uint64_t)INT64_MAX + 1))
        return false;
    uint64_t bits = negative ? (uint64_t)0 - v : v;
    uint64_t least = negative && v > 0 ? v - 1 : v; /* fits n bits with a sign iff it is below 2^(n-1) */
    if (!negative && v > UINT32_MAX)
        *out = scalar(p, JSON_UINT64, v, 8);
    else if (least <= INT16_MAX)
        *out = scalar(p, JSON_INT16, bits & UINT16_MAX, 2);
    else if (least <= INT32_MAX)
        *out = scalar(p, JSON_INT32, bits & UINT32_MAX, 4);
    else
        *out = scalar(p, JSON_INT64, bits, 8);
    return true;
}

/* Is it what a DECIMAL is printed as, and no double? */
static bool is_decimal(struct span text, double v)
{
    struct buf printed = {0};
    bool is_double = number_put_double(v, &printed);
    if (v == trunc(v) && !memchr(printed.data, 'e', printed.len))
        buf_put_str(&printed, ".0");
    is_double = is_double && span_eq(buf_span(&printed), text);
    buf_free(&printed);
    return !is_double && !memchr(text.p, 'e', text.n) && !memchr(text.p, 'E', text.n);
}

/* An opaque value: the column type, then precision, scale and digits. False: it has more digits than a DECIMAL. */
static bool put_decimal(struct json_node *out, struct parse *p, struct span text)
{
    const uint8_t *point = memchr(text.p, '.', text.n);
    size_t scale = point ? text.n - (size_t)(point - text.p) - 1 : 0;
    size_t precision = text.n - (point != NULL) - (text.p[0] == '-');
    struct buf raw = {0};
    buf_put_u8(&raw, COLUMN_NEWDECIMAL);
    buf_put_varint(&raw, 2 + decimal_size((unsigned)precision, (unsigned)scale));
    buf_put_u8(&raw, (uint8_t)precision);
    buf_put_u8(&raw, (uint8_t)scale);
    bool good = scale <= DECIMAL_SCALE_MAX && decimal_from_text(&raw, text, (unsigned)precision, (unsigned)scale);
    if (good)
        *out = (struct json_node){.type = JSON_OPAQUE, .raw = arena_copy(p->a, buf_span(&raw))};
    buf_free(&raw);
    return good;
}

static bool take_number(struct json_node *out, struct parse *p)
{
    struct span text;
    bool whole;
    if (!take_number_text(&text, &whole, &p->r))
        return false;
    if (whole && put_integer(out, p, text))
        return true;
    double v = strtod(arena_strdup(p->a, text), NULL);
    uint64_t bits;
    if (p->printed && is_decimal(text, v) && put_decimal(out, p, text))
        return true;
    memcpy(&bits, &v, sizeof bits);
    *out = scalar(p, JSON_DOUBLE, bits, 8);
    return isfinite(v) || refuse(p, "a number is beyond what a double holds");
}

/* ---- strings and containers ---- */

static bool take_string(struct json_node *out, struct parse *p)
{
    struct span text;
    struct buf raw = {0};
    bytes_skip(&p->r, 1);
    if (!json_string_take(&text, &p->r, p->a) || text.n > UINT32_MAX)
        return false;
    buf_put_sized(&raw, text);
    *out = (struct json_node){.type = JSON_STRING, .raw = arena_copy(p->a, buf_span(&raw))};
    buf_free(&raw);
    return true;
}

/* A child and its place in the text. */
struct placed {
    struct json_child child;
    size_t place;
};

static int by_key(const void *a, const void *b)
{
    const struct placed *x = a, *y = b;
    int order = json_key_compare(x->child.key, y->child.key);
    return order ? order : (x->place > y->place) - (x->place < y->place);
}

/* Sort the children of an object; of equal keys the last one counts. */
static void sort_keys(struct json_node *n, struct arena *a)
{
    bool sorted = true;
    for (size_t i = 1; sorted && i < n->count; i++)
        sorted = json_key_compare(n->children[i - 1].key, n->children[i].key) < 0;
    if (sorted)
        return;
    struct placed *all = arena_alloc(a, n->count * sizeof *all);
    for (size_t i = 0; i < n->count; i++)
        all[i] = (struct placed){n->children[i], i};
    qsort(all, n->count, sizeof *all, by_key);
    size_t count = 0;
    for (size_t i = 0; i < n->count; i++)
        if (i + 1 == n->count || json_key_compare(all[i].child.key, all[i + 1].child.key) != 0)
            n->children[count++] = all[i].child;
    n->count = count;
}

static bool take_member(struct json_node *n, struct parse *p, bool object)
{
    struct json_child child = {0};
    if (object && (!take_char(p, '"') || !json_string_take(&child.key, &p->r, p->a) || !take_char(p, ':')))
        return false;
    if (!take_value(&child.node, p))
        return false;
    *json_node_insert(n, n->count, p->a) = child;
    return true;
}

static bool take_container(struct json_node *out, struct parse *p)
{
    bool object = *p->r.p == '{';
    char end = object ? '}' : ']';
    *out = (struct json_node){.type = object ? JSON_SMALL_OBJECT : JSON_SMALL_ARRAY, .open = true};
    bytes_skip(&p->r, 1);
    if (p->depth == JSON_MAX_DEPTH)
        return refuse(p, "it nests more than 100 deep");
    p->depth++;
    bool good = true;
    if (!take_char(p, end)) {
        do
            good = take_member(out, p, object);
        while (good && take_char(p, ','));
        good = good && take_char(p, end);
    }
    p->depth--;
    if (good && object)
        sort_keys(out, p->a);
    return good;
}

static bool take_value(struct json_node *out, struct parse *p)
{
    switch (look(p)) {
    case '{':
    case '[':
        return take_container(out, p);
    case '"':
        return take_string(out, p);
    case 'n':
    case 't':
    case 'f':
        return take_literal(out, p);
    default:
        return take_number(out, p);
    }
}

static bool to_binary(struct span text, bool printed, struct buf *out, const char **why)
{
    struct arena a = {0};
    struct parse p = {.r = bytes_of(text), .a = &a, .printed = printed};
    struct json_node root;
    bool good = utf8_valid(text) || refuse(&p, "it is not UTF-8");
    good = good && take_value(&root, &p) && !look(&p) && bytes_left(&p.r) == 0;
    if (good && !json_tree_put(&root, out, UINT32_MAX))
        good = refuse(&p, "a key or the whole is longer than the binary form can say");
    if (!good && why)
        *why = p.why ? p.why : "it is not JSON";
    arena_free(&a);
    return good;
}

bool json_text_to_binary(struct span text, struct buf *out, const char **why)
{
    return to_binary(text, false, out, why);
}

bool json_printed_to_binary(struct span text, struct buf *out, const char **why)
{
    return to_binary(text, true, out, why);
}

/* ---- comparing ---- */

static size_t number_length(const char *s)
{
    return strspn(s, "+-.0123456789eE");
}

static bool starts_number(const char *s)
{
    return *s == '-' || (*s >= '0' && *s <= '9');
}

static bool is_whole(const char *s, size_t n)
{
    return strcspn(s, ".eE") >= n;
}

/* Both stand at a number; they move behind it. */
static bool same_number(const char **a, const char **b)
{
    size_t n = number_length(*a), m = number_length(*b);
    bool same = n == m && memcmp(*a, *b, n) == 0;
    if (!same && !(is_whole(*a, n) && is_whole(*b, m)))
        same = strtod(*a, NULL) == strtod(*b, NULL);
    *a += n;
    *b += m;
    return same;
}

/* The closing quote of the string that opens at s. */
static const char *string_end(const char *s)
{
    for (s++; *s && *s != '"'; s++)
        s += *s == '\\' && s[1];
    return s;
}

static bool same_text(const char *a, const char *b)
{
    while (*a && *b) {
        if (starts_number(a) && starts_number(b)) {
            if (!same_number(&a, &b))
                return false;
            continue;
        }
        size_t n = *a == '"' ? (size_t)(string_end(a) - a) : 0;
        if (strncmp(a, b, n + 1) != 0)
            return false;
        a += n + 1;
        b += n + 1;
    }
    return *a == *b;
}

bool json_binary_same(struct span a, struct span b)
{
    struct buf x = {0}, y = {0};
    bool same = span_eq(a, b);
    if (!same)
        same = json_binary_put_text(a, &x) && json_binary_put_text(b, &y) && same_text(buf_cstr(&x), buf_cstr(&y));
    buf_free(&x);
    buf_free(&y);
    return same;
}

/* ---- one form ---- */

static void put_number(const char *s, size_t n, struct buf *out)
{
    double d = strtod(s, NULL);
    if (is_whole(s, n) && d != 0)
        buf_put(out, s, n);
    else
        buf_printf(out, "%.17g", d == 0 ? 0 : d);
}

static void put_normal(const char *s, struct buf *out)
{
    while (*s) {
        size_t n = starts_number(s) ? number_length(s) : *s == '"' ? (size_t)(string_end(s) - s) + 1 : 1;
        if (starts_number(s))
            put_number(s, n, out);
        else if (*s != ' ')
            buf_put(out, s, n);
        s += n;
    }
}

bool json_text_put_normal(struct span text, struct buf *out)
{
    struct buf document = {0}, printed = {0};
    bool good = json_text_to_binary(text, &document, NULL) && json_binary_put_text(buf_span(&document), &printed);
    if (good)
        put_normal(buf_cstr(&printed), out);
    buf_free(&document);
    buf_free(&printed);
    return good;
}
