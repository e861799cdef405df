/* Which published transactions are not in a position of the source: told one by one, as far as the topic still tells
 * them. Capture names them when it stops, drcctl lists them when they are given up. */
#ifndef DRC_STREAM_LOST_H
#define DRC_STREAM_LOST_H

#include "common/stream/readback.h"

#define LOST_MOST 500u /* kept in the list */

struct lost_txn {
    uint64_t seq;
    struct gtid gtid;
    uint64_t commit_us;
};

struct lost {
    struct lost_txn *list; /* the newest LOST_MOST, in the stream's order */
    size_t count;
    uint64_t total;
    /* The newest published transaction that the position has. */
    bool has_kept;
    struct lost_txn kept;
    uint64_t kept_fingerprint;
    struct position kept_before; /* a dump from here sends it again, on a source that has `position` only */
};
void lost_free(struct lost *l);

/* Walk the topic's records [low, high) back as far as needed. */
MUST_CHECK int lost_read(struct lost *out, struct readback *rb, const struct position *position, int64_t low,
                         int64_t high, struct err *err);

#endif
