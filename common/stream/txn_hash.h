/* The fingerprint of a transaction: of what the source changed, not of how it is passed on, so that it stays the same
 * when settings or our version change. Names and images of all tables in order, whatever events, fragments, definitions
 * or filters they went through.
 *
 * Servers that have the same transaction may differ in which generated columns their row images have: then only its
 * shape is compared, how many rows of which table it inserted, updated and deleted in turn. Pure. */
#ifndef DRC_STREAM_TXN_HASH_H
#define DRC_STREAM_TXN_HASH_H

#include "common/base/hash.h"
#include "common/model/record.h"

struct txn_hash {
    struct hash_state cells;
    struct hash_state shape; /* without the run that is open */
    const struct table_def *table;
    enum rows_op op;
    uint64_t run;  /* rows of `table` by `op` that follow one another */
    bool narrowed; /* rows lack columns */
};

void txn_hash_start(struct txn_hash *h);
void txn_hash_rows(struct txn_hash *h, const struct rows *rows);
/* A body alone must not pass for the whole. */
void txn_hash_xid(struct txn_hash *h, struct span xid);
uint64_t txn_hash_end(const struct txn_hash *h);

/* May the transaction be the one of that fingerprint? `surely`: no, where it cannot be told, since rows lack columns
 * here and lacked none there. */
bool txn_hash_is(const struct txn_hash *h, uint64_t fingerprint, bool surely);

#endif
