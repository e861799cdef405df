/* A queue, with the cause of its end. */
#include "applier/inbox.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "common/base/mem.h"
#include "common/base/queue.h"

#define MOST_TRANSACTIONS 65536

struct inbox {
    struct queue *queue;
    struct err why; /* written before the queue is closed, read after */
    atomic_bool abandoned;
};

struct inbox *inbox_new(size_t max_bytes)
{
    struct inbox *b = xcalloc(1, sizeof *b);
    b->queue = queue_new(MOST_TRANSACTIONS, max_bytes);
    return b;
}

static void drop_txn(void *item)
{
    struct txn *t = item;
    txn_free(&t);
}

void inbox_free(struct inbox **b)
{
    if (!*b)
        return;
    queue_free(&(*b)->queue, drop_txn);
    free(*b);
    *b = NULL;
}

int inbox_put(struct inbox *b, struct txn *t)
{
    return queue_push(b->queue, t, sizeof *t + t->arena.total);
}

void inbox_end(struct inbox *b, const struct err *why)
{
    if (why)
        b->why = *why;
    queue_close(b->queue);
}

void inbox_abandon(struct inbox *b)
{
    atomic_store(&b->abandoned, true);
    queue_close(b->queue);
}

struct txn *inbox_take(struct inbox *b, int timeout_ms)
{
    return atomic_load(&b->abandoned) ? NULL : queue_pop(b->queue, timeout_ms);
}

bool inbox_ended(struct inbox *b, struct err *err)
{
    bool abandoned = atomic_load(&b->abandoned);
    if (!abandoned && (!queue_closed(b->queue) || queue_items(b->queue) > 0))
        return false;
    if (err)
        *err = abandoned ? (struct err){0} : b->why;
    return true;
}

size_t inbox_items(struct inbox *b)
{
    return queue_items(b->queue);
}

size_t inbox_bytes(struct inbox *b)
{
    return queue_bytes(b->queue);
}
