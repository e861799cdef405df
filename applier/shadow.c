/* A forecast's run: place, snapshots, transactions one after another, the report. */
#include "applier/shadow.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "applier/inbox.h"
#include "applier/intake.h"
#include "applier/park_record.h"
#include "applier/shadow_forecast.h"
#include "applier/shadow_ground.h"
#include "applier/start.h"
#include "common/base/backoff.h"
#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/base/mem.h"
#include "common/target/schema.h"
#include "common/target/session.h"
#include "common/target/tail.h"

#define OVERLAY_BYTES ((size_t)256 << 20)
#define HELD_ROWS 2000000u
#define HELD_BYTES UINT64_MAX
#define SNAPSHOT_MS 500u
#define TAKE_MS 200
#define PATIENCE_MS 60000u /* with what may mend itself */
#define DRAW_EVERY_MS 200u
#define READ_TIMEOUT_S 60

struct run {
    struct forecast f;
    const struct region_config *from;
    const struct region_config *to;
    char *topic;
    char *own_topic;                  /* of the target's region, where versions are asked for; else NULL */
    const struct region_config *peer; /* of a mesh, likewise */
    char *peer_topic;
    char *program;
    struct ledger_state place;
    uint64_t goal; /* seq at which the topic ends; 0: it is not asked */
    uint64_t until_ms;
    struct stop *stop; /* of its threads */
    struct status *status;
    struct inbox *inbox;
    struct schedule *schedule;
    struct versions *versions;
    struct intake *intake;
    uint64_t drawn_ms;
    bool drawn;
};

/* ---- the target ---- */

/* SELECT is all that the session could do. */
static int connect_target(struct run *r, struct err *err)
{
    const struct db_options options = {
        .program = r->program, .read_timeout_s = READ_TIMEOUT_S, .read_only_too = true, .found_rows = true};
    struct sink *s = &r->f.sink;
    if (db_connect(&s->db, r->to, &options, err))
        return -1;
    if (target_session_pin(s->db, err) ||
        db_exec(s->db, "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY", err)) {
        db_close(&s->db);
        return -1;
    }
    r->f.shadow.db = s->db;
    r->f.keys = key_tables_new(s->db);
    return 0;
}

static void disconnect(struct run *r)
{
    struct sink *s = &r->f.sink;
    key_tables_free(&r->f.keys);
    shadow_forget_tables(&r->f.shadow);
    sink_forget_tables(s);
    map_clear(&s->touched);
    db_close(&s->db);
    r->f.open = false;
}

static void close_snapshot(struct run *r)
{
    if (r->f.open)
        db_rollback(r->f.sink.db);
    r->f.open = false;
}

static int open_snapshot(struct run *r, struct err *err)
{
    struct forecast *f = &r->f;
    if (f->open && clock_mono_ms() - f->opened_ms < SNAPSHOT_MS)
        return 0;
    close_snapshot(r);
    map_clear(&f->sink.touched);
    ledger_state_free(&f->now);
    if (db_exec(f->sink.db, "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY", err))
        return -1;
    f->open = true;
    f->opened_ms = clock_mono_ms();
    int found = f->follows ? ledger_find(f->sink.db, r->topic, &f->now, err) : 0;
    f->shadow.done = found == 1 ? &f->now.done : NULL;
    return found < 0 ? -1 : 0;
}

/* Tables of our own that a target without a link does not have. 1, 0, -1. */
static int has_table(struct db *db, const char *name, struct err *err)
{
    struct err why = {0};
    char *sql = xasprintf("SELECT 1 FROM `" DRC_DB "`.`%s` LIMIT 0", name);
    int rc = db_exec(db, sql, &why);
    free(sql);
    if (rc == 0)
        return 1;
    if (why.class == ERR_DATA)
        return 0;
    *err = why;
    return -1;
}

static int look_at_target(struct run *r, struct err *err)
{
    struct db *db = r->f.sink.db;
    int tombstones = has_table(db, TOMBSTONES_TABLE, err);
    if (tombstones < 0)
        return -1;
    r->f.shadow.tombstones = tombstones;
    int parked = has_table(db, PARKED_TABLE, err);
    if (parked == 1 && r->f.follows)
        return park_load_all(r->f.park, db, r->topic, &r->f.setup->config->tables, err);
    return parked < 0 ? -1 : 0;
}

/* ---- the place ---- */

static int find_place(struct run *r, struct err *err)
{
    const struct shadow_setup *s = r->f.setup;
    const struct start_config gtid = {.kind = START_GTID, .gtid = (char *)s->since};
    const struct kafka_config *kafka = &r->from->kafka;
    if (s->since)
        return start_find(&r->place, kafka, r->topic, &gtid, s->stop, err);
    if (s->from_beginning || s->since_us > 0)
        return start_oldest(&r->place, kafka, r->topic, s->stop, err);
    r->f.follows = true;
    int found = ledger_find(r->f.sink.db, r->topic, &r->place, err);
    if (found != 0)
        return found < 0 ? -1 : 0;
    return start_find(&r->place, kafka, r->topic, &r->f.link->start, s->stop, err);
}

