/* One thread, which ends when all is open, or has been tried. */
#include "reconcile/ready.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

#include "common/base/mem.h"
#include "reconcile/cause_feed.h"
#include "reconcile/run.h"

struct ready {
    pthread_t thread;
    bool joined;
};

/* What could not be opened is tried again, and told, where it is needed. */
static void *open_all(void *arg)
{
    struct run *run = arg;
    struct err later = {0};
    links_open(run->links);
    if (run->causes.most_ms > 0 && !run->causes.feed &&
        cause_feed_open(&run->causes.feed, run->config, run->wishes->regions, &later) == 0)
        run->causes.feed->idle = true;
    return NULL;
}

void ready_begin(struct run *run)
{
    if (run->ready)
        return;
    run->ready = xcalloc(1, sizeof *run->ready);
    int failed = pthread_create(&run->ready->thread, NULL, open_all, run);
    assert(!failed);
}

static void join(struct ready *r)
{
    if (r && !r->joined)
        pthread_join(r->thread, NULL);
    if (r)
        r->joined = true;
}

void ready_wait(struct run *run)
{
    join(run->ready);
}

void ready_free(struct ready **r)
{
    join(*r);
    free(*r);
    *r = NULL;
}
