/* How a difference came to be: what the topics, the ledgers, the journals and what is parked tell of the rows that
 * differ.
 *
 * One scan of all streams that write to either side serves a whole batch of differing keys (those of a settled store of
 * suspects), so memory is bounded by that batch. A row in a topic is known for one of the batch by the values of its
 * key, as JSON; its states by a hash of all compared columns. What was written before the scan's beginning is not
 * known, and then the cause may be `unknown`. One thread. */
#ifndef DRC_RECONCILE_CAUSE_H
#define DRC_RECONCILE_CAUSE_H

#include "reconcile/difference.h"
#include "reconcile/run.h"

#define CAUSE_LOOK_BACK_US ((uint64_t)24 * 3600 * 1000000)
#define CAUSE_BUDGET_MS 120000u /* for scans, of a whole run */

struct cause;

/* NULL: it is not looked for, because a topic or database cannot be read, or the run has spent its time on it: all
 * causes are unknown then. `keys` are values as the plan reads them. */
struct cause *cause_search(struct run *run, const struct plan *plan, const struct span *const *keys, size_t count);
void cause_free(struct cause **c);

/* Fill cause, journal, last writes, and the class where it is `stale`. What it points to lives until cause_free. NULL
 * for `c`: nothing is filled. */
void cause_explain(struct cause *c, struct difference *d);

#endif
