/* What happened when, in a bounded number of steps: counts and greatest values over time, whatever order they come in.
 *
 * The steps grow with the span of time that they have to hold; beyond a month only the newest month is kept, and what
 * is older is only counted. Pure. */
#ifndef DRC_RECONCILE_TIMELINE_H
#define DRC_RECONCILE_TIMELINE_H

#include "common/base/span.h"

#define TIMELINE_STEPS 120

enum timeline_series {
    TIMELINE_LAG_SOURCE, /* ms, the greatest of a step: how long after its commit a transaction was in the topic */
    TIMELINE_LAG_TARGET,
    TIMELINE_CONFLICTS_SOURCE, /* decided at the source */
    TIMELINE_CONFLICTS_TARGET,
    TIMELINE_DIFFERENCES, /* by the later of the row's last writes */
    TIMELINE_SERIES
};

/* Zeroed is empty. */
struct timeline {
    uint64_t step_s;  /* seconds a step; 0: nothing was added */
    uint64_t start_s; /* of the first step, since 1970; a multiple of step_s */
    uint64_t low_s, high_s;
    uint64_t values[TIMELINE_SERIES][TIMELINE_STEPS];
    uint64_t earlier[TIMELINE_SERIES]; /* added for times before what is kept */
};

/* Counts are added up; of lags the greatest counts. */
void timeline_add(struct timeline *t, enum timeline_series series, uint64_t time_us, uint64_t value);
bool timeline_has(const struct timeline *t, enum timeline_series series);
/* Steps from the first to the last that has a value; 0: none has. */
uint64_t timeline_used(const struct timeline *t);

#endif
