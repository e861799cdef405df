/* What systemd is told while a daemon runs, by a thread that watches all others. */
#include "common/link/notify.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/base/mem.h"
#include "common/base/stop.h"
#include "common/link/daemon.h"

#define LINE_EVERY_MS 5000
#define FEEDS 4 /* within the watchdog's time */

struct notify {
    pthread_t thread;
    struct stop *stop;
    struct pulse *pulse;
    void (*describe)(void *context, struct buf *out);
    void *context;
    uint64_t watchdog_ms; /* 0: none */
    struct buf line;      /* what was said last */
    uint64_t line_ms;     /* when */
    bool starving;        /* said that a thread does not get on */
};

static uint64_t number_of(const char *name)
{
    const char *text = getenv(name);
    char *end = NULL;
    unsigned long long n = text ? strtoull(text, &end, 10) : 0;
    return text && end != text && *end == '\0' ? n : 0;
}

/* The time within which the watchdog is to be fed, in ms; 0: not by this process. */
static uint64_t watchdog_time(void)
{
    uint64_t pid = number_of("WATCHDOG_PID");
    return pid == 0 || pid == (uint64_t)getpid() ? number_of("WATCHDOG_USEC") / 1000 : 0;
}

static void say_line(struct notify *n)
{
    struct buf line = {0};
    uint64_t now = clock_mono_ms();
    if (n->line_ms && now - n->line_ms < LINE_EVERY_MS)
        return;
    buf_put_str(&line, "STATUS=");
    n->describe(n->context, &line);
    if (strcmp(buf_cstr(&line), buf_cstr(&n->line)) != 0) {
        daemon_notify(buf_cstr(&line));
        n->line_ms = now;
        buf_clear(&n->line);
        buf_put_str(&n->line, buf_cstr(&line));
    }
    buf_free(&line);
}

static void feed(struct notify *n)
{
    struct buf names = {0};
    bool stuck = n->watchdog_ms && pulse_stuck(n->pulse, n->watchdog_ms / 2, &names) > 0;
    if (stuck && !n->starving)
        log_error("no progress for %llu s: %s; the watchdog is not fed", (unsigned long long)n->watchdog_ms / 2000,
                  buf_cstr(&names));
    if (!stuck && n->starving)
        log_notice("all threads get on again");
    n->starving = stuck;
    if (n->watchdog_ms && !stuck)
        daemon_notify("WATCHDOG=1");
    buf_free(&names);
}

static void *run(void *context)
{
    struct notify *n = context;
    uint64_t pause = n->watchdog_ms / FEEDS;
    if (pause == 0 || pause > LINE_EVERY_MS)
        pause = LINE_EVERY_MS;
    do {
        feed(n);
        say_line(n);
    } while (!stop_wait(n->stop, (unsigned)pause));
    return NULL;
}

int notify_start(struct notify **out, struct pulse *pulse, void (*describe)(void *context, struct buf *out),
                 void *context, struct err *err)
{
    *out = NULL;
    if (!getenv("NOTIFY_SOCKET"))
        return 0;
    struct notify *n = xcalloc(1, sizeof *n);
    *n = (struct notify){
        .stop = stop_new(), .pulse = pulse, .describe = describe, .context = context, .watchdog_ms = watchdog_time()};
    int failed = pthread_create(&n->thread, NULL, run, n);
    if (failed) {
        stop_free(&n->stop);
        free(n);
        return err_retry(err, "no thread to be had: %s", strerror(failed));
    }
    *out = n;
    return 0;
}

void notify_stop(struct notify **n)
{
    if (!*n)
        return;
    stop_request((*n)->stop, "stopped");
    pthread_join((*n)->thread, NULL);
    stop_free(&(*n)->stop);
    buf_free(&(*n)->line);
    free(*n);
    *n = NULL;
}
