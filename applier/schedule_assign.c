/* Who may run, and where: the rules of the schedule.
 *
 * A big transaction's write set is not known before its last fragment has come, yet it begins with its first. That is
 * right for these reasons. Its fragments come in order with nothing between them: so every earlier transaction is in
 * the index of keys when the first one comes, and no later one is looked at before the last has come. Each fragment
 * asks for its own keys and is held back until whoever it meets is in effect. What comes later meets all of its keys.
 * While it is open its worker can do nothing else, and it holds row locks. So it begins only when no earlier one waits
 * to be given to a worker, and none is given to its worker; and when an earlier one waits in vain for a row lock while
 * the big one itself waits, the big one yields: it is rolled back and read again, alone.
 *
 * A fragment in doubt waits, with all that was written before it, until everything before its transaction is in effect.
 * That comes to pass, because the oldest one that is not in effect is never behind one that waits. In its worker's
 * queue only older ones stand before it, and a big one in hand there is older, or was begun before it came: which is
 * the case of one that was given back, and that goes to no worker with a younger big one in hand. One that does not
 * have such a one is there: the worker that gave it back, for no younger big one begins while an older one waits to be
 * given to a worker. It has no lock to wait for either: if a waiting one holds that, that one yields.
 */
#include "applier/schedule_private.h"

#include <stdlib.h>

#include "common/base/mem.h"

enum { NOBODY = -1, ANYBODY = -2 };

void part_need(struct part *p, struct job *needed)
{
    if (needed->state == JOB_DONE || needed == p->job)
        return;
    p->needs = xreallocarray(p->needs, p->need_count + 1, sizeof *p->needs);
    p->needs[p->need_count++] = needed;
    needed->waiting = xreallocarray(needed->waiting, needed->waiting_count + 1, sizeof *needed->waiting);
    needed->waiting[needed->waiting_count++] = p->job;
}

void part_stop_needing(struct part *p, const struct job *done)
{
    for (size_t i = 0; i < p->need_count;)
        if (p->needs[i] == done)
            p->needs[i] = p->needs[--p->need_count];
        else
            i++;
}

/* One entry for each, as part_need made them: other parts of the job may need the same ones. */
void part_forget_needs(const struct part *p)
{
    for (size_t i = 0; i < p->need_count; i++) {
        struct job *n = p->needs[i];
        size_t k = 0;
        while (n->waiting[k] != p->job)
            k++;
        n->waiting[k] = n->waiting[--n->waiting_count];
    }
}

/* ---- queues ---- */

void queue_insert(struct worker_queue *q, struct job *job)
{
    struct job **at = &q->first;
    if (q->last && q->last->place.seq <= job->place.seq)
        at = &q->last->next;
    else
        while (*at && (*at)->place.seq <= job->place.seq)
            at = &(*at)->next;
    job->next = *at;
    *at = job;
    if (!job->next)
        q->last = job;
    q->rows += job->rows;
    q->jobs++;
    (void)pthread_cond_signal(&q->wake);
}

/* A big transaction in hand that may still have to wait for others: earlier ones must not come behind it, nor anything
 * while it waits for a fragment. */
static bool is_reserved(const struct schedule *s, uint32_t worker, const struct job *job)
{
    const struct job *big = s->queues[worker].open;
    if (!big)
        return false;
    if (job->place.seq < big->place.seq)
        return true;
    for (const struct part *p = big->parts; p; p = p->next)
        if (p->need_count > 0 || p->after_all)
            return true;
    return !big->complete;
}

/* Somebody idle, else the one whose turn it is: chunks of rows go round, to whoever has least, each what one group
 * takes: so that the ranges in its ledger row are few, and what goes together stands together. NOBODY: all reserved. */
static int64_t least_loaded(struct schedule *s, const struct job *job)
{
    int64_t best = NOBODY;
    for (uint32_t i = 0; i < s->workers; i++) {
        const struct worker_queue *q = &s->queues[i];
        if (is_reserved(s, i, job))
            continue;
        if (q->jobs == 0 && !q->open) {
            s->cursor = i;
            s->cursor_rows = 0;
            return i;
        }
        if (best == NOBODY || q->rows < s->queues[best].rows)
            best = i;
    }
    if (best == NOBODY)
        return NOBODY;
    if (is_reserved(s, s->cursor, job) || s->cursor_rows >= s->chunk_rows) {
        s->cursor = (uint32_t)best;
        s->cursor_rows = 0;
    }
    return s->cursor;
}

