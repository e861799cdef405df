/* The schedule's face to its threads: one lock, a condition for the router and one for each worker. */
#include "applier/schedule.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "applier/schedule_private.h"
#include "common/base/mem.h"

/* ---- life ---- */

static void cond_init(pthread_cond_t *cond)
{
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(cond, &attr);
    pthread_condattr_destroy(&attr);
}

struct schedule *schedule_new(const struct schedule_setup *setup)
{
    assert(setup->workers >= 1 && setup->workers <= SCHEDULE_MOST_WORKERS);
    struct schedule *s = xcalloc(1, sizeof *s);
    pthread_mutex_init(&s->lock, NULL);
    cond_init(&s->room);
    order_init(&s->order, setup->from, setup->workers);
    s->touches = touches_new();
    s->queues = xcalloc(setup->workers, sizeof *s->queues);
    for (uint32_t i = 0; i < setup->workers; i++)
        cond_init(&s->queues[i].wake);
    s->workers = setup->workers;
    s->chunk_rows = setup->group_rows;
    s->max_bytes = setup->max_bytes;
    s->alone_seq = setup->alone_seq;
    return s;
}

void part_clear(struct part *p)
{
    txn_free(&p->txn);
    free(p->needs);
    p->needs = NULL;
    p->need_count = 0;
}

static void free_parts(struct schedule *s, struct job *job)
{
    while (job->parts) {
        struct part *p = job->parts;
        job->parts = p->next;
        s->bytes -= p->bytes;
        part_clear(p);
        free(p);
    }
    job->last_part = NULL;
}

static void job_free(struct schedule *s, struct job *job)
{
    free_parts(s, job);
    part_clear(&job->whole);
    touches_leave(s->touches, &job->toucher);
    place_free(&job->place);
    free(job->waiting);
    free(job);
}

void schedule_free(struct schedule **s)
{
    if (!*s)
        return;
    for (struct place *p = (*s)->order.first, *next; p; p = next) {
        next = p->next;
        job_free(*s, (struct job *)p);
    }
    order_free(&(*s)->order);
    touches_free(&(*s)->touches);
    for (uint32_t i = 0; i < (*s)->workers; i++)
        pthread_cond_destroy(&(*s)->queues[i].wake);
    free((*s)->queues);
    pthread_cond_destroy(&(*s)->room);
    pthread_mutex_destroy(&(*s)->lock);
    free(*s);
    *s = NULL;
}

void schedule_wake_all(struct schedule *s)
{
    for (uint32_t i = 0; i < s->workers; i++)
        (void)pthread_cond_broadcast(&s->queues[i].wake);
    (void)pthread_cond_broadcast(&s->room);
}

/* ---- jobs that leave ---- */

/* In effect or void: nobody waits for it any more. */
static void job_leaves(struct schedule *s, struct job *job)
{
    job->state = JOB_DONE;
    s->jobs--;
    if (s->barrier == job)
        s->barrier = NULL;
    touches_leave(s->touches, &job->toucher);
    for (size_t i = 0; i < job->waiting_count; i++) {
        part_stop_needing(&job->waiting[i]->whole, job);
        for (struct part *p = job->waiting[i]->parts; p; p = p->next)
            part_stop_needing(p, job);
    }
    assign_waiting(s, job);
    job->waiting_count = 0;
    if (s->jobs == 0)
        schedule_wake_all(s);
}

static void free_passed(struct schedule *s, struct place *passed)
{
    while (passed) {
        struct place *next = passed->next;
        job_free(s, (struct job *)passed);
        passed = next;
    }
}

/* A void one that nobody has in hand any more. Those behind it that are in effect were held up by it. */
static void drop(struct schedule *s, struct job *job)
{
    part_forget_needs(&job->whole);
    for (const struct part *p = job->parts; p; p = p->next)
        part_forget_needs(p);
    if (job->whole.txn)
        s->bytes -= job->whole.bytes;
    job_leaves(s, job);
    order_remove(&s->order, &job->place);
    job_free(s, job);
    free_passed(s, order_done(&s->order, NULL, 0, 0));
    assign_first(s);
    assign_all(s);
    (void)pthread_cond_signal(&s->room);
}

