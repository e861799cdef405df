/* A growing byte buffer: grows by doubling, so that writing n bytes costs O(n). */
#include "common/base/buf.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/base/mem.h"

#define BUF_FIRST 64

void buf_free(struct buf *b)
{
    free(b->data);
    *b = (struct buf){0};
}

uint8_t *buf_reserve(struct buf *b, size_t n)
{
    if (n > b->cap - b->len) {
        assert(n <= SIZE_MAX / 2 - b->len);
        size_t need = b->len + n;
        size_t cap = b->cap ? b->cap * 2 : BUF_FIRST;
        if (cap < need)
            cap = need;
        b->data = xrealloc(b->data, cap);
        b->cap = cap;
    }
    return b->data + b->len;
}

uint8_t *buf_grow(struct buf *b, size_t n)
{
    uint8_t *p = buf_reserve(b, n);
    b->len += n;
    return p;
}

void buf_put(struct buf *b, const void *p, size_t n)
{
    if (n > 0)
        memcpy(buf_grow(b, n), p, n);
}

void buf_put_span(struct buf *b, struct span s)
{
    buf_put(b, s.p, s.n);
}

void buf_put_str(struct buf *b, const char *s)
{
    buf_put(b, s, strlen(s));
}

void buf_put_u8(struct buf *b, uint8_t v)
{
    *buf_grow(b, 1) = v;
}

void buf_put_le(struct buf *b, uint64_t v, size_t n)
{
    assert(n <= 8);
    uint8_t *p = buf_grow(b, n);
    for (size_t i = 0; i < n; i++)
        p[i] = (uint8_t)(v >> (8 * i));
}

void buf_put_be(struct buf *b, uint64_t v, size_t n)
{
    assert(n <= 8);
    uint8_t *p = buf_grow(b, n);
    for (size_t i = 0; i < n; i++)
        p[i] = (uint8_t)(v >> (8 * (n - 1 - i)));
}

void buf_put_varint(struct buf *b, uint64_t v)
{
    uint8_t *p = buf_reserve(b, 10);
    size_t n = 0;
    while (v >= 0x80) {
        p[n++] = (uint8_t)(v | 0x80);
        v >>= 7;
    }
    p[n++] = (uint8_t)v;
    b->len += n;
}

void buf_put_sized(struct buf *b, struct span s)
{
    buf_put_varint(b, s.n);
    buf_put_span(b, s);
}

void buf_put_lenenc(struct buf *b, uint64_t v)
{
    if (v < 0xfb) {
        buf_put_u8(b, (uint8_t)v);
    } else if (v <= 0xffff) {
        buf_put_u8(b, 0xfc);
        buf_put_le(b, v, 2);
    } else if (v <= 0xffffff) {
        buf_put_u8(b, 0xfd);
        buf_put_le(b, v, 3);
    } else {
        buf_put_u8(b, 0xfe);
        buf_put_le(b, v, 8);
    }
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    va_list again;
    va_copy(again, ap);
    size_t room = b->cap - b->len;
    int n = vsnprintf(b->data ? (char *)b->data + b->len : NULL, room, fmt, ap);
    va_end(ap);
    assert(n >= 0);
    if ((size_t)n >= room)
        (void)vsnprintf((char *)buf_reserve(b, (size_t)n + 1), (size_t)n + 1, fmt, again);
    va_end(again);
    b->len += (size_t)n;
}

void buf_put_hex(struct buf *b, struct span s)
{
    static const char digits[] = "0123456789abcdef";
    uint8_t *p = buf_grow(b, 2 * s.n);
    for (size_t i = 0; i < s.n; i++) {
        p[2 * i] = (uint8_t)digits[s.p[i] >> 4];
        p[2 * i + 1] = (uint8_t)digits[s.p[i] & 15];
    }
}

const char *buf_cstr(struct buf *b)
{
    *buf_reserve(b, 1) = 0;
    return (const char *)b->data;
}
