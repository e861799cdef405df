/* Sessions in a thread of their own, what is told through the control socket, and an end in time. */
#include "applier/run.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "applier/session.h"
#include "common/base/log.h"
#include "common/base/mem.h"
#include "common/check/grants.h"
#include "common/check/lookout.h"
#include "common/link/control.h"
#include "common/link/daemon.h"
#include "common/link/notify.h"

#define PATIENCE_MS 2000      /* for a transaction to end, once a stop was requested */
#define LAST_PATIENCE_MS 1000 /* for its thread to end, once its connection was cut */

/* What the sessions' thread leaves. */
struct sessions {
    struct applier applier;
    struct err err;
    int result;
    struct stop *ended; /* requested when the thread is about to end */
};

/* ---- sessions ---- */

/* After a session that ended with an error. False: the link has to stop. */
static bool may_go_on(struct applier *a, struct backoff *backoff, const struct err *err)
{
    if (stop_requested(a->stop))
        return true;
    if (err->class != ERR_RETRY)
        return false;
    status_set_retry(a->status, err);
    (void)stop_wait(a->stop, backoff_next(backoff));
    return true;
}

static void *run_sessions(void *context)
{
    struct sessions *s = context;
    struct applier *a = &s->applier;
    struct backoff backoff = backoff_make(200, 10000);
    while (!stop_requested(a->stop)) {
        struct err err = {0};
        uint64_t before = session_transactions(a);
        enum worker_end end = session_run(a, &err);
        if (session_transactions(a) != before)
            backoff_reset(&backoff);
        if (end == WORKER_ERROR && !may_go_on(a, &backoff, &err)) {
            s->result = -1;
            s->err = err;
            break;
        }
    }
    stop_request(s->ended, "the sessions have ended");
    return NULL;
}

/* ---- control ---- */

static void control_status(void *context, const char *args, struct buf *out)
{
    struct applier *a = context;
    if (strcmp(args, "json") == 0)
        status_put_json(a->status, out);
    else
        status_put_text(a->status, out);
}

static void control_pause(void *context, const char *args, struct buf *out)
{
    struct applier *a = context;
    hold_ask_pause(a->hold, args, out);
}

static void control_resume(void *context, const char *args, struct buf *out)
{
    struct applier *a = context;
    hold_ask_resume(a->hold, args, out);
}

static const struct control_command commands[] = {
    {"status", "state, positions and counters; `status json`: as one JSON object",                                 control_status},
    {"pause",  "`pause WHO WHY…`: begin nothing more, over restarts too, until resume",                          control_pause },
    {"resume",
     "`resume WHO GTID WHY…`: lift a pause, or pass the DDL statement of that GTID (-: any) that is waited for", control_resume},
    {NULL,     NULL,                                                                                               NULL          },
};

static int start_control(struct control **out, struct applier *a, struct err *err)
{
    char *name = xasprintf("applier-%s-%s", a->link->from, a->link->to);
    char *path = config_socket_path(a->config, name);
    int rc = control_start(out, path, a->name, commands, a, err);
    free(path);
    free(name);
    return rc;
}

/* ---- beginning and end ---- */

static void wait_for_end(struct sessions *s)
{
    struct pollfd fds[2] = {
        {.fd = stop_fd(s->applier.stop), .events = POLLIN},
        {.fd = stop_fd(s->ended),        .events = POLLIN}
    };
    while (!stop_requested(s->applier.stop) && !stop_requested(s->ended))
        (void)poll(fds, 2, -1);
    if (stop_requested(s->ended))
        return;
    status_set(s->applier.status, LINK_STOPPING, stop_reason(s->applier.stop));
    daemon_notify("STOPPING=1");
    session_wake(&s->applier);
    if (stop_wait(s->ended, PATIENCE_MS))
        return;
    log_notice("the transaction in hand does not end in time: rolling it back");
    session_interrupt(&s->applier);
    if (stop_wait(s->ended, LAST_PATIENCE_MS))
        return;
    /* A thread hangs in a call that cannot be cut. What it had in hand dies with its connection. */
    int code = daemon_last_line(s->applier.name, s->applier.stop, &(struct err){0});
    _Exit(code);
}

static void describe(void *context, struct buf *out)
{
    status_put_line(context, out);
}

static int run_thread(struct sessions *s, struct err *err)
{
    pthread_t thread;
    struct control *control = NULL;
    struct notify *notify = NULL;
    int rc = -1;
    const struct applier *a = &s->applier;
    const struct lookout_setup setup = {.config = a->config,
                                        .region = a->to,
                                        .roles = check_roles_of(a->config, a->to) & (CHECK_TARGET | CHECK_FED),
                                        .account = GRANTS_APPLIER,
                                        .program = a->name};
    struct lookout *lookout = NULL;
    if (start_control(&control, &s->applier, err))
        return -1;
    if (notify_start(&notify, s->applier.pulse, describe, s->applier.status, err) ||
        lookout_start(&lookout, &setup, err))
        goto out;
    if (pthread_create(&thread, NULL, run_sessions, s)) {
        (void)err_retry(err, "no thread to be had");
        goto out;
    }
    daemon_notify("READY=1");
    wait_for_end(s);
    notify_stop(&notify);
    (void)pthread_join(thread, NULL);
    findings_told_free(&s->applier.told);
    rc = s->result;
    if (rc && err)
        *err = s->err;
out:
    notify_stop(&notify);
    lookout_stop(&lookout);
    control_stop(&control, rc ? err : NULL);
    return rc;
}

static int find_link(struct applier *a, const char *from, const char *to, struct err *err)
{
    return config_link(a->config, from, to, &a->link, err) || config_region(a->config, from, &a->from, err) ||
                   config_region(a->config, to, &a->to, err)
               ? -1
               : 0;
}

int applier_run(struct config *config, const char *from, const char *to, struct stop *stop, struct err *err)
{
    struct sessions s = {
        .applier = {.config = config, .stop = stop}
    };
    struct applier *a = &s.applier;
    if (find_link(a, from, to, err))
        return -1;
    pthread_mutex_init(&a->lock, NULL);
    s.ended = stop_new();
    a->topic = config_topic(config, from);
    bool causal = versions_wanted(config, a->link);
    a->own_topic = causal ? config_topic(config, to) : NULL;
    a->peer = causal ? versions_peer(config, a->link) : NULL;
    a->peer_topic = a->peer ? config_topic(config, a->peer->name) : NULL;
    a->name = xasprintf("drc-applier %s:%s", from, to);
    a->status = status_new(from, to);
    a->park = park_new(config->park_max_rows, config->park_max_bytes);
    a->hold = hold_new();
    a->pulse = pulse_new();
    int rc = run_thread(&s, err);
    park_free(&a->park);
    status_free(&a->status);
    pulse_free(&a->pulse);
    hold_free(&a->hold);
    free(a->name);
    free(a->topic);
    free(a->own_topic);
    free(a->peer_topic);
    stop_free(&s.ended);
    pthread_mutex_destroy(&a->lock);
    return rc;
}
