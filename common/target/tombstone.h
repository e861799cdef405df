/* drc.tombstones: what deleted rows leave behind for a while, so that a change that comes late can be judged against
 * the delete, and a row that was deleted does not come back by it.
 *
 * One row a key: the newest delete of it. Written in the target transaction that deletes, many in one statement;
 * deletes that were made at the target itself are written by whoever reads its region's stream. Looked up only where a
 * row is missing that a change expects, or where a key is known to have been deleted. Keys are told apart by their
 * bytes, whatever a collation takes for equal. The schema is a reserved one: capture leaves its rows out. */
#ifndef DRC_TARGET_TOMBSTONE_H
#define DRC_TARGET_TOMBSTONE_H

#include "common/link/db.h"
#include "common/model/cell.h"

const char *tombstone_create_sql(void);

/* ---- writing ---- */

/* A delete; what it points to need not live longer than the call. */
struct tombstone_delete {
    const struct table_def *table; /* with a primary key; its names are the target's */
    const struct cell *row;        /* as it was deleted */
    uint64_t stamp;                /* version of the delete: hybrid stamp of its transaction … */
    const char *region;            /* … and where it was made */
    char *const *kept;             /* columns whose values stay known: those by which versions are told */
    size_t kept_count;
};

struct tombstone_batch;
struct tombstone_batch *tombstone_batch_new(void);
void tombstone_batch_free(struct tombstone_batch **b);
void tombstone_batch_put(struct tombstone_batch *b, const struct tombstone_delete *d);
bool tombstone_batch_is_empty(const struct tombstone_batch *b);
bool tombstone_batch_is_full(const struct tombstone_batch *b);
/* Forget what was put. */
void tombstone_batch_drop(struct tombstone_batch *b);
/* Inside the caller's transaction, which has changed another table first; leaves the batch empty. A newer tombstone of
 * a key stays. */
MUST_CHECK int tombstone_batch_send(struct tombstone_batch *b, struct db *db, struct err *err);

/* ---- looking it up ---- */

#define TOMBSTONE_REGION_LEN 65

struct tombstone {
    uint64_t stamp;
    char region[TOMBSTONE_REGION_LEN];
    const struct cell *columns; /* column_count cells of the table, absent where not kept: key and version columns */
};

/* Of the key that the image has. 1: found; 0: there is none; -1: error. Memory in the arena. */
MUST_CHECK int tombstone_find(struct tombstone *out, struct db *db, const struct table_def *t, const struct cell *image,
                              struct arena *a, struct err *err);

/* ---- letting go ---- */

#define TOMBSTONE_PURGE_STEP 1000u
/* At most that many of those that are older, in a transaction of its own: how many went. */
MUST_CHECK int tombstone_purge_step(struct db *db, uint64_t keep_ms, uint64_t *gone, struct err *err);

#endif
