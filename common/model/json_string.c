/* JSON strings: escapes, and pairs of surrogates. */
#include "common/model/json_string.h"

#include "common/base/utf8.h"

static int hex_digit(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool take_code_unit(uint32_t *out, struct bytes *r)
{
    *out = 0;
    for (int i = 0; i < 4; i++) {
        int digit = hex_digit(bytes_u8(r));
        if (digit < 0)
            return false;
        *out = *out << 4 | (uint32_t)digit;
    }
    return !r->bad;
}

static bool take_unicode(struct bytes *r)
{
    return bytes_u8(r) == '\\' && bytes_u8(r) == 'u';
}

/* What follows a backslash. */
static bool take_escape(struct buf *out, struct bytes *r)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    uint8_t c = bytes_u8(r);
    const char *at = c ? strchr(from, c) : NULL;
    uint32_t unit, low;
    if (at) {
        buf_put_u8(out, (uint8_t)to[at - from]);
        return true;
    }
    if (c != 'u' || !take_code_unit(&unit, r))
        return false;
    if (unit >= 0xdc00 && unit <= 0xdfff)
        return false;
    if (unit >= 0xd800 && unit < 0xdc00) {
        if (!take_unicode(r) || !take_code_unit(&low, r) || low < 0xdc00 || low > 0xdfff)
            return false;
        unit = 0x10000 + ((unit - 0xd800) << 10 | (low - 0xdc00));
    }
    utf8_put_char(out, unit);
    return true;
}

bool json_string_take(struct span *out, struct bytes *r, struct arena *a)
{
    struct buf text = {0};
    bool good = true;
    while (good && bytes_left(r) > 0 && *r->p != '"') {
        uint8_t c = bytes_u8(r);
        if (c == '\\')
            good = take_escape(&text, r);
        else
            buf_put_u8(&text, c);
    }
    good = good && bytes_u8(r) == '"' && !r->bad;
    *out = arena_copy(a, buf_span(&text));
    buf_free(&text);
    return good;
}
