/* A thread that waits for the first signal, and lets the second one through. */
#include "reconcile/interrupt.h"

#include <assert.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/base/mem.h"

static const struct {
    int number;
    const char *reason;
} signals[] = {
    {SIGINT,  "SIGINT" },
    {SIGTERM, "SIGTERM"},
    {SIGHUP,  "SIGHUP" },
};
#define SIGNALS (sizeof signals / sizeof *signals)

struct waiting {
    struct stop *stop;
    sigset_t set;
};

static const char *reason_of(int number)
{
    const char *reason = NULL;
    for (size_t i = 0; i < SIGNALS; i++)
        reason = signals[i].number == number ? signals[i].reason : reason;
    assert(reason);
    return reason;
}

static void *wait_for_first(void *arg)
{
    struct waiting w = *(struct waiting *)arg;
    int number;
    free(arg);
    while (sigwait(&w.set, &number) != 0)
        ;
    const char *reason = reason_of(number);
    stop_request(w.stop, reason);
    fprintf(stderr,
            "\ndrc-reconcile: %s: it ends behind what is under way, and tells what was found until then; once more "
            "ends it at once\n",
            reason);
    int failed = pthread_sigmask(SIG_UNBLOCK, &w.set, NULL); /* here the second one does what it always does */
    assert(!failed);
    for (;;)
        (void)pause();
    return NULL;
}

/* What is ignored is to stay so; blocked and waited for it would come. */
static void pick(sigset_t *set)
{
    (void)sigemptyset(set);
    for (size_t i = 0; i < SIGNALS; i++) {
        struct sigaction now;
        if (sigaction(signals[i].number, NULL, &now) == 0 && now.sa_handler != SIG_IGN)
            (void)sigaddset(set, signals[i].number);
    }
}

struct stop *interrupt_begin(void)
{
    struct waiting *w = xcalloc(1, sizeof *w);
    struct stop *stop = w->stop = stop_new();
    pthread_t thread;
    pick(&w->set);
    int failed = pthread_sigmask(SIG_BLOCK, &w->set, NULL);
    assert(!failed);
    failed = pthread_create(&thread, NULL, wait_for_first, w);
    assert(!failed);
    (void)pthread_detach(thread);
    return stop;
}
