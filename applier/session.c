/* A session step by step: target, schema, ledger, topic; then its threads until one of them ends. */
#include "applier/session.h"

#include <stdlib.h>
#include <string.h>

#include "applier/intake.h"
#include "applier/janitor.h"
#include "applier/park_record.h"
#include "applier/router.h"
#include "applier/session_private.h"
#include "applier/throttle.h"
#include "common/base/log.h"
#include "common/base/mem.h"
#include "common/target/reload.h"

uint64_t session_transactions(const struct applier *a)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < a->link->workers; i++)
        sum += a->counts[i].transactions;
    return sum;
}

/* ---- what another thread may touch ---- */

static void end_threads(struct session *n)
{
    stop_request(n->stop, "the session ends");
    inbox_abandon(n->inbox);
    schedule_abandon(n->schedule);
    versions_abandon(n->versions);
}

static void show(struct applier *a, struct session *n)
{
    status_watch_queues(a->status, n ? n->schedule : NULL, n ? n->inbox : NULL);
    status_watch_versions(a->status, n ? n->versions : NULL);
    pthread_mutex_lock(&a->lock);
    a->session = n;
    pthread_mutex_unlock(&a->lock);
    /* It may have come before there was anything to wake. */
    if (n && (stop_requested(a->stop) || (a->reload && reload_waits(a->reload))))
        end_threads(n);
}

void session_wake(struct applier *a)
{
    pthread_mutex_lock(&a->lock);
    if (a->session)
        end_threads(a->session);
    pthread_mutex_unlock(&a->lock);
}

void session_interrupt(struct applier *a)
{
    pthread_mutex_lock(&a->lock);
    for (uint32_t i = 0; i < a->link->workers; i++)
        if (a->dbs[i])
            db_interrupt(a->dbs[i]);
    pthread_mutex_unlock(&a->lock);
}

/* ---- workers ---- */

struct thread {
    pthread_t id;
    struct session *session;
    struct worker worker;
};

/* The first one that ends otherwise than by a stop says why all do. */
static void note_end(struct session *n, const struct worker *w, enum worker_end end, const struct err *err)
{
    pthread_mutex_lock(&n->lock);
    if (n->end == WORKER_STOPPED && end != WORKER_STOPPED) {
        n->end = end;
        n->err = *err;
        n->applier->alone_seq = w->alone_seq;
        n->applier->big_park = w->big_park;
    }
    pthread_mutex_unlock(&n->lock);
}

static void *run_worker(void *context)
{
    struct thread *t = context;
    struct err err = {0};
    struct pulse *pulse = t->session->applier->pulse;
    char name[32];
    (void)snprintf(name, sizeof name, "worker %u", t->worker.number + 1);
    t->worker.beat = pulse_join(pulse, name);
    db_watch(t->worker.sink->db, t->worker.beat);
    enum worker_end end = worker_run(&t->worker, &err);
    if (t->worker.sink->db) /* else it has lost its connection */
        db_watch(t->worker.sink->db, NULL);
    pulse_leave(pulse, &t->worker.beat);
    note_end(t->session, &t->worker, end, &err);
    end_threads(t->session);
    return NULL;
}

static uint32_t start_workers(struct session *n, struct thread *threads, struct err *err)
{
    struct applier *a = n->applier;
    for (uint32_t i = 0; i < a->link->workers; i++) {
        n->sinks[i].schedule = n->schedule;
        n->sinks[i].part = n->state.part;
        n->sinks[i].causal = n->versions ? causal_new(n->versions, a->peer_topic, true) : NULL;
        memcpy(n->sinks[i].stream, n->state.stream, sizeof n->state.stream);
        threads[i] = (struct thread){
            .session = n,
            .worker = {.number = i,
                       .sink = &n->sinks[i],
                       .schedule = n->schedule,
                       .status = a->status,
                       .stop = n->stop,
                       .link = a->link,
                       .target = a->to,
                       .name = a->name,
                       .hold = a->hold,
                       .pace = a->pace,
                       .alone_seq = a->alone_seq,
                       .connect = session_reopen_sink,
                       .context = n,
                       .park = a->park,
                       .topic = a->topic,
                       .big_park = a->big_park},
        };
        status_applied(a->status, i, &n->sinks[i].counts);
        if (pthread_create(&threads[i].id, NULL, run_worker, &threads[i])) {
            (void)err_retry(err, "no thread to be had for a worker");
            return i;
        }
    }
    return a->link->workers;
}

