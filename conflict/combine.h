/* A row made of two: each column is taken from the side that its group's policy names, or computed. Pure; for the
 * judge. */
#ifndef DRC_CONFLICT_COMBINE_H
#define DRC_CONFLICT_COMBINE_H

#include "conflict/version.h"

/* Does the rule decide columns apart from each other, under that policy for the rest? */
bool combine_is_needed(const struct policy_rule *rule, enum policy policy);

/* The verdict on two rows: incoming, local, merged (then out->merged), or park: a sum is out of range. `incoming`: that
 * side has the columns that nothing else is said about. ERR_DATA as conflict_judge. */
MUST_CHECK int combine_rows(const struct conflict_case *c, bool incoming, struct conflict_outcome *out, struct arena *a,
                            struct err *err);

#endif
