/* Unpacking zlib's streams whose unpacked length was announced: the announcement alone reserves no memory. Pure. */
#ifndef DRC_BASE_INFLATE_H
#define DRC_BASE_INFLATE_H

#include "common/base/buf.h"

/* Unpack the stream at the beginning of `in`, append it to `out`, and step `in` over it. `raw`: it has no zlib header.
 * False when it is damaged or is not n bytes long unpacked; out and in are then as before. */
bool inflate_exactly(struct buf *out, struct span *in, size_t n, bool raw);

#endif
