/* The unix socket by which a running daemon is asked and told: a line protocol that `nc -U` and echo can use.
 *
 * One connection = lines of commands; each answer ends with an empty line. The first line that the server sends names program and
 * protocol version: "drc-applier eu:us protocol 1". Mode 0600, peer credentials checked (same user or root). Commands are a
 * table of the daemon's own; "help" lists them, "status" is in each, "status json" gives one JSON object on one line. Whatever else
 * that object holds, tools rely on two members: "state", a word ("starting", "running", "waiting" for something that the
 * operator has to mend, "retrying" what the world may mend, "stopping"), and "last_error", a text or null. */
#ifndef DRC_LINK_CONTROL_H
#define DRC_LINK_CONTROL_H

#include "common/base/buf.h"
#include "common/base/err.h"
#include "common/base/stop.h"

#define CONTROL_PROTOCOL 1

struct control;

struct control_command {
    const char *name;
    const char *help;
    /* Runs in the control thread; writes its answer (lines) into out. `args` is the rest of the line. */
    void (*run)(void *context, const char *args, struct buf *out);
};

/* Starts the thread. `commands` ends with a NULL name and lives as long as the control. A stale socket (nobody listens) is
 * replaced, a live one is refused (fatal 69: another instance runs here). The parent directory is made when missing. */
MUST_CHECK int control_start(struct control **out, const char *path, const char *program, const struct control_command *commands,
                             void *context, struct err *err);
void control_stop(struct control **c); /* removes the socket */

/* Client: one command, whole answer into out. -1 retry: nobody listens there; fatal 69: another protocol version. */
MUST_CHECK int control_ask(const char *path, const char *command, struct buf *out, struct err *err);

#endif
