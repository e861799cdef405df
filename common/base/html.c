/* Escaping, one character after the other. */
#include "common/base/html.h"

#include <inttypes.h>
#include <stdio.h>

#include "common/base/utf8.h"

#define REPLACEMENT "\xef\xbf\xbd"

static const char *const entities[128] = {
    ['&'] = "&amp;", ['<'] = "&lt;", ['>'] = "&gt;", ['"'] = "&quot;", ['\''] = "&#39;", ['\n'] = "\n", ['\t'] = "\t",
};

/* C1 too: some viewers take them for characters of another set. */
static bool is_control(uint32_t c)
{
    return c < 0x20 || (c >= 0x7f && c < 0xa0);
}

static void put_char(struct buf *out, uint32_t c)
{
    if (c < 128 && entities[c])
        buf_put_str(out, entities[c]);
    else if (c == UINT32_MAX || is_control(c))
        buf_put_str(out, REPLACEMENT);
    else
        utf8_put_char(out, c);
}

void html_put_cut(struct buf *out, struct span s, size_t max)
{
    struct span rest = s;
    while (rest.n > 0) {
        uint32_t c = utf8_take_char(&rest);
        if (c == UINT32_MAX)
            rest = span_of(rest.p + 1, rest.n - 1);
        if (s.n - rest.n > max) {
            buf_put_str(out, "\xe2\x80\xa6");
            return;
        }
        put_char(out, c);
    }
}

void html_put_text(struct buf *out, struct span s)
{
    html_put_cut(out, s, s.n);
}

void html_put_number(struct buf *out, uint64_t n)
{
    char digits[24];
    int count = snprintf(digits, sizeof digits, "%" PRIu64, n);
    for (int i = 0; i < count; i++) {
        if (i > 0 && (count - i) % 3 == 0)
            buf_put_str(out, ",");
        buf_put_u8(out, (uint8_t)digits[i]);
    }
}
