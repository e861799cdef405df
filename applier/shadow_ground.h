/* The ground of a forecast: rows are read without a lock, in a snapshot, with what earlier transactions would have left
 * laid over them; what would be written is remembered, what would be journaled is counted. */
#ifndef DRC_APPLIER_SHADOW_GROUND_H
#define DRC_APPLIER_SHADOW_GROUND_H

#include "applier/ground.h"

/* For a sink whose `shadow` is set. */
extern const struct ground ground_shadow;

#endif
