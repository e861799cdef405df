/* drc.ends: up to which transaction of a stream a delete that wins over all that did not know of it has ended the
 * changes of a key.
 *
 * Where such a rule stands, the greatest version of a key need not be the one that its row stands for, and no stream
 * tells which were ended where: so it is kept at the target, in the target transaction in which it happens. Looked up
 * only where something is contested under such a rule. Keys are hashes of table and key. */
#ifndef DRC_TARGET_ENDS_H
#define DRC_TARGET_ENDS_H

#include "common/link/db.h"
#include "common/model/record.h"

const char *ends_create_sql(void);

struct end_key {
    uint64_t a;
    uint64_t b;
};

struct end {
    struct end_key key;
    uint8_t stream[STREAM_UUID_LEN];
    uint64_t seq;
};

/* Inside the caller's transaction, which has changed another table first. A later end of the same key and stream stays.
 */
MUST_CHECK int ends_write(struct db *db, const struct end *list, size_t count, struct err *err);
/* All that is known of those keys; memory in the arena. */
MUST_CHECK int ends_read(struct end **out, size_t *found, struct db *db, const struct end_key *keys, size_t count,
                         struct arena *a, struct err *err);

#define ENDS_PURGE_STEP 1000u
/* At most that many of those that are older, in a transaction of its own: how many went. */
MUST_CHECK int ends_purge_step(struct db *db, uint64_t keep_ms, uint64_t *gone, struct err *err);

#endif
