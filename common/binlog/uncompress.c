/* zlib streams behind MariaDB's length header. */
#include "common/binlog/uncompress.h"

#include <assert.h>
#include <zlib.h>

#include "common/base/inflate.h"

#define KIND_MASK 0xe0 /* the top bit says compressed, the next two: reserved */
#define KIND 0x80
#define ALGORITHM_MASK 0x70 /* 0: zlib */
#define LEN_BYTES_MASK 0x07

bool uncompress_part(struct buf *out, struct span in)
{
    struct bytes r = bytes_of(in);
    uint8_t head = bytes_u8(&r);
    unsigned len_bytes = head & LEN_BYTES_MASK;
    if ((head & KIND_MASK) != KIND || (head & ALGORITHM_MASK) != 0 || len_bytes < 1 || len_bytes > 4)
        return false;
    uint64_t n = bytes_be(&r, len_bytes);
    struct span stream = span_of(r.p, bytes_left(&r));
    return !r.bad && n <= UNCOMPRESS_MAX && inflate_exactly(out, &stream, (size_t)n, false);
}

void compress_part(struct buf *out, struct span in)
{
    unsigned len_bytes = in.n < 256 ? 1 : in.n < 65536 ? 2 : in.n < 16777216 ? 3 : 4;
    buf_put_u8(out, (uint8_t)(KIND | len_bytes));
    buf_put_be(out, in.n, len_bytes);
    uLongf n = compressBound((uLong)in.n);
    uint8_t *to = buf_reserve(out, n);
    int rc = compress(to, &n, in.p, (uLong)in.n);
    assert(rc == Z_OK);
    out->len += n;
}
