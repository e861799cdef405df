/* Whom to ask, how far back, and for how long.
 *
 * Streams are read in windows that grow, each to the end of the topics: a short one takes no time, and says most of
 * what there is to say after an incident; a longer one is begun only where, at the pace so far, it is over in the time
 * that the run has left for causes. What was read last stands. */
#include "reconcile/cause.h"

#include <inttypes.h>
#include <stdlib.h>

#include "common/base/clock.h"
#include "common/base/mem.h"
#include "reconcile/cause_private.h"

#define PACE_MS 200u /* a shorter reading says nothing of the pace */

/* ---- the streams ---- */

static struct cause_stream *stream_from(struct cause *c, const char *region)
{
    for (size_t i = 0; i < c->stream_count; i++)
        if (strcmp(c->streams[i].region->name, region) == 0)
            return &c->streams[i];
    return NULL;
}

static void find_streams(struct cause *c, const struct cause_feed *feed)
{
    const struct config *config = c->run->config;
    c->dbs = feed->dbs;
    c->stream_count = feed->count;
    c->streams = xcalloc(feed->count, sizeof *c->streams);
    for (size_t i = 0; i < feed->count; i++)
        c->streams[i] = (struct cause_stream){
            .region = feed->streams[i].region, .topic = feed->streams[i].topic, .scan = feed->streams[i].scan};
    for (size_t i = 0; i < config->link_count; i++)
        for (int side = 0; side < 2; side++) {
            const struct link_config *l = &config->links[i];
            struct cause_stream *s = stream_from(c, l->from);
            if (!s || strcmp(l->to, c->run->wishes->regions[side]) != 0)
                continue;
            s->has_link[side] = true;
            s->link[side] = xasprintf("%s:%s", l->from, l->to);
        }
}

/* Of the journal only what is about the writes that were found. */
static int read_target(struct cause *c, struct cause_stream *s, int side, struct err *err)
{
    struct audit_target *t = &s->target[side];
    return audit_target_read(t, c->dbs[side], s->topic, err) ||
                   (s->last_seq > 0 &&
                    audit_target_read_journal(t, c->dbs[side], s->link[side], s->first_seq, s->last_seq, err))
               ? -1
               : 0;
}

static int read_targets(struct cause *c, struct err *err)
{
    for (int side = 0; side < 2; side++)
        for (size_t i = 0; i < c->stream_count; i++)
            if (c->streams[i].has_link[side] && read_target(c, &c->streams[i], side, err))
                return -1;
    return 0;
}

/* ---- how far back ---- */

static int place_scans(struct cause *c, uint64_t since_us, uint64_t *records, struct err *err)
{
    *records = 0;
    for (size_t i = 0; i < c->stream_count; i++) {
        struct scan *scan = c->streams[i].scan;
        if (scan_to_now(scan, err) || scan_from_time(scan, since_us, 0, err))
            return -1;
        *records += (uint64_t)(scan_end(scan) - scan_start(scan));
    }
    return 0;
}

static bool is_whole(const struct cause *c)
{
    for (size_t i = 0; i < c->stream_count; i++)
        if (!c->streams[i].whole)
            return false;
    return true;
}

/* 1: read back at least some way; 0: not even the shortest window was over in `left_ms`; -1. */
static int read_windows(struct cause *c, uint64_t left_ms, struct err *err)
{
    static const uint64_t steps_us[] = {(uint64_t)900 * 1000000, (uint64_t)4 * 3600 * 1000000};
    const size_t steps = sizeof steps_us / sizeof steps_us[0];
    uint64_t now_us = clock_wall_us(), began_ms = clock_mono_ms(), deadline_ms = began_ms + left_ms;
    uint64_t before_records = 0, before_ms = 0, before_us = 0, wanted_us = c->run->causes.since_us;
    for (size_t step = 0; step <= steps; step++) {
        uint64_t since_us = step < steps && now_us - steps_us[step] > wanted_us ? now_us - steps_us[step] : wanted_us;
        uint64_t records, start_ms = clock_mono_ms();
        if (place_scans(c, since_us, &records, err))
            return -1;
        bool fits = before_ms < PACE_MS || start_ms + records * before_ms / (before_records + 1) < deadline_ms;
        int got = fits ? cause_read_window(c, since_us, deadline_ms, err) : 0;
        if (got < 0 || (got == 0 && step == 0))
            return got;
        if (got == 0)
            return fits ? cause_read_window(c, before_us, 0, err) : 1;
        if (is_whole(c) || since_us == wanted_us)
            break;
        before_records = records;
        before_ms = clock_mono_ms() - start_ms;
        before_us = since_us;
    }
    return 1;
}

