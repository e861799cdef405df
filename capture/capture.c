/* The capture daemon behind its command line. */
#include "capture/capture.h"

#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "capture/session.h"
#include "common/base/backoff.h"
#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/base/mem.h"
#include "common/check/grants.h"
#include "common/check/lookout.h"
#include "common/link/control.h"
#include "common/link/daemon.h"
#include "common/link/kafka.h"
#include "common/link/notify.h"
#include "common/stream/claim.h"

#define BACKOFF_MIN_MS 200u
#define BACKOFF_MAX_MS 10000u
#define GOOD_SESSION_MS 10000u /* one that lasted so long is no failed try */
#define STOP_WAIT_S 4

struct capture {
    struct session_options options;
    struct takeover_memory memory;
    struct stop *stop;    /* of the process */
    struct stop *stopped; /* the worker has ended */
    pthread_mutex_t lock; /* of session */
    struct session *session;
    struct err err; /* what ended the worker */
};

/* ---- the worker: sessions one after another ---- */

static void set_session(struct capture *c, struct session *s)
{
    pthread_mutex_lock(&c->lock);
    c->session = s;
    if (s && stop_requested(c->stop))
        session_interrupt(s);
    pthread_mutex_unlock(&c->lock);
}

/* 0: stop was requested. -1: err, and *good when it had come far. */
static int one_session(struct capture *c, bool *good, struct err *err)
{
    uint64_t began = clock_mono_ms();
    struct session *s = session_new(&c->options);
    set_session(c, s);
    int rc = session_run(s, err);
    *good = session_streamed(s) && clock_mono_ms() - began > GOOD_SESSION_MS;
    set_session(c, NULL);
    session_free(&s);
    return rc;
}

static void *work(void *context)
{
    struct capture *c = context;
    struct backoff backoff = backoff_make(BACKOFF_MIN_MS, BACKOFF_MAX_MS);
    while (!stop_requested(c->stop)) {
        struct err err = {0};
        bool good;
        if (one_session(c, &good, &err) == 0)
            continue;
        status_error(c->options.status, &err);
        if (err.class == ERR_FATAL || err.class == ERR_DATA) {
            c->err = err;
            break;
        }
        if (good)
            backoff_reset(&backoff);
        uint32_t wait = backoff_next(&backoff);
        status_state(c->options.status, "retrying", "waiting to try again");
        log_warn("%s; trying again in %u ms", err.text, wait);
        stop_wait(c->stop, wait);
    }
    stop_request(c->stopped, "ended");
    return NULL;
}

/* ---- the control socket ---- */

static void answer_status(void *context, const char *args, struct buf *out)
{
    struct status *s = context;
    if (args && strcmp(args, "json") == 0)
        status_put_json(s, out);
    else
        status_put_text(s, out);
}

static const struct control_command commands[] = {
    {"status", "what this capture is doing (status json: as one JSON object)", answer_status},
    {NULL,     NULL,                                                           NULL         },
};

static int open_control(struct control **out, const struct config *config, const struct region_config *region,
                        struct status *status, struct err *err)
{
    char *name = xasprintf("capture-%s", region->name);
    char *program = xasprintf("drc-capture %s", region->name);
    char *path = config_socket_path(config, name);
    int rc = control_start(out, path, program, commands, status, err);
    free(path);
    free(program);
    free(name);
    return rc;
}

/* ---- the supervisor ---- */

static void wait_for_either(const struct stop *a, const struct stop *b)
{
    struct pollfd fds[2] = {
        {.fd = stop_fd(a), .events = POLLIN},
        {.fd = stop_fd(b), .events = POLLIN}
    };
    while (!stop_requested(a) && !stop_requested(b))
        (void)poll(fds, 2, -1);
}

/* False when the worker hangs somewhere that nothing can interrupt. */
static bool end_worker(struct capture *c, pthread_t thread)
{
    struct timespec limit;
    pthread_mutex_lock(&c->lock);
    if (c->session)
        session_interrupt(c->session);
    pthread_mutex_unlock(&c->lock);
    clock_gettime(CLOCK_REALTIME, &limit);
    limit.tv_sec += STOP_WAIT_S;
    return pthread_timedjoin_np(thread, NULL, &limit) == 0;
}

