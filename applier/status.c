/* The applier's state, positions and counters under one mutex; text and JSON come out of one table. */
#include "applier/status.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "applier/inbox.h"
#include "applier/park.h"
#include "applier/schedule.h"
#include "applier/versions.h"
#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/base/mem.h"
#include "common/base/utf8.h"

static const char *const state_names[] = {
    [LINK_STARTING] = "starting", [LINK_RUNNING] = "running",     [LINK_WAITING] = "waiting",
    [LINK_RETRYING] = "retrying", [LINK_THROTTLED] = "throttled", [LINK_PAUSED] = "paused",
    [LINK_STOPPING] = "stopping",
};

struct worker_status {
    enum link_state state;
    char cause[900];
    uint64_t group_limit;
    struct sink_counts counts;
};

struct status {
    pthread_mutex_t lock;
    const char *from;
    const char *to;
    enum link_state own_state; /* of the link as a whole */
    char own_cause[900];
    struct worker_status workers[SCHEDULE_MOST_WORKERS];
    uint32_t worker_count;
    enum link_state state; /* what is told: the link's own, or a worker's */
    char cause[900];       /* "" when there is none */
    char last_error[900];  /* the last cause that there was */
    uint64_t since_us;
    bool has_stream;
    uint8_t stream[STREAM_UUID_LEN];
    uint64_t topic_seq;
    uint64_t topic_offset;
    uint64_t duplicates;
    uint64_t voids;
    uint64_t xa_prepared;
    uint64_t applied_seq;
    uint64_t applied_us;
    uint64_t epoch;
    char gtid[GTID_TEXT_LEN];
    struct parked_sum parked;
    struct schedule *schedule; /* NULL between sessions, like the inbox */
    struct inbox *inbox;
    struct versions *versions; /* NULL between sessions, and where conflicts are told by images */
};

struct status *status_new(const char *from, const char *to)
{
    struct status *s = xcalloc(1, sizeof *s);
    pthread_mutex_init(&s->lock, NULL);
    s->from = from;
    s->to = to;
    s->since_us = clock_wall_us();
    return s;
}

void status_free(struct status **s)
{
    if (!*s)
        return;
    pthread_mutex_destroy(&(*s)->lock);
    free(*s);
    *s = NULL;
}

/* ---- state ---- */

static enum log_level level_of(enum link_state state)
{
    return state == LINK_WAITING || state == LINK_RETRYING ? LOG_WARN : LOG_NOTICE;
}

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
    log_at(level_of(state), "link %s:%s is %s%s%s", s->from, s->to, state_names[state], *cause ? ": " : "", cause);
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

void status_held(struct status *s, size_t count)
{
    pthread_mutex_lock(&s->lock);
    s->xa_prepared = count;
    pthread_mutex_unlock(&s->lock);
}

static void take_place(struct status *s, const struct ledger_state *state)
{
    s->applied_seq = state->done.low;
    s->applied_us = state->commit_us;
    s->epoch = state->epoch;
    memcpy(s->gtid, state->gtid, sizeof s->gtid);
}

/* While a schedule is there, it knows. */
static void look_at_schedule(struct status *s)
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
    look_at_schedule(s);
    s->schedule = schedule;
    s->inbox = inbox;
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

void status_limit(struct status *s, uint32_t worker, size_t group_limit)
{
    pthread_mutex_lock(&s->lock);
    s->workers[worker].group_limit = group_limit;
    pthread_mutex_unlock(&s->lock);
}

/* ---- telling ---- */

enum { MOST_FACTS = 48 };

struct fact {
    const char *name;
    char text[900];
    bool number; /* no quotes in JSON */
    bool null;
};

struct facts {
    size_t count;
    struct fact all[MOST_FACTS];
};

static void add_text(struct facts *f, const char *name, const char *text)
{
    struct fact *fact = &f->all[f->count++];
    fact->name = name;
    fact->null = *text == '\0';
    (void)snprintf(fact->text, sizeof fact->text, "%s", text);
}

static void add_number(struct facts *f, const char *name, uint64_t n)
{
    struct fact *fact = &f->all[f->count++];
    fact->name = name;
    fact->number = true;
    (void)snprintf(fact->text, sizeof fact->text, "%" PRIu64, n);
}

/* How old the oldest transaction is that was read and is not in effect; 0 when all that was read is. */
static uint64_t lag_seconds(const struct status *s)
{
    uint64_t now = clock_wall_us();
    uint64_t oldest = s->schedule ? schedule_oldest_us(s->schedule) : 0;
    uint64_t since = oldest ? oldest : s->applied_us;
    if (s->topic_seq <= s->applied_seq || since == 0 || since > now)
        return 0;
    return (now - since) / 1000000;
}

