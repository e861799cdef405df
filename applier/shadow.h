/* A forecast: what conflicts a link would have, told without writing anything.
 *
 * The link's transactions are read from its topic and judged by the exact way itself, on a ground of its own
 * (shadow_ground.h): rows of the target as one snapshot shows them, with what earlier transactions of the forecast
 * would have left laid over them. What is in effect at the target by its ledger is passed over. The link's ledger is
 * only read: an applier of the same link may run beside it. */
#ifndef DRC_APPLIER_SHADOW_H
#define DRC_APPLIER_SHADOW_H

#include "common/base/stop.h"
#include "common/link/config.h"

struct shadow_setup {
    const struct config *config;
    const char *from;
    const char *to;
    bool from_beginning; /* of what the topic holds, whatever is in effect; or: */
    const char *since;   /* from a GTID on … */
    uint64_t since_us;   /* … or from a time on; NULL and 0: from the link's own place */
    uint64_t for_ms;     /* follow the topic for so long; 0: to its end as it is now */
    bool json;
    const struct stop *stop;
};

/* Blocks; prints what it found. *conflicts: the link would not go through without one. Errors as of the applier, but
 * that something which does not come back within a minute ends it (retry). */
MUST_CHECK int shadow_run(const struct shadow_setup *setup, bool *conflicts, struct err *err);

#endif
