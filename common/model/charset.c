/* Character sets told by rule: one pair of functions each, from bytes to a character's number and back. */
#include "common/model/charset.h"

#include "common/base/utf8.h"

#define BAD UINT32_MAX

/* Which characters a set has: each kind holds those before it. */
enum repertoire { HAS_ASCII, HAS_LATIN1, HAS_PLANE_0, HAS_ALL };

struct charset {
    const char *name;
    enum repertoire has;
    uint8_t widest;
    uint32_t (*take)(struct span *s); /* off a span that is not empty; BAD: malformed */
    void (*put)(struct buf *out, uint32_t c);
};

/* The bytes 0x80 to 0x9f of latin1; where Windows' table has none, the number itself. */
static const uint16_t latin1_upper[32] = {
    0x20ac, 0x0081, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160,
    0x2039, 0x0152, 0x008d, 0x017d, 0x008f, 0x0090, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022,
    0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0x009d, 0x017e, 0x0178,
};

static uint32_t take_latin1(struct span *s)
{
    uint8_t byte = s->p[0];
    *s = span_of(s->p + 1, s->n - 1);
    return byte >= 0x80 && byte < 0xa0 ? latin1_upper[byte - 0x80] : byte;
}

/* The byte of a character, or -1. */
static int latin1_byte(uint32_t c)
{
    if (c < 0x80 || (c >= 0xa0 && c <= 0xff))
        return (int)c;
    for (int i = 0; i < 32; i++)
        if (latin1_upper[i] == c)
            return 0x80 + i;
    return -1;
}

static void put_byte(struct buf *out, uint32_t c)
{
    buf_put_u8(out, (uint8_t)latin1_byte(c));
}

static uint32_t take_unit(struct span *s, size_t n, bool little)
{
    uint32_t c = 0;
    if (s->n < n)
        return BAD;
    for (size_t i = 0; i < n; i++)
        c |= (uint32_t)s->p[i] << (8 * (little ? i : n - 1 - i));
    *s = span_of(s->p + n, s->n - n);
    return c;
}

static uint32_t take_utf16_of(struct span *s, bool little)
{
    uint32_t c = take_unit(s, 2, little);
    if (c == BAD || c < 0xd800 || c > 0xdfff)
        return c;
    uint32_t low = c < 0xdc00 ? take_unit(s, 2, little) : BAD;
    return low == BAD || low < 0xdc00 || low > 0xdfff ? BAD : 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
}

static uint32_t take_utf16(struct span *s)
{
    return take_utf16_of(s, false);
}

static uint32_t take_utf16le(struct span *s)
{
    return take_utf16_of(s, true);
}

static uint32_t take_utf32(struct span *s)
{
    uint32_t c = take_unit(s, 4, false);
    return c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff) ? BAD : c;
}

static uint32_t take_ucs2(struct span *s)
{
    uint32_t c = take_unit(s, 2, false);
    return c >= 0xd800 && c <= 0xdfff ? BAD : c;
}

static void put_utf16_of(struct buf *out, uint32_t c, void (*put)(struct buf *, uint64_t, size_t))
{
    if (c < 0x10000) {
        put(out, c, 2);
    } else {
        put(out, 0xd800 + ((c - 0x10000) >> 10), 2);
        put(out, 0xdc00 + ((c - 0x10000) & 0x3ff), 2);
    }
}

static void put_utf16(struct buf *out, uint32_t c)
{
    put_utf16_of(out, c, buf_put_be);
}

static void put_utf16le(struct buf *out, uint32_t c)
{
    put_utf16_of(out, c, buf_put_le);
}

static void put_utf32(struct buf *out, uint32_t c)
{
    buf_put_be(out, c, 4);
}

static const struct charset charsets[] = {
    {"utf8mb4", HAS_ALL,     4, utf8_take_char, utf8_put_char},
    {"utf8mb3", HAS_PLANE_0, 3, utf8_take_char, utf8_put_char},
    {"ascii",   HAS_ASCII,   1, take_latin1,    put_byte     },
    {"latin1",  HAS_LATIN1,  1, take_latin1,    put_byte     },
    {"ucs2",    HAS_PLANE_0, 2, take_ucs2,      put_utf16    },
    {"utf16",   HAS_ALL,     4, take_utf16,     put_utf16    },
    {"utf16le", HAS_ALL,     4, take_utf16le,   put_utf16le  },
    {"utf32",   HAS_ALL,     4, take_utf32,     put_utf32    },
};

const struct charset *charset_find(const char *name)
{
    for (size_t i = 0; name && i < sizeof charsets / sizeof charsets[0]; i++)
        if (strcmp(charsets[i].name, name) == 0)
            return &charsets[i];
    return NULL;
}

unsigned charset_widest(const struct charset *c)
{
    return c->widest;
}

bool charset_holds(const struct charset *to, const struct charset *from)
{
    return to->has >= from->has;
}

static bool has_char(const struct charset *set, uint32_t c)
{
    switch (set->has) {
    case HAS_ASCII:
        return c < 0x80;
    case HAS_LATIN1:
        return latin1_byte(c) >= 0;
    case HAS_PLANE_0:
        return c < 0x10000;
    case HAS_ALL:
        break;
    }
    return c <= 0x10ffff;
}

bool charset_convert(struct buf *out, const struct charset *to, const struct charset *from, struct span text)
{
    size_t start = out->len;
    while (text.n > 0) {
        uint32_t c = from->take(&text);
        if (c == BAD || !has_char(from, c) || !has_char(to, c)) {
            out->len = start;
            return false;
        }
        to->put(out, c);
    }
    return true;
}
