/* What the schedule's files share: jobs, and who may run them. Nobody else includes it; everything under the
 * schedule's lock. */
#ifndef DRC_APPLIER_SCHEDULE_PRIVATE_H
#define DRC_APPLIER_SCHEDULE_PRIVATE_H

#include <pthread.h>
#include <time.h>

#include "applier/schedule.h"
#include "applier/touches.h"

enum job_state {
    JOB_WAITING, /* for others to be in effect */
    JOB_QUEUED,  /* at its worker */
    JOB_RUNNING, /* its worker has taken it */
    JOB_DONE,
};

struct job;

/* A transaction, or one fragment of it: what has to be in effect before it may run. */
struct part {
    struct part *next; /* of the same job */
    struct job *job;
    struct txn *txn; /* NULL once taken */
    struct job **needs;
    size_t need_count;
    bool after_all; /* and everything before it, too */
    size_t bytes;
};

struct job {
    struct place place; /* first: a place is its job */
    struct toucher toucher;
    struct part whole;  /* the only or first one */
    struct part *parts; /* of a big one: the others, not taken yet */
    struct part *last_part;
    enum job_state state;
    uint32_t worker;
    size_t rows;
    size_t bytes;
    bool exact;
    bool big;
    bool complete;        /* all its fragments have come */
    struct job **waiting; /* jobs with a part that needs this one */
    size_t waiting_count;
    struct job *next; /* in its worker's queue */
};

struct worker_queue {
    struct job *first;
    struct job *last;
    struct job *open; /* a big one in hand */
    size_t rows;      /* queued and in hand */
    size_t jobs;
    bool awaits;  /* that all before the first in hand is in effect */
    bool starved; /* its big one waits: for a fragment, or for its turn */
    bool must_yield;
    bool rests; /* its worker does, as paused */
    pthread_cond_t wake;
};

struct schedule {
    pthread_mutex_t lock;
    pthread_cond_t room;
    struct order order;
    struct touches *touches;
    struct worker_queue *queues;
    uint32_t workers;
    uint32_t cursor; /* who gets what depends on nobody */
    size_t cursor_rows;
    size_t chunk_rows; /* in a row to one worker */
    size_t contested;  /* target transactions to come of which each is to be of what stands together */
    size_t max_bytes;
    size_t bytes;
    size_t jobs; /* put and not in effect */
    struct job *incomplete;
    struct job *barrier; /* nothing behind it may begin */
    struct err why;
    bool ended;
    bool abandoned;
    bool held;
    bool paused;
    bool cut_short;     /* not even up to pause_seq */
    uint64_t pause_seq; /* up to which all comes into effect before the pause is reached */
    uint64_t paused_ms; /* when the operator said it, clock_mono_ms */
    uint64_t table_changes;
    uint64_t table_changes_seen; /* by the router */
    bool next_alone;
    uint64_t alone_seq;
};

/* What it owns; not itself. */
void part_clear(struct part *p);
struct timespec schedule_deadline(int timeout_ms);
/* Workers and router look anew. */
void schedule_wake_all(struct schedule *s);

/* ---- schedule_pause.c ---- */

/* Is there a pause, and is nothing left to be brought into effect before it? */
bool pause_is_reached(const struct schedule *s);

/* ---- schedule_assign.c ---- */

void part_need(struct part *p, struct job *needed);
/* That one is in effect or void. */
void part_stop_needing(struct part *p, const struct job *done);
/* The part is void: whom it needs does not know it any more. */
void part_forget_needs(const struct part *p);
/* A waiting job whose first part may go now: to a worker's queue. Its waiting ones are looked at, too. */
void assign_if_possible(struct schedule *s, struct job *job);
/* A job is in effect or void: whoever waited for it is looked at. */
void assign_waiting(struct schedule *s, struct job *done);
/* The oldest place may be that of a job which waits for all before it. */
void assign_first(struct schedule *s);
/* May the next fragment of the worker's open job be taken? */
bool part_is_ready(const struct schedule *s, const struct part *p);
/* A big one's first fragment: are all before it at workers, or in effect? */
bool job_may_open(const struct job *job);
/* Every job that waits is looked at. */
void assign_all(struct schedule *s);
/* What was given back: to the same worker, if it may run there. */
bool assign_back(struct schedule *s, struct job *job, uint32_t worker);
/* In seq order. */
void queue_insert(struct worker_queue *q, struct job *job);
/* Those that need a job which the queue's worker does not have any more wait again. */
void queue_revise(struct schedule *s, uint32_t worker);

#endif
