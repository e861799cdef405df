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
#include "common/link/panel.h"
#include "common/stream/claim.h"
#include "common/target/release.h"
#include "common/target/reload.h"

#define BACKOFF_MIN_MS 200u
#define BACKOFF_MAX_MS 10000u
#define GOOD_SESSION_MS 10000u /* one that lasted so long is no failed try */
#define STOP_WAIT_S 4

struct capture {
    struct session_options options;
    struct takeover_memory memory;
    const char *region; /* its name */
    struct daemon_hup *hup;
    struct reload *reload;
    struct lookout *lookout;
    struct stop *stop;    /* of the process */
    struct stop *stopped; /* the worker has ended */
    pthread_mutex_t lock; /* of session */
    struct session *session;
    struct err err; /* what ended the worker */
};

static int start_lookout(struct capture *c, struct err *err)
{
    const struct session_options *o = &c->options;
    const struct lookout_setup setup = {.config = o->config,
                                        .region = o->region,
                                        .roles =
                                            check_roles_of(o->config, o->region) & (CHECK_SOURCE | CHECK_SEMI_SYNC),
                                        .account = GRANTS_CAPTURE,
                                        .program = o->program};
    return lookout_start(&c->lookout, &setup, err);
}

/* ---- the worker: sessions one after another ---- */

static void set_session(struct capture *c, struct session *s)
{
    pthread_mutex_lock(&c->lock);
    c->session = s;
    if (s && stop_requested(c->stop))
        session_interrupt(s);
    pthread_mutex_unlock(&c->lock);
    if (s && reload_waits(c->reload)) /* it may have come before there was anything to wake */
        session_interrupt(s);
}

/* Between two sessions nobody else looks at the configuration but the lookout. */
static int renew_config(struct capture *c, struct err *err)
{
    const struct config *next = reload_take(c->reload);
    if (!next)
        return 0;
    lookout_stop(&c->lookout);
    int rc = config_region(next, c->region, &c->options.region, err);
    c->options.config = next;
    status_heartbeat_every(c->options.status, next->heartbeat_ms);
    if (rc == 0)
        rc = start_lookout(c, err);
    reload_settled(c->reload);
    return rc;
}

static void wake(void *context)
{
    struct capture *c = context;
    pthread_mutex_lock(&c->lock);
    if (c->session)
        session_interrupt(c->session);
    pthread_mutex_unlock(&c->lock);
}

static int prepare(void *context, struct config *next, const struct config *now, struct err *err)
{
    const struct capture *c = context;
    (void)now;
    return config_password(next, c->region, err) || config_kafka_password(next, c->region, err) ? -1 : 0;
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
        bool good = false;
        if (renew_config(c, &err) == 0 && one_session(c, &good, &err) == 0)
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
        log_event(MSG_CAPTURE_RETRIES, log_detail(err.text), log_u64("wait_ms", wait));
        stop_wait(c->stop, wait);
    }
    stop_request(c->stopped, "ended");
    return NULL;
}

/* ---- the control socket ---- */

static void answer_status(void *context, const char *args, struct buf *out)
{
    struct status *s = ((struct capture *)context)->options.status;
    if (args && strcmp(args, "json") == 0)
        status_put_json(s, out);
    else
        status_put_text(s, out);
}

static void answer_reload(void *context, const char *args, struct buf *out)
{
    reload_ask(((struct capture *)context)->reload, args, out);
}

static void answer_set(void *context, const char *args, struct buf *out)
{
    reload_ask_set(((struct capture *)context)->reload, args, out);
}

static void answer_reset(void *context, const char *args, struct buf *out)
{
    reload_ask_reset(((struct capture *)context)->reload, args, out);
}

static void answer_version(void *context, const char *args, struct buf *out)
{
    (void)context;
    (void)args;
    release_put("drc-capture", out);
}

static const struct control_command commands[] = {
    {"status",  "what this capture is doing (status json: as one JSON object)",                          answer_status },
    {"reload",  "read the pair file again; `reload check`: say what that would change",                  answer_reload },
    {"set",     "`set KEY VALUE`: lay a value over the pair file until the next start; `set`: the keys", answer_set    },
    {"reset",   "`reset KEY`: take that back",                                                           answer_reset  },
    {"version", "of the program, of this protocol, of what it writes",                                   answer_version},
    {NULL,      NULL,                                                                                    NULL          },
};

