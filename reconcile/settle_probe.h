/* Probes: suspects compared at one point of their row's history, whoever writes it meanwhile. Part of settle. */
#ifndef DRC_RECONCILE_SETTLE_PROBE_H
#define DRC_RECONCILE_SETTLE_PROBE_H

#include "reconcile/run.h"
#include "reconcile/suspects.h"

#define PROBES_MOST 12u /* of one suspect: then it is unsettled */

/* Can rows of that table be asked for at all? */
bool settle_can_probe(const struct run *run, const struct plan *plan);
/* Ask once for every suspect that is not told: `answer` of each. What is equal has equal states in `now`. No answer in
 * time, or asking is not possible: the report, or a warning, says so, and nobody is asked any more. */
void settle_probe(struct run *run, const struct plan *plan, struct suspects *s, unsigned round);

#endif