static void describe(void *context, struct buf *out)
{
    status_put_line(context, out);
}

static int supervise(struct capture *c, struct err *err)
{
    pthread_t thread;
    struct notify *notify = NULL;
    if (notify_start(&notify, c->options.pulse, describe, c->options.status, err))
        return -1;
    int failed = pthread_create(&thread, NULL, work, c);
    if (failed != 0) {
        notify_stop(&notify);
        return err_retry(err, "no thread to be had: %s", strerror(failed));
    }
    daemon_notify("READY=1");
    wait_for_either(c->stop, c->stopped);
    daemon_notify("STOPPING=1");
    notify_stop(&notify);
    if (!end_worker(c, thread)) {
        log_notice("leaving without waiting longer for an answer from source or Kafka");
        return 0;
    }
    if (c->err.class == ERR_NONE)
        return 0;
    *err = c->err;
    return -1;
}

int capture_run(const struct config *config, const struct region_config *region, struct stop *stop, struct err *err)
{
    mem_keep_freed();
    /* Never freed once the worker runs: it may outlive this function by the time that the process needs to end. */
    struct capture *c = xcalloc(1, sizeof *c);
    char *topic = config_topic(config, region->name);
    struct control *control = NULL;
    struct lookout *lookout = NULL;
    c->options = (struct session_options){
        .config = config,
        .region = region,
        .program = xasprintf("drc-capture %s", region->name),
        .topic = topic,
        .own_host = xasprintf("drc:%s:%s", config->pair, region->name),
        .status = status_new(config->pair, region->name, topic),
        .memory = &c->memory,
        .pulse = pulse_new(),
    };
    c->stop = stop;
    c->stopped = stop_new();
    pthread_mutex_init(&c->lock, NULL);
    log_notice("drc-capture %s starts: pair=%s region=%s topic=%s", DRC_VERSION, config->pair, region->name, topic);
    if (claim_random(&c->memory.instance, sizeof c->memory.instance, err) != 0 ||
        open_control(&control, config, region, c->options.status, err) != 0)
        return -1;
    control_mark(control, c->memory.instance);
    const struct lookout_setup lookout_setup = {.config = config,
                                                .region = region,
                                                .roles =
                                                    check_roles_of(config, region) & (CHECK_SOURCE | CHECK_SEMI_SYNC),
                                                .account = GRANTS_CAPTURE,
                                                .program = c->options.program};
    int rc = lookout_start(&lookout, &lookout_setup, err);
    if (rc == 0)
        rc = supervise(c, err);
    lookout_stop(&lookout);
    control_stop(&control, rc ? err : NULL);
    return rc;
}

/* ---- --check ---- */

static int check_topic(const struct region_config *region, const char *topic, struct err *err)
{
    struct kafka_topic_facts facts;
    struct buf advice = {0};
    if (kafka_topic_check(&facts, &region->kafka, topic, err) != 0)
        return -1;
    kafka_topic_put_advice(&facts, &region->kafka, topic, &advice);
    if (facts.exists)
        printf("topic %s: %s, records %lld to %lld\n", topic, advice.len ? "usable" : "as it must be",
               (long long)facts.low, (long long)facts.high);
    else
        printf("topic %s: not there yet, would be made\n", topic);
    if (advice.len > 0)
        printf("warning: %s\n", buf_cstr(&advice));
    buf_free(&advice);
    return 0;
}

int capture_check(const struct config *config, const struct region_config *region, struct err *err)
{
    char *topic = config_topic(config, region->name);
    char *host = xasprintf("drc:%s:%s", config->pair, region->name);
    struct source *source = source_new(config, region, "drc-capture --check");
    int rc = source_check(source, host, err);
    if (rc == 0)
        printf("region %s: settings and grants are as they must be\n", region->name);
    if (rc == 0)
        rc = check_topic(region, topic, err);
    source_free(&source);
    free(host);
    free(topic);
    return rc;
}
