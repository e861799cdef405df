/* Bounds of a window, and the streams in it. */
#include "reconcile/window.h"

#include <inttypes.h>
#include <stdlib.h>

#include "common/base/clock.h"
#include "common/base/mem.h"
#include "common/base/since.h"

bool window_parse(struct window_bound *out, const char *text)
{
    *out = (struct window_bound){.text = text};
    if (since_parse(&out->us, text, clock_wall_us()))
        return true;
    out->by_gtid = gtid_parse(&out->gtid, FLAVOR_MARIADB, span_str(text), NULL) == 0 ||
                   gtid_parse(&out->gtid, FLAVOR_MYSQL, span_str(text), NULL) == 0;
    return out->by_gtid;
}

/* ---- streams ---- */

static void add_stream(struct window *w, const struct run *run, const struct region_config *region)
{
    for (size_t i = 0; i < w->count; i++)
        if (w->streams[i].region == region)
            return;
    struct window_stream *s = &w->streams[w->count++];
    *s = (struct window_stream){.region = region, .side = -1, .topic = config_topic(run->config, region->name)};
    for (int side = 0; side < 2; side++)
        if (strcmp(region->name, run->wishes->regions[side]) == 0)
            s->side = side;
}

static int find_streams(struct window *w, const struct run *run, struct err *err)
{
    const struct config *c = run->config;
    w->streams = xcalloc(c->link_count, sizeof *w->streams);
    for (size_t i = 0; i < c->link_count; i++) {
        const struct link_config *l = &c->links[i];
        const struct region_config *region;
        if (strcmp(l->to, run->wishes->regions[0]) != 0 && strcmp(l->to, run->wishes->regions[1]) != 0)
            continue;
        if (config_region(c, l->from, &region, err))
            return -1;
        add_stream(w, run, region);
    }
    return 0;
}

/* ---- a bound that is a transaction ---- */

/* Everything of its source before it. */
static void put_before(struct position *out, const struct gtid *gtid)
{
    struct gtid before = *gtid;
    position_init(out, gtid->flavor);
    if (gtid->flavor == FLAVOR_MYSQL && gtid->mysql.gno > 1)
        position_add_interval(out, gtid->mysql.uuid, gtid->mysql.tag, 1, gtid->mysql.gno - 1);
    if (gtid->flavor == FLAVOR_MARIADB && before.maria.seq-- > 1)
        position_add(out, &before);
}

static bool is_numbered(const struct record *rec)
{
    return rec->kind == RECORD_DATA || rec->kind == RECORD_DDL || rec->kind == RECORD_XA_END;
}

/* 1: the stream has it, and stands before it; 0; -1. */
static int find_in(struct window_stream *s, struct window_bound *b, struct err *err)
{
    struct position before = {0};
    struct scan_step step;
    put_before(&before, &b->gtid);
    int got = scan_from_position(s->scan, &before, err) ? -1 : 1;
    bool found = false, past = false;
    while (got > 0 && !found && !past && (got = scan_next(s->scan, &step, err)) > 0) {
        found = is_numbered(&step.rec) && gtid_eq(&step.rec.gtid, &b->gtid);
        past = is_numbered(&step.rec) && step.rec.gtid.flavor != FLAVOR_NONE &&
               !position_has(&before, &step.rec.gtid) && !found && b->gtid.flavor == FLAVOR_MARIADB &&
               step.rec.gtid.maria.domain == b->gtid.maria.domain;
    }
    if (found)
        b->us = step.rec.commit_us;
    if (got >= 0 && found)
        got = scan_from_position(s->scan, &before, err) ? -1 : 1;
    else if (got >= 0)
        got = 0;
    position_free(&before);
    return got;
}

