/* What systemd is told while a daemon runs, by a thread that watches all others. */
#include "common/link/notify.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/base/mem.h"
#include "common/base/stop.h"
#include "common/link/daemon.h"

#define LINE_EVERY_MS 5000
#define FEEDS 4           /* within the watchdog's time */
#define LOOK_EVERY_MS 200 /* until it is ready */
#define EXTEND_MS 60000   /* what a start is granted from now on: several of our lines */
#define STUCK_MS 150000   /* while it starts: longer than any answer that is waited for */

struct notify {
    pthread_t thread;
    struct stop *stop;
    struct notify_setup setup;
    uint64_t watchdog_ms; /* 0: none */
    struct buf line;      /* what was said last */
    uint64_t line_ms;     /* when */
    bool starving;        /* said that a thread does not get on */
    bool ready;           /* READY has been said */
    uint64_t away_ms;     /* when it was first seen to try in vain; 0: never */
    uint64_t extended_ms; /* when the start was last granted more time */
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
    n->setup.describe(n->setup.context, &line);
    if (strcmp(buf_cstr(&line), buf_cstr(&n->line)) != 0) {
        daemon_notify(buf_cstr(&line));
        n->line_ms = now;
        buf_clear(&n->line);
        buf_put_str(&n->line, buf_cstr(&line));
    }
    buf_free(&line);
}

/* Every thread has shown progress within that time; when that changes, the log says so. */
static bool gets_on(struct notify *n, uint64_t limit_ms)
{
    struct buf names = {0};
    bool stuck = pulse_stuck(n->setup.pulse, limit_ms, &names) > 0;
    if (stuck && !n->starving)
        log_event(MSG_NO_PROGRESS, log_str("threads", buf_cstr(&names)), log_u64("seconds", limit_ms / 1000));
    if (!stuck && n->starving)
        log_plain(MSG_PROGRESS_AGAIN);
    n->starving = stuck;
    buf_free(&names);
    return !stuck;
}

static void feed(struct notify *n)
{
    if (n->watchdog_ms && gets_on(n, n->watchdog_ms / 2))
        daemon_notify("WATCHDOG=1");
}

/* ---- until it is ready ---- */

static bool is_ready(struct notify *n, uint64_t now)
{
    enum notify_phase phase = n->setup.phase(n->setup.context);
    if (phase == NOTIFY_AWAY && n->away_ms == 0)
        n->away_ms = now;
    return phase == NOTIFY_STANDS || (phase == NOTIFY_AWAY && now - n->away_ms >= n->setup.patience_ms);
}

static void extend(struct notify *n, uint64_t now)
{
    char state[64];
    if (n->extended_ms && now - n->extended_ms < LINE_EVERY_MS)
        return;
    n->extended_ms = now;
    (void)snprintf(state, sizeof state, "EXTEND_TIMEOUT_USEC=%" PRIu64, (uint64_t)EXTEND_MS * 1000);
    if (gets_on(n, STUCK_MS))
        daemon_notify(state);
}

static void come_up(struct notify *n)
{
    uint64_t now = clock_mono_ms();
    if (!is_ready(n, now)) {
        extend(n, now);
        return;
    }
    n->line_ms = 0; /* the line belongs to it, however new the last one is */
    say_line(n);
    daemon_notify("READY=1");
    n->ready = true;
    n->setup.ready(n->setup.context);
}

static void *run(void *context)
{
    struct notify *n = context;
    uint64_t pause = n->watchdog_ms / FEEDS;
    if (pause == 0 || pause > LINE_EVERY_MS)
        pause = LINE_EVERY_MS;
    do {
        if (!n->ready)
            come_up(n);
        if (n->ready)
            feed(n);
        say_line(n);
    } while (!stop_wait(n->stop, n->ready || pause < LOOK_EVERY_MS ? (unsigned)pause : LOOK_EVERY_MS));
    return NULL;
}

int notify_start(struct notify **out, const struct notify_setup *setup, struct err *err)
{
    *out = NULL;
    if (!getenv("NOTIFY_SOCKET")) {
        setup->ready(setup->context);
        return 0;
    }
    struct notify *n = xcalloc(1, sizeof *n);
    *n = (struct notify){.stop = stop_new(), .setup = *setup, .watchdog_ms = watchdog_time()};
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
