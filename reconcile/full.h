/* The full comparison of a pair: every table of its filter, row by row, while both sides are written. */
#ifndef DRC_RECONCILE_FULL_H
#define DRC_RECONCILE_FULL_H

#include "common/link/config.h"

struct full_options {
    const char *regions[2];      /* source and target, as differences are told */
    const struct filter *tables; /* of those of the pair only these; NULL: all */
    const char *json_path;       /* NULL: none; "-": stdout */
    uint64_t chunk_rows;         /* 0: adapt */
    uint64_t timeout_ms;         /* to wait for the links */
    bool quiet;
};

/* Returns the exit code: 0 equal, 1 differences, 2 incomplete, or that of what was wrong before it began. */
int full_run(struct config *config, const struct full_options *options);

#endif
