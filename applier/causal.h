/* A worker's use of versions inside a target transaction: the target's position, the wait for it, and which local
 * versions the transaction has won over. One thread (the worker's). */
#ifndef DRC_APPLIER_CAUSAL_H
#define DRC_APPLIER_CAUSAL_H

#include "applier/versions.h"
#include "common/link/db.h"

struct causal;

struct causal *causal_new(struct versions *versions);
void causal_free(struct causal **c);

/* Everything that has been written at the target to rows that are locked now is known when this returns 0: the position
 * of its binlog, read here, has been passed by its region's stream. -1 (retry): not in time (code VERSIONS_BEHIND), or
 * an error. */
MUST_CHECK int causal_wait(struct causal *c, struct db *db, struct err *err);
/* After causal_wait was behind and everything has been rolled back: the same wait, with no lock in hand. True: it has
 * been passed. */
bool causal_wait_free(struct causal *c, unsigned ms, struct err *err);

/* As of the last causal_wait; what this target transaction has won over counts as known. */
void causal_ask(struct causal *c, struct versions_question *questions, size_t count);

/* From here on what is won over may be undone: by causal_undo. */
void causal_mark(struct causal *c);
void causal_undo(struct causal *c);
/* The open target transaction's change has won over that version. */
void causal_won(struct causal *c, const struct version_key *key, uint64_t seq);
/* The target transaction is in effect; or begins, so that what was noted before counts for nothing. NULL: nothing. */
void causal_committed(struct causal *c);
void causal_forget(struct causal *c);

#endif
