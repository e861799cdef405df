/* AUTO_INCREMENT on both sides: does either give out numbers that it should not?
 *
 * The counters of a healthy pair are rarely equal: each server steps by its own increment, and what was rolled back has
 * taken numbers. Two things are differences: a counter that is not above the highest number in its own table (the next
 * INSERT fails), and one that stays more than 1,000 behind the other side's after the links have passed (numbers of
 * rows that are gone come again after a failover). */
#ifndef DRC_RECONCILE_COUNTER_H
#define DRC_RECONCILE_COUNTER_H

#include "reconcile/run.h"

/* As definition_compare. Waits for the links only where the counters lie apart. */
MUST_CHECK int counter_compare(struct run *run, const struct plan *plan,
                               void (*tell)(void *context, const char *phrase), void *context, struct err *err);

#endif