static int open_control(struct control **out, const struct config *config, const struct region_config *region,
                        struct capture *c, struct err *err)
{
    char *name = xasprintf("capture-%s", region->name);
    char *program = xasprintf("drc-capture %s", region->name);
    char *path = config_socket_path(config, name);
    int rc = control_start(out, path, program, commands, c, err);
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

static enum notify_phase phase(void *context)
{
    return status_phase(((struct capture *)context)->options.status);
}

static void describe(void *context, struct buf *out)
{
    status_put_line(((struct capture *)context)->options.status, out);
}

static void ready(void *context)
{
    reload_tell_systemd(((struct capture *)context)->reload);
}

static int supervise(struct capture *c, struct err *err)
{
    pthread_t thread;
    struct notify *notify = NULL;
    const struct notify_setup notes = {.pulse = c->options.pulse,
                                       .phase = phase,
                                       .describe = describe,
                                       .ready = ready,
                                       .context = c,
                                       .patience_ms = NOTIFY_PATIENCE_MS};
    if (notify_start(&notify, &notes, err))
        return -1;
    int failed = pthread_create(&thread, NULL, work, c);
    if (failed != 0) {
        notify_stop(&notify);
        return err_retry(err, "no thread to be had: %s", strerror(failed));
    }
    daemon_on_hup(c->hup, reload_signal, c->reload);
    wait_for_either(c->stop, c->stopped);
    daemon_on_hup(c->hup, NULL, NULL);
    daemon_notify("STOPPING=1");
    notify_stop(&notify);
    if (!end_worker(c, thread)) {
        log_plain(MSG_CAPTURE_LEAVES);
        return 0;
    }
    if (c->err.class == ERR_NONE)
        return 0;
    *err = c->err;
    return -1;
}

static void tell_json(void *context, struct buf *out)
{
    status_put_json(context, out);
}

static int open_panel(struct panel **out, const struct capture *c, struct err *err)
{
    const struct session_options *o = &c->options;
    const struct panel_setup setup = {.config = o->config,
                                      .where = &o->region->metrics,
                                      .program = o->program,
                                      .from = o->region->name,
                                      .status = tell_json,
                                      .context = o->status,
                                      .pulse = o->pulse};
    return panel_start(out, &setup, err);
}

int capture_run(struct config *config, const struct region_config *region, struct stop *stop, struct daemon_hup *hup,
                struct err *err)
{
    mem_keep_freed();
    /* Never freed once the worker runs: it may outlive this function by the time that the process needs to end. */
    struct capture *c = xcalloc(1, sizeof *c);
    char *topic = config_topic(config, region->name);
    struct control *control = NULL;
    struct panel *panel = NULL;
    c->options = (struct session_options){
        .config = config,
        .region = region,
        .program = xasprintf("drc-capture %s", region->name),
        .topic = topic,
        .own_host = xasprintf("drc:%s:%s", config->pair, region->name),
        .status = status_new(config->pair, region->name, topic, config->heartbeat_ms),
        .memory = &c->memory,
        .pulse = pulse_new(),
    };
    c->stop = stop;
    c->hup = hup;
    c->region = xstrdup(region->name);
    c->stopped = stop_new();
    pthread_mutex_init(&c->lock, NULL);
    const struct reload_setup reload = {
        .program = c->options.program, .config = config, .prepare = prepare, .wake = wake, .context = c};
    c->reload = reload_new(&reload);
    status_watch_reload(c->options.status, c->reload);
    log_event(MSG_CAPTURE_STARTS, log_str("region", region->name), log_str("pair", config->pair),
              log_str("topic", topic), log_str("version", DRC_VERSION));
    if (claim_random(&c->memory.instance, sizeof c->memory.instance, err) != 0 ||
        open_control(&control, config, region, c, err) != 0)
        return -1;
    control_mark(control, c->memory.instance);
    int rc = open_panel(&panel, c, err);
    if (rc == 0)
        rc = start_lookout(c, err);
    if (rc == 0)
        rc = supervise(c, err);
    panel_stop(&panel);
    lookout_stop(&c->lookout);
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
