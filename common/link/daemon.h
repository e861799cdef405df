/* What both daemons do at start and end: signals to a stop, readiness to systemd, the last line and the exit code. */
#ifndef DRC_LINK_DAEMON_H
#define DRC_LINK_DAEMON_H

#include "common/base/err.h"
#include "common/base/stop.h"

/* SIGTERM and SIGINT request the stop, SIGPIPE is ignored; call before the first thread starts. */
struct stop *daemon_signals(void);
/* sd_notify without libsystemd: "READY=1", "STATUS=…", "STOPPING=1"; nothing when NOTIFY_SOCKET is not set. */
void daemon_notify(const char *state);
/* Log the last line, naming the cause, and give the exit code: 0 after a requested stop, else the error's. */
int daemon_last_line(const char *program, const struct stop *stop, const struct err *err);

#endif
