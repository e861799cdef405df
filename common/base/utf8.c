/* Telling UTF-8 from other bytes, and writing either for people and for JSON. */
#include "common/base/utf8.h"

/* Bytes of the well-formed character at p (1..4), 0 when it is none: no overlong forms, surrogates or beyond U+10FFFF.
 */
static size_t char_len(const uint8_t *p, size_t left)
{
    static const struct {
        uint8_t first_min, first_max, second_min, second_max;
        size_t len;
    } forms[] = {
        {0xc2, 0xdf, 0x80, 0xbf, 2},
        {0xe0, 0xe0, 0xa0, 0xbf, 3},
        {0xe1, 0xec, 0x80, 0xbf, 3},
        {0xed, 0xed, 0x80, 0x9f, 3},
        {0xee, 0xef, 0x80, 0xbf, 3},
        {0xf0, 0xf0, 0x90, 0xbf, 4},
        {0xf1, 0xf3, 0x80, 0xbf, 4},
        {0xf4, 0xf4, 0x80, 0x8f, 4},
    };
    if (p[0] < 0x80)
        return 1;
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        if (p[0] < forms[i].first_min || p[0] > forms[i].first_max)
            continue;
        if (left < forms[i].len || p[1] < forms[i].second_min || p[1] > forms[i].second_max)
            return 0;
        for (size_t k = 2; k < forms[i].len; k++) {
            if ((p[k] & 0xc0) != 0x80)
                return 0;
        }
        return forms[i].len;
    }
    return 0;
}

bool utf8_valid(struct span s)
{
    for (size_t i = 0, n; i < s.n; i += n) {
        n = char_len(s.p + i, s.n - i);
        if (n == 0)
            return false;
    }
    return true;
}

void utf8_put_char(struct buf *out, uint32_t c)
{
    static const uint8_t first[] = {0, 0xc0, 0xe0, 0xf0};
    unsigned more = c < 0x80 ? 0 : c < 0x800 ? 1 : c < 0x10000 ? 2 : 3; /* bytes after the first */
    buf_put_u8(out, (uint8_t)(first[more] | c >> (6 * more)));
    while (more-- > 0)
        buf_put_u8(out, (uint8_t)(0x80 | (c >> (6 * more) & 0x3f)));
}

uint32_t utf8_take_char(struct span *s)
{
    static const uint8_t first_bits[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    size_t n = char_len(s->p, s->n);
    if (n == 0)
        return UINT32_MAX;
    uint32_t c = s->p[0] & first_bits[n];
    for (size_t i = 1; i < n; i++)
        c = c << 6 | (s->p[i] & 0x3f);
    *s = span_of(s->p + n, s->n - n);
    return c;
}

static void put_json_ascii(struct buf *out, uint8_t c)
{
    static const char short_escapes[128] = {
        ['"'] = '"', ['\\'] = '\\', ['\b'] = 'b', ['\f'] = 'f', ['\n'] = 'n', ['\r'] = 'r', ['\t'] = 't'};
    if (short_escapes[c]) {
        buf_put_u8(out, '\\');
        buf_put_u8(out, (uint8_t)short_escapes[c]);
    } else if (c < 0x20 || c == 0x7f) {
        buf_printf(out, "\\u%04x", c);
    } else {
        buf_put_u8(out, c);
    }
}

void utf8_put_json(struct buf *out, struct span s)
{
    for (size_t i = 0; i < s.n;) {
        size_t n = char_len(s.p + i, s.n - i);
        if (n == 1)
            put_json_ascii(out, s.p[i]);
        else if (n > 1)
            buf_put(out, s.p + i, n);
        else
            buf_put_str(out, "\xef\xbf\xbd");
        i += n ? n : 1;
    }
}

/* C0, DEL, and C1 (U+0080..U+009F), some of which move a terminal's cursor. */
static bool is_control(const uint8_t *p, size_t n)
{
    return n == 1 ? p[0] < 0x20 || p[0] == 0x7f : n == 2 && p[0] == 0xc2 && p[1] < 0xa0;
}

void utf8_put_printable(struct buf *out, struct span s, size_t max)
{
    size_t start = out->len;
    size_t cut = start; /* where "..." would still fit */
    for (size_t i = 0; i < s.n;) {
        size_t n = char_len(s.p + i, s.n - i);
        bool plain = n > 0 && !is_control(s.p + i, n);
        size_t raw = n ? n : 1;
        size_t need = plain ? n : 4 * raw;
        if (out->len - start + need > max) {
            out->len = cut;
            buf_put(out, "...", max < 3 ? max : 3);
            return;
        }
        if (plain)
            buf_put(out, s.p + i, n);
        else
            for (size_t k = 0; k < raw; k++)
                buf_printf(out, "\\x%02x", s.p[i + k]);
        if (out->len - start + 3 <= max)
            cut = out->len;
        i += raw;
    }
}
