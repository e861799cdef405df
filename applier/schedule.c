/* One worker's schedule: a queue in source order. */
#include "applier/schedule.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "common/base/mem.h"
#include "common/base/queue.h"

#define MOST_TRANSACTIONS 65536

struct schedule {
    struct queue *queue;
    struct err why; /* written before the queue is closed, read after */
    atomic_bool abandoned;
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

struct txn *schedule_take(struct schedule *s, int timeout_ms)
{
    return atomic_load(&s->abandoned) ? NULL : queue_pop(s->queue, timeout_ms);
}

bool schedule_ended(struct schedule *s, struct err *err)
{
    bool abandoned = atomic_load(&s->abandoned);
    if (!abandoned && (!queue_closed(s->queue) || queue_items(s->queue) > 0))
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
