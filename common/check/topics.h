/* A region's topic against the rules. */
#ifndef DRC_CHECK_TOPICS_H
#define DRC_CHECK_TOPICS_H

#include "common/check/rules.h"

/* The passwords of the region's cluster are in `config`. A cluster that cannot be asked is a finding, too. */
void check_topic(struct findings *out, const struct config *config, const struct region_config *region);

#endif
