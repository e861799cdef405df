/* What both daemons do at start and end: signals to a stop, readiness to systemd, the last line and the exit code. */
#ifndef DRC_LINK_DAEMON_H
#define DRC_LINK_DAEMON_H

#include "common/base/err.h"
#include "common/base/stop.h"

struct daemon_hup;

/* SIGTERM and SIGINT request the stop, SIGPIPE is ignored; call before the first thread starts, once. A thread waits
 * for the signals, which all other threads block: no handler interrupts them. The stop lives as long as the process: it
 * is not to be freed. The same holds for *hup, by which SIGHUP is heard (NULL: it is left alone). */
struct stop *daemon_signals(struct daemon_hup **hup);
/* What SIGHUP calls from now on, in the signals' thread; NULL: nothing, and none is running any more. One that came
 * before there was anything to call is made up for at once. */
void daemon_on_hup(struct daemon_hup *hup, void (*call)(void *context), void *context);
/* sd_notify without libsystemd: "READY=1", "STATUS=…", "STOPPING=1", or several joined by newlines; nothing when
 * NOTIFY_SOCKET is not set. Any thread. */
void daemon_notify(const char *state);
/* Log the last line, naming the cause, tell systemd, and give the exit code: that of a fatal error, else 0 after a
 * requested stop, else that of the error. `program` as in logs: "drc-applier eu:us". `stop` may be NULL. */
int daemon_last_line(const char *program, const struct stop *stop, const struct err *err);

#endif
