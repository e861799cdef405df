/* Tombstones of what this link deletes: gathered with the rows of a target transaction, written before its COMMIT.
 *
 * Only where the two regions are linked both ways: elsewhere nobody asks for them. */
#ifndef DRC_APPLIER_BURY_H
#define DRC_APPLIER_BURY_H

#include "applier/sink.h"

struct conflict_place;

/* The row of that key is gone by a change of the place's transaction (or was gone before it). Tables without a primary
 * key have no tombstones. Inside the target transaction. */
MUST_CHECK int bury_row(const struct conflict_place *p, const struct cell *row, struct err *err);

#endif
