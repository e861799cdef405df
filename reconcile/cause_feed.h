/* What causes are read from: a scan of each stream that writes to either side, and a connection to each side. Opened
 * once a run, and used for one batch of rows after the other. One thread at a time. */
#ifndef DRC_RECONCILE_CAUSE_FEED_H
#define DRC_RECONCILE_CAUSE_FEED_H

#include "common/link/config.h"
#include "common/link/db.h"
#include "common/stream/scan.h"

struct cause_feed_stream {
    const struct region_config *region;
    char *topic;
    struct scan *scan;
};

struct cause_feed {
    struct cause_feed_stream *streams;
    size_t count;
    struct db *dbs[2];
    bool idle; /* since it was opened, or last used: connections may be gone */
};

/* -1: a topic or database cannot be reached. */
MUST_CHECK int cause_feed_open(struct cause_feed **out, const struct config *config, const char *const regions[2],
                               struct err *err);
void cause_feed_close(struct cause_feed **feed);

#endif
