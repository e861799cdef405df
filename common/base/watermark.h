/* Which sequence numbers are done: a contiguous watermark and the ranges done above it. Pure; one thread at a time. */
#ifndef DRC_BASE_WATERMARK_H
#define DRC_BASE_WATERMARK_H

#include "common/base/buf.h"
#include "common/base/bytes.h"

struct watermark_range {
    uint64_t first;
    uint64_t last; /* inclusive */
};

/* Zeroed: nothing is done (numbers start at 1). */
struct watermark {
    uint64_t low;                   /* all of 1..low are done */
    struct watermark_range *ranges; /* above low, sorted, neither touching nor overlapping */
    size_t count;
    size_t cap;
};

void watermark_free(struct watermark *w);
bool watermark_has(const struct watermark *w, uint64_t seq);
/* Mark first..last as done; false when any of them was done already (then nothing else changed than the union). */
bool watermark_add(struct watermark *w, uint64_t first, uint64_t last);
/* Raise low to at least `low` and swallow the ranges that it reaches. */
void watermark_raise(struct watermark *w, uint64_t low);
void watermark_union(struct watermark *w, const struct watermark *other);
uint64_t watermark_high(const struct watermark *w); /* the greatest number done */
/* The ranges above low: varint count, then varint gaps; read back by watermark_read_ranges, which marks r bad when
 * they are not sorted above low. A first range that touches low raises it. */
void watermark_put_ranges(const struct watermark *w, struct buf *out);
/* The same as seen from `base`, at most low: what is done between the two comes as the first range. */
void watermark_put_ranges_above(const struct watermark *w, uint64_t base, struct buf *out);
void watermark_read_ranges(struct watermark *w, struct bytes *r);

#endif
