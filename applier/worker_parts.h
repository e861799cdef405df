/* What worker.c and worker_big.c share. Nobody else includes it. */
#ifndef DRC_APPLIER_WORKER_PARTS_H
#define DRC_APPLIER_WORKER_PARTS_H

#include "applier/apply.h"
#include "applier/worker.h"

#define SERVER_LOCK_WAIT_TIMEOUT 1205
#define SERVER_DEADLOCK 1213

/* One big transaction, from its first fragment (the worker's now) to its last, or until it is void. */
MUST_CHECK int worker_apply_big(struct worker *w, struct txn *first, enum worker_end *end, struct err *err);

/* Put an operator's act into the journal, in a target transaction of its own. Frees it. -1: the session starts anew. */
MUST_CHECK int worker_apply_act(struct worker *w, struct txn *t, struct err *err);

/* A DDL statement, by itself: everything before it is in effect, nothing after it has begun. Frees it. -1: the session
 * starts anew. 0 also when a stop was requested before it was settled. */
MUST_CHECK int worker_apply_ddl(struct worker *w, struct txn *t, struct err *err);

/* Of the first *n of the group, those before one that depends on what is parked; 0: the first one does, and has been
 * parked behind it. -1: rolled back. */
MUST_CHECK int worker_park_ahead(struct worker *w, size_t *n, struct err *err);
/* Do its marks ask for what is parked? Notes it in them; they are answered all the same. */
MUST_CHECK int worker_park_marks(struct worker *w, struct txn *t, struct err *err);
/* Park one whole transaction that the target refused, in a target transaction of its own. */
MUST_CHECK int worker_park_refused(struct worker *w, struct txn *t, const struct apply_outcome *refused,
                                   struct err *err);
/* The link stands before this whole transaction: has an operator said that it is to be skipped? Then it is kept in
 * drc.parked as given up and journaled, in the target transaction that moves the ledger over it. 1: so; 0: nobody said
 * so; -1: rolled back. */
MUST_CHECK int worker_skip(struct worker *w, struct txn *t, struct err *err);
/* A big transaction: does this fragment of it depend on what is parked? 1: so, and all of it is to be parked when it
 * comes again. */
MUST_CHECK int worker_park_meets(struct worker *w, const struct txn *fragment, struct err *err);
/* It was refused: all of it is to be parked when it comes again. */
void worker_park_big(struct worker *w, uint64_t seq, uint64_t behind, const char *why);
/* One fragment of it, inside the target transaction that sink_begin opened; anything but 0 has been rolled back. */
MUST_CHECK int worker_park_fragment(struct worker *w, struct txn *fragment, struct err *err);
/* What operators asked for about what is parked, and what has become free by it: once a second at most, between target
 * transactions. -1: the session starts anew. */
MUST_CHECK int worker_drain(struct worker *w, struct err *err);

/* Has the operator said something that the worker is to follow now, by worker_pause? While what was begun is still to
 * come into effect it is not. */
bool worker_is_to_rest(struct worker *w);
/* What the worker has in hand (!in_hand: it has nothing) cannot come into effect now. Is that no longer borne, since
 * the operator wants the link paused? */
bool worker_gives_up(struct worker *w, bool in_hand);
/* The operator has paused the link, or lifts it: tell the target, and wait as long as it is. 0 also at a stop. */
MUST_CHECK int worker_pause(struct worker *w, struct err *err);
/* The same in the middle of what waits for an operator. */
MUST_CHECK int worker_pause_as_it_is(struct worker *w, struct err *err);

/* After so many row changes since then (clock_mono_ms): wait as the operator's throttle says. 0 also at a stop or a
 * pause. */
MUST_CHECK int worker_pace(struct worker *w, uint64_t rows, uint64_t began_ms, struct err *err);
/* While there is nothing in hand: keep the connection, or get another one. */
MUST_CHECK int worker_keep_alive(struct worker *w, struct err *err);

/* The connection is gone, and with it what was open; the others' are not. 0: there is another one, and what of the
 * group came into effect by a COMMIT that was not answered has left it, or a stop was requested; -1: the session has to
 * start anew. */
MUST_CHECK int worker_reconnect(struct worker *w, struct err *err);

/* The first n of the group are in effect. */
void worker_group_done(struct worker *w, size_t n);
/* Something has just been committed. */
void worker_committed(struct worker *w);
/* Say what the link waits for, and wait a moment. */
void worker_wait_for_table(struct worker *w, const struct apply_outcome *out);

#endif
