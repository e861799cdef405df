/* What the applier tells about itself: text and JSON come out of one table. */
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "applier/hold.h"
#include "applier/inbox.h"
#include "applier/pace.h"
#include "applier/status_private.h"
#include "applier/versions.h"
#include "common/base/clock.h"
#include "common/base/mem.h"
#include "common/base/utf8.h"
#include "common/link/metrics.h"
#include "common/target/reload.h"

enum { MOST_FACTS = 64 };

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

/* By the heartbeats; before the first one has arrived, how old the oldest transaction is that was read and is not in
 * effect; 0 when all that was read is. */
static uint64_t lag_seconds(const struct status *s)
{
    uint64_t us;
    if (age_now(&s->heartbeats.lag, &us, clock_mono_us(), s->patience_us))
        return us / 1000000;
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
    add_number(f, "newest_seq", s->newest_seq);
    add_text(f, "gtid", s->gtid);
    add_number(f, "topic_seq", s->topic_seq);
    add_number(f, "topic_offset", s->topic_offset);
    add_number(f, "lag_seconds", lag_seconds(s));
    struct clocks now = status_clocks();
    uint64_t lag_us;
    if (age_now(&s->heartbeats.lag, &lag_us, now.mono_us, s->patience_us))
        add_number(f, "lag_us", lag_us);
    add_number(f, "clock_behind_us", heartbeats_behind_us(&s->heartbeats, &now));
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

static void collect_words(struct facts *f, const struct status *s)
{
    struct reload_view view;
    struct buf pace = {0};
    if (!s->reload)
        return;
    reload_look(s->reload, &view);
    pace_put_text(s->pace, &pace);
    add_number(f, "pause_kept", hold_is_kept(s->hold));
    add_text(f, "throttle", buf_cstr(&pace));
    add_text(f, "settings", view.settings);
    add_number(f, "reloads_accepted", view.accepted);
    add_number(f, "reloads_in_force", view.in_force);
    buf_free(&pace);
}

static void collect(struct facts *f, const struct status *s)
{
    char since[CLOCK_TEXT_LEN];
    f->count = 0;
    add_text(f, "program", "drc-applier");
    add_text(f, "version", DRC_VERSION);
    add_text(f, "pair", s->pair);
    add_number(f, "started_us", s->started_us);
    add_text(f, "from", s->from);
    add_text(f, "to", s->to);
    add_text(f, "state",
             s->state == LINK_RUNNING && s->parked.transactions > 0 ? "parked" : status_state_names[s->state]);
    add_text(f, "since", clock_text(since, s->since_us));
    add_text(f, "cause", s->cause);
    add_text(f, "last_error", s->state == LINK_RUNNING ? "" : s->last_error); /* what has been overcome is in the log */
    collect_positions(f, s);
    add_number(f, "parked_transactions", s->parked.transactions);
    add_number(f, "parked_rows", s->parked.rows);
    add_number(f, "parked_bytes", s->parked.bytes);
    add_number(f, "parked_rows_limit", s->park_limit);
    add_number(f, "xa_prepared", s->xa_prepared);
    add_number(f, "queued_transactions", s->schedule ? schedule_items(s->schedule) + inbox_items(s->inbox) : 0);
    add_number(f, "queued_bytes", s->schedule ? schedule_bytes(s->schedule) + inbox_bytes(s->inbox) : 0);
    add_number(f, "workers", s->worker_count);
    collect_counts(f, s);
    add_number(f, "duplicate_records", s->duplicates);
    add_number(f, "void_records", s->voids);
    collect_versions(f, s);
    collect_words(f, s);
}

/* What no line for people tells: JSON objects, appended as members. */
static void put_kinds(struct buf *out, const struct status *s)
{
    buf_put_str(out, ", \"conflicts_by_kind\": {");
    for (int kind = 0; kind < SINK_KINDS; kind++) {
        uint64_t count = 0;
        for (uint32_t i = 0; i < s->worker_count; i++)
            count += s->workers[i].counts.kinds[kind];
        buf_printf(out, "%s\"%s\": %" PRIu64, kind ? ", " : "", sink_kind_name(kind), count);
    }
    buf_put_str(out, "}");
}

/* Those whose cause is told at all. */
static void put_causes(struct buf *out, const struct status *s)
{
    buf_put_str(out, ", \"conflicts_by_cause\": {");
    for (int cause = CONFLICT_CAUSE_UNTOLD + 1; cause < CONFLICT_CAUSE_COUNT; cause++) {
        uint64_t count = 0;
        for (uint32_t i = 0; i < s->worker_count; i++)
            count += s->workers[i].counts.causes[cause];
        buf_printf(out, "%s\"%s\": %" PRIu64, cause > CONFLICT_CAUSE_UNTOLD + 1 ? ", " : "",
                   conflict_cause_name((enum conflict_cause)cause), count);
    }
    buf_put_str(out, "}");
}

static void put_stages(struct buf *out, const struct status *s)
{
    const struct {
        const char *name;
        const struct histogram *of;
    } stages[] = {
        {"transported", &s->heartbeats.transported},
        {"applied",     &s->heartbeats.applied    },
        {"total",       &s->heartbeats.total      },
    };
    json_t *all = json_object();
    for (size_t i = 0; i < sizeof stages / sizeof stages[0]; i++)
        (void)json_object_set_new(all, stages[i].name, metrics_histogram(stages[i].of));
    char *text = json_dumps(all, 0);
    buf_printf(out, ", \"stages\": %s", text);
    free(text);
    json_decref(all);
}

static struct facts *take_facts(struct status *s)
{
    struct facts *f = xcalloc(1, sizeof *f);
    pthread_mutex_lock(&s->lock);
    status_look_at_schedule(s);
    collect(f, s);
    pthread_mutex_unlock(&s->lock);
    return f;
}

void status_put_line(struct status *s, struct buf *out)
{
    pthread_mutex_lock(&s->lock);
    status_look_at_schedule(s);
    buf_printf(out, "%s%s%s; seq %" PRIu64 ", gtid %s, lag %" PRIu64 " s", status_state_names[s->state],
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
    pthread_mutex_lock(&s->lock);
    put_kinds(out, s);
    put_causes(out, s);
    put_stages(out, s);
    pthread_mutex_unlock(&s->lock);
    buf_put_str(out, "}\n");
    free(f);
}
