/* Is it a difference, or a change under way? Looks again at suspects after the links have passed what was seen.
 *
 * Marks M0, M1, … of what the sources have committed are taken after each look; before look n+1 everything up to Mn is
 * in effect on both sides. A suspect that is equal at a look was a change under way. One that is not:
 *  - Mn = Mn+1: nothing was committed while look n+1 was taken, and nothing was under way. It is a difference, for
 * certain.
 *  - else it is asked for by a probe (marker.h): compared at one point of the row's history. Equal there: a change
 * under way. Different, and neither side has written what the other does not know: a difference, for certain. A write
 * in between: look again, and ask from the other side.
 *  - still not told after a number of probes, or of looks and a time: `unsettled`, which is counted apart.
 *
 * Where nobody may be asked (--no-probe, tables without a primary key): the same two states at several looks running,
 * each with a wait between, make a difference. A row that others keep changing to and fro between just these two states
 * can pass for one there; the more looks, the less so.
 */
#ifndef DRC_RECONCILE_SETTLE_H
#define DRC_RECONCILE_SETTLE_H

#include "reconcile/run.h"
#include "reconcile/suspects.h"

/* How a kind of suspect is looked at and told. */
struct settle_kind {
    /* Fill `now` (and `columns`) of every suspect. Results may stay in `arena` until the next look. */
    int (*look)(struct run *run, const struct plan *plan, struct suspects *s, struct arena *arena, struct err *err);
    /* Tell those that `which` picks: as differences, or as unsettled. */
    int (*tell)(struct run *run, const struct plan *plan, struct suspects *s, bool (*which)(const struct suspect *x),
                bool unsettled, struct table_counts *counts, struct err *err);
    bool probes; /* they have keys by which they can be asked for */
};

/* Settle all suspects and leave the store empty. Links that do not come in time: what is left is unsettled, and the
 * report knows the problem. -1: a database failed. */
MUST_CHECK int settle(struct run *run, const struct plan *plan, struct suspects *s, const struct settle_kind *kind,
                      struct table_counts *counts, struct err *err);

#endif
