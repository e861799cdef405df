/* The members of a pair, looked at every two seconds, and the answers made of them. */
#include "common/link/panel.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/base/mem.h"
#include "common/base/stop.h"
#include "common/link/control.h"
#include "common/link/http.h"
#include "common/link/metrics.h"
#include "common/link/page.h"

#define STUCK_MS 30000u /* without progress, a thread is not healthy */
#define LISTEN_AGAIN_MS 10000u
#define LINES 40

struct member {
    struct page_member shown; /* its status is ours */
    char *socket;             /* NULL: it is ourselves */
    char *from;
    char *to;
    char trouble[300];
    struct trail trail;
};

struct panel {
    struct panel_setup setup;
    char host[65];
    char *pair; /* of our own: the configuration may be another one later */
    struct host_config where;
    struct http *http; /* of the looking thread */
    uint64_t listen_ms;
    bool said;            /* that it cannot listen */
    pthread_mutex_t lock; /* of the members */
    struct member *members;
    size_t count;
    size_t self;
    struct stop *stop;
    pthread_t thread;
};

/* ---- statuses ---- */

static json_t *own_status(const struct panel *p)
{
    struct buf text = {0};
    p->setup.status(p->setup.context, &text);
    json_t *status = json_loadb((const char *)text.data, text.len, 0, NULL);
    buf_free(&text);
    return status;
}

/* NULL: it does not answer; then `trouble` says why, or is empty where nobody is there. */
static json_t *ask_peer(const char *socket, char *trouble, size_t size)
{
    struct err err = {0};
    struct buf answer = {0};
    json_t *status = NULL;
    *trouble = '\0';
    if (control_ask(socket, "status json", &answer, &err) == 0)
        status = json_loadb((const char *)answer.data, answer.len, JSON_DISABLE_EOF_CHECK, NULL);
    else if (err.code != CONTROL_NOBODY)
        (void)snprintf(trouble, size, "%.*s", (int)size - 1, err.text);
    buf_free(&answer);
    return status;
}

static void look_at(struct panel *p, struct member *m)
{
    char trouble[sizeof m->trouble] = "";
    json_t *status = m->socket ? ask_peer(m->socket, trouble, sizeof trouble) : own_status(p);
    pthread_mutex_lock(&p->lock);
    json_decref((json_t *)m->shown.status);
    m->shown.status = status;
    memcpy(m->trouble, trouble, sizeof trouble);
    m->shown.trouble = *m->trouble ? m->trouble : NULL;
    trail_note(&m->trail, clock_mono_ms(), status);
    pthread_mutex_unlock(&p->lock);
}

/* ---- answers ---- */

static void answer_metrics(struct panel *p, struct http_answer *out)
{
    json_t *status = own_status(p);
    out->type = "text/plain; version=0.0.4; charset=utf-8";
    metrics_put(&out->body, status);
    json_decref(status);
}

static void answer_health(struct panel *p, struct http_answer *out)
{
    struct buf names = {0};
    if (pulse_stuck(p->setup.pulse, STUCK_MS, &names) == 0) {
        buf_put_str(&out->body, "ok\n");
    } else {
        out->status = 503;
        buf_printf(&out->body, "no progress for %u s: %s\n", STUCK_MS / 1000, buf_cstr(&names));
    }
    buf_free(&names);
}

static void answer_ready(struct panel *p, struct http_answer *out)
{
    json_t *status = own_status(p);
    page_put_unready(&out->body, status);
    out->status = out->body.len > 0 ? 503 : 200;
    buf_put_str(&out->body, out->body.len > 0 ? "\n" : "ready\n");
    json_decref(status);
}

static void answer_page(struct panel *p, struct http_answer *out)
{
    struct log_recent *lines = xcalloc(LINES, sizeof *lines);
    struct page_member *members = xcalloc(p->count, sizeof *members);
    struct page page = {.pair = p->pair,
                        .program = p->setup.program,
                        .host = p->host,
                        .self = p->self,
                        .members = members,
                        .count = p->count,
                        .lines = lines,
                        .line_count = log_recent(lines, LINES),
                        .now_us = clock_wall_us()};
    json_t *own = own_status(p);
    out->type = "text/html; charset=utf-8";
    page_put_policy(&out->policy);
    pthread_mutex_lock(&p->lock);
    for (size_t i = 0; i < p->count; i++)
        members[i] = p->members[i].shown;
    members[p->self].status = own;
    page_put(&out->body, &page);
    pthread_mutex_unlock(&p->lock);
    json_decref(own);
    free(members);
    free(lines);
}