static void collect_positions(struct facts *f, const struct status *s)
{
    struct buf stream = {0};
    if (s->has_stream)
        buf_put_hex(&stream, span_of(s->stream, sizeof s->stream));
    add_text(f, "stream", buf_cstr(&stream));
    buf_free(&stream);
    add_number(f, "epoch", s->epoch);
    add_number(f, "applied_seq", s->applied_seq);
    add_text(f, "gtid", s->gtid);
    add_number(f, "topic_seq", s->topic_seq);
    add_number(f, "topic_offset", s->topic_offset);
    add_number(f, "lag_seconds", lag_seconds(s));
}

/* Of all workers together; the group limit is the greatest. */
static void collect_counts(struct facts *f, const struct status *s)
{
    struct sink_counts all = {0};
    uint64_t limit = 0;
    for (uint32_t i = 0; i < s->worker_count; i++) {
        const struct worker_status *w = &s->workers[i];
        all.transactions += w->counts.transactions;
        all.rows += w->counts.rows;
        all.groups += w->counts.groups;
        all.exact += w->counts.exact;
        all.conflicts += w->counts.conflicts;
        limit = w->group_limit > limit ? w->group_limit : limit;
    }
    add_number(f, "group_limit", limit);
    add_number(f, "transactions", all.transactions);
    add_number(f, "rows", all.rows);
    add_number(f, "groups", all.groups);
    add_number(f, "exact", all.exact);
    add_number(f, "conflicts", all.conflicts);
}

static void collect_versions(struct facts *f, const struct status *s)
{
    struct versions_facts facts;
    if (!s->versions)
        return;
    versions_facts(s->versions, &facts);
    add_number(f, "versions", facts.count);
    add_number(f, "versions_bytes", facts.bytes);
    add_number(f, "versions_spilled_bytes", facts.spilled);
    add_number(f, "versions_seq", facts.seq);
    if (facts.has_peer)
        add_number(f, "versions_peer_seq", facts.peer_seq);
    add_number(f, "versions_waits", facts.waits);
    add_number(f, "versions_waited_ms", facts.waited_us / 1000);
}

static void collect(struct facts *f, const struct status *s)
{
    char since[CLOCK_TEXT_LEN];
    f->count = 0;
    add_text(f, "from", s->from);
    add_text(f, "to", s->to);
    add_text(f, "state", s->state == LINK_RUNNING && s->parked.transactions > 0 ? "parked" : state_names[s->state]);
    add_text(f, "since", clock_text(since, s->since_us));
    add_text(f, "cause", s->cause);
    add_text(f, "last_error", s->state == LINK_RUNNING ? "" : s->last_error); /* what has been overcome is in the log */
    collect_positions(f, s);
    add_number(f, "parked_transactions", s->parked.transactions);
    add_number(f, "parked_rows", s->parked.rows);
    add_number(f, "parked_bytes", s->parked.bytes);
    add_number(f, "xa_prepared", s->xa_prepared);
    add_number(f, "queued_transactions", s->schedule ? schedule_items(s->schedule) + inbox_items(s->inbox) : 0);
    add_number(f, "queued_bytes", s->schedule ? schedule_bytes(s->schedule) + inbox_bytes(s->inbox) : 0);
    add_number(f, "workers", s->worker_count);
    collect_counts(f, s);
    add_number(f, "duplicate_records", s->duplicates);
    add_number(f, "void_records", s->voids);
    collect_versions(f, s);
}

static struct facts *take_facts(struct status *s)
{
    struct facts *f = xcalloc(1, sizeof *f);
    pthread_mutex_lock(&s->lock);
    look_at_schedule(s);
    collect(f, s);
    pthread_mutex_unlock(&s->lock);
    return f;
}

void status_put_line(struct status *s, struct buf *out)
{
    pthread_mutex_lock(&s->lock);
    look_at_schedule(s);
    buf_printf(out, "%s%s%s; seq %" PRIu64 ", gtid %s, lag %" PRIu64 " s", state_names[s->state],
               s->cause[0] ? ": " : "", s->cause, s->applied_seq, s->gtid, lag_seconds(s));
    if (s->parked.transactions > 0)
        buf_printf(out, "; %" PRIu64 " transactions parked", s->parked.transactions);
    pthread_mutex_unlock(&s->lock);
}

void status_put_text(struct status *s, struct buf *out)
{
    struct facts *f = take_facts(s);
    for (size_t i = 0; i < f->count; i++)
        buf_printf(out, "%s: %s\n", f->all[i].name, f->all[i].null ? "-" : f->all[i].text);
    free(f);
}

void status_put_json(struct status *s, struct buf *out)
{
    struct facts *f = take_facts(s);
    for (size_t i = 0; i < f->count; i++) {
        const struct fact *fact = &f->all[i];
        buf_printf(out, "%s\"%s\": ", i ? ", " : "{", fact->name);
        if (fact->null || fact->number) {
            buf_put_str(out, fact->null ? "null" : fact->text);
            continue;
        }
        buf_put_str(out, "\"");
        utf8_put_json(out, span_str(fact->text));
        buf_put_str(out, "\"");
    }
    buf_put_str(out, "}\n");
    free(f);
}
