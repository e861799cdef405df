/* First start: from the topic's beginning, from its end, or after the transactions that a copy of the source holds. */
#include "applier/start.h"

#include <inttypes.h>
#include <string.h>

#include "applier/held.h"
#include "common/link/kafka.h"
#include "common/model/stream.h"
#include "common/target/anchors.h"
#include "common/target/tail.h"

#define READ_TIMEOUT_MS 10000 /* the broker says that records are there, and they do not come */

/* A walk over the topic from its first record. */
struct walk {
    struct kafka_reader *reader;
    struct stream stream;
    struct held held;  /* XA transactions prepared and undecided here */
    struct record rec; /* read last */
    enum stream_verdict verdict;
    int64_t low;
    int64_t high;
    int64_t next; /* after the record read last */
    const char *topic;
};

static int walk_open(struct walk *w, const struct kafka_config *kafka, const char *topic, struct err *err)
{
    struct kafka_topic_facts facts;
    *w = (struct walk){.topic = topic};
    if (kafka_topic_check(&facts, kafka, topic, err))
        return -1;
    if (!facts.exists)
        return err_retry(err, "topic %s is not there yet: does its capture run?", topic);
    if (facts.high == facts.low)
        return err_retry(err, "topic %s is empty yet: does its capture run?", topic);
    w->low = w->next = facts.low;
    w->high = facts.high;
    stream_init(&w->stream, facts.low == 0);
    return kafka_reader_open(&w->reader, kafka, topic, facts.low, err);
}

static void walk_close(struct walk *w)
{
    kafka_reader_close(&w->reader);
    stream_free(&w->stream);
    held_free(&w->held);
}

/* 1: one more record; 0: that was all; -1: error. */
static int walk_next(struct walk *w, const struct stop *stop, struct err *err)
{
    struct kafka_record raw;
    if (w->next >= w->high)
        return 0;
    if (stop_requested(stop))
        return err_retry(err, "stopped while looking for the start");
    int got = kafka_reader_next(w->reader, &raw, READ_TIMEOUT_MS, err);
    if (got == 0)
        return err_retry(err, "topic %s: no record from offset %" PRId64 " on within %d s", w->topic, w->next,
                         READ_TIMEOUT_MS / 1000);
    if (got < 0)
        return -1;
    w->next = raw.offset + 1;
    if (record_read(&w->rec, raw.value, err) || stream_accept(&w->stream, &w->rec, &w->verdict, err))
        return err_prefix(err, "topic %s, offset %" PRId64, w->topic, raw.offset);
    return 1;
}

/* On to the resume record of the first epoch that counts. */
static int walk_to_base(struct walk *w, const struct stop *stop, struct err *err)
{
    int more = 1;
    while (!w->stream.resumed && (more = walk_next(w, stop, err)) > 0)
        ;
    if (more == 0)
        return err_retry(err, "topic %s holds no stream yet: does its capture run?", w->topic);
    return more < 0 ? -1 : 0;
}

static void state_of(struct ledger_state *out, const struct stream *s, int64_t offset)
{
    memcpy(out->stream, s->uuid, sizeof out->stream);
    out->seq = s->seq;
    out->chain = s->chain;
    out->offset = offset;
    out->epoch = s->epoch;
    out->instance = s->instance;
    out->commit_us = s->commit_us;
    (void)gtid_text(out->gtid, &s->gtid);
}

/* From there the source can be read again, before the link has passed any control record itself. */
static void put_anchor(struct ledger_state *out, const struct stream *s)
{
    struct anchors anchors = {0};
    anchors_note(&anchors, s);
    anchors_put(&anchors, &out->anchors);
    anchors_free(&anchors);
}

/* ---- beginning ---- */

static int from_beginning(struct ledger_state *out, struct walk *w, const struct stop *stop, struct err *err)
{
    if (w->low > 0)
        return err_stop(
            err, MSG_STOP_BEGINS_LATE,
            "links[].start is `beginning`, but topic %s no longer holds its beginning (first offset %" PRId64
            "): copy the source's data, then start from the copy's gtid",
            w->topic, w->low);
    if (walk_to_base(w, stop, err))
        return -1;
    if (w->stream.seq > 0)
        return err_stop(err, MSG_STOP_BEGINS_LATE,
                        "links[].start is `beginning`, but topic %s was rebuilt and begins after seq %" PRIu64
                        ": copy the source's data, then start from the copy's gtid",
                        w->topic, w->stream.seq);
    state_of(out, &w->stream, 0);
    put_anchor(out, &w->stream);
    /* No epoch is in force before the first one is read (again). */
    out->epoch = out->instance = out->chain = 0;
    return 0;
}

/* ---- after a GTID ---- */

/* One complete transaction that the walk has just passed: is it in the copy already? */
static void note_done(struct ledger_state *out, const struct walk *w, const struct position *copy)
{
    const struct record *rec = &w->rec;
    if (w->verdict != STREAM_TAKE || !(rec->flags & RECORD_LAST) || !position_has(copy, &rec->gtid))
        return;
    (void)watermark_add(&out->done, rec->seq, rec->seq);
    if (out->done.low != rec->seq)
        return;
    state_of(out, &w->stream, w->next);
    buf_clear(&out->held);
    held_put(&w->held, &out->held);
}

