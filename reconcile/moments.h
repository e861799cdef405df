/* What the timeline of the page shows beside the differences: when conflicts were decided at either side. */
#ifndef DRC_RECONCILE_MOMENTS_H
#define DRC_RECONCILE_MOMENTS_H

#include "reconcile/run.h"

/* Asks both journals for the conflicts decided from `since_us` to `until_us`, where there is a page to show them. A
 * side that cannot tell is said as a fact: the comparison does not hang on it. */
void moments_tell_conflicts(struct run *run, uint64_t since_us, uint64_t until_us);

#endif