/* Up to there: the topic's end as it is now. */
static int find_end(struct run *r, struct err *err)
{
    struct tail *tail = NULL;
    if (tail_open(&tail, &r->from->kafka, r->topic, 0, err))
        return -1;
    r->goal = tail->stream.seq;
    tail_close(&tail);
    return 0;
}

static int find_goal(struct run *r, struct err *err)
{
    if (r->f.setup->for_ms == 0)
        return find_end(r, err);
    r->until_ms = clock_mono_ms() + r->f.setup->for_ms;
    return 0;
}

/* The time is over: what has come by then is judged to the last. */
static int look_at_time(struct run *r, struct err *err)
{
    if (r->until_ms == 0 || clock_mono_ms() < r->until_ms)
        return 0;
    r->until_ms = 0;
    return find_end(r, err);
}

/* ---- progress ---- */

static void draw(struct run *r)
{
    const uint64_t now = clock_mono_ms();
    if (!isatty(STDERR_FILENO) || now - r->drawn_ms < DRAW_EVERY_MS)
        return;
    r->drawn_ms = now;
    r->drawn = true;
    fprintf(stderr, "\r\033[K%s: seq %" PRIu64, r->program, r->f.last_seq);
    if (r->goal > 0)
        fprintf(stderr, " of %" PRIu64, r->goal);
    else
        fprintf(stderr, ", %" PRIu64 " s to go", r->until_ms > now ? (r->until_ms - now) / 1000 : 0);
    fprintf(stderr, ", %" PRIu64 " transactions judged, %" PRIu64 " conflicts", r->f.judged,
            tally_total(r->f.shadow.tally));
    (void)fflush(stderr);
}

static void draw_no_more(const struct run *r)
{
    if (r->drawn)
        fputs("\r\033[K", stderr);
}

/* ---- transactions ---- */

/* Again, until it is judged or patience ends: what was lost is the connection, or the target's own stream is behind. */
static int judge(struct run *r, struct txn *t, struct err *err)
{
    struct backoff backoff = backoff_make(100, 5000);
    const uint64_t began = clock_mono_ms();
    for (;;) {
        *err = (struct err){0};
        if ((r->f.sink.db || connect_target(r, err) == 0) && open_snapshot(r, err) == 0) {
            if (r->f.shadow.done && watermark_has(r->f.shadow.done, t->head.seq)) {
                r->f.in_effect += (t->head.flags & RECORD_LAST) != 0;
                return 0;
            }
            if (shadow_judge(&r->f, t, err) == 0)
                return 0;
        }
        if (err->class != ERR_RETRY || stop_requested(r->f.setup->stop) || clock_mono_ms() - began > PATIENCE_MS)
            return -1;
        log_event(MSG_FORECAST_RETRY, log_detail(err->text));
        if (err->code == VERSIONS_BEHIND)
            close_snapshot(r);
        else
            disconnect(r);
        (void)stop_wait(r->f.setup->stop, backoff_next(&backoff));
    }
}

static bool is_too_old(const struct run *r, const struct txn *t)
{
    return t->head.commit_us < r->f.setup->since_us;
}

/* From the inbox through the schedule, which knows what everything before is: it tells the versions' reader what may be
 * let go. */
static int take(struct run *r, struct txn *t, struct err *err)
{
    const struct writeset alone = {.alone = true};
    const uint64_t seq = t->head.seq;
    const bool more = !t->abandon && txn_is_fragment(t) && !(t->head.flags & RECORD_FIRST);
    const bool act = !t->abandon && txn_is_act(t);
    const bool abandon = t->abandon;
    const bool last = abandon || act || (t->head.flags & RECORD_LAST);
    int rc = 0;
    if (schedule_put(r->schedule, t, &alone)) {
        txn_free(&t);
        return 0;
    }
    t = more || abandon ? schedule_take_fragment(r->schedule, 0, 0) : schedule_take(r->schedule, 0, 0);
    if (abandon) {
        shadow_void(&r->f);
        if (t)
            schedule_dropped(r->schedule, 0);
    } else if (t) {
        if (!act && !is_too_old(r, t)) {
            r->f.first_seq = r->f.first_seq ? r->f.first_seq : seq;
            rc = judge(r, t, err);
        }
        if (rc == 0 && last)
            schedule_committed(r->schedule, 0, &t, 1);
    }
    if (rc == 0 && last && !abandon)
        r->f.last_seq = seq;
    txn_free(&t);
    return rc;
}

static bool is_done(const struct run *r)
{
    if (r->f.over || stop_requested(r->f.setup->stop))
        return true;
    return r->until_ms == 0 && r->f.last_seq >= r->goal;
}

static int pass_all(struct run *r, struct err *err)
{
    int rc = 0;
    while (rc == 0 && !is_done(r)) {
        struct txn *t = inbox_take(r->inbox, 0);
        if (!t) {
            close_snapshot(r); /* it holds up nobody while nothing comes */
            if (inbox_ended(r->inbox, err))
                return err->class == ERR_NONE ? 0 : -1;
            t = inbox_take(r->inbox, TAKE_MS);
        }
        if (t)
            rc = take(r, t, err);
        if (rc == 0)
            rc = look_at_time(r, err);
        draw(r);
    }
    return rc;
}

