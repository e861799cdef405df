/* A growing byte buffer: what writes. Zeroed is empty and valid; release by buf_free. Not shared between threads. */
#ifndef DRC_BASE_BUF_H
#define DRC_BASE_BUF_H

#include "common/base/span.h"

struct buf {
    uint8_t *data;
    size_t len;
    size_t cap;
};

void buf_free(struct buf *b); /* leaves it empty and valid */

/* Room for n more bytes; returns where they go. buf_grow also counts them as written. */
uint8_t *buf_reserve(struct buf *b, size_t n);
uint8_t *buf_grow(struct buf *b, size_t n);

static inline void buf_clear(struct buf *b)
{
    b->len = 0;
}

static inline struct span buf_span(const struct buf *b)
{
    return (struct span){b->data, b->len};
}

void buf_put(struct buf *b, const void *p, size_t n);
void buf_put_span(struct buf *b, struct span s);
void buf_put_str(struct buf *b, const char *s); /* without its NUL */
void buf_put_u8(struct buf *b, uint8_t v);
void buf_put_le(struct buf *b, uint64_t v, size_t n); /* n bytes, little-endian */
void buf_put_be(struct buf *b, uint64_t v, size_t n);
void buf_put_varint(struct buf *b, uint64_t v);
void buf_put_sized(struct buf *b, struct span s); /* varint length, then the bytes */
void buf_put_lenenc(struct buf *b, uint64_t v);   /* MySQL's packed integer */
void buf_printf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void buf_put_hex(struct buf *b, struct span s); /* lower case, no prefix */

/* As a NUL-terminated string that lives until the next write; the NUL is not counted in len. */
const char *buf_cstr(struct buf *b);

#endif
