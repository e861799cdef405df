/* The pulse of a daemon: when each thread last got on. */
#include "common/base/pulse.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/base/clock.h"
#include "common/base/mem.h"

struct beat {
    char *name;
    _Atomic uint64_t at_ms; /* until when all is well, on the monotonic clock; 0: it rests for any time */
    struct beat *next;
};

struct pulse {
    pthread_mutex_t lock; /* of the list */
    struct beat *first;
};

struct pulse *pulse_new(void)
{
    struct pulse *p = xcalloc(1, sizeof *p);
    pthread_mutex_init(&p->lock, NULL);
    return p;
}

static void free_beat(struct beat *b)
{
    free(b->name);
    free(b);
}

void pulse_free(struct pulse **p)
{
    if (!*p)
        return;
    for (struct beat *b = (*p)->first, *next; b; b = next) {
        next = b->next;
        free_beat(b);
    }
    pthread_mutex_destroy(&(*p)->lock);
    free(*p);
    *p = NULL;
}

struct beat *pulse_join(struct pulse *p, const char *name)
{
    if (!p)
        return NULL;
    struct beat *b = xcalloc(1, sizeof *b);
    char short_name[16];
    (void)snprintf(short_name, sizeof short_name, "%s", name);
    (void)pthread_setname_np(pthread_self(), short_name);
    b->name = xstrdup(name);
    beat_on(b);
    pthread_mutex_lock(&p->lock);
    b->next = p->first;
    p->first = b;
    pthread_mutex_unlock(&p->lock);
    return b;
}

void pulse_leave(struct pulse *p, struct beat **b)
{
    if (!*b)
        return;
    pthread_mutex_lock(&p->lock);
    struct beat **link = &p->first;
    while (*link != *b)
        link = &(*link)->next;
    *link = (*b)->next;
    pthread_mutex_unlock(&p->lock);
    free_beat(*b);
    *b = NULL;
}

void beat_on(struct beat *b)
{
    if (b)
        atomic_store_explicit(&b->at_ms, clock_mono_ms(), memory_order_relaxed);
}

void beat_rest(struct beat *b, uint64_t most_ms)
{
    if (b)
        atomic_store_explicit(&b->at_ms, most_ms == BEAT_ANY_TIME ? 0 : clock_mono_ms() + most_ms,
                              memory_order_relaxed);
}

size_t pulse_stuck(struct pulse *p, uint64_t limit_ms, struct buf *names)
{
    size_t count = 0;
    uint64_t now = clock_mono_ms();
    pthread_mutex_lock(&p->lock);
    for (const struct beat *b = p->first; b; b = b->next) {
        uint64_t at = atomic_load_explicit(&b->at_ms, memory_order_relaxed);
        if (at != 0 && now > at && now - at >= limit_ms)
            buf_printf(names, "%s%s", count++ ? ", " : "", b->name);
    }
    pthread_mutex_unlock(&p->lock);
    return count;
}
