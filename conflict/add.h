/* Arithmetic on cells: what `delta` adds. Pure. */
#ifndef DRC_CONFLICT_ADD_H
#define DRC_CONFLICT_ADD_H

#include "common/model/cell.h"

/* Can increments of such a column be added exactly: integers and DECIMAL? */
bool cell_can_add(const struct column *c);

/* `local` + (`after` - `before`) into out, whose bytes are in the arena; `before` NULL: 0. False: the sum is out of the
 * column's range, or one of them is NULL, absent or no value of the type. */
MUST_CHECK bool cell_add(struct cell *out, const struct column *c, const struct cell *local, const struct cell *after,
                         const struct cell *before, struct arena *a);

#endif
