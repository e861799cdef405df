/* Unpacking MariaDB's compressed columns. */
#include "common/model/compressed.h"

#include "common/base/bytes.h"
#include "common/base/inflate.h"

#define METHOD_NONE 0
#define METHOD_ZLIB 8

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
    size_t before = out->len;
    if (head >> 4 != METHOD_ZLIB || r.bad || n > UINT32_MAX || !inflate_exactly(out, &in, (size_t)n, head & 8))
        return false;
    if (in.n > 0) /* something follows */
        out->len = before;
    return in.n == 0;
}

bool compressed_equal(struct span a, struct span b)
{
    struct buf x = {0}, y = {0};
    bool equal = compressed_unpack(a, &x) && compressed_unpack(b, &y) && span_eq(buf_span(&x), buf_span(&y));
    buf_free(&x);
    buf_free(&y);
    return equal;
}
