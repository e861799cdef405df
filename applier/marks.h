/* What reconcile asks at a place of the stream's order (drc.repair): comparing the row there, or making it what the
 * asking side has.
 *
 * Never a conflict, never parked: whatever is in the way is the answer. Part of the exact way. */
#ifndef DRC_APPLIER_MARKS_H
#define DRC_APPLIER_MARKS_H

#include "applier/sink.h"
#include "applier/txn.h"

/* Answer all marks of the transaction, or fragment, that ask this region: inside the target transaction that has begun,
 * after its rows. -1: it is to be rolled back. */
MUST_CHECK int marks_answer(struct sink *s, const struct txn *txn, struct err *err);

#endif
