/* Rows that the server would change by itself along with the row that they refer to. */
#ifndef DRC_CTL_CONFLICTS_CHILDREN_H
#define DRC_CTL_CONFLICTS_CHILDREN_H

#include "common/model/cell.h"
#include "common/target/target_table.h"

/* Inside the caller's transaction, the row `now` of t being locked: it is to become `wanted` (NULL: it goes). Where
 * rows refer to it by a foreign key that would change them along (CASCADE, SET NULL, SET DEFAULT) that is fatal 69 and
 * names the table and the constraint: no journal would have those rows, and no undo bring them back. */
MUST_CHECK int conflicts_children_stay(struct db *db, const struct target_table *t, const struct cell *now,
                                       const struct cell *wanted, struct err *err);

#endif
