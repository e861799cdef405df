/* The bounded reader: every byte from outside is read through it.
 *
 * A read past the end gives zeros and marks the reader bad for good, so that a decoder can read a whole structure and
 * ask once at its end. Nothing is copied; spans point into the caller's memory. Inline because the decoders live in it.
 */
#ifndef DRC_BASE_BYTES_H
#define DRC_BASE_BYTES_H

#include "common/base/span.h"

struct bytes {
    const uint8_t *p;
    const uint8_t *end;
    bool bad; /* something was read that is not there, or was malformed */
};

static inline struct bytes bytes_of(struct span s)
{
    return (struct bytes){s.p, s.p + s.n, false};
}

static inline size_t bytes_left(const struct bytes *r)
{
    return (size_t)(r->end - r->p);
}

/* Mark as malformed and jump to the end, so that loops over the rest end. */
static inline void bytes_fail(struct bytes *r)
{
    r->bad = true;
    r->p = r->end;
}

/* The next n bytes, or an empty span and bad. */
static inline struct span bytes_take(struct bytes *r, size_t n)
{
    if (n > bytes_left(r)) {
        bytes_fail(r);
        return (struct span){r->end, 0};
    }
    struct span s = {r->p, n};
    r->p += n;
    return s;
}

static inline void bytes_skip(struct bytes *r, size_t n)
{
    (void)bytes_take(r, n);
}

/* Little-endian unsigned of n bytes, 0 ≤ n ≤ 8. */
static inline uint64_t bytes_le(struct bytes *r, size_t n)
{
    struct span s = bytes_take(r, n);
    uint64_t v = 0;
    for (size_t i = 0; i < s.n; i++)
        v |= (uint64_t)s.p[i] << (8 * i);
    return v;
}

/* Big-endian unsigned of n bytes, 0 ≤ n ≤ 8. */
static inline uint64_t bytes_be(struct bytes *r, size_t n)
{
    struct span s = bytes_take(r, n);
    uint64_t v = 0;
    for (size_t i = 0; i < s.n; i++)
        v = v << 8 | s.p[i];
    return v;
}

static inline uint8_t bytes_u8(struct bytes *r)
{
    if (r->p == r->end) {
        bytes_fail(r);
        return 0;
    }
    return *r->p++;
}

static inline uint16_t bytes_u16(struct bytes *r)
{
    return (uint16_t)bytes_le(r, 2);
}

static inline uint32_t bytes_u32(struct bytes *r)
{
    return (uint32_t)bytes_le(r, 4);
}

static inline uint64_t bytes_u64(struct bytes *r)
{
    return bytes_le(r, 8);
}

/* LEB128 varint, at most 10 bytes and 64 bits. */
static inline uint64_t bytes_varint(struct bytes *r)
{
    uint64_t v = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        uint8_t b = bytes_u8(r);
        if (shift == 63 && b > 1)
            break;
        v |= (uint64_t)(b & 0x7f) << shift;
        if (!(b & 0x80))
            return v;
    }
    bytes_fail(r);
    return 0;
}

/* A varint length and that many bytes. */
static inline struct span bytes_sized(struct bytes *r)
{
    uint64_t n = bytes_varint(r);
    if (n > bytes_left(r)) {
        bytes_fail(r);
        return (struct span){r->end, 0};
    }
    return bytes_take(r, (size_t)n);
}

/* MySQL's length-encoded integer ("packed integer"); 0xfb (NULL) and 0xff are malformed. */
static inline uint64_t bytes_lenenc(struct bytes *r)
{
    uint8_t b = bytes_u8(r);
    if (b < 0xfb)
        return b;
    if (b == 0xfc)
        return bytes_le(r, 2);
    if (b == 0xfd)
        return bytes_le(r, 3);
    if (b == 0xfe)
        return bytes_le(r, 8);
    bytes_fail(r);
    return 0;
}

#endif
