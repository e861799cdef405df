/* The unix socket by which a running daemon is asked and told: a line protocol that `nc -U` and echo can use.
 *
 * One connection = lines of commands; each answer ends with an empty line. The first line that the server sends names
 * program and protocol version: "drc-applier eu:us protocol 1". Mode 0600, peer credentials checked (same user or
 * root). Commands are a table of the daemon's own; "help" is in each and lists them, "status" is in each, "status json"
 * gives one JSON object on one line. An answer that begins with "error: " tells why there is no other. */
#ifndef DRC_LINK_CONTROL_H
#define DRC_LINK_CONTROL_H

#include "common/base/buf.h"
#include "common/base/err.h"

#define CONTROL_PROTOCOL 1
/* How the answer to a command begins, behind "error: ", that this daemon does not have: it is of an older release. */
#define CONTROL_UNKNOWN "unknown command"

#define CONTROL_MAX_CLIENTS 16
#define CONTROL_MAX_LINE 4096                 /* bytes of a command; a client that sends more is sent away */
#define CONTROL_MAX_ANSWER ((size_t)16 << 20) /* bytes that control_ask takes */
#define CONTROL_IDLE_MS (10 * 60 * 1000)      /* a client that is silent, or does not read, for so long is sent away */

struct control;

struct control_command {
    const char *name;
    const char *help;
    /* Runs in the control thread; writes its answer (lines; empty ones are left out) into out. `args` is the rest of
     * the line without blanks around it. */
    void (*run)(void *context, const char *args, struct buf *out);
};

/* Starts the thread. `commands` ends with a NULL name and lives as long as the control. A stale socket (nobody listens)
 * is replaced, a live one is refused (fatal 69: another instance runs here), anything else in its place too (fatal 78).
 * The parent directory is made when missing. */
MUST_CHECK int control_start(struct control **out, const char *path, const char *program,
                             const struct control_command *commands, void *context, struct err *err);
/* Removes the socket. When `last` (may be NULL) is fatal, the daemon leaves a note of it, which its next start removes.
 */
void control_stop(struct control **c, const struct err *last);

/* Keep a number beside the socket until control_stop: the random id under which this daemon leaves its traces
 * elsewhere. It stays when the daemon is killed, so that its traces can be told from those of one that runs on another
 * host. */
void control_mark(struct control *c, uint64_t instance);

/* Client: one command, whole answer into out, without its empty line. -1 retry: nobody listens there (err->code is then
 * CONTROL_NOBODY), or it is silent for 2.5 s; fatal 69: another protocol version; fatal 77: we may not. */
#define CONTROL_NOBODY 1
MUST_CHECK int control_ask(const char *path, const char *command, struct buf *out, struct err *err);

/* Why the daemon that had that socket ended for good. */
struct control_note {
    uint64_t at_us; /* since 1970, UTC */
    int exit_code;
    char text[900];
};
/* False: there is no note, it runs or was stopped in order. */
bool control_note_read(struct control_note *out, const char *path);
/* The number of control_mark. False: there is none. */
bool control_mark_read(uint64_t *instance, const char *path);

#endif
