/* Reading again, judging what differs, and the hand-over under one mutex. */
#include "common/target/reload.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/base/log.h"
#include "common/base/mem.h"
#include "common/link/config_live.h"
#include "common/link/daemon.h"

struct reload {
    struct reload_setup setup;
    pthread_mutex_t lock;
    struct config *now;    /* in force */
    struct config *next;   /* accepted, not in force yet; NULL: none */
    bool urgent;           /* and the session is to end for it */
    struct config *former; /* between reload_take and reload_settled */
    struct config_override *over;
    size_t over_count;
    uint64_t accepted; /* how often */
    uint64_t in_force;
    bool tells;   /* systemd wants to know, and the daemon is ready */
    bool telling; /* systemd has been told that a reload is on its way */
};

struct reload *reload_new(const struct reload_setup *setup)
{
    struct reload *r = xcalloc(1, sizeof *r);
    r->setup = *setup;
    r->now = setup->config;
    pthread_mutex_init(&r->lock, NULL);
    return r;
}

static void free_overrides(struct config_override *over, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(over[i].path);
        free(over[i].value);
    }
    free(over);
}

void reload_free(struct reload **reload)
{
    struct reload *r = *reload;
    if (!r)
        return;
    config_free(&r->now);
    config_free(&r->next);
    config_free(&r->former);
    free_overrides(r->over, r->over_count);
    pthread_mutex_destroy(&r->lock);
    free(r);
    *reload = NULL;
}

/* ---- what differs ---- */

