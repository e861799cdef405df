/* The router: takes transactions from the inbox, finds which keys they touch, and puts them into the schedule.
 *
 * What it knows of the target's tables it loads over a connection of its own, and again after DDL of the source and
 * when a worker finds a table changed. In a mesh a transaction waits here for what its source knew of. */
#ifndef DRC_APPLIER_ROUTER_H
#define DRC_APPLIER_ROUTER_H

#include "applier/cut_gate.h"
#include "applier/inbox.h"
#include "applier/schedule.h"
#include "common/link/config.h"

struct router_setup {
    struct inbox *inbox;
    struct schedule *schedule;
    const struct region_config *target;
    const char *program; /* name of the connection */
    struct pulse *pulse;
    struct cut_gate_setup gate;
};

/* Until the inbox's end, which is told to the schedule, or the schedule is abandoned: 0; or an error. Blocks. */
MUST_CHECK int router_run(const struct router_setup *setup, struct err *err);

#endif
