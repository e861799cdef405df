/* The applier's state, positions and counters under one mutex. */
#include "applier/status_private.h"

#include <stdio.h>
#include <stdlib.h>

#include "applier/pace.h"
#include "applier/park.h"
#include "applier/schedule.h"
#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/base/mem.h"

static const enum message_id state_messages[] = {
    [LINK_STARTING] = MSG_LINK_STARTING, [LINK_RUNNING] = MSG_LINK_RUNNING,     [LINK_WAITING] = MSG_LINK_WAITING,
    [LINK_RETRYING] = MSG_LINK_RETRYING, [LINK_THROTTLED] = MSG_LINK_THROTTLED, [LINK_PAUSED] = MSG_LINK_PAUSED,
    [LINK_STOPPING] = MSG_LINK_STOPPING,
};

const char *const status_state_names[] = {
    [LINK_STARTING] = "starting", [LINK_RUNNING] = "running",     [LINK_WAITING] = "waiting",
    [LINK_RETRYING] = "retrying", [LINK_THROTTLED] = "throttled", [LINK_PAUSED] = "paused",
    [LINK_STOPPING] = "stopping",
};

#define PATIENCE_US 2000000u

void status_heartbeat_every(struct status *s, uint32_t heartbeat_ms)
{
    pthread_mutex_lock(&s->lock);
    s->patience_us = PATIENCE_US + 3000u * (uint64_t)heartbeat_ms;
    pthread_mutex_unlock(&s->lock);
}

struct status *status_new(const char *pair, const char *from, const char *to, uint32_t heartbeat_ms)
{
    struct status *s = xcalloc(1, sizeof *s);
    pthread_mutex_init(&s->lock, NULL);
    s->pair = xstrdup(pair);
    s->from = from;
    s->to = to;
    s->since_us = s->started_us = clock_wall_us();
    status_heartbeat_every(s, heartbeat_ms);
    return s;
}

void status_free(struct status **s)
{
    if (!*s)
        return;
    pthread_mutex_destroy(&(*s)->lock);
    free((*s)->pair);
    free(*s);
    *s = NULL;
}

/* ---- state ---- */

static void tell(struct status *s, enum link_state state, const char *cause)
{
    if (s->state == state && strcmp(s->cause, cause) == 0)
        return;
    if (s->state != state)
        s->since_us = clock_wall_us();
    s->state = state;
    (void)snprintf(s->cause, sizeof s->cause, "%s", cause);
    if (*cause)
        (void)snprintf(s->last_error, sizeof s->last_error, "%s", cause);
    char link[160];
    (void)snprintf(link, sizeof link, "%s:%s", s->from, s->to);
    log_event(state_messages[state], log_str("link", link), log_detail(cause));
}

/* The link's own state, if it is another one than running; else that of a worker which waits for an operator, else of
 * one that tries again. */
static void tell_worst(struct status *s)
{
    static const enum link_state by_weight[] = {LINK_WAITING, LINK_RETRYING};
    if (s->own_state != LINK_RUNNING) {
        tell(s, s->own_state, s->own_cause);
        return;
    }
    for (size_t k = 0; k < sizeof by_weight / sizeof by_weight[0]; k++) {
        for (uint32_t i = 0; i < s->worker_count; i++) {
            if (s->workers[i].state != by_weight[k])
                continue;
            tell(s, s->workers[i].state, s->workers[i].cause);
            return;
        }
    }
    tell(s, LINK_RUNNING, "");
}

static void set_locked(struct status *s, enum link_state state, const char *cause)
{
    s->own_state = state;
    (void)snprintf(s->own_cause, sizeof s->own_cause, "%s", cause);
    tell_worst(s);
}

void status_set(struct status *s, enum link_state state, const char *cause)
{
    pthread_mutex_lock(&s->lock);
    set_locked(s, state, cause ? cause : "");
    pthread_mutex_unlock(&s->lock);
}

void status_set_retry(struct status *s, const struct err *err)
{
    status_set(s, err->code == (int)SERVER_PACKET_TOO_LARGE ? LINK_WAITING : LINK_RETRYING, err->text);
}

void status_resume(struct status *s, enum link_state from)
{
    pthread_mutex_lock(&s->lock);
    if (s->own_state == from)
        set_locked(s, LINK_RUNNING, "");
    pthread_mutex_unlock(&s->lock);
}

void status_worker(struct status *s, uint32_t worker, enum link_state state, const char *cause)
{
    struct worker_status *w = &s->workers[worker];
    pthread_mutex_lock(&s->lock);
    w->state = state;
    (void)snprintf(w->cause, sizeof w->cause, "%s", cause ? cause : "");
    tell_worst(s);
    pthread_mutex_unlock(&s->lock);
}

void status_reads(struct status *s)
{
    pthread_mutex_lock(&s->lock);
    s->reads = true;
    pthread_mutex_unlock(&s->lock);
}