static void leave_queue(struct worker_queue *q, struct job *job)
{
    struct job **at = &q->first, *before = NULL;
    while (*at != job) {
        before = *at;
        at = &(*at)->next;
    }
    *at = job->next;
    if (q->last == job)
        q->last = before;
    job->next = NULL;
}

/* The transaction whose fragments were coming is void. Later ones would have found it in the index in the place of
 * those that it was to wait for itself, or as a barrier behind another one: so the next one waits for all. */
static void void_incomplete(struct schedule *s)
{
    struct job *job = s->incomplete;
    if (!job)
        return;
    s->incomplete = NULL;
    s->next_alone = true;
    if (job->state == JOB_RUNNING) {
        for (const struct part *p = job->parts; p; p = p->next)
            part_forget_needs(p);
        free_parts(s, job);
        struct part *news = xcalloc(1, sizeof *news);
        *news = (struct part){.job = job, .txn = txn_new()};
        news->txn->abandon = true;
        job->parts = job->last_part = news;
        job->complete = true;
        (void)pthread_cond_signal(&s->queues[job->worker].wake);
        return;
    }
    if (job->state == JOB_QUEUED) {
        struct worker_queue *q = &s->queues[job->worker];
        leave_queue(q, job);
        q->rows -= job->rows;
        q->jobs--;
    }
    drop(s, job);
}

/* ---- putting ---- */

/* By the ledger it is in effect: it only takes its place. */
static void put_done(struct schedule *s, struct txn *t)
{
    if (txn_is_whole(t) || (t->head.flags & RECORD_LAST)) {
        struct job *job = xcalloc(1, sizeof *job);
        struct place *place = &job->place;
        job->state = JOB_DONE;
        order_add(&s->order, place, t);
        free_passed(s, order_done(&s->order, &place, 1, 0));
        if (pause_is_reached(s))
            schedule_wake_all(s);
    }
    txn_free(&t);
}

static void needs(void *context, struct toucher *found)
{
    part_need(context, (struct job *)(void *)((char *)found - offsetof(struct job, toucher)));
}

static void part_fill(struct schedule *s, struct part *p, struct job *job, struct txn *t, const struct writeset *w)
{
    bool first = p == &job->whole;
    bool alone = w->alone || (first && (txn_is_act(t) || t->ddl || s->next_alone || t->head.seq == s->alone_seq));
    p->job = job;
    p->txn = t;
    p->bytes = sizeof *t + t->arena.total;
    p->after_all = alone || w->whole_count > 0 || (first && job->exact);
    t->job = job;
    t->exact = job->exact;
    t->alone = p->after_all;
    if (first)
        s->next_alone = false;
    if (s->barrier)
        part_need(p, s->barrier);
    touches_ask(s->touches, &job->toucher, w, needs, p);
    (void)touches_put(s->touches, &job->toucher, w);
    if (alone)
        s->barrier = job;
    s->bytes += p->bytes;
}

static void put_new(struct schedule *s, struct txn *t, const struct writeset *w)
{
    struct job *job = xcalloc(1, sizeof *job);
    job->big = txn_is_fragment(t);
    job->complete = !job->big;
    job->exact = !job->big && t->mark_count > 0; /* a big one's fragment waits for its turn when it has come to it */
    job->rows = t->row_total;
    order_add(&s->order, &job->place, t);
    s->jobs++;
    if (job->big)
        s->incomplete = job;
    part_fill(s, &job->whole, job, t, w);
    assign_if_possible(s, job);
}