/* ---- its threads ---- */

static int start_reading(struct run *r, struct err *err)
{
    const struct config *c = r->f.setup->config;
    const struct schedule_setup schedule = {.max_bytes = SIZE_MAX / 2, .workers = 1, .from = &r->place};
    r->stop = stop_new();
    r->status =
        status_new(r->f.setup->config->pair, r->f.setup->from, r->f.setup->to, r->f.setup->config->heartbeat_ms);
    r->inbox = inbox_new(c->queue_bytes);
    r->schedule = r->f.sink.schedule = schedule_new(&schedule);
    if (r->own_topic) {
        struct versions_setup versions = {.schedule = r->schedule, .stop = r->stop};
        versions.topics[VERSIONS_OWN] = (struct versions_topic){&r->to->kafka, r->own_topic, r->to->name};
        if (r->peer)
            versions.topics[VERSIONS_PEER] = (struct versions_topic){&r->peer->kafka, r->peer_topic, r->peer->name};
        if (versions_start(&r->versions, &versions, err))
            return -1;
        r->f.sink.causal = causal_new(r->versions, r->peer_topic, false);
    }
    const struct intake_setup intake = {.kafka = &r->from->kafka,
                                        .topic = r->topic,
                                        .region = r->f.setup->from,
                                        .tables = &c->tables,
                                        .from = &r->place,
                                        .inbox = r->inbox,
                                        .status = r->status,
                                        .versions = r->versions,
                                        .stop = r->stop};
    return intake_start(&r->intake, &intake, err);
}

static void end_reading(struct run *r)
{
    if (!r->stop)
        return;
    stop_request(r->stop, "the forecast ends");
    inbox_abandon(r->inbox);
    versions_abandon(r->versions);
    intake_join(&r->intake);
    versions_join(&r->versions);
    shadow_void(&r->f);
    inbox_free(&r->inbox);
    schedule_free(&r->schedule);
}

/* ---- life ---- */

static int prepare(struct run *r, struct err *err)
{
    const struct shadow_setup *s = r->f.setup;
    const struct config *c = s->config;
    if (config_link(c, s->from, s->to, &r->f.link, err) || config_region(c, s->from, &r->from, err) ||
        config_region(c, s->to, &r->to, err))
        return -1;
    r->topic = config_topic(c, s->from);
    bool causal = versions_wanted(c, r->f.link);
    r->own_topic = causal ? config_topic(c, s->to) : NULL;
    r->peer = causal ? versions_peer(c, r->f.link) : NULL;
    r->peer_topic = r->peer ? config_topic(c, r->peer->name) : NULL;
    r->program = xasprintf("drc-applier %s:%s --shadow", s->from, s->to);
    r->f.sink = (struct sink){.config = c,
                              .from = s->from,
                              .to = s->to,
                              .link = xasprintf("%s:%s", s->from, s->to),
                              .exact_path = true,
                              .ground = &ground_shadow,
                              .shadow = &r->f.shadow,
                              .one_way = config_one_way(c, s->from, s->to),
                              .buries = c->tombstone_keep_ms > 0 && config_two_way(c, s->from, s->to)};
    r->f.shadow.overlay = overlay_new(OVERLAY_BYTES);
    r->f.shadow.tally = tally_new();
    r->f.park = park_new(c->park_max_rows, c->park_max_bytes);
    r->f.held = park_new(HELD_ROWS, HELD_BYTES);
    return connect_target(r, err) || find_place(r, err) || look_at_target(r, err) || find_goal(r, err) ? -1 : 0;
}

static void release(struct run *r)
{
    struct forecast *f = &r->f;
    end_reading(r);
    disconnect(r);
    causal_free(&f->sink.causal);
    map_free(&f->sink.tables);
    map_free(&f->sink.plans);
    map_free(&f->sink.columns);
    map_free(&f->sink.touched);
    map_free(&f->shadow.tables);
    map_free(&f->shadow.seen);
    arena_free(&f->shadow.arena);
    overlay_free(&f->shadow.overlay);
    tally_free(&f->shadow.tally);
    park_free(&f->park);
    park_free(&f->held);
    ledger_state_free(&f->now);
    ledger_state_free(&r->place);
    status_free(&r->status);
    stop_free(&r->stop);
    free(f->sink.link);
    free(r->topic);
    free(r->own_topic);
    free(r->peer_topic);
    free(r->program);
}

int shadow_run(const struct shadow_setup *setup, bool *conflicts, struct err *err)
{
    struct run r = {.f = {.setup = setup}};
    int rc = prepare(&r, err);
    if (rc == 0) {
        r.f.last_seq = r.place.done.low;
        rc = start_reading(&r, err);
    }
    if (rc == 0)
        rc = pass_all(&r, err);
    draw_no_more(&r);
    if (rc == 0) {
        shadow_report(&r.f);
        *conflicts = tally_total(r.f.shadow.tally) > 0 || r.f.stops.count > 0 || r.f.unjudged.count > 0;
    }
    release(&r);
    return rc;
}
