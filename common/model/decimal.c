/* DECIMAL's packed form to text, and back. */
#include "common/model/decimal.h"

#include <ctype.h>
#include <string.h>

#define GROUP 9 /* digits in four bytes */
#define MAX_PRECISION 65

/* Bytes of 0..9 digits. */
static const uint8_t digit_bytes[GROUP + 1] = {0, 1, 1, 2, 2, 3, 3, 4, 4, 4};

static size_t digits_size(unsigned digits)
{
    return digits / GROUP * 4 + digit_bytes[digits % GROUP];
}

size_t decimal_size(unsigned precision, unsigned scale)
{
    if (precision == 0 || precision > MAX_PRECISION || scale > precision)
        return 0;
    return digits_size(precision - scale) + digits_size(scale);
}

/* Write `digits` digits, of groups whose short one stands first (before the point) or last (behind it). */
static bool take_digits(char **p, const uint8_t **from, unsigned digits, bool short_first)
{
    static const uint32_t limits[GROUP + 1] = {1,      10,      100,      1000,      10000,
                                               100000, 1000000, 10000000, 100000000, 1000000000};
    unsigned rest = digits % GROUP;
    for (unsigned done = 0, n; done < digits; done += n) {
        n = GROUP;
        if (rest && (short_first ? done == 0 : digits - done < GROUP))
            n = rest;
        uint32_t v = 0;
        for (size_t i = 0; i < digit_bytes[n]; i++)
            v = v << 8 | *(*from)++;
        if (v >= limits[n])
            return false;
        for (unsigned i = n; i > 0; i--, v /= 10)
            (*p)[i - 1] = (char)('0' + v % 10);
        *p += n;
    }
    return true;
}

bool decimal_put_text(struct span s, unsigned precision, unsigned scale, struct buf *out)
{
    uint8_t raw[MAX_PRECISION];
    char text[MAX_PRECISION + 1];
    if (s.n != decimal_size(precision, scale) || s.n == 0)
        return false;
    bool negative = !(s.p[0] & 0x80);
    for (size_t i = 0; i < s.n; i++)
        raw[i] = negative ? (uint8_t)~s.p[i] : s.p[i];
    raw[0] ^= 0x80;
    char *p = text;
    const uint8_t *from = raw;
    if (!take_digits(&p, &from, precision - scale, true) || !take_digits(&p, &from, scale, false))
        return false;
    size_t whole = precision - scale, first = 0;
    while (first + 1 < whole && text[first] == '0')
        first++;
    if (negative)
        buf_put_u8(out, '-');
    if (whole == 0)
        buf_put_u8(out, '0');
    buf_put(out, text + first, whole - first);
    if (scale > 0) {
        buf_put_u8(out, '.');
        buf_put(out, text + whole, scale);
    }
    return true;
}

/* `n` digits in groups, of which the short one stands first or last. */
static void put_groups(struct buf *out, const char *digits, size_t n, bool short_first)
{
    size_t rest = n % GROUP;
    for (size_t at = 0, take; at < n; at += take) {
        take = rest && (short_first ? at == 0 : n - at == rest) ? rest : GROUP;
        uint32_t v = 0;
        for (size_t i = 0; i < take; i++)
            v = v * 10 + (uint32_t)(digits[at + i] - '0');
        buf_put_be(out, v, digit_bytes[take]);
    }
}

/* Digits of the integer part right-aligned to `whole`, of the fraction left-aligned to `scale`. */
static bool align_digits(char *digits, size_t whole, size_t scale, struct span text)
{
    const uint8_t *point = memchr(text.p, '.', text.n);
    size_t before = point ? (size_t)(point - text.p) : text.n;
    size_t after = point ? text.n - before - 1 : 0;
    const uint8_t *start = text.p;
    while (before > whole && *start == '0') {
        start++;
        before--;
    }
    if (before > whole || after > scale)
        return false;
    memset(digits, '0', whole + scale);
    memcpy(digits + whole - before, start, before);
    if (after)
        memcpy(digits + whole, point + 1, after);
    for (size_t i = 0; i < whole + scale; i++)
        if (!isdigit((unsigned char)digits[i]))
            return false;
    return true;
}

bool decimal_from_text(struct buf *out, struct span text, unsigned precision, unsigned scale)
{
    char digits[MAX_PRECISION];
    bool negative = text.n > 0 && text.p[0] == '-';
    if (negative)
        text = span_of(text.p + 1, text.n - 1);
    if (decimal_size(precision, scale) == 0 || !align_digits(digits, precision - scale, scale, text))
        return false;
    size_t start = out->len;
    put_groups(out, digits, precision - scale, true);
    put_groups(out, digits + precision - scale, scale, false);
    out->data[start] ^= 0x80;
    for (size_t i = start; negative && i < out->len; i++)
        out->data[i] = (uint8_t)~out->data[i];
    return true;
}