static void put_fragment(struct schedule *s, struct txn *t, const struct writeset *w)
{
    struct job *job = s->incomplete;
    assert(job && job->place.seq == t->head.seq); /* the stream's rules: fragments in order, nothing between */
    struct part *p = xcalloc(1, sizeof *p);
    part_fill(s, p, job, t, w);
    if (job->last_part)
        job->last_part->next = p;
    else
        job->parts = p;
    job->last_part = p;
    if (t->head.flags & RECORD_LAST) {
        order_complete(&s->order, &job->place, t);
        job->complete = true;
        s->incomplete = NULL;
    }
    assign_if_possible(s, job);
    if (job->state == JOB_RUNNING)
        (void)pthread_cond_signal(&s->queues[job->worker].wake);
}

static bool has_room(const struct schedule *s, const struct txn *t)
{
    size_t bytes = sizeof *t + t->arena.total;
    if (!(txn_is_fragment(t) && !(t->head.flags & RECORD_FIRST)) && s->order.count >= ORDER_MOST)
        return false;
    return s->bytes == 0 || s->bytes + bytes <= s->max_bytes;
}

int schedule_put(struct schedule *s, struct txn *t, const struct writeset *w)
{
    int rc = -1;
    pthread_mutex_lock(&s->lock);
    while (!s->abandoned && !s->ended && !t->abandon && !has_room(s, t))
        pthread_cond_wait(&s->room, &s->lock);
    if (s->abandoned || s->ended)
        goto out;
    rc = 0;
    if (t->abandon) {
        void_incomplete(s);
        txn_free(&t);
    } else if (!txn_is_act(t) && order_has(&s->order, t->head.seq)) {
        put_done(s, t);
    } else if (txn_is_fragment(t) && !(t->head.flags & RECORD_FIRST)) {
        put_fragment(s, t, w);
    } else {
        put_new(s, t, w);
    }
out:
    pthread_mutex_unlock(&s->lock);
    return rc;
}

void schedule_end(struct schedule *s, const struct err *why)
{
    pthread_mutex_lock(&s->lock);
    if (why)
        s->why = *why;
    void_incomplete(s);
    s->ended = true;
    schedule_wake_all(s);
    pthread_mutex_unlock(&s->lock);
}

/* ---- into effect ---- */

static struct place **places_of(struct txn *const *txns, size_t count)
{
    struct place **places = xcalloc(count + 1, sizeof *places);
    for (size_t i = 0; i < count; i++)
        places[i] = &txns[i]->job->place;
    return places;
}

void schedule_state_with(struct schedule *s, struct ledger_state *out, uint32_t worker, struct txn *const *txns,
                         size_t count)
{
    struct place **places = places_of(txns, count);
    pthread_mutex_lock(&s->lock);
    order_state(&s->order, out, places, count, worker);
    pthread_mutex_unlock(&s->lock);
    free(places);
}

void schedule_committed(struct schedule *s, uint32_t worker, struct txn *const *txns, size_t count)
{
    struct place **places = places_of(txns, count);
    struct worker_queue *q = &s->queues[worker];
    pthread_mutex_lock(&s->lock);
    for (size_t i = 0; i < count; i++) {
        struct job *job = txns[i]->job;
        txns[i]->job = NULL;
        s->bytes -= job->whole.bytes;
        q->rows -= job->rows;
        q->jobs--;
        if (q->open == job)
            q->open = NULL;
        job_leaves(s, job);
    }
    s->contested -= s->contested > 0;
    struct place *passed = order_done(&s->order, places, count, worker);
    free_passed(s, passed);
    assign_first(s);
    if (pause_is_reached(s))
        schedule_wake_all(s);
    (void)pthread_cond_signal(&s->room);
    pthread_mutex_unlock(&s->lock);
    free(places);
}

void schedule_dropped(struct schedule *s, uint32_t worker)
{
    struct worker_queue *q = &s->queues[worker];
    pthread_mutex_lock(&s->lock);
    struct job *job = q->open;
    s->bytes -= job->whole.bytes;
    q->rows -= job->rows;
    q->jobs--;
    q->open = NULL;
    drop(s, job);
    pthread_mutex_unlock(&s->lock);
}