static int find_bound(struct window *w, struct window_bound *b, const char *option, struct err *err)
{
    if (!b->by_gtid)
        return 0;
    for (size_t i = 0; i < w->count; i++) {
        int found = find_in(&w->streams[i], b, err);
        b->at = i;
        if (found != 0)
            return found < 0 ? -1 : 0;
    }
    return err_fatal(err, EXIT_BAD_USAGE,
                     "%s %s: no topic of the pair holds that transaction (it may be purged, filtered, "
                     "or replayed there); give a time",
                     option, b->text);
}

/* A window that ends before it begins would be empty, and everything in it equal. */
static int check_order(const struct window *w, struct err *err)
{
    const struct window_bound *since = &w->since, *until = &w->until;
    bool one_stream = since->by_gtid && until->by_gtid && since->at == until->at;
    struct position before = {0};
    if (!until->text)
        return 0;
    if (one_stream)
        put_before(&before, &since->gtid);
    bool backwards = one_stream ? position_has(&before, &until->gtid) : until->us < since->us;
    position_free(&before);
    if (!backwards)
        return 0;
    return err_fatal(err, EXIT_BAD_USAGE, "the window ends (--until %s) before it begins (--since %s)", until->text,
                     since->text);
}

/* ---- opening ---- */

static int place(struct window *w, struct window_stream *s, struct err *err)
{
    if (!w->since.by_gtid || w->since.at != (size_t)(s - w->streams))
        return scan_from_time(s->scan, w->since.us, WINDOW_SLACK_US, err);
    put_before(&w->before, &w->since.gtid);
    return scan_from_position(s->scan, &w->before, err);
}

static void tell_purged(const struct window_stream *s, struct run *run)
{
    char *text =
        xasprintf("topic %s no longer holds the beginning of the window: what was written before its first record "
                  "(offset %" PRId64 ") is unknown",
                  s->topic, scan_start(s->scan));
    report_problem(run->report, text);
    free(text);
}

int window_open(struct window *w, struct run *run, struct err *err)
{
    if (find_streams(w, run, err))
        return -1;
    for (size_t i = 0; i < w->count; i++)
        if (scan_open(&w->streams[i].scan, &w->streams[i].region->kafka, w->streams[i].topic, err))
            return -1;
    if (find_bound(w, &w->since, "--since", err) || find_bound(w, &w->until, "--until", err) || check_order(w, err))
        return -1;
    for (size_t i = 0; i < w->count; i++) {
        struct window_stream *s = &w->streams[i];
        if (place(w, s, err))
            return -1;
        if (scan_is_purged(s->scan) && scan_starts_at_low(s->scan))
            tell_purged(s, run);
    }
    return 0;
}

void window_close(struct window *w)
{
    for (size_t i = 0; i < w->count; i++) {
        scan_close(&w->streams[i].scan);
        free(w->streams[i].topic);
    }
    free(w->streams);
    position_free(&w->before);
    *w = (struct window){0};
}

/* ---- reading ---- */

static void tell_break(struct window_stream *s, struct run *run, const struct scan_break *b)
{
    char *text = xasprintf("topic %s, offset %" PRId64 ": %s", s->topic, b->offset, b->why);
    s->breaks++;
    report_problem(run->report, text);
    free(text);
}

static bool is_behind_until(const struct window *w, const struct window_stream *s, const struct scan_step *step)
{
    const struct window_bound *u = &w->until;
    if (!u->text || !is_numbered(&step->rec))
        return false;
    if (u->by_gtid && u->at == (size_t)(s - w->streams))
        return s->any && gtid_eq(&s->last, &u->gtid) && !gtid_eq(&step->rec.gtid, &u->gtid);
    uint64_t stamp_us = clock_stamp_us(step->rec.stamp);
    uint64_t earliest = step->rec.stamp > 0 && stamp_us < step->rec.commit_us ? stamp_us : step->rec.commit_us;
    return earliest > u->us + WINDOW_SLACK_US;
}