/* This thread routes, the others work. */
static void run_threads(struct session *n, struct err *err)
{
    struct applier *a = n->applier;
    struct thread *threads = xcalloc(a->link->workers, sizeof *threads);
    const struct router_setup setup = {
        .inbox = n->inbox,
        .schedule = n->schedule,
        .target = a->to,
        .program = a->name,
        .pulse = a->pulse,
        .gate = {.topic = a->peer_topic,
                 .region = a->peer ? a->peer->name : NULL,
                 .to = a->to->name,
                 .status = a->status,
                 .stop = n->stop},
    };
    int rc = 0;
    status_resume(a->status, LINK_STARTING); /* what waited does so until something is committed */
    status_resume(a->status, LINK_RETRYING);
    uint32_t started = start_workers(n, threads, err);
    if (started < a->link->workers || router_run(&setup, err)) {
        rc = -1;
        end_threads(n);
    }
    for (uint32_t i = 0; i < started; i++)
        (void)pthread_join(threads[i].id, NULL);
    if (rc && n->end == WORKER_STOPPED) {
        n->end = WORKER_ERROR;
        n->err = *err;
    }
    free(threads);
}

/* ---- the session ---- */

static void read_and_apply(struct session *n, struct err *err)
{
    struct applier *a = n->applier;
    const struct intake_setup setup = {
        .kafka = &a->from->kafka,
        .topic = a->topic,
        .region = a->link->from,
        .tables = &a->config->tables,
        .from = &n->state,
        .inbox = n->inbox,
        .pulse = a->pulse,
        .status = a->status,
        .versions = n->versions,
        .stop = n->stop,
    };
    const struct throttle_setup throttle_setup = {
        .target = a->to,
        .server = db_server(n->sinks[0].db),
        .program = a->name,
        .schedule = n->schedule,
        .status = a->status,
    };
    const struct janitor_setup janitor_setup = {.config = a->config, .target = a->to, .program = a->name};
    struct intake *intake = NULL;
    struct throttle *throttle = NULL;
    struct janitor *janitor = NULL;
    n->end = WORKER_ERROR;
    if (intake_start(&intake, &setup, err) == 0 && throttle_start(&throttle, &throttle_setup, err) == 0 &&
        janitor_start(&janitor, &janitor_setup, err) == 0) {
        n->end = WORKER_STOPPED;
        show(a, n);
        run_threads(n, err);
        show(a, NULL);
    } else {
        n->err = *err;
    }
    end_threads(n);
    janitor_stop(&janitor);
    throttle_stop(&throttle);
    intake_join(&intake);
}

/* The streams that come into effect at the target beside the link's tell which of its changes are concurrent. */
static int start_versions(struct session *n, struct err *err)
{
    struct applier *a = n->applier;
    if (!a->own_topic)
        return 0;
    struct versions_setup setup = {.schedule = n->schedule, .stop = n->stop};
    setup.topics[VERSIONS_OWN] = (struct versions_topic){&a->to->kafka, a->own_topic, a->to->name};
    if (a->peer)
        setup.topics[VERSIONS_PEER] = (struct versions_topic){&a->peer->kafka, a->peer_topic, a->peer->name};
    return versions_start(&n->versions, &setup, err);
}

static void apply(struct session *n, struct err *err)
{
    struct applier *a = n->applier;
    const struct schedule_setup setup = {
        .max_bytes = a->config->queue_bytes - a->config->queue_bytes / 4,
        .workers = a->link->workers,
        .group_rows = a->link->group_rows,
        .from = &n->state,
        .alone_seq = a->alone_seq,
    };
    struct ledger_state last;
    n->stop = stop_new();
    n->inbox = inbox_new(a->config->queue_bytes / 4);
    n->schedule = schedule_new(&setup);
    status_place(a->status, &n->state);
    if (start_versions(n, &n->err) == 0)
        read_and_apply(n, err);
    versions_join(&n->versions);
    schedule_state(n->schedule, &last);
    a->applied_seq = last.done.low;
    ledger_state_free(&last);
    inbox_free(&n->inbox);
    schedule_free(&n->schedule);
    stop_free(&n->stop);
}

/* As the table says, whoever parked it. */
static int load_park(struct session *n, struct err *err)
{
    struct applier *a = n->applier;
    if (park_load_all(a->park, n->sinks[0].db, a->topic, &a->config->tables, err))
        return -1;
    status_parked(a->status, a->park);
    if (!park_is_empty(a->park))
        log_event(MSG_PARKED_THERE, log_str("link", n->sinks[0].link));
    return 0;
}

enum worker_end session_run(struct applier *a, struct err *err)
{
    struct session n = {.applier = a, .end = WORKER_ERROR};
    pthread_mutex_init(&n.lock, NULL);
    session_init_sinks(&n);
    if (session_open_sinks(&n, err) == 0 && load_park(&n, err) == 0) {
        apply(&n, err);
        *err = n.err;
    }
    session_close_sinks(&n);
    ledger_state_free(&n.state);
    pthread_mutex_destroy(&n.lock);
    return n.end;
}