/* ---- all of it ---- */

/* The streams first: what they have was in effect, or was not, when the ledgers are asked. 0: there was no time. */
static int search(struct cause *c, const struct span *const *keys, size_t count, uint64_t left_ms, struct err *err)
{
    struct causes *limits = &c->run->causes;
    if (!limits->feed && cause_feed_open(&limits->feed, c->run->config, c->run->wishes->regions, err))
        return -1;
    find_streams(c, limits->feed);
    for (size_t i = 0; i < count; i++)
        cause_add_key(c, keys[i]);
    int got = read_windows(c, left_ms, err);
    if (got > 0 && read_targets(c, err))
        got = -1;
    limits->feed->idle = true;
    return got;
}

/* Connections that were idle since the rows before may be gone: then once more, with new ones. */
static int search_again(struct cause **out, const struct cause *empty, const struct span *const *keys, size_t count,
                        uint64_t left_ms, struct err *err)
{
    struct causes *limits = &empty->run->causes;
    for (;;) {
        bool idle = limits->feed && limits->feed->idle;
        *out = xcalloc(1, sizeof **out);
        **out = *empty;
        int got = search(*out, keys, count, left_ms, err);
        if (got >= 0)
            return got;
        cause_free(out);
        cause_feed_close(&limits->feed);
        if (!idle)
            return -1;
    }
}

bool cause_is_filtered(const struct run *run, struct span db, struct span table)
{
    return !filter_match(&run->config->tables, db, table);
}

struct cause *cause_search(struct run *run, const struct plan *plan, const struct span *const *keys, size_t count)
{
    struct causes *limits = &run->causes;
    const struct table_def *def = plan->tables[0]->def;
    const struct cause empty = {.run = run, .plan = plan, .filtered = cause_is_filtered(run, def->db, def->name)};
    struct cause *c = NULL;
    uint64_t began_ms = clock_mono_ms();
    struct err err = {0};
    if (empty.filtered || count == 0) {
        c = xcalloc(1, sizeof *c);
        *c = empty;
        return c;
    }
    bool over = limits->failed || run_stopped(run) || limits->spent_ms >= limits->most_ms;
    uint64_t left_ms = over ? 0 : limits->most_ms - limits->spent_ms;
    int got = left_ms > 0 ? search_again(&c, &empty, keys, count, left_ms, &err) : 0;
    if (got < 0) {
        report_fact(run->report, "causes are not known", err.text);
        limits->failed = true; /* once is enough */
    }
    if (got <= 0) {
        limits->unsearched += limits->failed ? 0 : count;
        cause_free(&c);
    }
    limits->spent_ms += clock_mono_ms() - began_ms;
    return c;
}

void cause_tell_limits(struct run *run)
{
    const struct causes *limits = &run->causes;
    char at[CLOCK_TEXT_LEN];
    struct buf text = {0};
    if (limits->before > 0)
        buf_printf(&text, "unknown of %" PRIu64 " rows, since the topics were read back to %s only", limits->before,
                   clock_text(at, limits->read_since_us));
    if (limits->unsearched > 0)
        buf_printf(&text, "%snot looked for of %" PRIu64 " rows: %s", text.len > 0 ? "; " : "", limits->unsearched,
                   limits->most_ms == 0 ? "--causes-time is 0" : "");
    if (limits->unsearched > 0 && limits->most_ms > 0 && run_stopped(run))
        buf_put_str(&text, run_end_text(run));
    else if (limits->unsearched > 0 && limits->most_ms > 0)
        buf_printf(&text, "the run's %" PRIu64 " s for them were over (--causes-time)", limits->most_ms / 1000);
    if (text.len > 0)
        report_fact(run->report, "causes", buf_cstr(&text));
    buf_free(&text);
}

void cause_free(struct cause **cause)
{
    struct cause *c = *cause;
    if (!c)
        return;
    for (size_t i = 0; i < c->stream_count; i++)
        for (int side = 0; side < 2; side++) {
            audit_target_free(&c->streams[i].target[side]);
            free(c->streams[i].link[side]);
        }
    free(c->streams);
    map_free(&c->keys);
    arena_free(&c->arena);
    buf_free(&c->text);
    free(c);
    *cause = NULL;
}
