/* How a difference came to be: what the topics, the ledgers, the journals and what is parked tell of the rows that
 * differ.
 *
 * One scan of all streams that write to either side serves a whole batch of differing keys (those of a settled store of
 * suspects), so memory is bounded by that batch. A row in a topic is known for one of the batch by the values of its
 * key, as JSON; its states by a hash of all compared columns. How far back it goes, and how long a run may take for it,
 * are the operator's to say (struct causes); what was written before is not known, and then the cause may be `unknown`,
 * with that limit as its detail. One thread. */
#ifndef DRC_RECONCILE_CAUSE_H
#define DRC_RECONCILE_CAUSE_H

#include "reconcile/difference.h"
#include "reconcile/run.h"

struct cause;

/* NULL: it is not looked for, because a topic or database cannot be read, or the run has spent its time on it: all
 * causes are unknown then. `keys` are values as the plan reads them. */
struct cause *cause_search(struct run *run, const struct plan *plan, const struct span *const *keys, size_t count);
void cause_free(struct cause **c);

/* Fill cause, journal, last writes, whose row is the newest, and the class where it is `stale`. What it points to lives
 * until the next call, or cause_free. NULL for `c`: nothing is filled. */
void cause_explain(struct cause *c, struct difference *d);

/* Does no link carry the table, so that it can only be compared because the operator named it? */
bool cause_is_filtered(const struct run *run, struct span db, struct span table);

/* The limits that causes ran into, as a fact of the report. */
void cause_tell_limits(struct run *run);

#endif
