/* MariaDB's compressed columns: what is inside a cell's payload. Pure.
 *
 * Empty is the empty string. Else the first byte's upper half says how: 0 as it is, 8 zlib; then the lower half has the
 * number of bytes, big-endian, of the original length that follows (bits 0..2) and whether zlib's header is left out
 * (bit 3). */
#ifndef DRC_MODEL_COMPRESSED_H
#define DRC_MODEL_COMPRESSED_H

#include "common/base/buf.h"

/* Append what the payload holds. False, and nothing appended, when it is malformed. */
bool compressed_unpack(struct span payload, struct buf *out);
/* Do both hold the same? Malformed ones equal nothing. */
bool compressed_equal(struct span a, struct span b);

#endif
