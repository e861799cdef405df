/* Waiting until a position of the source is in effect at the target, in three stages: source, topic, ledger. */
#include "common/target/progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/base/clock.h"
#include "common/base/mem.h"
#include "common/target/tail.h"

#define PROGRAM "drc-progress"
#define READ_TIMEOUT_S 20
#define POLL_MS 100       /* between looks at the ledger */
#define TOPIC_WAIT_MS 200 /* for the next record */
#define CHECK_MS 1000
#define RETRY_MS 500

struct progress {
    const struct config *config;
    const char *from;
    const char *to;
    char *topic;
    struct db *source; /* NULL: not connected */
    struct db *target;
    struct tail *tail;
};

struct progress *progress_new(const struct config *config, const char *from, const char *to)
{
    struct progress *p = xcalloc(1, sizeof *p);
    *p = (struct progress){.config = config, .from = from, .to = to, .topic = config_topic(config, from)};
    return p;
}

void progress_free(struct progress **p)
{
    if (!*p)
        return;
    db_close(&(*p)->source);
    db_close(&(*p)->target);
    tail_close(&(*p)->tail);
    free((*p)->topic);
    free(*p);
    *p = NULL;
}

static int connect_region(struct progress *p, struct db **db, const char *name, struct err *err)
{
    const struct region_config *region;
    const struct db_options options = {.program = PROGRAM, .read_timeout_s = READ_TIMEOUT_S};
    if (*db)
        return 0;
    if (config_region(p->config, name, &region, err))
        return -1;
    if (!region->password)
        return err_fatal(err, EXIT_BAD_CONFIG, "the password of region %s is not on this host", name);
    return db_connect(db, region, &options, err);
}

/* A connection that has been idle for long may be gone, which says nothing about the server. */
int progress_source_position(struct progress *p, struct position *out, struct err *err)
{
    bool idle = p->source != NULL;
    for (;;) {
        struct err found = {0};
        if (connect_region(p, &p->source, p->from, err))
            return -1;
        if (db_source_position(p->source, out, &found) == 0)
            return 0;
        db_close(&p->source);
        if (!idle || found.class != ERR_RETRY) {
            *err = found;
            return -1;
        }
        idle = false;
    }
}

static int read_ledger(struct progress *p, struct ledger_state *out, struct err *err)
{
    if (connect_region(p, &p->target, p->to, err))
        return -1;
    int found = ledger_find(p->target, p->topic, out, err);
    if (found < 0)
        db_close(&p->target);
    return found;
}

/* After read_ledger found a row. */
static int read_attended(struct progress *p, bool *out, struct err *err)
{
    int attended = ledger_is_attended(p->target, p->topic, err);
    *out = attended > 0;
    if (attended < 0)
        db_close(&p->target);
    return attended < 0 ? -1 : 0;
}

/* The tail, at the topic's end as it is now. */
static int open_tail(struct progress *p, uint64_t least_epoch, struct err *err)
{
    const struct region_config *region;
    int rc = -1;
    if (p->tail) {
        rc = tail_catch_up(p->tail, err);
    } else if (config_region(p->config, p->from, &region, err) == 0) {
        rc = tail_open(&p->tail, &region->kafka, p->topic, least_epoch, err);
    }
    if (rc)
        tail_close(&p->tail);
    return rc;
}

void progress_open(struct progress *p)
{
    struct ledger_state ledger = {0};
    struct err later = {0};
    if (connect_region(p, &p->source, p->from, &later) == 0 && read_ledger(p, &ledger, &later) >= 0 &&
        open_tail(p, ledger.epoch, &later) == 0)
        tail_rest(p->tail);
    ledger_state_free(&ledger);
}

/* ---- waiting ---- */

struct wait {
    struct progress *p;
    struct progress_report *report;
    const struct position *position;
    const struct progress_watch *watch;
    uint64_t began_ms;
    uint64_t checked_ms;
    uint64_t least_epoch; /* in force at what the target has applied; 0 while it has nothing */
};

static bool time_is_over(const struct wait *w)
{
    if (w->watch->stop && stop_requested(w->watch->stop))
        return true;
    return w->watch->timeout_ms != UINT64_MAX && clock_mono_ms() - w->began_ms >= w->watch->timeout_ms;
}

