/* drcctl status: gathers what daemons, topics and databases say about each link. */
#include "ctl/status.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/mem.h"
#include "ctl/command.h"

#define SILENT_US 5000000u /* at least; a stream without a heartbeat for that long has no capture */

/* How long the target is behind, by the source's commit times. Clocks of hosts differ: never below zero. */
static bool lag_of(double *out, const struct progress_view *v, uint64_t now_us)
{
    uint64_t since = now_us;
    if (!v->has_topic || !v->has_ledger)
        return false;
    if (v->has_oldest)
        since = v->oldest_us;
    else if (v->ledger.done.low < v->published_seq)
        since = v->ledger.commit_us;
    else if (v->has_source && !position_covers(&v->published, &v->source))
        since = v->source_clock_us;
    *out = since < now_us ? (double)(now_us - since) / 1e6 : 0;
    return true;
}

static const char *applier_seen(const struct progress_view *v, const struct daemon_state *d)
{
    if (v->target_err.class != ERR_NONE)
        return d->ended ? "stopped" : "unknown";
    return v->writer_connected ? "running" : "stopped";
}

/* What comes into the topic after it ended here, or from another instance than the one that was killed here, comes from
 * one that runs elsewhere. */
static const char *capture_seen(const struct config *c, const struct progress_view *v, const struct daemon_state *d,
                                uint64_t now_us)
{
    uint64_t silent = 3000 * (uint64_t)c->heartbeat_ms;
    if (silent < SILENT_US)
        silent = SILENT_US;
    if (d->ended && (!v->has_topic || v->source_clock_us <= d->ended_us))
        return "stopped";
    if (d->killed && v->has_topic && v->instance == d->instance)
        return "stopped";
    if (v->topic_err.class != ERR_NONE)
        return "unknown";
    return v->has_topic && v->source_clock_us + silent >= now_us ? "running" : "stopped";
}

static const char *text_or_null(const struct err *e)
{
    return e->class == ERR_NONE ? NULL : e->text;
}

/* What a daemon said last, here, says nothing of one that runs elsewhere now. */
static const char *error_of(const struct daemon_state *d, const char *state, const struct err *seen)
{
    if (d->last_error && (d->there || strcmp(state, "running") != 0))
        return d->last_error;
    return text_or_null(seen);
}

static void judge(struct link_status *l, const struct config *c)
{
    const struct progress_view *v = &l->view;
    uint64_t now_us = clock_wall_us();
    l->has_lag = lag_of(&l->lag_seconds, v, now_us);
    l->capture_state = l->capture.there ? l->capture.state : capture_seen(c, v, &l->capture, now_us);
    l->capture_error =
        error_of(&l->capture, l->capture_state, v->source_err.class != ERR_NONE ? &v->source_err : &v->topic_err);

    l->state = l->applier.there ? l->applier.state : applier_seen(v, &l->applier);
    l->error = error_of(&l->applier, l->state, &v->target_err);
    bool runs = strcmp(l->state, "running") == 0 || strcmp(l->state, "parked") == 0;
    if (runs && v->parked.transactions > 0) {
        struct buf text = {0};
        progress_put_parked(&v->parked, &text);
        snprintf(l->parked, sizeof l->parked, "%s", buf_cstr(&text));
        buf_free(&text);
        l->state = "parked";
        l->error = l->error ? l->error : l->parked;
    }
    if (strcmp(l->state, "running") == 0) {
        l->state = l->capture_state;
        l->error = l->error ? l->error : l->capture_error;
    }
}

static void look_at_link(struct link_status *l, struct progress *p, const struct config *config)
{
    char *capture = daemon_capture_name(l->link->from);
    char *applier = daemon_applier_name(l->link->from, l->link->to);
    progress_look(p, &l->view);
    daemon_state_ask(&l->capture, config, capture);
    daemon_state_ask(&l->applier, config, applier);
    judge(l, config);
    free(capture);
    free(applier);
}

void status_open(struct pair_status *out, struct config *config)
{
    for (size_t i = 0; i < config->region_count; i++) {
        struct err unused = {0};
        if (command_secrets(config, config->regions[i].name, true, &unused))
            continue;
    }
    *out = (struct pair_status){.config = config, .count = config->link_count};
    out->links = xcalloc(out->count, sizeof *out->links);
    out->progress = xcalloc(out->count, sizeof(struct progress *));
    for (size_t i = 0; i < out->count; i++) {
        out->links[i].link = &config->links[i];
        out->progress[i] = progress_new(config, config->links[i].from, config->links[i].to);
    }
}

static void forget(struct link_status *l)
{
    progress_view_free(&l->view);
    daemon_state_free(&l->applier);
    daemon_state_free(&l->capture);
    *l = (struct link_status){.link = l->link};
}

void status_look(struct pair_status *s)
{
    for (size_t i = 0; i < s->count; i++) {
        forget(&s->links[i]);
        look_at_link(&s->links[i], s->progress[i], s->config);
    }
}

void status_free(struct pair_status *s)
{
    for (size_t i = 0; i < s->count; i++) {
        forget(&s->links[i]);
        progress_free(&s->progress[i]);
    }
    free(s->links);
    free(s->progress);
    *s = (struct pair_status){0};
}

struct status_arguments {
    const char *config_path;
    bool watch;
    struct watch_options how;
};

enum { KEY_INTERVAL = 256 };

static const struct argp_option options[] = {
    {"json",     'j',          NULL,      0, "Print one JSON object; with --watch one a line, each time",  0},
    {"watch",    'W',          NULL,      0, "Go on looking, in place on a terminal; q or Ctrl-C ends it", 0},
    {"interval", KEY_INTERVAL, "SECONDS", 0, "With --watch: between two looks (default: 2)",               0},
    {NULL,       0,            NULL,      0, NULL,                                                         0}
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct status_arguments *a = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &a->config_path;
        return 0;
    case 'j':
        a->how.json = true;
        return 0;
    case 'W':
        a->watch = true;
        return 0;
    case KEY_INTERVAL:
        a->how.interval_ms = options_seconds(arg, "--interval", state);
        if (a->how.interval_ms < 100)
            argp_error(state, "--interval wants 0.1 seconds at least");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

int command_status(int argc, char **argv, const char *config_path)
{
    static const char doc[] =
        "Say how far each link is: what the source has committed, its stream holds, and the target has applied.\v"
        "A daemon that runs on this host is asked; what others do is seen in the topics and databases: then its state "
        "is "
        "running, stopped, or unknown where they cannot be reached.";
    const struct argp argp = {options, parse, NULL, doc, command_config_child, NULL, NULL};
    struct status_arguments a = {.config_path = config_path, .how.interval_ms = 2000};
    struct pair_status status;
    struct config *config;
    argp_parse(&argp, argc, argv, 0, NULL, &a);
    int code = command_load(&config, a.config_path);
    if (code)
        return code;
    if (a.watch) {
        code = status_watch(config, &a.how);
    } else {
        status_open(&status, config);
        status_look(&status);
        (a.how.json ? status_print_json : status_print_text)(&status, stdout);
        status_free(&status);
    }
    config_free(&config);
    return code;
}
