/* How far a link is: what the source has committed, what its stream holds, what is in effect at the target.
 *
 * `drcctl wait` and reconcile wait by it, `drcctl status` reads it, so that they cannot disagree. Everything comes from
 * the two databases and the topic; a daemon need not be reachable. Connections are opened when first needed and again
 * after they broke. One thread an object. */
#ifndef DRC_TARGET_PROGRESS_H
#define DRC_TARGET_PROGRESS_H

#include "common/base/stop.h"
#include "common/link/config.h"
#include "common/link/db.h"
#include "common/model/position.h"
#include "common/target/ledger.h"
#include "common/target/parked.h"

struct progress;

/* No I/O yet. The configuration must outlive it, and hold the passwords of both regions and of the cluster. */
struct progress *progress_new(const struct config *config, const char *from, const char *to);
void progress_free(struct progress **p);

/* Open what a wait will need, so that it need not then. What cannot be had now is tried again, and told, by the wait.
 */
void progress_open(struct progress *p);

/* Everything committed at the source so far (what its binlog holds). */
MUST_CHECK int progress_source_position(struct progress *p, struct position *out, struct err *err);

/* Where a wait stands: the stage that has not got there yet, and how far each is. */
enum progress_stage { PROGRESS_SOURCE, PROGRESS_PUBLISH, PROGRESS_APPLY, PROGRESS_DONE };

struct progress_report {
    const char *from;
    const char *to;
    enum progress_stage stage;
    uint64_t behind;        /* PUBLISH: transactions of the source that the stream does not hold yet */
    bool topic_known;       /* PUBLISH: the topic has been looked at; what follows about it is worth nothing before */
    uint64_t published_seq; /* PUBLISH: last complete seq of the stream */
    int64_t topic_next;     /* PUBLISH: offset up to which the topic was read: heartbeats move it, too */
    uint64_t wanted_seq;    /* APPLY: what the target has to reach */
    bool ledger_known;      /* APPLY: the ledger has been looked at; what follows about it is worth nothing before */
    uint64_t applied_seq;   /* APPLY: what it has reached */
    bool no_ledger;         /* APPLY: the target has no row for this link: its applier never ran */
    bool writer_connected;  /* APPLY: a connection that writes the ledger is open at the target */
    char trouble[300];      /* the last error of something that is tried again; "" when there was none lately */
};

/* "capture of eu has published up to seq 12, 3 transactions are to come" and the like. */
void progress_put_report(const struct progress_report *r, struct buf *out);

struct progress_watch {
    uint64_t timeout_ms;     /* UINT64_MAX: none */
    const struct stop *stop; /* may be NULL; ends the wait as a timeout does */
    /* Called about once a second while waiting; -1 with err set ends the wait. May be NULL. */
    int (*check)(void *context, const struct progress_report *now, struct err *err);
    void *context;
};

/* Wait until everything in `position` of the source is in effect at the target: applied, journaled, filtered, or itself
 * a replayed transaction. Not in time: retry, with what is missing as its text and in `report`; a stream or ledger that
 * contradict each other: fatal 69; what is not reachable is tried again until the time is over. */
MUST_CHECK int progress_wait(struct progress *p, struct progress_report *report, const struct position *position,
                             const struct progress_watch *watch, struct err *err);

/* What the target has put aside of this link. */
MUST_CHECK int progress_parked(struct progress *p, struct parked_sum *out, struct err *err);
/* "3 transactions are parked (12 rows), the first of them seq 7: …" */
void progress_put_parked(const struct parked_sum *sum, struct buf *out);

/* ---- a look without waiting ---- */

struct progress_view {
    bool has_source;       /* the source answered */
    bool has_topic;        /* the topic answered and holds a control record */
    bool has_ledger;       /* the target answered and has a row for the link */
    bool has_unread;       /* both were found */
    bool has_oldest;       /* the oldest transaction that is published and not in effect was found */
    bool writer_connected; /* a connection that writes the ledger is open at the target */
    /* has_source */
    struct position source; /* what it has committed */
    /* has_topic */
    uint64_t published_seq;
    uint64_t instance;         /* random id of the capture that wrote it */
    struct position published; /* all that capture has read, skipped transactions included */
    uint64_t source_clock_us;  /* the source's clock at the newest control record */
    /* has_ledger */
    struct ledger_state ledger;
    struct parked_sum parked;
    /* has_unread */
    uint64_t unread_bytes; /* of the topic, from the ledger's place on; about: by the size of its newest records */
    /* has_oldest */
    uint64_t oldest_us; /* its commit time at the source */
    /* Why a part is missing; class ERR_NONE: it is not, or there is simply nothing yet. */
    struct err source_err;
    struct err topic_err;
    struct err target_err;
};

/* Fills what can be had; never fails as a whole. */
void progress_look(struct progress *p, struct progress_view *out);
void progress_view_free(struct progress_view *v);

#endif