static bool same_text(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

static const char *sasl_password(const struct kafka_config *k)
{
    for (size_t i = 0; i < k->property_count; i++)
        if (strcmp(k->properties[i].name, "sasl.password") == 0)
            return k->properties[i].value;
    return NULL;
}

/* The files of passwords may hold others than before, which no key shows. Regions are the same in both. */
static void put_passwords(const struct config *before, const struct config *after, struct buf *out)
{
    for (size_t i = 0; i < after->region_count && i < before->region_count; i++) {
        const struct region_config *a = &before->regions[i], *b = &after->regions[i];
        if (!same_text(a->password, b->password))
            buf_printf(out, "%sthe password of regions.%s", out->len ? ", " : "", b->name);
        if (!same_text(sasl_password(&a->kafka), sasl_password(&b->kafka)))
            buf_printf(out, "%sthe password of the cluster of regions.%s", out->len ? ", " : "", b->name);
    }
}

static const char *or_nothing(const char *value)
{
    return value ? value : "not set";
}

/* Every key that stands in the way, in one line. True: there is none. */
static bool all_live(const struct config_changes *c, struct buf *out)
{
    size_t n = 0;
    for (size_t i = 0; i < c->count; i++) {
        const struct config_change *k = &c->all[i];
        if (k->live)
            continue;
        buf_printf(out, "%s%s (now %s, then %s%s%s)", n++ ? ", " : "error: nothing changed: a restart is needed for ",
                   k->path, or_nothing(k->before), or_nothing(k->after), k->why_not ? "; " : "",
                   k->why_not ? k->why_not : "");
    }
    if (n)
        buf_put_str(out, "\n");
    return n == 0;
}

static bool any_needs_boundary(const struct config_changes *c)
{
    for (size_t i = 0; i < c->count; i++)
        if (!c->all[i].at_once)
            return true;
    return false;
}

static void put_changes(const struct config_changes *c, const struct buf *passwords, struct buf *out)
{
    for (size_t i = 0; i < c->count; i++)
        buf_printf(out, "%s%s: %s -> %s", i ? ", " : "", c->all[i].path, or_nothing(c->all[i].before),
                   or_nothing(c->all[i].after));
    if (passwords->len) {
        buf_put_str(out, c->count ? ", " : "");
        buf_put_span(out, buf_span(passwords));
    }
}

/* ---- systemd ---- */

void reload_tell_systemd(struct reload *r)
{
    pthread_mutex_lock(&r->lock);
    r->tells = true;
    pthread_mutex_unlock(&r->lock);
}

static void tell_reloading(struct reload *r)
{
    char state[80];
    struct timespec now;
    if (!r->tells)
        return;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    (void)snprintf(state, sizeof state, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64,
                   (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000);
    daemon_notify(state);
    r->telling = true;
}

static void tell_ready(struct reload *r)
{
    if (r->telling)
        daemon_notify("READY=1");
    r->telling = false;
}

/* ---- taking it ---- */

/* Accept: all of it, in one step. */
static void accept_locked(struct reload *r, struct config **next, bool at_boundary)
{
    log_setup((enum log_level)(*next)->log_level, (enum log_format)(*next)->log_format);
    config_free(&r->next); /* nobody has seen it yet */
    r->next = *next;
    *next = NULL;
    r->accepted++;
    r->urgent |= at_boundary;
    if (at_boundary)
        r->setup.wake(r->setup.context);
    if (!r->urgent)
        r->in_force = r->accepted; /* the rest of it is what it was: the next session takes it as it comes */
}

/* What becomes of a configuration that was read. `check`: only say it. True: accepted. */
static bool decide_locked(struct reload *r, struct config **next, bool check, struct buf *out)
{
    const struct config *latest = r->next ? r->next : r->now;
    struct config_changes changes;
    struct buf passwords = {0};
    struct err err = {0};
    bool taken = false;
    config_compare(&changes, latest, *next);
    if (!all_live(&changes, out))
        goto out;
    if (r->setup.prepare(r->setup.context, *next, latest, &err)) {
        buf_printf(out, "error: nothing changed: %s\n", err.text);
        goto out;
    }
    put_passwords(latest, *next, &passwords);
    taken = true;
    if (changes.count == 0 && passwords.len == 0) {
        buf_put_str(out, "nothing differs\n");
        goto out;
    }
    buf_put_str(out, check ? "would change " : "changed ");
    put_changes(&changes, &passwords, out);
    buf_put_str(out, "\n");
    if (!check)
        accept_locked(r, next, any_needs_boundary(&changes) || passwords.len > 0);
out:
    config_changes_free(&changes);
    buf_free(&passwords);
    return taken;
}

/* Read a text with those values over it and decide. */
static bool read_locked(struct reload *r, struct span text, const struct config_override *over, size_t count,
                        bool check, struct buf *out)
{
    struct config *next = NULL;
    struct err err = {0};
    bool taken = false;
    if (config_parse_over(&next, r->now->path, text, over, count, &err) || pair_rules_converge(next, &err))
        buf_printf(out, "error: nothing changed: %s\n", err.text);
    else
        taken = decide_locked(r, &next, check, out);
    config_free(&next);
    return taken;
}

static void read_file_locked(struct reload *r, bool check, struct buf *out)
{
    struct buf text = {0};
    struct err err = {0};
    if (config_read_file(&text, r->now->path, &err))
        buf_printf(out, "error: nothing changed: %s\n", err.text);
    else
        (void)read_locked(r, buf_span(&text), r->over, r->over_count, check, out);
    buf_free(&text);
}

/* One line for the log, whoever asked. */
static void log_answer(const struct reload *r, const char *what, struct buf *out)
{
    const char *text = buf_cstr(out);
    bool refused = strncmp(text, "error: ", 7) == 0;
    struct span said = span_str(refused ? text + 7 : text);
    while (said.n && said.p[said.n - 1] == '\n')
        said.n--;
    log_event(refused ? MSG_RELOAD_REFUSED : MSG_RELOADED, log_str("program", r->setup.program), log_str("by", what),
              log_span(NULL, said));
}

/* ---- what people say ---- */

void reload_ask(struct reload *r, const char *args, struct buf *out)
{
    bool check = strcmp(args, "check") == 0;
    if (*args && !check) {
        buf_put_str(out, "error: reload, or reload check\n");
        return;
    }
    pthread_mutex_lock(&r->lock);
    if (!check)
        tell_reloading(r);
    read_file_locked(r, check, out);
    if (!check && !r->urgent)
        tell_ready(r);
    pthread_mutex_unlock(&r->lock);
    if (!check)
        log_answer(r, "reload", out);
}

void reload_signal(void *context)
{
    struct buf out = {0};
    reload_ask(context, "", &out);
    buf_free(&out);
}

/* The values laid over the file with one more, or one less (`value` NULL), as copies. */
static struct config_override *with(const struct reload *r, const char *path, const char *value, size_t *count)
{
    struct config_override *all = xcalloc(r->over_count + 1, sizeof *all);
    *count = 0;
    for (size_t i = 0; i < r->over_count; i++) {
        if (strcmp(r->over[i].path, path) == 0)
            continue;
        all[(*count)++] =
            (struct config_override){.path = xstrdup(r->over[i].path), .value = xstrdup(r->over[i].value)};
    }
    if (value)
        all[(*count)++] = (struct config_override){.path = xstrdup(path), .value = xstrdup(value)};
    return all;
}

static void lay_over(struct reload *r, const char *path, const char *value, struct buf *out)
{
    size_t count;
    pthread_mutex_lock(&r->lock);
    const struct config *latest = r->next ? r->next : r->now;
    struct config_override *over = with(r, path, value, &count);
    if (read_locked(r, config_source(latest), over, count, false, out)) {
        free_overrides(r->over, r->over_count);
        r->over = over;
        r->over_count = count;
    } else {
        free_overrides(over, count);
    }
    pthread_mutex_unlock(&r->lock);
    log_answer(r, value ? "set" : "reset", out);
}

void reload_ask_set(struct reload *r, const char *args, struct buf *out)
{
    size_t n = strcspn(args, " ");
    const char *value = args + n + strspn(args + n, " ");
    if (n == 0) {
        config_put_settable(out);
        return;
    }
    if (!*value) {
        buf_put_str(out, "error: set KEY VALUE; set alone lists the keys\n");
        return;
    }
    char *path = xasprintf("%.*s", (int)n, args);
    lay_over(r, path, value, out);
    free(path);
}

void reload_ask_reset(struct reload *r, const char *args, struct buf *out)
{
    size_t i = 0;
    pthread_mutex_lock(&r->lock);
    while (i < r->over_count && strcmp(r->over[i].path, args) != 0)
        i++;
    bool known = i < r->over_count;
    pthread_mutex_unlock(&r->lock);
    if (known)
        lay_over(r, args, NULL, out);
    else
        buf_printf(out, "error: %s is as the pair file says\n", *args ? args : "every key that was not set");
}

/* ---- the sessions' thread ---- */

bool reload_waits(struct reload *r)
{
    pthread_mutex_lock(&r->lock);
    bool waits = r->urgent;
    pthread_mutex_unlock(&r->lock);
    return waits;
}

const struct config *reload_take(struct reload *r)
{
    pthread_mutex_lock(&r->lock);
    struct config *taken = r->next;
    if (taken) {
        r->former = r->now;
        r->now = taken;
        r->next = NULL;
        r->urgent = false;
        r->in_force = r->accepted;
    }
    pthread_mutex_unlock(&r->lock);
    return taken;
}

void reload_settled(struct reload *r)
{
    pthread_mutex_lock(&r->lock);
    config_free(&r->former);
    tell_ready(r);
    pthread_mutex_unlock(&r->lock);
    log_event(MSG_RELOAD_IN_FORCE, log_str("program", r->setup.program));
}

/* ---- status ---- */

void reload_look(struct reload *r, struct reload_view *out)
{
    struct buf text = {0};
    pthread_mutex_lock(&r->lock);
    for (size_t i = 0; i < r->over_count; i++)
        buf_printf(&text, "%s%s=%s", i ? " " : "", r->over[i].path, r->over[i].value);
    *out = (struct reload_view){.accepted = r->accepted, .in_force = r->in_force};
    pthread_mutex_unlock(&r->lock);
    (void)snprintf(out->settings, sizeof out->settings, "%s", buf_cstr(&text));
    buf_free(&text);
}
