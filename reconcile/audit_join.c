/* Source and topic side by side: both are in the source's order, so that only what one is ahead of the other is held.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/mem.h"
#include "common/base/utf8.h"
#include "reconcile/audit.h"

#define TOLD_MOST 1000u     /* of each fate that is well accounted for */
#define AHEAD_MOST 2000000u /* a topic that is so far ahead of its source is of another one */
#define SLACK_US ((uint64_t)600 * 1000000)

void audit_tell(struct audit *a, const char *fate, const struct gtid *gtid, uint64_t seq, uint64_t commit_us,
                const char *why, bool difference)
{
    char text_gtid[GTID_TEXT_LEN], at[CLOCK_TEXT_LEN];
    struct buf json = {0}, text = {0};
    gtid_text(text_gtid, gtid);
    buf_printf(&json, "\"link\": \"%s\", \"fate\": \"%s\", \"gtid\": \"%s\", \"seq\": %" PRIu64 ", \"at\": ", a->link,
               fate, text_gtid, seq);
    buf_printf(&json, commit_us ? "\"%s\"" : "null", clock_text(at, commit_us));
    buf_put_str(&json, ", \"why\": \"");
    utf8_put_json(&json, span_str(why));
    buf_put_str(&json, "\"");
    buf_printf(&text, "%s %s %s", a->link, fate, gtid->flavor == FLAVOR_NONE ? "(GTID not known)" : text_gtid);
    if (seq > 0)
        buf_printf(&text, " seq %" PRIu64, seq);
    if (commit_us)
        buf_printf(&text, " at %s", at);
    if (*why)
        buf_printf(&text, ": %s", why);
    const struct report_item item = {
        .type = "transaction", .json = buf_span(&json), .text = buf_span(&text), .difference = difference};
    report_item(a->run->report, &item);
    buf_free(&json);
    buf_free(&text);
}

static void tell_missing(struct audit *a, const struct gtid *gtid, uint64_t seq, uint64_t commit_us, const char *why)
{
    a->missing++;
    audit_tell(a, "missing", gtid, seq, commit_us, why, true);
}

/* ---- the topic ---- */

static struct span key_of(const struct gtid *gtid, struct buf *out)
{
    buf_clear(out);
    gtid_put(gtid, out);
    return buf_span(out);
}

static void take_break(struct audit *a, const struct scan_break *b)
{
    uint64_t last = b->before > 0 ? b->before - 1 : 0;
    if (last <= b->after) {
        report_problem(a->run->report, b->why);
        return;
    }
    struct buf key = {0};
    tell_missing(a, &b->missing, last, 0, "it was published, and its record is not in the topic any more");
    *map_ref(&a->ahead, key_of(&b->missing, &key)) = a; /* it is told */
    buf_free(&key);
    if (last == b->after + 1)
        return;
    char *text = xasprintf("topic %s: the records of seq %" PRIu64 " to %" PRIu64 " are missing, too", a->topic,
                           b->after + 1, last - 1);
    report_problem(a->run->report, text);
    free(text);
}

static void check_ledger(struct audit *a, const struct record *rec)
{
    const struct ledger_state *l = &a->target.ledger;
    if (!a->target.has_ledger || rec->seq != l->seq)
        return;
    a->ledger_met = true;
    a->ledger_agrees = rec->chain == l->chain;
}

/* Transactions that are accounted for are told where they change one of --tables; what is missing always is, since
 * nobody knows what it changed. */
static int note_tables(struct audit *a, const struct record *rec, struct err *err)
{
    const struct wishes *w = a->run->wishes;
    struct body_reader body;
    struct rows rows;
    int got = 0;
    if (a->wished_seq != rec->seq)
        a->wished = false;
    a->wished_seq = rec->seq;
    a->wished = a->wished || !w->some_tables || rec->kind != RECORD_DATA;
    if (a->wished || audit_target_fate(&a->target, rec->seq) == AUDIT_APPLIED)
        return 0;
    arena_reset(&a->scratch);
    body_open(&body, rec->body, &a->cache, &a->scratch);
    while (!a->wished && (got = body_next(&body, &rows, err)) > 0)
        a->wished = filter_match(&w->tables, rows.table->db, rows.table->name);
    return got < 0 ? -1 : 0;
}

