/* One session of a link: from connecting to the target until something ends it. What lasts longer is in struct applier.
 */
#ifndef DRC_APPLIER_SESSION_H
#define DRC_APPLIER_SESSION_H

#include <pthread.h>

#include "applier/worker.h"
#include "common/check/finding.h"

struct session;

/* The link, for the daemon's life. The session's thread works on it; others only touch what `lock` guards. */
struct applier {
    const struct config *config;
    const struct region_config *from;
    const struct region_config *to;
    const struct link_config *link;
    char *topic;
    char *own_topic; /* of the target's region, where its stream tells which changes are concurrent; else NULL */
    const struct region_config *peer; /* the third region of a mesh, whose stream tells it as well; else NULL */
    char *peer_topic;
    char *name; /* "drc-applier eu:us" */
    struct status *status;
    struct hold *hold;
    struct pace *pace;
    struct reload *reload; /* NULL: the configuration stays as it is */
    struct stop *stop;     /* the process's */
    struct pulse *pulse;
    /* From session to session. */
    bool holds;                /* this instance has taken the ledger over */
    bool checked;              /* the target's tables */
    struct findings tables;    /* what was found of them then */
    struct findings_told told; /* under `lock` */
    bool moved;                /* from another server, and has not taken it over at the present one yet */
    struct ledger_slot slots[SCHEDULE_MOST_WORKERS];
    char server[DB_IDENTITY_LEN]; /* the target that it was taken over at */
    uint64_t applied_seq;         /* and how far the link had come there */
    uint64_t alone_seq;           /* a big transaction that is to have nothing beside it; 0: none */
    struct big_park big_park;
    struct park *park;
    struct sink_counts counts[SCHEDULE_MOST_WORKERS];
    unsigned patience_s[SCHEDULE_MOST_WORKERS]; /* of a worker's next connection; 0: as the pair file says */
    /* For the thread that has to end a session in time. */
    pthread_mutex_t lock;
    struct db *dbs[SCHEDULE_MOST_WORKERS]; /* of the session's workers, NULL between sessions */
    struct session *session;               /* while its threads run */
};

/* Transactions applied since the daemon's start. */
uint64_t session_transactions(const struct applier *a);
/* Connect, find the place by the ledger, apply until it ends. */
enum worker_end session_run(struct applier *a, struct err *err);
/* Any thread, for a session that is there: wake it where it waits for transactions; cut its connection. */
void session_wake(struct applier *a);
void session_interrupt(struct applier *a);

#endif
