/* zlib's inflate into a buffer that grows as bytes come out. */
#include "common/base/inflate.h"

#include <zlib.h>

#define CHUNK_MIN ((size_t)64 << 10)

/* As much again as is there, but no more than is missing, nor than zlib can count. */
static size_t next_chunk(size_t done, size_t n)
{
    size_t chunk = done > CHUNK_MIN ? done : CHUNK_MIN;
    if (chunk > n - done)
        chunk = n - done;
    return chunk < UINT32_MAX ? chunk : UINT32_MAX;
}

bool inflate_exactly(struct buf *out, struct span *in, size_t n, bool raw)
{
    size_t start = out->len;
    int rc = Z_OK;
    uint8_t beyond; /* asked for when all is there: the stream must end now */
    z_stream z = {.next_in = (z_const Bytef *)in->p, .avail_in = (uInt)in->n};
    if (in->n > UINT32_MAX || inflateInit2(&z, raw ? -MAX_WBITS : MAX_WBITS) != Z_OK)
        return false;
    while (rc == Z_OK) {
        size_t chunk = next_chunk(out->len - start, n);
        z.next_out = chunk > 0 ? buf_reserve(out, chunk) : &beyond;
        z.avail_out = chunk > 0 ? (uInt)chunk : 1;
        uInt before = z.avail_out;
        rc = inflate(&z, Z_NO_FLUSH);
        if (chunk > 0)
            out->len += before - z.avail_out;
        else if (z.avail_out == 0)
            rc = Z_DATA_ERROR; /* longer than it said */
    }
    (void)inflateEnd(&z);
    if (rc != Z_STREAM_END || out->len - start != n) {
        out->len = start;
        return false;
    }
    *in = span_of(z.next_in, z.avail_in);
    return true;
}