static int take_transaction(struct audit *a, const struct record *rec, struct err *err)
{
    enum audit_fate fate = audit_target_fate(&a->target, rec->seq);
    struct buf key = {0};
    a->published++;
    a->by_fate[fate]++;
    if (fate != AUDIT_APPLIED && a->wished && a->told[fate]++ < TOLD_MOST)
        audit_tell(a, audit_fate_name(fate), &rec->gtid, rec->seq, rec->commit_us, "", false);
    *map_ref(&a->ahead, key_of(&rec->gtid, &key)) = a;
    buf_free(&key);
    if (a->ahead.count <= AHEAD_MOST)
        return 0;
    return err_fatal(err, EXIT_UNSAFE,
                     "the topic has %u transactions that the source's binlog does not come to: is it of "
                     "another server? What is in the binlog cannot be told from what is missing",
                     AHEAD_MOST);
}

/* One more record. 1, 0: the topic has ended, -1. */
static int read_topic(struct audit *a, struct err *err)
{
    struct scan_step step;
    if (run_stopped(a->run))
        return err_retry(err, "%s", run_end_text(a->run));
    int got = a->topic_ended ? 0 : scan_next(a->scan, &step, err);
    if (got <= 0) {
        a->topic_ended = true;
        return got;
    }
    if (step.broken)
        take_break(a, step.broken);
    if (step.verdict != STREAM_TAKE && step.verdict != STREAM_CONTROL)
        return 1;
    check_ledger(a, &step.rec);
    if (step.verdict == STREAM_TAKE && note_tables(a, &step.rec, err))
        return -1;
    if (step.verdict == STREAM_TAKE && (step.rec.flags & RECORD_LAST))
        return take_transaction(a, &step.rec, err) ? -1 : 1;
    return 1;
}

static void put_uuid(struct buf *out, const uint8_t uuid[STREAM_UUID_LEN])
{
    buf_put_hex(out, span_of(uuid, STREAM_UUID_LEN));
}

/* A topic that was made anew holds another stream: what the ledger says is not about it. */
static void check_stream(struct audit *a)
{
    const struct stream *s = scan_stream(a->scan);
    struct ledger_state *l = &a->target.ledger;
    struct buf why = {0};
    if (!a->target.has_ledger || memcmp(l->stream, s->uuid, STREAM_UUID_LEN) == 0)
        return;
    buf_printf(&why, "the ledger at %s is of stream ", a->to->name);
    put_uuid(&why, l->stream);
    buf_put_str(&why, ", the topic holds stream ");
    put_uuid(&why, s->uuid);
    buf_put_str(&why, ": the topic was made anew, or the ledger is of another one; of the former stream nothing can be "
                      "accounted for");
    audit_tell(a, "ledger_differs", &(struct gtid){0}, l->seq, l->commit_us, buf_cstr(&why), true);
    buf_free(&why);
    audit_target_forget(&a->target);
}

/* What the topic no longer holds is accounted for by the ledger alone. `base`: the last seq before its first record. */
static void check_beginning(struct audit *a, uint64_t base)
{
    const struct watermark *done = &a->target.ledger.done;
    uint64_t count = base > done->low ? base - done->low : 0;
    if (!a->target.has_ledger || !scan_starts_at_low(a->scan))
        return;
    for (size_t i = 0; i < done->count && done->ranges[i].first <= base; i++)
        count -= (done->ranges[i].last < base ? done->ranges[i].last : base) - done->ranges[i].first + 1;
    if (count == 0)
        return;
    char *why =
        xasprintf("%" PRIu64 " transactions of seq %" PRIu64 " to %" PRIu64 " were published, are not in effect at "
                  "%s, and are not in the topic any more",
                  count, done->low + 1, base, a->to->name);
    a->missing += count - 1;
    tell_missing(a, &(struct gtid){0}, base, 0, why);
    free(why);
}

static int say_empty(const struct audit *a, struct err *err)
{
    const struct ledger_state *l = &a->target.ledger;
    if (!a->target.has_ledger || l->seq == 0)
        return err_retry(err, "topic %s holds no stream yet", a->topic);
    return err_fatal(
        err, EXIT_UNSAFE,
        "topic %s holds nothing by which its stream is known, while the ledger at %s has taken it up to seq "
        "%" PRIu64 " (%s): the topic was made anew, or its retention has emptied it; what was published "
        "behind that is lost, or never was",
        a->topic, a->to->name, l->seq, l->gtid);
}

int audit_begin(struct audit *a, struct err *err)
{
    struct scan_step step;
    bool first = true;
    int got = a->since_us ? (scan_from_time(a->scan, a->since_us, SLACK_US, err) ? -1 : 1) : 1;
    while (got > 0 && a->start.flavor == FLAVOR_NONE && (got = scan_next(a->scan, &step, err)) > 0) {
        if (run_stopped(a->run))
            return err_retry(err, "%s", run_end_text(a->run));
        if (step.broken)
            take_break(a, step.broken);
        if (first && (step.verdict == STREAM_CONTROL || step.verdict == STREAM_TAKE)) {
            check_stream(a);
            check_beginning(a, step.verdict == STREAM_CONTROL ? step.rec.seq : step.rec.prev_seq);
            first = false;
        }
        if (step.verdict == STREAM_CONTROL)
            position_copy(&a->start, &scan_stream(a->scan)->position);
        check_ledger(a, &step.rec);
    }
    if (got == 0 && a->start.flavor == FLAVOR_NONE)
        return say_empty(a, err);
    return got < 0 ? -1 : 0;
}

