/* A worker's use of versions inside a target transaction: where the target stands, the wait for it, which versions the
 * transaction has won over, and which deletes have ended. One thread (the worker's). */
#ifndef DRC_APPLIER_CAUSAL_H
#define DRC_APPLIER_CAUSAL_H

#include "applier/versions.h"
#include "common/link/db.h"

struct causal;

/* `peer_topic`: of the third region of a mesh; NULL: there is none. `locks`: it writes, so that it has to keep clear of
 * others that do. */
struct causal *causal_new(struct versions *versions, const char *peer_topic, bool locks);
void causal_free(struct causal **c);

/* Everything that has been written at the target to rows that are locked now is known when this returns 0: the position
 * of its binlog and what its ledger says of the peer's stream, read here, have been passed. -1 (retry): not in time
 * (code VERSIONS_BEHIND), or an error. */
MUST_CHECK int causal_wait(struct causal *c, struct db *db, struct err *err);
/* The same before COMMIT, for what could not be locked because it was not there: where another link may write it
 * meanwhile, in a mesh, this one and the others exclude each other from here to COMMIT where either leaves a row absent
 * by a verdict. */
MUST_CHECK int causal_wait_last(struct causal *c, struct db *db, struct err *err);
/* A verdict of the open target transaction leaves a row absent that was absent. */
void causal_left_absent(struct causal *c);
/* After causal_wait was behind and everything has been rolled back: the same wait, with no lock in hand. True: it has
 * been passed. */
bool causal_wait_free(struct causal *c, unsigned ms, struct err *err);

/* As of the last causal_wait; what this target transaction has won over counts as known, and what deletes have ended,
 * where the rule keeps that. */
MUST_CHECK int causal_ask(struct causal *c, struct db *db, struct versions_question *questions, size_t count,
                          struct err *err);

/* From here on what is won over may be undone: by causal_undo. */
void causal_mark(struct causal *c);
void causal_undo(struct causal *c);
/* The open target transaction's change has won over that version. */
void causal_won(struct causal *c, const struct version_key *key, enum versions_stream stream, uint64_t seq);
/* A delete has ended what that stream has of the key up to `seq`; the second: a stream by its UUID, the link's own. */
void causal_ended(struct causal *c, const struct version_key *key, enum versions_stream stream, uint64_t seq);
void causal_ended_of(struct causal *c, const struct version_key *key, const uint8_t id[STREAM_UUID_LEN], uint64_t seq);
/* Before COMMIT: what was ended goes to the target. NULL: nothing. */
MUST_CHECK int causal_send(struct causal *c, struct db *db, struct err *err);
/* The target transaction is in effect; or begins, so that what was noted before counts for nothing. NULL: nothing. */
void causal_committed(struct causal *c);
void causal_forget(struct causal *c);

#endif
