/* Asking one side's applier at a place of the other side's order: marks in drc.repair (common/target/repair.h).
 *
 * A mark is born at the side that asks, in a transaction that holds the lock of the row, or of the gap where it would
 * be. The answer comes over the link, so that there has to be one from the asking side to the other. One thread. */
#ifndef DRC_RECONCILE_MARKER_H
#define DRC_RECONCILE_MARKER_H

#include "common/base/backoff.h"
#include "common/base/stop.h"
#include "common/target/repair.h"
#include "reconcile/plan.h"

struct marker;

/* No I/O yet. The configuration has the passwords of both regions, and outlives it. `stop` ends waiting for answers
 * (NULL: nothing does). */
struct marker *marker_new(const struct config *config, const char *const regions[2], const struct stop *stop);
/* Takes away what this run has written, as far as the databases can be reached. */
void marker_free(struct marker **m);

/* Is there a link from that side to the other? */
bool marker_has_link(const struct marker *m, int side);

/* One row to be asked for. */
struct marker_ask {
    const struct plan *plan;
    const struct span *key; /* as the plan reads keys */
    enum repair_kind kind;
    struct repair_hash seen; /* REPAIR_ROW */
    /* Filled on the way. */
    const struct cell *here;  /* the asking side's row, under lock; NULL: absent; until the next marker_begin */
    const struct cell *there; /* the other side's, without a lock, where it was read; NULL: absent, or not read */
    struct repair_hash here_hash;
    uint64_t number;           /* of its mark; 0: there is none, and the reply is known */
    struct repair_reply reply; /* REPAIR_NONE: no answer came in time */
};

/* Connect both sides, if they are not, and make sure that the table is there. Retry, or fatal with what is missing
 * (grants, an applier of a release that has no such table). */
MUST_CHECK int marker_connect(struct marker *m, int side, struct err *err);
/* The same without anything of ours: to read rows only. */
MUST_CHECK int marker_connect_both(struct marker *m, struct err *err);
/* The other side's row, read now, without a lock: `there`. */
MUST_CHECK int marker_read_there(struct marker *m, int side, struct marker_ask *a, struct arena *arena,
                                 struct err *err);

/* Which side is read by what follows, without a transaction: for what writes nothing anywhere. */
void marker_side(struct marker *m, int side);
/* A transaction at the asking side. After an error it is rolled back, and everything may be begun again. */
MUST_CHECK int marker_begin(struct marker *m, int side, struct err *err);
/* Read the row, under lock inside a transaction: `here`. */
MUST_CHECK int marker_lock(struct marker *m, struct marker_ask *a, struct err *err);
/* The checksum of a side's row in the pair's terms, 64 hexadecimal digits; .p NULL: absent. In the arena. */
MUST_CHECK int marker_row_hash(struct marker *m, struct span *out, int side, const struct marker_ask *a,
                               struct arena *arena, struct err *err);
/* Any row of a side with that checksum in the pair's terms; NULL: there is none. It walks over the table. */
MUST_CHECK int marker_read_copy(struct marker *m, const struct cell **out, int side, const struct plan *plan,
                                struct span hash, struct arena *arena, struct err *err);
/* A side's connection, once it is there. */
struct db *marker_db(struct marker *m, int side);
/* Load a table as that side has it; NULL: it is not there. */
MUST_CHECK int marker_load_table(struct marker *m, struct target_table **out, int side, struct span db,
                                 struct span name, struct err *err);
/* Ask. Absent on both sides: nothing to ask, the reply is REPAIR_EQUAL. A row that no packet carries: REPAIR_REFUSED.
 */
MUST_CHECK int marker_put(struct marker *m, struct marker_ask *a, struct err *err);
MUST_CHECK int marker_commit(struct marker *m, struct err *err);
void marker_rollback(struct marker *m);
/* Wait for the answers to what was committed, at most so long. */
MUST_CHECK int marker_collect(struct marker *m, struct marker_ask *asks, size_t n, uint64_t timeout_ms,
                              struct err *err);

/* Rows of one transaction: their locks are held until it is committed. */
#define MARKER_ROWS 50u

/* After an error of what stands between begin and commit: rolled back; is it to be begun again, after a pause? */
bool marker_try_again(struct marker *m, struct backoff *backoff, const struct err *err);

/* All of that for probes, any number of them. */
MUST_CHECK int marker_probe(struct marker *m, int side, struct marker_ask *asks, size_t n, uint64_t timeout_ms,
                            struct err *err);

#endif