/* ---- the source ---- */

static void tell_unpublished(struct audit *a, const struct history_step *step)
{
    a->unpublished++;
    if (a->unpublished <= TOLD_MOST)
        audit_tell(a, "not_published_yet", &step->gtid, 0, step->commit_us, "capture has not come there", false);
}

/* A group that capture publishes: the topic has it, or has gone past it. */
static int find_published(struct audit *a, const struct history_step *step, struct err *err)
{
    struct buf key = {0};
    int got = 1;
    bool found = false;
    while (got > 0 && !(found = map_get(&a->ahead, key_of(&step->gtid, &key)) != NULL) &&
           !position_has(&scan_stream(a->scan)->position, &step->gtid))
        got = read_topic(a, err);
    if (found)
        *map_ref(&a->ahead, key_of(&step->gtid, &key)) = NULL;
    else if (got > 0)
        tell_missing(a, &step->gtid, 0, step->commit_us,
                     "it is in the source's binlog, changes the pair's tables, and the topic has gone past it");
    else if (got == 0)
        tell_unpublished(a, step);
    buf_free(&key);
    return got < 0 ? -1 : 0;
}

static int read_source(struct audit *a, struct history *h, struct err *err)
{
    struct history_step step;
    int got;
    while ((got = history_next(h, &step, err)) > 0) {
        if (run_stopped(a->run))
            return err_retry(err, "%s", run_end_text(a->run));
        if (step.kind != HISTORY_GROUP)
            continue;
        a->by_history[step.fate]++;
        if (step.fate == HISTORY_PUBLISHED && find_published(a, &step, err))
            return -1;
    }
    return got;
}

/* What the topic has, and the source has not come to: its binlog has lost it, or it was never read so far. */
static void tell_left(struct audit *a)
{
    struct span key;
    void *value;
    size_t i = 0;
    uint64_t told = 0;
    while (a->until.flavor != FLAVOR_NONE && map_next(&a->ahead, &i, &key, &value)) {
        struct bytes r = bytes_of(key);
        struct gtid gtid;
        gtid_read(&gtid, &r);
        if (value && !r.bad && !position_has(&a->until, &gtid) && told++ < TOLD_MOST)
            audit_tell(a, "only_in_topic", &gtid, 0, 0,
                       "it was published, and the source does not have it: the source has "
                       "lost it, or has been restored",
                       true);
    }
}

static void tell_ledger(struct audit *a)
{
    const struct ledger_state *l = &a->target.ledger;
    const struct stream *s = scan_stream(a->scan);
    struct gtid gtid = {0};
    if (a->target.other_stream)
        return; /* it is told */
    if (!a->target.has_ledger) {
        char *text = xasprintf(
            "the ledger at %s has no row for the link %s: its applier never ran, or the row is gone; nothing of "
            "what was published is known to be in effect",
            a->to->name, a->link);
        report_problem(a->run->report, text);
        free(text);
        return;
    }
    if (gtid_parse(&gtid, s->gtid.flavor == FLAVOR_MYSQL ? FLAVOR_MYSQL : FLAVOR_MARIADB, span_str(l->gtid), NULL))
        gtid = (struct gtid){0};
    if (l->seq > s->seq || watermark_high(&l->done) > s->seq)
        audit_tell(
            a, "ledger_ahead", &gtid, watermark_high(&l->done), l->commit_us,
            "the target's ledger says that more is in effect than was ever published: it was changed by hand, or the "
            "topic has lost its end",
            true);
    else if (a->ledger_met && !a->ledger_agrees)
        audit_tell(a, "ledger_differs", &gtid, l->seq, l->commit_us,
                   "the target's ledger tells another history than the topic: it was changed by hand, or is of another "
                   "stream",
                   true);
}

int audit_join(struct audit *a, struct history *h, struct err *err)
{
    int got = h ? read_source(a, h, err) : 0;
    while (got == 0 && !a->topic_ended)
        got = read_topic(a, err) < 0 ? -1 : 0;
    if (got < 0)
        return -1;
    if (h)
        tell_left(a);
    tell_ledger(a);
    return 0;
}
