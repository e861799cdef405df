/* The throttle: looks once a second whether the target can take more (its replicas' lag, its load, a flag file), and
 * holds the schedule while it cannot.
 *
 * A thread of its own with connections of its own; lives within a session. What is open when it begins to hold goes on
 * to its COMMIT. */
#ifndef DRC_APPLIER_THROTTLE_H
#define DRC_APPLIER_THROTTLE_H

#include "applier/schedule.h"
#include "applier/status.h"
#include "common/base/stop.h"
#include "common/link/config.h"

struct throttle;

/* All of it outlives the throttle. */
struct throttle_setup {
    const struct region_config *target;
    size_t server;       /* which of its hosts the session is connected to */
    const char *program; /* name of the connections */
    struct schedule *schedule;
    struct status *status;
};

/* *out is NULL where the pair file asks for no throttle. */
MUST_CHECK int throttle_start(struct throttle **out, const struct throttle_setup *setup, struct err *err);
/* Ends the thread, at most some seconds later; the schedule is held no more. */
void throttle_stop(struct throttle **t);

#endif
