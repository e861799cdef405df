/* Sessions in a thread of their own, what is told through the control socket, and an end in time. */
#include "applier/run.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "applier/session.h"
#include "applier/versions.h"
#include "common/base/log.h"
#include "common/base/mem.h"
#include "common/check/grants.h"
#include "common/check/lookout.h"
#include "common/link/control.h"
#include "common/link/daemon.h"
#include "common/link/notify.h"
#include "common/link/panel.h"
#include "common/target/release.h"
#include "common/target/reload.h"

#define PATIENCE_MS 2000      /* for a transaction to end, once a stop was requested */
#define LAST_PATIENCE_MS 1000 /* for its thread to end, once its connection was cut */

/* What the sessions' thread has and leaves. */
struct sessions {
    struct applier applier;
    const char *from;
    const char *to;
    applier_secrets_fn *secrets;
    struct daemon_hup *hup;
    struct lookout *lookout;
    struct err err;
    int result;
    struct stop *ended; /* requested when the thread is about to end */
};

static int find_link(struct applier *a, const struct config *config, const char *from, const char *to, struct err *err)
{
    if (config_link(config, from, to, &a->link, err) || config_region(config, from, &a->from, err) ||
        config_region(config, to, &a->to, err))
        return -1;
    a->config = config;
    a->peer = versions_wanted(config, a->link) ? versions_peer(config, a->link) : NULL;
    return 0;
}

static int start_lookout(struct sessions *s, struct err *err)
{
    const struct applier *a = &s->applier;
    const struct lookout_setup setup = {.config = a->config,
                                        .region = a->to,
                                        .roles = check_roles_of(a->config, a->to) & (CHECK_TARGET | CHECK_FED),
                                        .account = GRANTS_APPLIER,
                                        .program = a->name};
    return lookout_start(&s->lookout, &setup, err);
}

/* ---- reload ---- */

/* Between two sessions nobody else looks at the configuration but the lookout. */
static int renew_config(struct sessions *s, struct err *err)
{
    struct applier *a = &s->applier;
    const struct config *next = reload_take(a->reload);
    if (!next)
        return 0;
    lookout_stop(&s->lookout);
    pthread_mutex_lock(&a->lock);
    int rc = find_link(a, next, s->from, s->to, err);
    pthread_mutex_unlock(&a->lock);
    if (rc == 0) {
        park_limit(a->park, next->park_max_rows, next->park_max_bytes);
        status_park_limit(a->status, next->park_max_rows);
        status_heartbeat_every(a->status, next->heartbeat_ms);
        rc = start_lookout(s, err);
    }
    reload_settled(a->reload);
    return rc;
}

static void wake(void *context)
{
    struct sessions *s = context;
    session_wake(&s->applier);
}

static int prepare(void *context, struct config *next, const struct config *now, struct err *err)
{
    const struct sessions *s = context;
    const struct link_config *then, *before;
    if (s->secrets(next, s->from, s->to, err) || config_link(next, s->from, s->to, &then, err) ||
        config_link(now, s->from, s->to, &before, err))
        return -1;
    if (versions_wanted(next, then) != versions_wanted(now, before))
        return err_fatal(err, EXIT_BAD_CONFIG,
                         "a restart is needed to tell conflicts in another way (conflicts.default.versions)");
    return 0;
}

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
        if (renew_config(s, &err) && err.class != ERR_RETRY) {
            s->result = -1;
            s->err = err;
            break;
        }
        err = (struct err){0};
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

static void control_throttle(void *context, const char *args, struct buf *out)
{
    struct applier *a = context;
    pace_ask(a->pace, args, out);
}

static void control_reload(void *context, const char *args, struct buf *out)
{
    struct applier *a = context;
    reload_ask(a->reload, args, out);
}

static void control_set(void *context, const char *args, struct buf *out)
{
    struct applier *a = context;
    reload_ask_set(a->reload, args, out);
}

static void control_reset(void *context, const char *args, struct buf *out)
{
    struct applier *a = context;
    reload_ask_reset(a->reload, args, out);
}

static void control_version(void *context, const char *args, struct buf *out)
{
    (void)context;
    (void)args;
    release_put("drc-applier", out);
}

