/* A worker: takes transactions from the schedule and brings them into effect, as many at once as wait for it.
 *
 * It decides between the fast and the exact way, how many go together, and what is tried again; apply.h does the rest.
 */
#ifndef DRC_APPLIER_WORKER_H
#define DRC_APPLIER_WORKER_H

#include "applier/hold.h"
#include "applier/key_tables.h"
#include "applier/pace.h"
#include "applier/park.h"
#include "applier/schedule.h"
#include "applier/sink.h"
#include "applier/status.h"
#include "common/base/backoff.h"
#include "common/base/stop.h"

/* A big transaction that is to be parked when it comes again; seq 0: none. */
struct big_park {
    uint64_t seq;
    uint64_t behind;
    char why[500];
};

struct worker {
    uint32_t number;   /* its slot in the ledger, its queue in the schedule */
    struct sink *sink; /* open, in the ledger's place */
    struct schedule *schedule;
    struct status *status;
    const struct stop *stop;
    const struct link_config *link;
    const struct region_config *target;
    const char *name;  /* of its connections */
    const char *topic; /* by which the link's rows in the target are known */
    struct hold *hold;
    struct pace *pace;
    uint64_t alone_seq; /* at its end: a big transaction that is to have nothing beside it the next time; 0: none */
    struct park *park;  /* of the link */
    struct beat *beat;  /* rests while there is nothing to do; NULL: nobody watches */
    int (*connect)(void *context, uint32_t number, struct err *err); /* a new connection of the sink, in its slot */
    void *context;
    struct big_park big_park;
    /* From here on its own; zeroed at the start. */
    struct txn **group; /* whole transactions, taken and not in effect */
    size_t count;
    size_t cap;
    size_t rows;      /* of the group */
    size_t bytes;     /* of the group */
    struct txn *next; /* taken, but cannot join the group: a fragment, news of one, an act, DDL; NULL: none */
    size_t limit;     /* transactions that go together; falls with deadlocks, rises again */
    struct backoff backoff;
    struct key_tables *keys;   /* for what may have to be parked */
    uint64_t keys_as_of;       /* schedule_table_changes */
    struct table_cache parked; /* definitions of what was parked */
    uint64_t drained_ms;       /* looked for what is to be drained */
};

enum worker_end {
    WORKER_ERROR = -1,
    WORKER_STOPPED = 0,
    WORKER_AGAIN = 1, /* the session is to start again at once, from the ledger */
};

/* Until stop, the schedule's end, or an error. Everything committed or rolled back then; what it holds is freed. */
enum worker_end worker_run(struct worker *w, struct err *err);

#endif
