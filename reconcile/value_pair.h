/* In which form two columns of one name, each of its own side, are compared. Pure.
 *
 * The counterpart of the rules by which the applier converts (common/target/convert_rules.h): what one of them turns
 * into the other has a form here, whichever side is the wider one. */
#ifndef DRC_RECONCILE_VALUE_PAIR_H
#define DRC_RECONCILE_VALUE_PAIR_H

#include "reconcile/value.h"

/* Fills all but c and tc of both, which are given. False: there is no such form, `why` gets both types. */
bool value_pair(struct value pair[2], struct arena *a, struct buf *why);

#endif