static const struct {
    const char *path;
    void (*answer)(struct panel *p, struct http_answer *out);
} answers[] = {
    {"/",        answer_page   },
    {"/metrics", answer_metrics},
    {"/healthz", answer_health },
    {"/readyz",  answer_ready  },
};

static void answer(void *context, const char *path, struct http_answer *out)
{
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        if (strcmp(answers[i].path, path) == 0) {
            answers[i].answer(context, out);
            return;
        }
    }
    out->status = 404;
    buf_put_str(&out->body, "there are /, /metrics, /healthz and /readyz\n");
}

/* ---- the thread ---- */

static void listen_if_due(struct panel *p)
{
    const struct host_config *where = &p->where;
    struct err err = {0};
    uint64_t now = clock_mono_ms();
    if (p->http || now < p->listen_ms)
        return;
    p->listen_ms = now + LISTEN_AGAIN_MS;
    if (http_start(&p->http, where, answer, p, &err) != 0) {
        if (!p->said)
            log_event(MSG_HTTP_NO_ADDRESS, log_str("host", where->name), log_u64("port", where->port),
                      log_detail(err.text));
        p->said = true;
        return;
    }
    log_event(MSG_HTTP_LISTENS, log_str("host", where->name), log_u64("port", where->port));
    if (!http_is_loopback(where))
        log_event(MSG_HTTP_IN_THE_OPEN, log_str("host", where->name), log_u64("port", where->port));
}

static void *look_around(void *context)
{
    struct panel *p = context;
    (void)pthread_setname_np(pthread_self(), "panel");
    do {
        listen_if_due(p);
        for (size_t i = 0; i < p->count && !stop_requested(p->stop); i++)
            look_at(p, &p->members[i]);
    } while (!stop_wait(p->stop, TRAIL_STEP_MS));
    http_stop(&p->http);
    return NULL;
}

/* ---- life ---- */

static void add_member(struct panel *p, const struct config *c, bool is_capture, const char *from, const char *to)
{
    const struct panel_setup *s = &p->setup;
    struct member *m = &p->members[p->count];
    bool self = is_capture == !s->to && strcmp(from, s->from) == 0 && (is_capture || strcmp(to, s->to) == 0);
    char *name = is_capture ? xasprintf("capture-%s", from) : xasprintf("applier-%s-%s", from, to);
    m->from = xstrdup(from);
    m->to = to ? xstrdup(to) : NULL;
    m->shown = (struct page_member){.is_capture = is_capture, .from = m->from, .to = m->to, .trail = &m->trail};
    m->socket = self ? NULL : config_socket_path(c, name);
    if (self)
        p->self = p->count;
    p->count++;
    free(name);
}

static void panel_free(struct panel **panel)
{
    struct panel *p = *panel;
    for (size_t i = 0; i < p->count; i++) {
        json_decref((json_t *)p->members[i].shown.status);
        free(p->members[i].socket);
        free(p->members[i].from);
        free(p->members[i].to);
    }
    free(p->members);
    free(p->pair);
    free(p->where.name);
    stop_free(&p->stop);
    pthread_mutex_destroy(&p->lock);
    free(p);
    *panel = NULL;
}

int panel_start(struct panel **out, const struct panel_setup *setup, struct err *err)
{
    const struct config *c = setup->config;
    *out = NULL;
    if (!setup->where->name)
        return 0;
    struct panel *p = xcalloc(1, sizeof *p);
    p->setup = *setup;
    p->setup.config = NULL;
    p->pair = xstrdup(c->pair);
    p->where = (struct host_config){xstrdup(setup->where->name), setup->where->port};
    (void)gethostname(p->host, sizeof p->host - 1);
    pthread_mutex_init(&p->lock, NULL);
    p->stop = stop_new();
    p->members = xcalloc(c->region_count + c->link_count, sizeof *p->members);
    for (size_t i = 0; i < c->region_count; i++)
        add_member(p, c, true, c->regions[i].name, NULL);
    for (size_t i = 0; i < c->link_count; i++)
        add_member(p, c, false, c->links[i].from, c->links[i].to);
    int failed = pthread_create(&p->thread, NULL, look_around, p);
    if (failed) {
        panel_free(&p);
        return err_retry(err, "no thread to be had: %s", strerror(failed));
    }
    *out = p;
    return 0;
}

void panel_stop(struct panel **panel)
{
    struct panel *p = *panel;
    if (!p)
        return;
    stop_request(p->stop, "stopped");
    (void)pthread_join(p->thread, NULL);
    panel_free(panel);
}