static const struct control_command commands[] = {
    {"status",   "state, positions and counters; `status json`: as one JSON object",                               control_status  },
    {"pause",    "`pause WHO WHY…`: begin nothing more, over restarts too, until resume",                        control_pause   },
    {"resume",
     "`resume WHO GTID WHY…`: lift a pause, or pass the DDL statement of that GTID (-: any) that is waited for", control_resume  },
    {"throttle",
     "`throttle WHO rate ROWS WHY…`: apply at most so many rows a second; `WHO ratio SHARE WHY…`: be at work "
     "for that share of the time; `WHO off WHY…`",                                                               control_throttle},
    {"reload",   "read the pair file again; `reload check`: say what that would change",                           control_reload  },
    {"set",      "`set KEY VALUE`: lay a value over the pair file until the next start; `set`: the keys",          control_set     },
    {"reset",    "`reset KEY`: take that back",                                                                    control_reset   },
    {"version",  "of the program, of this protocol, of what it writes",                                            control_version },
    {NULL,       NULL,                                                                                             NULL            },
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
    log_plain(MSG_LAST_ROLLBACK);
    session_interrupt(&s->applier);
    if (stop_wait(s->ended, LAST_PATIENCE_MS))
        return;
    /* A thread hangs in a call that cannot be cut. What it had in hand dies with its connection. */
    int code = daemon_last_line(s->applier.name, s->applier.stop, &(struct err){0});
    _Exit(code);
}

static enum notify_phase phase(void *context)
{
    return status_phase(((struct applier *)context)->status);
}

static void describe(void *context, struct buf *out)
{
    status_put_line(((struct applier *)context)->status, out);
}

static void ready(void *context)
{
    reload_tell_systemd(((struct applier *)context)->reload);
}

static void tell_json(void *context, struct buf *out)
{
    status_put_json(context, out);
}

static int open_panel(struct panel **out, const struct applier *a, struct err *err)
{
    const struct panel_setup setup = {.config = a->config,
                                      .where = &a->link->metrics,
                                      .program = a->name,
                                      .from = a->link->from,
                                      .to = a->link->to,
                                      .status = tell_json,
                                      .context = a->status,
                                      .pulse = a->pulse};
    return panel_start(out, &setup, err);
}

static int run_thread(struct sessions *s, struct err *err)
{
    pthread_t thread;
    struct control *control = NULL;
    struct notify *notify = NULL;
    const struct notify_setup notes = {.pulse = s->applier.pulse,
                                       .phase = phase,
                                       .describe = describe,
                                       .ready = ready,
                                       .context = &s->applier,
                                       .patience_ms = NOTIFY_PATIENCE_MS};
    int rc = -1;
    struct panel *panel = NULL;
    if (start_control(&control, &s->applier, err))
        return -1;
    if (open_panel(&panel, &s->applier, err) || notify_start(&notify, &notes, err) || start_lookout(s, err))
        goto out;
    if (pthread_create(&thread, NULL, run_sessions, s)) {
        (void)err_retry(err, "no thread to be had");
        goto out;
    }
    daemon_on_hup(s->hup, reload_signal, s->applier.reload);
    wait_for_end(s);
    daemon_on_hup(s->hup, NULL, NULL);
    notify_stop(&notify);
    (void)pthread_join(thread, NULL);
    findings_told_free(&s->applier.told);
    findings_free(&s->applier.tables);
    rc = s->result;
    if (rc && err)
        *err = s->err;
out:
    panel_stop(&panel);
    notify_stop(&notify);
    lookout_stop(&s->lookout);
    control_stop(&control, rc ? err : NULL);
    return rc;
}

int applier_run(struct config *config, const struct applier_setup *setup, struct err *err)
{
    struct sessions s = {.applier.stop = setup->stop,
                         .from = setup->from,
                         .to = setup->to,
                         .secrets = setup->secrets,
                         .hup = setup->hup};
    const char *from = setup->from, *to = setup->to;
    struct applier *a = &s.applier;
    if (find_link(a, config, from, to, err)) {
        config_free(&config);
        return -1;
    }
    pthread_mutex_init(&a->lock, NULL);
    s.ended = stop_new();
    a->topic = config_topic(config, from);
    bool causal = versions_wanted(config, a->link);
    a->own_topic = causal ? config_topic(config, to) : NULL;
    a->peer_topic = a->peer ? config_topic(config, a->peer->name) : NULL;
    a->name = xasprintf("drc-applier %s:%s", from, to);
    a->status = status_new(config->pair, from, to, config->heartbeat_ms);
    status_park_limit(a->status, config->park_max_rows);
    a->park = park_new(config->park_max_rows, config->park_max_bytes);
    a->hold = hold_new();
    a->pulse = pulse_new();
    a->pace = pace_new();
    const struct reload_setup reload = {
        .program = a->name, .config = config, .prepare = prepare, .wake = wake, .context = &s};
    a->reload = reload_new(&reload);
    status_watch_words(a->status, a->reload, a->pace, a->hold);
    int rc = run_thread(&s, err);
    park_free(&a->park);
    status_free(&a->status);
    pulse_free(&a->pulse);
    hold_free(&a->hold);
    pace_free(&a->pace);
    reload_free(&a->reload);
    free(a->name);
    free(a->topic);
    free(a->own_topic);
    free(a->peer_topic);
    stop_free(&s.ended);
    pthread_mutex_destroy(&a->lock);
    return rc;
}