/* ---- may it run ---- */

/* The one worker who may run it now, ANYBODY, or NOBODY. */
static int64_t who_may(const struct schedule *s, const struct part *p)
{
    int64_t who = ANYBODY;
    if (p->after_all && s->order.first != &p->job->place)
        return NOBODY;
    for (size_t i = 0; i < p->need_count; i++) {
        const struct job *n = p->needs[i];
        if (n->state == JOB_WAITING || (who != ANYBODY && who != n->worker) || is_reserved(s, n->worker, p->job))
            return NOBODY;
        who = n->worker;
    }
    return who;
}

bool part_is_ready(const struct schedule *s, const struct part *p)
{
    return who_may(s, p) == ANYBODY;
}

bool job_may_open(const struct job *job)
{
    for (const struct place *p = job->place.before; p; p = p->before)
        if (!p->done && ((const struct job *)p)->state == JOB_WAITING)
            return false;
    return true;
}

static bool assign_one(struct schedule *s, struct job *job)
{
    if (job->state != JOB_WAITING)
        return false;
    int64_t who = who_may(s, &job->whole);
    if (who == ANYBODY)
        who = least_loaded(s, job);
    if (who == NOBODY)
        return false;
    job->worker = (uint32_t)who;
    job->state = JOB_QUEUED;
    if (job->worker == s->cursor)
        s->cursor_rows += job->rows > 0 ? job->rows : 1;
    queue_insert(&s->queues[job->worker], job);
    return true;
}

/* Jobs to be looked at. */
struct look {
    struct job **jobs;
    size_t count;
    size_t cap;
};

static void look_at_waiting(struct look *l, const struct job *job)
{
    for (size_t i = 0; i < job->waiting_count; i++) {
        if (job->waiting[i]->state != JOB_WAITING)
            continue;
        if (l->count == l->cap) {
            l->cap = l->cap ? 2 * l->cap : 16;
            l->jobs = xreallocarray(l->jobs, l->cap, sizeof *l->jobs);
        }
        l->jobs[l->count++] = job->waiting[i];
    }
}

static void look_through(struct schedule *s, struct look *l)
{
    while (l->count > 0) {
        struct job *job = l->jobs[--l->count];
        if (assign_one(s, job))
            look_at_waiting(l, job);
    }
    free(l->jobs);
}

void assign_if_possible(struct schedule *s, struct job *job)
{
    struct look l = {0};
    if (!assign_one(s, job))
        return;
    look_at_waiting(&l, job);
    look_through(s, &l);
}

void assign_waiting(struct schedule *s, struct job *done)
{
    struct look l = {0};
    look_at_waiting(&l, done);
    look_through(s, &l);
}

void assign_first(struct schedule *s)
{
    struct job *first = (struct job *)s->order.first;
    if (first)
        assign_if_possible(s, first);
    for (uint32_t i = 0; i < s->workers; i++) /* a big one may wait to begin, or to go on, and anyone for his turn */
        if (s->queues[i].open || s->queues[i].awaits || (s->queues[i].first && s->queues[i].first->big))
            (void)pthread_cond_signal(&s->queues[i].wake);
}

void assign_all(struct schedule *s)
{
    for (struct place *p = s->order.first; p; p = p->next)
        assign_if_possible(s, (struct job *)p);
}

bool assign_back(struct schedule *s, struct job *job, uint32_t worker)
{
    int64_t who = who_may(s, &job->whole);
    if (who != ANYBODY && who != worker)
        return false;
    job->worker = worker;
    job->state = JOB_QUEUED;
    queue_insert(&s->queues[worker], job);
    return true;
}

/* From the oldest on: who is sent away takes those along that need it. */
void queue_revise(struct schedule *s, uint32_t worker)
{
    struct worker_queue *q = &s->queues[worker];
    struct job *job = q->first;
    q->first = q->last = NULL;
    while (job) {
        struct job *next = job->next;
        job->state = JOB_WAITING;
        q->rows -= job->rows;
        q->jobs--;
        (void)assign_back(s, job, worker);
        job = next;
    }
}
