/* What worker.c and worker_big.c share. Nobody else includes it. */
#ifndef DRC_APPLIER_WORKER_PARTS_H
#define DRC_APPLIER_WORKER_PARTS_H

#include "applier/apply.h"
#include "applier/worker.h"

/* One big transaction, from its first fragment (the worker's now) to its last, or until it is void. */
MUST_CHECK int worker_apply_big(struct worker *w, struct txn *first, enum worker_end *end, struct err *err);

/* Put an operator's act into the journal, in a target transaction of its own. Frees it. -1: the session starts anew. */
MUST_CHECK int worker_apply_act(struct worker *w, struct txn *t, struct err *err);

/* A DDL statement, by itself: everything before it is in effect, nothing after it has begun. Frees it. -1: the session
 * starts anew. 0 also when a stop was requested before it was settled. */
MUST_CHECK int worker_apply_ddl(struct worker *w, struct txn *t, struct err *err);

/* Something has just been committed. */
void worker_committed(struct worker *w);
/* Say what the link waits for, and wait a moment. */
void worker_wait_for_table(struct worker *w, const struct apply_outcome *out);

#endif
