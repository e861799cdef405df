/* Definitions that are under way: links that run DDL statements (ddl: apply) bring tables and their columns as they
 * bring rows. What was seen before they have passed it is looked at again. */
#ifndef DRC_RECONCILE_UNDERWAY_H
#define DRC_RECONCILE_UNDERWAY_H

#include "reconcile/run.h"

/* Does any link to either side run DDL statements? */
bool underway_is_possible(const struct run *run);
/* Wait until what has been committed everywhere is in effect on both sides. False: the links did not come in time, and
 * what was seen stands; nobody waits for them again in this run. Main thread; no job may be under way. */
bool underway_pass(struct run *run);

#endif
