/* What a daemon shows over HTTP: metrics, health, readiness and the status page, all made from its own status and from
 * those that its pair's other daemons tell on this host's control sockets.
 *
 * Two threads of its own, one that serves and one that looks around: no thread of the link ever waits for them, beyond
 * the moment in which a status is read. That it cannot listen stops nothing; it says so, and tries again. */
#ifndef DRC_LINK_PANEL_H
#define DRC_LINK_PANEL_H

#include "common/base/pulse.h"
#include "common/link/config.h"

struct panel;

struct panel_setup {
    const struct config *config;
    const struct host_config *where; /* no name: nothing is started */
    const char *program;             /* "drc-applier eu:us" */
    const char *from;                /* the capture's region, or the applier's link … */
    const char *to;                  /* … NULL: it is a capture */
    /* Puts the daemon's status, one JSON object. Any thread. */
    void (*status)(void *context, struct buf *out);
    void *context;
    struct pulse *pulse;
};

/* *out is NULL where nothing is to be shown. All that the setup points to outlives it. */
MUST_CHECK int panel_start(struct panel **out, const struct panel_setup *setup, struct err *err);
void panel_stop(struct panel **p);

#endif
