/* MariaDB's compressed part of an event: a length header, then a zlib stream. Pure. */
#ifndef DRC_BINLOG_UNCOMPRESS_H
#define DRC_BINLOG_UNCOMPRESS_H

#include "common/base/buf.h"
#include "common/base/bytes.h"

/* More than a server accepts in one event. */
#define UNCOMPRESS_MAX ((size_t)1 << 30)

/* Append the uncompressed bytes of `in` to out. False when malformed. */
bool uncompress_part(struct buf *out, struct span in);
/* The reverse, for tests and tools. */
void compress_part(struct buf *out, struct span in);

#endif