/* Between two looks: time over, the caller's own check, and a pause. */
static int between(struct wait *w, uint32_t pause_ms, struct err *err)
{
    if (w->watch->check && clock_mono_ms() - w->checked_ms >= CHECK_MS) {
        w->checked_ms = clock_mono_ms();
        if (w->watch->check(w->watch->context, w->report, err))
            return -1;
    }
    if (time_is_over(w)) {
        struct buf text = {0};
        progress_put_report(w->report, &text);
        err_retry(err, "%s", buf_cstr(&text));
        buf_free(&text);
        return -1;
    }
    if (pause_ms > 0)
        clock_sleep_ms(pause_ms);
    return 0;
}

/* A step's result: -1 and of class retry means to try again. */
static int step_failed(struct wait *w, const struct err *step, struct err *err)
{
    if (step->class != ERR_RETRY) {
        if (err)
            *err = *step;
        return -1;
    }
    snprintf(w->report->trouble, sizeof w->report->trouble, "%.*s", (int)sizeof w->report->trouble - 1, step->text);
    return between(w, RETRY_MS, err);
}

static int check_same_stream(const struct progress *p, const struct ledger_state *ledger, struct err *err)
{
    const struct stream *s = &p->tail->stream;
    if (!s->has_uuid || memcmp(s->uuid, ledger->stream, STREAM_UUID_LEN) == 0)
        return 0;
    return err_stop(err, MSG_STOP_OTHER_STREAM,
                    "the topic of %s holds another stream than the ledger at %s: it was made anew", p->from, p->to);
}

/* Does the topic hold the position, as far as it has been read? Then report->wanted_seq says by which seq. */
static bool is_published(struct wait *w)
{
    const struct stream *s = &w->p->tail->stream;
    w->report->topic_known = true;
    w->report->published_seq = s->seq;
    w->report->topic_next = w->p->tail->next;
    w->report->behind = s->position.flavor == FLAVOR_NONE ? 0 : position_distance(w->position, &s->position);
    if (!s->based || s->position.flavor == FLAVOR_NONE || !position_covers(&s->position, w->position))
        return false;
    w->report->wanted_seq = s->seq;
    return true;
}

/* To the topic's end as it is now, or, where that is `read` already, one record more. -1: error. */
static int read_topic(struct wait *w, bool read, struct err *err)
{
    if (!read || !w->p->tail)
        return open_tail(w->p, w->least_epoch, err);
    if (tail_next(w->p->tail, TOPIC_WAIT_MS, err) >= 0)
        return 0;
    tail_close(&w->p->tail);
    return -1;
}

static int wait_published(struct wait *w, struct err *err)
{
    struct err step = {0};
    w->report->stage = PROGRESS_PUBLISH;
    for (bool read = false;; read = true) {
        int failed = read_topic(w, read, &step);
        if (!failed && is_published(w))
            return 0;
        if (failed ? step_failed(w, &step, err) : between(w, 0, err))
            return -1;
        if (!failed)
            w->report->trouble[0] = '\0';
    }
}

/* One look at the ledger: 1 it has reached wanted_seq; 0 not yet; -1 error. */
static int look_applied(struct wait *w, struct err *err)
{
    struct ledger_state ledger = {0};
    int there = read_ledger(w->p, &ledger, err);
    if (there < 0)
        return -1;
    w->report->ledger_known = true;
    w->report->no_ledger = there == 0;
    if (there > 0) {
        w->report->applied_seq = ledger.done.low;
        w->least_epoch = ledger.epoch;
        there = check_same_stream(w->p, &ledger, err) ? -1 : ledger.done.low >= w->report->wanted_seq;
    }
    ledger_state_free(&ledger);
    w->report->writer_connected = false;
    if (there == 0 && !w->report->no_ledger && read_attended(w->p, &w->report->writer_connected, err))
        return -1;
    return there;
}

static int wait_applied(struct wait *w, struct err *err)
{
    struct err step = {0};
    w->report->stage = PROGRESS_APPLY;
    for (;;) {
        int there = look_applied(w, &step);
        if (there > 0)
            return 0;
        if (there < 0 ? step_failed(w, &step, err) : between(w, POLL_MS, err))
            return -1;
        if (there == 0)
            w->report->trouble[0] = '\0';
    }
}

int progress_wait(struct progress *p, struct progress_report *report, const struct position *position,
                  const struct progress_watch *watch, struct err *err)
{
    uint64_t now = clock_mono_ms();
    struct wait w = {
        .p = p, .report = report, .position = position, .watch = watch, .began_ms = now, .checked_ms = now};
    struct ledger_state ledger = {0};
    struct err step = {0};
    *report = (struct progress_report){.from = p->from, .to = p->to, .stage = PROGRESS_PUBLISH};
    int there = read_ledger(p, &ledger, &step);
    w.least_epoch = there > 0 ? ledger.epoch : 0;
    ledger_state_free(&ledger);
    if (there < 0 && step_failed(&w, &step, err))
        return -1;
    if (wait_published(&w, err))
        return -1;
    tail_rest(p->tail);
    if (wait_applied(&w, err))
        return -1;
    report->stage = PROGRESS_DONE;
    return 0;
}