enum notify_phase status_phase(struct status *s)
{
    pthread_mutex_lock(&s->lock);
    enum notify_phase phase = NOTIFY_STANDS; /* held by an operator, or waiting for one */
    if (s->state == LINK_RETRYING)
        phase = NOTIFY_AWAY;
    else if (s->state == LINK_STARTING || (s->state == LINK_RUNNING && !s->reads))
        phase = NOTIFY_STARTING;
    pthread_mutex_unlock(&s->lock);
    return phase;
}

/* ---- positions ---- */

void status_read(struct status *s, const struct stream *stream, int64_t offset)
{
    pthread_mutex_lock(&s->lock);
    s->has_stream = stream->has_uuid;
    memcpy(s->stream, stream->uuid, sizeof s->stream);
    s->topic_seq = stream->seq;
    s->topic_offset = offset < 0 ? 0 : (uint64_t)offset;
    s->duplicates = stream->duplicates;
    s->voids = stream->voids;
    pthread_mutex_unlock(&s->lock);
}

/* ---- heartbeats ---- */

struct clocks status_clocks(void)
{
    return (struct clocks){clock_wall_us(), clock_mono_us()};
}

/* What has come into effect since they were looked at last. */
static void let_arrive(struct status *s)
{
    struct clocks now = status_clocks();
    if (s->schedule && s->heartbeats.count > 0)
        heartbeats_arrive(&s->heartbeats, schedule_watermark(s->schedule), &now);
}

void status_heartbeat(struct status *s, const struct record *beat, int64_t put_ms)
{
    uint64_t behind = record_behind_us(beat);
    const struct clocks now = status_clocks();
    const struct heartbeat h = {.seq = beat->seq,
                                .as_of_us = beat->commit_us > behind ? beat->commit_us - behind : 0,
                                .put_us = put_ms > 0 ? (uint64_t)put_ms * 1000 : now.wall_us};
    pthread_mutex_lock(&s->lock);
    heartbeats_read(&s->heartbeats, &h, &now);
    let_arrive(s);
    pthread_mutex_unlock(&s->lock);
}

void status_held(struct status *s, size_t count)
{
    pthread_mutex_lock(&s->lock);
    s->xa_prepared = count;
    pthread_mutex_unlock(&s->lock);
}

static void take_place(struct status *s, const struct ledger_state *state)
{
    s->applied_seq = state->done.low;
    s->newest_seq = watermark_high(&state->done);
    s->applied_us = state->commit_us;
    s->epoch = state->epoch;
    memcpy(s->gtid, state->gtid, sizeof s->gtid);
}

void status_look_at_schedule(struct status *s)
{
    struct ledger_state state;
    if (!s->schedule)
        return;
    schedule_state(s->schedule, &state);
    take_place(s, &state);
    ledger_state_free(&state);
}

void status_watch_queues(struct status *s, struct schedule *schedule, struct inbox *inbox)
{
    pthread_mutex_lock(&s->lock);
    status_look_at_schedule(s);
    s->schedule = schedule;
    s->inbox = inbox;
    heartbeats_restart(&s->heartbeats);
    pthread_mutex_unlock(&s->lock);
}

void status_place(struct status *s, const struct ledger_state *state)
{
    pthread_mutex_lock(&s->lock);
    take_place(s, state);
    for (uint32_t i = 0; i < s->worker_count; i++)
        s->workers[i].state = LINK_RUNNING;
    pthread_mutex_unlock(&s->lock);
}

void status_watch_versions(struct status *s, struct versions *versions)
{
    pthread_mutex_lock(&s->lock);
    s->versions = versions;
    pthread_mutex_unlock(&s->lock);
}

void status_applied(struct status *s, uint32_t worker, const struct sink_counts *counts)
{
    pthread_mutex_lock(&s->lock);
    s->workers[worker].counts = *counts;
    if (worker >= s->worker_count)
        s->worker_count = worker + 1;
    let_arrive(s);
    pthread_mutex_unlock(&s->lock);
}

void status_watch_words(struct status *s, struct reload *reload, struct pace *pace, struct hold *hold)
{
    pthread_mutex_lock(&s->lock);
    s->reload = reload;
    s->pace = pace;
    s->hold = hold;
    pthread_mutex_unlock(&s->lock);
}

void status_parked(struct status *s, struct park *park)
{
    struct parked_sum sum;
    park_sum(park, &sum);
    pthread_mutex_lock(&s->lock);
    s->parked = sum;
    pthread_mutex_unlock(&s->lock);
}

void status_park_limit(struct status *s, uint64_t rows)
{
    pthread_mutex_lock(&s->lock);
    s->park_limit = rows;
    pthread_mutex_unlock(&s->lock);
}

void status_limit(struct status *s, uint32_t worker, size_t group_limit)
{
    pthread_mutex_lock(&s->lock);
    s->workers[worker].group_limit = group_limit;
    pthread_mutex_unlock(&s->lock);
}