/* Times are those of commits: a record that was written late, because capture was down, belongs where it was committed.
 * But a session can set its own time (SET timestamp, as mysqlbinlog's output does): the stream's clock never goes back,
 * and what comes behind a heartbeat was committed behind it. Of what they say the widest window counts. */
static bool is_before_since(const struct window *w, const struct window_stream *s, const struct record *rec)
{
    const struct window_bound *b = &w->since;
    if (b->by_gtid && b->at == (size_t)(s - w->streams))
        return position_has(&w->before, &rec->gtid);
    uint64_t latest = clock_stamp_us(rec->stamp);
    latest = rec->commit_us > latest ? rec->commit_us : latest;
    latest = s->said_us > latest ? s->said_us : latest;
    return latest + WINDOW_SLACK_US < b->us;
}

static void note_heartbeat(struct window_stream *s, const struct scan_step *step)
{
    uint64_t behind_us = record_behind_us(&step->rec);
    if (step->verdict == STREAM_CONTROL && step->rec.kind == RECORD_HEARTBEAT && step->rec.commit_us > behind_us)
        s->said_us = step->rec.commit_us - behind_us;
}

static void count(struct window_stream *s, const struct record *rec)
{
    if (!s->any) {
        s->any = true;
        s->first = rec->gtid;
        s->first_seq = rec->seq;
        s->first_us = rec->commit_us;
    }
    s->last = rec->gtid;
    s->last_seq = rec->seq;
    s->last_us = rec->commit_us;
    s->transactions += (rec->flags & RECORD_LAST) != 0;
}

/* For the timeline: how long after its commit a transaction was in the topic, at the time of the commit. */
static void tell_lag(const struct window_stream *s, struct run *run, const struct scan_step *step)
{
    static const enum timeline_series series[2] = {TIMELINE_LAG_SOURCE, TIMELINE_LAG_TARGET};
    int64_t late_ms = step->written_ms - (int64_t)(step->rec.commit_us / 1000);
    if (s->side >= 0 && step->rec.commit_us > 0)
        report_moment(run->report, series[s->side], step->rec.commit_us, late_ms > 1 ? (uint64_t)late_ms : 1);
}

int window_next(struct window *w, struct window_stream *s, struct run *run, struct scan_step *out, struct err *err)
{
    int got;
    while ((got = scan_next(s->scan, out, err)) > 0) {
        if (out->broken)
            tell_break(s, run, out->broken);
        if (is_behind_until(w, s, out))
            return 0;
        note_heartbeat(s, out);
        if (out->verdict != STREAM_TAKE || is_before_since(w, s, &out->rec))
            continue;
        count(s, &out->rec);
        tell_lag(s, run, out);
        return 1;
    }
    return got;
}

/* ---- telling ---- */

void window_tell(const struct window *w, struct run *run)
{
    struct buf text = {0};
    for (size_t i = 0; i < w->count; i++) {
        const struct window_stream *s = &w->streams[i];
        char gtid[2][GTID_TEXT_LEN], at[2][CLOCK_TEXT_LEN];
        buf_clear(&text);
        if (s->any)
            buf_printf(&text,
                       "%s .. %s (seq %" PRIu64 " .. %" PRIu64 "), committed %s .. %s, %" PRIu64
                       " transactions, %" PRIu64 " row changes",
                       gtid_text(gtid[0], &s->first), gtid_text(gtid[1], &s->last), s->first_seq, s->last_seq,
                       clock_text(at[0], s->first_us), clock_text(at[1], s->last_us), s->transactions, s->rows);
        else
            buf_put_str(&text, "nothing was written in the window");
        buf_printf(&text, "; offsets %" PRId64 " .. %" PRId64 " of %s%s", scan_start(s->scan), scan_end(s->scan),
                   s->topic,
                   scan_is_purged(s->scan) && scan_starts_at_low(s->scan) ? ", which begins there: purged before" : "");
        report_fact(run->report, s->region->name, buf_cstr(&text));
    }
    buf_free(&text);
}
