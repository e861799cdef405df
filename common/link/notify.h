/* What systemd is told while a daemon runs: a line about how it is, and the watchdog, fed while every thread gets on.
 *
 * Protocol: sd_notify(3). STATUS goes out when the line has changed, every 5 s at most. Where the unit has WatchdogSec=
 * (WATCHDOG_USEC), WATCHDOG=1 goes out four times within that time, but not while a thread has shown no progress for
 * half of it: systemd then ends the daemon and starts it anew. */
#ifndef DRC_LINK_NOTIFY_H
#define DRC_LINK_NOTIFY_H

#include "common/base/buf.h"
#include "common/base/err.h"
#include "common/base/pulse.h"

struct notify;

/* Starts a thread, unless no systemd listens (then *out is NULL, and that is fine). `describe` puts one line, such as
 * the state, position and lag; it is called by that thread. The pulse must outlive it. */
MUST_CHECK int notify_start(struct notify **out, struct pulse *pulse, void (*describe)(void *context, struct buf *out),
                            void *context, struct err *err);
void notify_stop(struct notify **n);

#endif
