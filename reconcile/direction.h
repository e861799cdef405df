/* Whose row counts where two differ: what the operator says, a one-way link's source, or what the table's rule comes
 * to. Pure. */
#ifndef DRC_RECONCILE_DIRECTION_H
#define DRC_RECONCILE_DIRECTION_H

#include "common/model/policy.h"
#include "reconcile/difference.h"

/* The side (0, 1) whose row wins by the rule, or -1: it says nothing of these two. `latest` goes by the rule's version
 * columns where both rows are there, else by what was written last as the topics tell (d->newest); `priority` by its
 * order. `d` has its values unmasked. */
int direction_by_rule(const struct policy_rule *rule, const char *const regions[2], const struct difference *d);

/* Two values of one column, as JSON: -1, 0, 1 as the first is less, equal or greater; 2: they have no order here.
 * Numbers by value, texts (times) by their bytes, NULL is less than all. */
int direction_compare(struct span a, struct span b);

#endif
