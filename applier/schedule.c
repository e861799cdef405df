/* One worker's schedule: a queue in source order. */
#include "applier/schedule.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "common/base/clock.h"
#include "common/base/mem.h"
#include "common/base/queue.h"

#define MOST_TRANSACTIONS 65536
#define HOLD_LOOK_MS 50

struct schedule {
    struct queue *queue;
    struct err why; /* written before the queue is closed, read after */
    atomic_bool abandoned;
    atomic_bool held;
    struct txn *kept; /* the taker's: came while it waited, and then it was held */
    bool inside;      /* the taker's: fragments of what was taken last are to come */
};

struct schedule *schedule_new(size_t max_bytes)
{
    struct schedule *s = xcalloc(1, sizeof *s);
    s->queue = queue_new(MOST_TRANSACTIONS, max_bytes);
    return s;
}

static void drop_txn(void *item)
{
    struct txn *t = item;
    txn_free(&t);
}

void schedule_free(struct schedule **s)
{
    if (!*s)
        return;
    queue_free(&(*s)->queue, drop_txn);
    txn_free(&(*s)->kept);
    free(*s);
    *s = NULL;
}

int schedule_put(struct schedule *s, struct txn *t)
{
    return queue_push(s->queue, t, sizeof *t + t->arena.total);
}

void schedule_end(struct schedule *s, const struct err *why)
{
    if (why)
        s->why = *why;
    queue_close(s->queue);
}

void schedule_abandon(struct schedule *s)
{
    atomic_store(&s->abandoned, true);
    queue_close(s->queue);
}

void schedule_hold(struct schedule *s, bool hold)
{
    atomic_store(&s->held, hold);
}

/* Until it is held no more, or the time is up: what remains of it. */
static int wait_held(const struct schedule *s, int timeout_ms)
{
    while (atomic_load(&s->held) && !atomic_load(&s->abandoned) && timeout_ms > 0) {
        int ms = timeout_ms < HOLD_LOOK_MS ? timeout_ms : HOLD_LOOK_MS;
        clock_sleep_ms((uint32_t)ms);
        timeout_ms -= ms;
    }
    return timeout_ms;
}

struct txn *schedule_take(struct schedule *s, int timeout_ms)
{
    if (!s->inside && atomic_load(&s->held))
        timeout_ms = wait_held(s, timeout_ms);
    if (atomic_load(&s->abandoned) || (!s->inside && atomic_load(&s->held)))
        return NULL;
    struct txn *t = s->kept ? s->kept : queue_pop(s->queue, timeout_ms);
    s->kept = NULL;
    if (t && !s->inside && atomic_load(&s->held)) {
        s->kept = t;
        return NULL;
    }
    if (t)
        s->inside = !t->abandon && !txn_is_act(t) && !(t->head.flags & RECORD_LAST);
    return t;
}

bool schedule_ended(struct schedule *s, struct err *err)
{
    bool abandoned = atomic_load(&s->abandoned);
    if (!abandoned && (!queue_closed(s->queue) || queue_items(s->queue) > 0 || s->kept))
        return false;
    if (err)
        *err = abandoned ? (struct err){0} : s->why;
    return true;
}

size_t schedule_items(struct schedule *s)
{
    return queue_items(s->queue);
}

size_t schedule_bytes(struct schedule *s)
{
    return queue_bytes(s->queue);
}
