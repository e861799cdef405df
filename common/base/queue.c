/* A bounded queue of pointers between threads: a ring under one mutex, with a condition for each side. */
#include "common/base/queue.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "common/base/mem.h"

struct queue_slot {
    void *item;
    size_t bytes;
};

struct queue {
    pthread_mutex_t lock;
    pthread_cond_t not_empty;
    pthread_cond_t not_full;
    struct queue_slot *ring;
    size_t max_items;
    size_t max_bytes;
    size_t head; /* where the next pop reads */
    size_t items;
    size_t bytes;
    unsigned waiting; /* for room */
    bool closed;
};

struct queue *queue_new(size_t max_items, size_t max_bytes)
{
    assert(max_items > 0);
    struct queue *q = xcalloc(1, sizeof *q);
    q->ring = xcalloc(max_items, sizeof *q->ring);
    q->max_items = max_items;
    q->max_bytes = max_bytes;
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_mutex_init(&q->lock, NULL);
    pthread_cond_init(&q->not_empty, &attr);
    pthread_cond_init(&q->not_full, &attr);
    pthread_condattr_destroy(&attr);
    return q;
}

static bool fits(const struct queue *q, size_t taken, size_t max_bytes)
{
    return q->items > 0 && (taken == 0 || (taken <= max_bytes && q->ring[q->head].bytes <= max_bytes - taken));
}

static struct queue_slot take(struct queue *q)
{
    struct queue_slot s = q->ring[q->head];
    q->head = (q->head + 1) % q->max_items;
    q->items--;
    q->bytes -= s.bytes;
    return s;
}

void queue_free(struct queue **q, void (*drop)(void *item))
{
    if (!*q)
        return;
    while ((*q)->items > 0) {
        struct queue_slot s = take(*q);
        if (drop)
            drop(s.item);
    }
    pthread_cond_destroy(&(*q)->not_empty);
    pthread_cond_destroy(&(*q)->not_full);
    pthread_mutex_destroy(&(*q)->lock);
    free((*q)->ring);
    free(*q);
    *q = NULL;
}

static bool has_room(const struct queue *q, size_t bytes)
{
    if (q->items == 0)
        return true;
    return q->items < q->max_items && q->bytes <= q->max_bytes && bytes <= q->max_bytes - q->bytes;
}

int queue_push(struct queue *q, void *item, size_t bytes)
{
    assert(item);
    pthread_mutex_lock(&q->lock);
    q->waiting++;
    while (!q->closed && !has_room(q, bytes))
        pthread_cond_wait(&q->not_full, &q->lock);
    q->waiting--;
    bool open = !q->closed;
    if (open) {
        q->ring[(q->head + q->items) % q->max_items] = (struct queue_slot){item, bytes};
        q->items++;
        q->bytes += bytes;
        pthread_cond_signal(&q->not_empty);
    }
    pthread_mutex_unlock(&q->lock);
    return open ? 0 : -1;
}

static struct timespec deadline_in(int timeout_ms)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    t.tv_sec += timeout_ms / 1000;
    t.tv_nsec += (long)(timeout_ms % 1000) * 1000000;
    if (t.tv_nsec >= 1000000000) {
        t.tv_nsec -= 1000000000;
        t.tv_sec++;
    }
    return t;
}

size_t queue_pop_many(struct queue *q, void **items, size_t max, size_t max_bytes, int timeout_ms)
{
    struct timespec deadline = {0};
    size_t n = 0, taken = 0;
    if (timeout_ms > 0)
        deadline = deadline_in(timeout_ms);
    pthread_mutex_lock(&q->lock);
    bool late = timeout_ms == 0;
    while (q->items == 0 && !q->closed && !late) {
        if (timeout_ms < 0)
            pthread_cond_wait(&q->not_empty, &q->lock);
        else
            late = pthread_cond_timedwait(&q->not_empty, &q->lock, &deadline) == ETIMEDOUT;
    }
    while (n < max && fits(q, taken, max_bytes)) {
        struct queue_slot slot = take(q);
        items[n++] = slot.item;
        taken += slot.bytes;
    }
    if (n > 0) /* all of them: the one that a signal would wake may have too large an item for the room */
        pthread_cond_broadcast(&q->not_full);
    pthread_mutex_unlock(&q->lock);
    return n;
}

void *queue_pop(struct queue *q, int timeout_ms)
{
    void *item;
    return queue_pop_many(q, &item, 1, 0, timeout_ms) == 1 ? item : NULL;
}

void queue_close(struct queue *q)
{
    pthread_mutex_lock(&q->lock);
    q->closed = true;
    pthread_cond_broadcast(&q->not_empty);
    pthread_cond_broadcast(&q->not_full);
    pthread_mutex_unlock(&q->lock);
}

bool queue_closed(struct queue *q)
{
    pthread_mutex_lock(&q->lock);
    bool closed = q->closed;
    pthread_mutex_unlock(&q->lock);
    return closed;
}

size_t queue_items(struct queue *q)
{
    pthread_mutex_lock(&q->lock);
    size_t n = q->items;
    pthread_mutex_unlock(&q->lock);
    return n;
}

size_t queue_bytes(struct queue *q)
{
    pthread_mutex_lock(&q->lock);
    size_t n = q->bytes;
    pthread_mutex_unlock(&q->lock);
    return n;
}

bool queue_is_full(struct queue *q)
{
    pthread_mutex_lock(&q->lock);
    bool full = q->waiting > 0;
    pthread_mutex_unlock(&q->lock);
    return full;
}
