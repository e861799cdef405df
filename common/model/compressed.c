/* Unpacking MariaDB's compressed columns, bounded by the length that they claim and that zlib can reach. */
#include "common/model/compressed.h"

#include <zlib.h>

#include "common/base/bytes.h"

#define METHOD_NONE 0
#define METHOD_ZLIB 8
#define ZLIB_MOST 1032 /* no deflate stream grows more than that */

static bool inflate_all(struct span in, int window, uint8_t *to, size_t n)
{
    z_stream z = {.next_in = (z_const Bytef *)in.p, .avail_in = (uInt)in.n, .avail_out = (uInt)n};
    z.next_out = to;
    if (inflateInit2(&z, window) != Z_OK)
        return false;
    bool whole = inflate(&z, Z_FINISH) == Z_STREAM_END && z.avail_out == 0 && z.avail_in == 0;
    (void)inflateEnd(&z);
    return whole;
}

bool compressed_unpack(struct span payload, struct buf *out)
{
    struct bytes r = bytes_of(payload);
    if (payload.n == 0)
        return true;
    uint8_t head = bytes_u8(&r);
    if (head >> 4 == METHOD_NONE) {
        buf_put_span(out, bytes_take(&r, bytes_left(&r)));
        return true;
    }
    uint64_t n = bytes_be(&r, head & 7);
    struct span in = span_of(r.p, bytes_left(&r));
    if (head >> 4 != METHOD_ZLIB || r.bad || in.n > UINT32_MAX || n > UINT32_MAX || n > in.n * ZLIB_MOST)
        return false;
    if (!inflate_all(in, head & 8 ? -MAX_WBITS : MAX_WBITS, buf_reserve(out, (size_t)n + 1), (size_t)n))
        return false;
    out->len += (size_t)n;
    return true;
}

bool compressed_equal(struct span a, struct span b)
{
    struct buf x = {0}, y = {0};
    bool equal = compressed_unpack(a, &x) && compressed_unpack(b, &y) && span_eq(buf_span(&x), buf_span(&y));
    buf_free(&x);
    buf_free(&y);
    return equal;
}
