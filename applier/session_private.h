/* What the session's two files share. Nobody else includes it. */
#ifndef DRC_APPLIER_SESSION_PRIVATE_H
#define DRC_APPLIER_SESSION_PRIVATE_H

#include "applier/inbox.h"
#include "applier/session.h"

struct session {
    struct applier *applier;
    struct sink *sinks;        /* one a worker */
    struct ledger_state state; /* where it began */
    struct schedule *schedule;
    struct inbox *inbox;
    struct versions *versions; /* NULL: conflicts are told by images */
    struct stop *stop;         /* of the session's threads */
    pthread_mutex_t lock;
    enum worker_end end; /* of the first worker that ended before the others */
    struct err err;
};

/* ---- session_target.c ---- */

/* Made, not connected. */
void session_init_sinks(struct session *n);
/* Connect all of them, one after another, and find the place: `state`. */
MUST_CHECK int session_open_sinks(struct session *n, struct err *err);
/* A worker's thread, when its connection is lost: another one to the same server, in the same slot, which then counts
 * as its row in the ledger does. `session`: struct session. */
MUST_CHECK int session_reopen_sink(void *session, uint32_t worker, struct err *err);
/* Whatever has been opened of them; what lasts longer than the session goes to the applier. */
void session_close_sinks(struct session *n);

#endif
