/* What one may ask of a schedule, and tell it, without taking or putting anything. */
#include <errno.h>

#include "applier/schedule_private.h"

#define CONTESTED_GROUPS 128 /* after one that waited for its turn: where there is one conflict there are more */

void schedule_abandon(struct schedule *s)
{
    pthread_mutex_lock(&s->lock);
    s->abandoned = true;
    schedule_wake_all(s);
    pthread_mutex_unlock(&s->lock);
}

void schedule_hold(struct schedule *s, bool hold)
{
    pthread_mutex_lock(&s->lock);
    s->held = hold;
    for (uint32_t i = 0; i < s->workers && !hold; i++)
        (void)pthread_cond_broadcast(&s->queues[i].wake);
    pthread_mutex_unlock(&s->lock);
}

bool schedule_ended(struct schedule *s, struct err *err)
{
    pthread_mutex_lock(&s->lock);
    bool ended = s->abandoned || (s->ended && s->jobs == 0);
    if (ended && err)
        *err = s->abandoned ? (struct err){0} : s->why;
    pthread_mutex_unlock(&s->lock);
    return ended;
}

void schedule_note_changed_table(struct schedule *s)
{
    pthread_mutex_lock(&s->lock);
    s->table_changes++;
    pthread_mutex_unlock(&s->lock);
}

int schedule_drain(struct schedule *s)
{
    pthread_mutex_lock(&s->lock);
    while (s->jobs > 0 && !s->abandoned)
        pthread_cond_wait(&s->room, &s->lock);
    int rc = s->abandoned ? -1 : 0;
    pthread_mutex_unlock(&s->lock);
    return rc;
}

uint64_t schedule_table_changes(struct schedule *s)
{
    pthread_mutex_lock(&s->lock);
    uint64_t n = s->table_changes;
    pthread_mutex_unlock(&s->lock);
    return n;
}

bool schedule_tables_changed(struct schedule *s)
{
    pthread_mutex_lock(&s->lock);
    bool changed = s->table_changes != s->table_changes_seen;
    s->table_changes_seen = s->table_changes;
    s->next_alone = s->next_alone || changed;
    pthread_mutex_unlock(&s->lock);
    return changed;
}

bool schedule_must_yield(struct schedule *s, uint32_t worker)
{
    pthread_mutex_lock(&s->lock);
    bool yield = s->queues[worker].must_yield;
    pthread_mutex_unlock(&s->lock);
    return yield;
}

void schedule_contended(struct schedule *s)
{
    pthread_mutex_lock(&s->lock);
    for (uint32_t i = 0; i < s->workers; i++) {
        struct worker_queue *q = &s->queues[i];
        if (!q->open || !q->starved)
            continue;
        q->must_yield = true;
        (void)pthread_cond_signal(&q->wake);
    }
    pthread_mutex_unlock(&s->lock);
}

static size_t in_order(const struct schedule *s, struct txn *const *txns, size_t count)
{
    size_t n = 0;
    for (const struct place *p = s->order.first; p && n < count; p = p->next) {
        if (p->done)
            continue;
        if ((const struct job *)p != txns[n]->job)
            break;
        n++;
    }
    return n;
}

size_t schedule_in_order(struct schedule *s, struct txn *const *txns, size_t count)
{
    pthread_mutex_lock(&s->lock);
    size_t n = in_order(s, txns, count);
    pthread_mutex_unlock(&s->lock);
    return n;
}

/* What comes before it can only come into effect when it has been given back itself. */
static bool is_behind_itself(const struct schedule *s, uint32_t worker, const struct txn *first)
{
    for (const struct place *p = s->order.first; p && (const struct job *)p != first->job; p = p->next)
        if (((const struct job *)p)->state == JOB_QUEUED && ((const struct job *)p)->worker == worker)
            return true;
    return false;
}

size_t schedule_await_order(struct schedule *s, uint32_t worker, struct txn *const *txns, size_t count, int timeout_ms)
{
    struct worker_queue *q = &s->queues[worker];
    struct timespec until = schedule_deadline(timeout_ms);
    size_t n;
    pthread_mutex_lock(&s->lock);
    q->awaits = true;
    q->starved = q->open && q->open == txns[0]->job;
    for (uint32_t i = 0; s->held && i < s->workers; i++) /* they may take what this one waits for */
        (void)pthread_cond_signal(&s->queues[i].wake);
    s->contested = q->starved ? s->contested : CONTESTED_GROUPS;
    while ((n = in_order(s, txns, count)) == 0 && !s->abandoned && !(q->starved && q->must_yield) &&
           !is_behind_itself(s, worker, txns[0]))
        if (pthread_cond_timedwait(&q->wake, &s->lock, &until) == ETIMEDOUT)
            break;
    q->awaits = q->starved = false;
    pthread_mutex_unlock(&s->lock);
    return n;
}

size_t schedule_items(struct schedule *s)
{
    pthread_mutex_lock(&s->lock);
    size_t n = s->jobs;
    pthread_mutex_unlock(&s->lock);
    return n;
}

size_t schedule_bytes(struct schedule *s)
{
    pthread_mutex_lock(&s->lock);
    size_t n = s->bytes;
    pthread_mutex_unlock(&s->lock);
    return n;
}

uint64_t schedule_oldest_us(struct schedule *s)
{
    pthread_mutex_lock(&s->lock);
    uint64_t us = s->order.first ? s->order.first->commit_us : 0;
    pthread_mutex_unlock(&s->lock);
    return us;
}

uint64_t schedule_watermark(struct schedule *s)
{
    pthread_mutex_lock(&s->lock);
    uint64_t seq = s->order.state.done.low;
    pthread_mutex_unlock(&s->lock);
    return seq;
}

void schedule_state(struct schedule *s, struct ledger_state *out)
{
    pthread_mutex_lock(&s->lock);
    *out = s->order.state;
    out->held = out->anchors = (struct buf){0};
    out->done = (struct watermark){0};
    watermark_union(&out->done, &s->order.state.done);
    pthread_mutex_unlock(&s->lock);
}
