/* What a worker takes from the schedule, and what it gives back. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "applier/schedule_private.h"

struct timespec schedule_deadline(int timeout_ms)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    t.tv_sec += timeout_ms / 1000;
    t.tv_nsec += (long)(timeout_ms % 1000) * 1000000;
    if (t.tv_nsec >= 1000000000) {
        t.tv_sec++;
        t.tv_nsec -= 1000000000;
    }
    return t;
}

/* While nothing new is begun: what a big one in hand waits for may be, since that has begun. */
static bool is_awaited(const struct schedule *s, const struct job *job)
{
    for (uint32_t i = 0; i < s->workers; i++)
        if (s->queues[i].awaits && s->queues[i].open && job->place.seq < s->queues[i].open->place.seq)
            return true;
    return false;
}

/* By what the link is held with. A pause is reached sooner than what holds it ends. */
static bool is_open(const struct schedule *s, const struct job *job)
{
    if (s->paused)
        return !s->cut_short && job->place.seq <= s->pause_seq;
    return !s->held || is_awaited(s, job);
}

static bool may_take(const struct schedule *s, const struct worker_queue *q)
{
    return q->first && is_open(s, q->first) && (!q->first->big || job_may_open(q->first));
}

static struct txn *take_first(struct schedule *s, struct worker_queue *q)
{
    struct job *job = q->first;
    q->first = job->next;
    if (!q->first)
        q->last = NULL;
    job->next = NULL;
    job->state = JOB_RUNNING;
    struct txn *t = job->whole.txn;
    job->whole.txn = NULL;
    if (job->big) { /* its next fragment may need the room before this one is in effect */
        q->open = job;
        s->bytes -= job->whole.bytes;
        job->whole.bytes = 0;
        (void)pthread_cond_signal(&s->room);
    }
    return t;
}

/* Nothing but what is in effect between the two? */
static bool stand_together(const struct job *a, const struct job *b)
{
    const struct place *p = a->place.next;
    while (p && p->done)
        p = p->next;
    return p == &b->place;
}

struct txn *schedule_take_behind(struct schedule *s, uint32_t worker, const struct txn *last)
{
    struct worker_queue *q = &s->queues[worker];
    struct txn *t = NULL;
    pthread_mutex_lock(&s->lock);
    if (may_take(s, q) && !s->abandoned && (s->contested == 0 || stand_together(last->job, q->first)))
        t = take_first(s, q);
    pthread_mutex_unlock(&s->lock);
    return t;
}

struct txn *schedule_take(struct schedule *s, uint32_t worker, int timeout_ms)
{
    struct worker_queue *q = &s->queues[worker];
    struct timespec until = timeout_ms > 0 ? schedule_deadline(timeout_ms) : (struct timespec){0};
    struct txn *t = NULL;
    pthread_mutex_lock(&s->lock);
    while (timeout_ms > 0 && !may_take(s, q) && !s->abandoned && !(s->ended && s->jobs == 0) && !pause_is_reached(s))
        if (pthread_cond_timedwait(&q->wake, &s->lock, &until) == ETIMEDOUT)
            break;
    if (may_take(s, q) && !s->abandoned)
        t = take_first(s, q);
    pthread_mutex_unlock(&s->lock);
    return t;
}

static bool has_fragment(const struct schedule *s, const struct worker_queue *q)
{
    return q->open && q->open->parts && part_is_ready(s, q->open->parts);
}

struct txn *schedule_take_fragment(struct schedule *s, uint32_t worker, int timeout_ms)
{
    struct worker_queue *q = &s->queues[worker];
    struct timespec until = schedule_deadline(timeout_ms);
    struct txn *t = NULL;
    pthread_mutex_lock(&s->lock);
    q->starved = true;
    while (!has_fragment(s, q) && !s->abandoned && !q->must_yield && !s->cut_short)
        if (pthread_cond_timedwait(&q->wake, &s->lock, &until) == ETIMEDOUT)
            break;
    q->starved = false;
    if (has_fragment(s, q) && !s->abandoned && !q->must_yield) {
        struct part *p = q->open->parts;
        q->open->parts = p->next;
        if (!p->next)
            q->open->last_part = NULL;
        t = p->txn;
        p->txn = NULL;
        s->bytes -= p->bytes;
        part_clear(p);
        free(p);
        (void)pthread_cond_signal(&s->room);
        assign_all(s); /* its worker may be open to others now */
    }
    pthread_mutex_unlock(&s->lock);
    return t;
}

/* It is in nobody's hand any more. */
static void take_back(struct schedule *s, struct worker_queue *q, struct txn *t)
{
    struct job *job = t->job;
    job->state = JOB_WAITING;
    job->whole.txn = t;
    q->rows -= job->rows;
    q->jobs--;
    if (q->open == job) {
        q->open = NULL;
        job->whole.bytes = sizeof *t + t->arena.total;
        s->bytes += job->whole.bytes;
    }
}

void schedule_return(struct schedule *s, uint32_t worker, struct txn *const *txns, size_t count)
{
    struct worker_queue *q = &s->queues[worker];
    pthread_mutex_lock(&s->lock);
    for (size_t i = 0; i < count; i++)
        take_back(s, q, txns[i]);
    struct job *first = txns[0]->job;
    assert(!first->big);
    first->exact = first->whole.after_all = txns[0]->exact = txns[0]->alone = true;
    for (size_t i = 0; i < count; i++)
        (void)assign_back(s, txns[i]->job, worker);
    queue_revise(s, worker);
    assign_all(s);
    pthread_mutex_unlock(&s->lock);
}