void progress_put_report(const struct progress_report *r, struct buf *out)
{
    switch (r->stage) {
    case PROGRESS_SOURCE:
        buf_printf(out, "%s does not say what it has committed", r->from);
        break;
    case PROGRESS_PUBLISH:
        if (!r->topic_known) {
            buf_printf(out, "how far capture of %s has published is not known", r->from);
            break;
        }
        buf_printf(out, "capture of %s has published up to seq %" PRIu64, r->from, r->published_seq);
        if (r->behind > 0)
            buf_printf(out, ", %" PRIu64 " transactions of the source are to come", r->behind);
        break;
    case PROGRESS_APPLY:
        if (!r->ledger_known)
            buf_printf(out, "how far the applier from %s to %s has come is not known", r->from, r->to);
        else if (r->no_ledger)
            buf_printf(out, "the applier from %s has never run at %s", r->from, r->to);
        else
            buf_printf(out, "the applier from %s to %s has applied up to seq %" PRIu64 " of %" PRIu64, r->from, r->to,
                       r->applied_seq, r->wanted_seq);
        break;
    case PROGRESS_DONE:
        buf_printf(out, "%s has everything of %s up to seq %" PRIu64, r->to, r->from, r->wanted_seq);
        break;
    }
    if (r->trouble[0])
        buf_printf(out, " (%s)", r->trouble);
}

int progress_parked(struct progress *p, struct parked_sum *out, struct err *err)
{
    if (connect_region(p, &p->target, p->to, err))
        return -1;
    int rc = parked_summary(p->target, p->topic, out, err);
    if (rc)
        db_close(&p->target);
    return rc;
}

void progress_put_parked(const struct parked_sum *sum, struct buf *out)
{
    buf_printf(out, "%" PRIu64 " transaction%s parked (%" PRIu64 " rows), the first of them seq %" PRIu64 ": %s",
               sum->transactions, sum->transactions == 1 ? " is" : "s are", sum->rows, sum->oldest_seq, sum->why);
}

/* ---- a look without waiting ---- */

/* Records that carry no transaction lie behind the ledger's place even if nothing is to be done. */
static void measure_unread(const struct tail *t, struct progress_view *out)
{
    const struct ledger_state *l = &out->ledger;
    out->has_unread = out->has_ledger;
    if (out->has_ledger && l->done.low < out->published_seq && t->next > l->offset && t->records > 0)
        out->unread_bytes = (uint64_t)((double)(t->next - l->offset) * (double)t->bytes / (double)t->records);
}

static void look_topic(struct progress *p, struct progress_view *out)
{
    if (open_tail(p, out->has_ledger ? out->ledger.epoch : 0, &out->topic_err))
        return;
    const struct stream *s = &p->tail->stream;
    out->has_topic = s->based && s->position.flavor != FLAVOR_NONE;
    if (!out->has_topic)
        return;
    out->published_seq = s->seq;
    out->instance = s->instance;
    out->source_clock_us = s->source_clock_us;
    position_copy(&out->published, &s->position);
    measure_unread(p->tail, out);
    if (!out->has_ledger || out->ledger.done.low >= s->seq)
        return;
    int found =
        tail_commit_time(p->tail, &out->oldest_us, out->ledger.done.low + 1, out->ledger.offset, &out->topic_err);
    out->has_oldest = found > 0;
}

void progress_look(struct progress *p, struct progress_view *out)
{
    *out = (struct progress_view){0};
    out->has_source = progress_source_position(p, &out->source, &out->source_err) == 0;
    out->has_ledger = read_ledger(p, &out->ledger, &out->target_err) > 0;
    if (out->has_ledger && read_attended(p, &out->writer_connected, &out->target_err))
        out->writer_connected = false;
    if (out->has_ledger && progress_parked(p, &out->parked, &out->target_err))
        out->parked = (struct parked_sum){0};
    look_topic(p, out);
}

void progress_view_free(struct progress_view *v)
{
    position_free(&v->source);
    position_free(&v->published);
    ledger_state_free(&v->ledger);
}
