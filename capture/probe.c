/* One question at a time, under a mutex. */
#include "capture/probe.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "common/base/mem.h"

struct probe {
    atomic_bool asked;
    pthread_mutex_t lock; /* of the two below */
    struct position end;
    uint64_t asked_us;
};

struct probe *probe_new(void)
{
    struct probe *p = xcalloc(1, sizeof *p);
    pthread_mutex_init(&p->lock, NULL);
    return p;
}

void probe_free(struct probe **p)
{
    if (!*p)
        return;
    position_free(&(*p)->end);
    pthread_mutex_destroy(&(*p)->lock);
    free(*p);
    *p = NULL;
}

bool probe_is_due(struct probe *p)
{
    return !atomic_load(&p->asked);
}

void probe_ask(struct probe *p, const struct position *end, uint64_t asked_us)
{
    pthread_mutex_lock(&p->lock);
    position_copy(&p->end, end);
    p->asked_us = asked_us;
    pthread_mutex_unlock(&p->lock);
    atomic_store(&p->asked, true);
}

uint64_t probe_waited_us(struct probe *p, uint64_t now_us)
{
    if (!atomic_load(&p->asked))
        return 0;
    pthread_mutex_lock(&p->lock);
    uint64_t us = now_us > p->asked_us ? now_us - p->asked_us : 0;
    pthread_mutex_unlock(&p->lock);
    return us;
}

bool probe_answer(struct probe *p, uint64_t *us, const struct position *read, uint64_t since_us)
{
    if (!atomic_load_explicit(&p->asked, memory_order_relaxed))
        return false;
    pthread_mutex_lock(&p->lock);
    bool there = position_covers(read, &p->end);
    *us = since_us > p->asked_us ? since_us - p->asked_us : 0;
    pthread_mutex_unlock(&p->lock);
    if (there)
        atomic_store(&p->asked, false);
    return there;
}
