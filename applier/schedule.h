/* Which worker gets which transaction, and how the stream's end reaches it. With one worker: everything, in source
 * order.
 *
 * Between the intake's thread, which puts, and the workers' threads, which take. Bounded in bytes. */
#ifndef DRC_APPLIER_SCHEDULE_H
#define DRC_APPLIER_SCHEDULE_H

#include "applier/txn.h"

struct schedule;

struct schedule *schedule_new(size_t max_bytes);
/* All threads must have left it; what nobody took is freed. */
void schedule_free(struct schedule **s);

/* Wait for room. 0: the transaction is the schedule's; -1: it was closed, the transaction stays the caller's. */
MUST_CHECK int schedule_put(struct schedule *s, struct txn *t);
/* Nothing comes after what was put: because of `why` (NULL: a stop). Workers see it after they have taken all before.
 */
void schedule_end(struct schedule *s, const struct err *why);
/* Do not even hand out what is there: wakes everyone. Any thread. */
void schedule_abandon(struct schedule *s);

/* The next transaction, the taker's now. NULL: none within timeout_ms, or the end (schedule_ended tells). */
struct txn *schedule_take(struct schedule *s, int timeout_ms);
/* Has the end been reached? Then err (may be NULL) is why; its class is ERR_NONE after a stop. */
bool schedule_ended(struct schedule *s, struct err *err);

/* While it is held nothing new is begun: takers get NULL, but for the fragments of a transaction that has begun. */
void schedule_hold(struct schedule *s, bool hold);

/* A glance for status. */
size_t schedule_items(struct schedule *s);
size_t schedule_bytes(struct schedule *s);

#endif
