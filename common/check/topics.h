/* A region's topic against the rules. */
#ifndef DRC_CHECK_TOPICS_H
#define DRC_CHECK_TOPICS_H

#include "common/check/rules.h"

/* The passwords of the region's cluster are in `config`. A cluster that cannot be asked is a finding, too; only a
 * configuration that librdkafka refuses is an error. */
MUST_CHECK int check_topic(struct findings *out, const struct config *config, const struct region_config *region,
                           struct err *err);

#endif
