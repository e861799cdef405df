/* What systemd is told while a daemon runs: that it is ready once its stream stands, a line about how it is, and the
 * watchdog, fed while every thread gets on.
 *
 * Protocol: sd_notify(3). STATUS goes out when the line has changed, every 5 s at most. Where the unit has WatchdogSec=
 * (WATCHDOG_USEC), WATCHDOG=1 goes out four times within that time, but not while a thread has shown no progress for
 * half of it: systemd then ends the daemon and starts it anew.
 *
 * READY goes out once, when the stream stands. Until then the time that systemd grants a start is extended as long as
 * every thread gets on, so that `systemctl start` returns when the daemon works, fails when it ends before, and STATUS
 * says meanwhile what it is about. Only what is outside of the daemon is not waited for at any length: a server or a
 * broker that is away for `patience_ms` makes it READY with that for a status, or a host could not come up without all
 * others. */
#ifndef DRC_LINK_NOTIFY_H
#define DRC_LINK_NOTIFY_H

#include "common/base/buf.h"
#include "common/base/err.h"
#include "common/base/pulse.h"

struct notify;

enum notify_phase {
    NOTIFY_STARTING, /* with work of its own, however long it takes */
    NOTIFY_AWAY,     /* tries to reach what is not there */
    NOTIFY_STANDS,   /* works, or waits for a person's word */
};

#define NOTIFY_PATIENCE_MS 20000u

/* The calls are made by notify's thread. */
struct notify_setup {
    struct pulse *pulse;                              /* outlives it */
    enum notify_phase (*phase)(void *context);        /* not asked any more after READY */
    void (*describe)(void *context, struct buf *out); /* one line, such as the state, position and lag */
    void (*ready)(void *context);                     /* READY has gone out */
    void *context;
    unsigned patience_ms;
};

/* Starts a thread, unless no systemd listens (then *out is NULL, and that is fine; `ready` is called at once). */
MUST_CHECK int notify_start(struct notify **out, const struct notify_setup *setup, struct err *err);
void notify_stop(struct notify **n);

#endif
