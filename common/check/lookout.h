/* The lookout of a daemon: a thread that goes on judging the daemon's server by the rules, and tells what it finds once
 * each, and again when it has changed. It stops nothing: what has to be stopped by is found where it does harm.
 *
 * A connection of its own, for each round. */
#ifndef DRC_CHECK_LOOKOUT_H
#define DRC_CHECK_LOOKOUT_H

#include "common/check/server.h"

struct lookout;

/* All of it outlives the lookout. */
struct lookout_setup {
    const struct config *config;
    const struct region_config *region; /* with its password */
    unsigned roles;                     /* enum check_role */
    unsigned account;                   /* enum grants_role: whose privileges are looked at */
    const char *program;
};

MUST_CHECK int lookout_start(struct lookout **out, const struct lookout_setup *setup, struct err *err);
/* Within a moment, also while a server does not answer. NULL: nothing. */
void lookout_stop(struct lookout **l);

/* One look at a server, as daemons begin with it: settings and account. */
MUST_CHECK int lookout_look(struct findings *out, const struct check_place *p, unsigned account, struct err *err);

#endif
