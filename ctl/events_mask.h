/* Of which columns drcctl events tells no values: those that the pair file names, and ours that hold whole rows. */
#ifndef DRC_CTL_EVENTS_MASK_H
#define DRC_CTL_EVENTS_MASK_H

#include "common/model/mask.h"

/* Where the pair masks nothing, nothing is. Strings are copied; released by events_mask_free. */
void events_mask_make(struct mask *out, const struct mask *configured);
void events_mask_free(struct mask *m);

#endif
