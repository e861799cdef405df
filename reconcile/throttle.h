/* Manners: between two statements, does the comparison have to wait for the servers' other users?
 *
 * It stands still while a flag file is there, while a replica of either server (throttle.replicas of its region) is
 * more than max_lag behind, or a status value is above a limit (throttle.max_load). And while a server is busy with
 * statements of others, the comparison works for a share of the time only: after a chunk it rests in proportion to
 * what the chunk took. Connections are its own. What cannot be asked holds nothing up, but for a replica. Main thread.
 */
#ifndef DRC_RECONCILE_THROTTLE_H
#define DRC_RECONCILE_THROTTLE_H

#include "common/base/stop.h"
#include "common/link/config.h"
#include "reconcile/meter.h"

struct throttle;

#define THROTTLE_SHARE 35 /* percent, where nobody says another */

struct throttle_options {
    const struct region_config *regions[2];
    const char *flag_file;   /* beside those of the regions; NULL: none */
    const struct stop *stop; /* nothing is held up any more */
    unsigned share;          /* percent of the time while a server is busy; 100: all of it */
};

struct throttle *throttle_new(const struct throttle_options *options);
void throttle_free(struct throttle **t);

/* Would throttle_wait wait? Looks at most once a second. NULL never does. */
bool throttle_holds(struct throttle *t);
/* Wait as long as it has to, after statements that took so long; the meter shows why. */
void throttle_wait(struct throttle *t, struct meter *meter, uint64_t rows, uint64_t took_ms);

#endif