/* A copy holds nothing of a transaction that was only prepared when it was made. */
static int note_held(struct walk *w, struct err *err)
{
    struct held_body body;
    if (w->verdict != STREAM_TAKE)
        return 0;
    if (w->rec.kind == RECORD_XA_END && held_take(&w->held, &body, w->rec.xid))
        held_body_free(&body);
    if (!(w->rec.flags & RECORD_HELD))
        return 0;
    return held_note(&w->held, &w->rec, (struct span){0}, w->next - 1, err);
}

static int after_position(struct ledger_state *out, struct walk *w, const struct position *copy,
                          const struct stop *stop, struct err *err)
{
    if (walk_to_base(w, stop, err))
        return -1;
    if (!position_covers(copy, &w->stream.position))
        return err_stop(err, MSG_STOP_BEGINS_LATE,
                        "topic %s begins after links[].start.gtid: transactions between them are nowhere", w->topic);
    out->done.low = w->stream.seq;
    state_of(out, &w->stream, w->next);
    put_anchor(out, &w->stream);
    while (!position_covers(&w->stream.position, copy)) {
        int more = walk_next(w, stop, err);
        if (more < 0)
            return -1;
        if (more == 0)
            return err_retry(err, "topic %s has not come to links[].start.gtid yet", w->topic);
        if (note_held(w, err))
            return -1;
        note_done(out, w, copy);
    }
    return 0;
}

static int after_gtid(struct ledger_state *out, struct walk *w, const char *gtid, const struct stop *stop,
                      struct err *err)
{
    struct position copy = {0};
    enum flavor flavor = strchr(gtid, ':') ? FLAVOR_MYSQL : FLAVOR_MARIADB;
    if (position_parse(&copy, flavor, span_str(gtid), err))
        return err_prefix(err, "links[].start.gtid");
    int rc = after_position(out, w, &copy, stop, err);
    position_free(&copy);
    return rc;
}

/* ---- now ---- */

static int from_now(struct ledger_state *out, const struct kafka_config *kafka, const char *topic, struct err *err)
{
    struct tail *tail = NULL;
    int rc = tail_open(&tail, kafka, topic, 0, err);
    if (rc == 0 && !tail->stream.based)
        rc = err_retry(err, "topic %s holds no stream yet: does its capture run?", topic);
    /* The hint may not lie among fragments of a transaction that is not complete; then the search is from the start. */
    if (rc == 0)
        state_of(out, &tail->stream, tail->stream.open_seq ? 0 : tail->next);
    if (rc == 0) {
        out->done.low = tail->stream.seq;
        put_anchor(out, &tail->stream);
    }
    tail_close(&tail);
    return rc;
}

int start_find(struct ledger_state *out, const struct kafka_config *kafka, const char *topic,
               const struct start_config *start, const struct stop *stop, struct err *err)
{
    struct walk w;
    *out = (struct ledger_state){0};
    if (start->kind == START_NOW)
        return from_now(out, kafka, topic, err);
    int rc = walk_open(&w, kafka, topic, err);
    if (rc == 0 && start->kind == START_BEGINNING)
        rc = from_beginning(out, &w, stop, err);
    else if (rc == 0)
        rc = after_gtid(out, &w, start->gtid, stop, err);
    walk_close(&w);
    if (rc)
        ledger_state_free(out);
    return rc;
}

int start_oldest(struct ledger_state *out, const struct kafka_config *kafka, const char *topic, const struct stop *stop,
                 struct err *err)
{
    struct walk w;
    *out = (struct ledger_state){0};
    int rc = walk_open(&w, kafka, topic, err);
    if (rc == 0)
        rc = walk_to_base(&w, stop, err);
    if (rc == 0) {
        out->done.low = w.stream.seq;
        state_of(out, &w.stream, w.next);
        put_anchor(out, &w.stream);
    }
    walk_close(&w);
    return rc;
}

#ifdef DRC_FAULT_NO_DEDUPE
enum { FORGOTTEN_RECORDS = 50 };

/* 1: the first record of a transaction of the epoch in force, from `at` on and before `end`; 0: none; -1: error. */
static int find_first(struct kafka_reader *reader, struct record *rec, int64_t *at, int64_t end, uint64_t epoch,
                      struct err *err)
{
    for (;; (*at)++) {
        struct kafka_record raw;
        if (*at >= end)
            return 0;
        int got = kafka_reader_next(reader, &raw, READ_TIMEOUT_MS, err);
        if (got < 0 || (got > 0 && record_read(rec, raw.value, err)))
            return -1;
        if (got == 0 || raw.offset >= end)
            return 0;
        *at = raw.offset;
        if (rec->kind == RECORD_DATA && (rec->flags & RECORD_FIRST) && rec->epoch == epoch)
            return 1;
    }
}

int start_forget_some(struct ledger_state *state, const struct kafka_config *kafka, const char *topic, struct err *err)
{
    struct kafka_reader *reader = NULL;
    struct record rec;
    int64_t low;
    int64_t high;
    int64_t at = state->offset - FORGOTTEN_RECORDS;
    if (at < 1)
        return 0;
    if (kafka_reader_open(&reader, kafka, topic, at, err))
        return -1;
    int found = kafka_reader_bounds(reader, &low, &high, err);
    if (found == 0 && at >= low && state->offset <= high)
        found = find_first(reader, &rec, &at, state->offset, state->epoch, err);
    if (found > 0) {
        watermark_free(&state->done);
        state->seq = state->done.low = rec.prev_seq;
        state->chain = rec.prev_chain;
        state->offset = at;
    }
    kafka_reader_close(&reader);
    return found < 0 ? -1 : 0;
}
#endif
