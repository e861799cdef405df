/* A bounded queue of pointers between threads: ownership moves with the pointer. Bounded by items and by bytes. */
#ifndef DRC_BASE_QUEUE_H
#define DRC_BASE_QUEUE_H

#include <stdbool.h>
#include <stddef.h>

struct queue;

/* One item larger than max_bytes is let in when the queue is empty, so that nothing can hang. */
struct queue *queue_new(size_t max_items, size_t max_bytes);
/* Drops what is left through `drop` (may be NULL). All threads must have left it. */
void queue_free(struct queue **q, void (*drop)(void *item));

/* Wait for room. 0, or -1 when the queue is closed (the item stays the caller's). */
int queue_push(struct queue *q, void *item, size_t bytes);
/* Wait at most timeout_ms (-1: for ever) for an item. NULL: time is up, or closed and empty (queue_closed tells). */
void *queue_pop(struct queue *q, int timeout_ms);
/* The same for up to `max` items of together at most `max_bytes` (or one that is larger), under one lock; how many
 * there are in `items`. */
size_t queue_pop_many(struct queue *q, void **items, size_t max, size_t max_bytes, int timeout_ms);
/* No more pushes; what is in it can still be popped; wakes everyone. Any thread, any number of times. */
void queue_close(struct queue *q);
bool queue_closed(struct queue *q);
/* A glance for metrics. */
size_t queue_items(struct queue *q);
size_t queue_bytes(struct queue *q);
bool queue_is_full(struct queue *q); /* somebody waits for room */

#endif
