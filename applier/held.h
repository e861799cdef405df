/* XA transactions that are prepared at the source and not decided yet: where the body of each is in the topic.
 *
 * A body takes its place in the order at XA PREPARE and takes effect at XA COMMIT, maybe days later: so the set is kept
 * in the ledger, as of each transaction. Small bodies are kept in memory besides, since most are decided at once. Pure;
 * one thread. */
#ifndef DRC_APPLIER_HELD_H
#define DRC_APPLIER_HELD_H

#include "common/model/record.h"

#define HELD_MOST_BYTES (1u << 20) /* of the set in the ledger's row: some 10,000 bodies */
#define HELD_KEEP_BYTES (8u << 20) /* of records in memory */

struct held_body {
    struct buf xid; /* canonical form */
    uint64_t seq;   /* of the XA PREPARE */
    int64_t offset; /* of its first fragment */
    uint64_t epoch; /* of the writer whose fragments count */
    uint64_t instance;
    struct buf record; /* its one record, as it was read; empty: to be read again */
};
void held_body_free(struct held_body *b);

/* Zeroed: none. */
struct held {
    struct held_body *bodies; /* by seq */
    size_t count;
    size_t cap;
    size_t kept;         /* bytes of records in memory */
    int64_t open_offset; /* where the body began whose fragments are being passed */
};
void held_free(struct held *h);

/* A fragment of a held body, one that counts (STREAM_TAKE), at `offset`: the body is in the set from its last one on.
 * `bytes`: the record as it was read, to be kept where there is room; empty: not wanted. ERR_FATAL 69 when there are
 * too many. */
MUST_CHECK int held_note(struct held *h, const struct record *rec, struct span bytes, int64_t offset, struct err *err);

/* Its XA COMMIT or ROLLBACK came: the body leaves the set and is the caller's. False: there is none of that name. */
bool held_take(struct held *h, struct held_body *out, struct span xid);

/* The set as the ledger keeps it, records left out: bodies by seq, each a sized xid, varints of seq, offset and epoch,
 * 8 bytes of instance. Nothing for the empty set. */
void held_put(const struct held *h, struct buf *out);
/* Into a zeroed set. ERR_FATAL 69 when malformed; what was read is to be freed all the same. */
MUST_CHECK int held_read(struct held *h, struct span bytes, struct err *err);

#endif
