/* The cut: which remote transactions are in effect at a point of a region's local order, one watermark a remote stream.
 *
 * Pure. Owned memory inside; zeroed is empty. It only ever grows. */
#ifndef DRC_MODEL_CUT_H
#define DRC_MODEL_CUT_H

#include "common/base/watermark.h"

struct cut_entry {
    uint8_t stream[16];
    uint32_t partition;
    struct watermark done;
};

struct cut {
    struct cut_entry *entries; /* sorted by stream, partition */
    size_t count;
    size_t cap;
};

void cut_free(struct cut *c);
/* The entry of that stream and partition, made when missing; valid until the next call. */
struct cut_entry *cut_entry_of(struct cut *c, const uint8_t stream[16], uint32_t partition);
/* Has that remote transaction taken effect at this point? */
bool cut_has(const struct cut *c, const uint8_t stream[16], uint32_t partition, uint64_t seq);
/* Wire form; read replaces c's content and marks r bad when malformed (at most 1024 entries). */
void cut_put(const struct cut *c, struct buf *out);
void cut_read(struct cut *c, struct bytes *r);

#endif
