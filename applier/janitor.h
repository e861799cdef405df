/* The janitor: what drc's own tables in the target keep longer than the pair file asks for goes, the oldest first, a
 * few rows at a time.
 *
 * A thread of its own with a connection of its own; lives within a session. Where several links lead to one target, one
 * of their janitors works at a time. Its transactions change nothing but tables of our own schema, and not the ledger:
 * capture of the target leaves them out. Trouble at the target holds nothing up: the workers meet it as well. */
#ifndef DRC_APPLIER_JANITOR_H
#define DRC_APPLIER_JANITOR_H

#include "common/link/config.h"

struct janitor;

/* All of it outlives the janitor. */
struct janitor_setup {
    const struct config *config;
    const struct region_config *target;
    const char *program; /* name of its connection */
};

MUST_CHECK int janitor_start(struct janitor **out, const struct janitor_setup *setup, struct err *err);
/* Ends the thread, at most some seconds later. */
void janitor_stop(struct janitor **j);

#endif
