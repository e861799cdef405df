/* From Kafka records to transactions in the inbox. */
#include "applier/intake.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "applier/intake_private.h"
#include "common/base/log.h"
#include "common/base/mem.h"
#include "common/binlog/xid.h"
#include "common/model/way_out.h"

/* ---- reading ---- */

/* Once more only when the log's start has moved on since: retention does not wait for readers. */
static int read_from_start(struct intake *in, struct err *err)
{
    int64_t low;
    int64_t high;
    struct err bounds;
    if (kafka_reader_bounds(in->reader, &low, &high, &bounds)) {
        *err = bounds;
        return -1;
    }
    if (low < in->from_low)
        return -1;
    in->from_low = low + 1;
    log_event(MSG_TOPIC_BEGIN, log_str("topic", in->setup.topic), log_detail(err->text));
    /* Beyond the log's end, or before nothing that could have been deleted: the topic is not the one of then. */
    if (low == 0)
        return intake_rejoin(in, err);
    return kafka_reader_seek(in->reader, low, err);
}

/* Said again at each try: the worker, which still has something to do, may have said meanwhile that all is well. */
static void say_unreadable(struct intake *in)
{
    char cause[300];
    (void)snprintf(cause, sizeof cause, "topic %s cannot be read", in->setup.topic);
    status_set(in->setup.status, LINK_RETRYING, cause);
}

int intake_read_next(struct intake *in, struct kafka_record *raw, struct err *err)
{
    int got = kafka_reader_next(in->reader, raw, INTAKE_POLL_MS, err);
    if (got >= 0) {
        if (got > 0 && in->backoff.tries > 0) {
            backoff_reset(&in->backoff);
            log_event(MSG_TOPIC_READABLE, log_str("topic", in->setup.topic));
            status_resume(in->setup.status, LINK_RETRYING);
        }
        return got;
    }
    if (err->class != ERR_RETRY)
        return -1;
    if (in->backoff.tries == 0)
        log_event(MSG_TOPIC_UNREADABLE, log_str("topic", in->setup.topic), log_detail(err->text));
    say_unreadable(in);
    (void)stop_wait(in->setup.stop, backoff_next(&in->backoff));
    return 0;
}

/* The same, and an offset that is not there any more sends the reader to the log's start. */
static int read_raw(struct intake *in, struct kafka_record *raw, struct err *err)
{
    int got = intake_read_next(in, raw, err);
    return got < 0 && err->class == ERR_FATAL && err->code == KAFKA_OUT_OF_RANGE ? read_from_start(in, err) : got;
}

/* ---- handing over ---- */

static int put(struct intake *in, struct txn *t)
{
    beat_rest(in->beat, BEAT_ANY_TIME); /* the router makes room */
    int rc = inbox_put(in->setup.inbox, t);
    beat_on(in->beat);
    if (rc == 0)
        return 0;
    txn_free(&t);
    return -1;
}

void intake_put(struct intake *in, struct txn *t)
{
    (void)put(in, t);
}

void intake_put_abandon(struct intake *in)
{
    struct txn *t = txn_new();
    t->abandon = true;
    intake_put(in, t);
}

/* By the ledger it is in effect already: it only takes its place in the order. */
static void empty_txn(struct txn *t)
{
    t->rows = NULL;
    t->ddl = NULL;
    t->rows_count = t->row_total = t->mark_count = 0;
}

/* As after the record taken last; where none has told it since reading began, it says that nothing is known. */
static void note_cut(struct intake *in, const struct record *rec)
{
    if (rec->cut.n > 0 && span_eq(rec->cut, buf_span(&in->cut_text)))
        return;
    buf_clear(&in->cut_text);
    if (rec->cut.n > 0)
        buf_put_span(&in->cut_text, rec->cut);
    else
        cut_put(&in->stream.cut, &in->cut_text);
}

/* `body`: whose rows it has instead of its own, for an XA COMMIT; else NULL. */
static int hand_over(struct intake *in, const struct record *rec, const struct record *body, int64_t offset,
                     struct err *err)
{
    const struct filter *tables = in->setup.tables;
    struct txn *t = txn_new();
    if (body ? txn_fill_held(t, rec, body, &in->cache, tables, offset + 1, err)
             : txn_fill(t, rec, &in->cache, tables, offset + 1, err)) {
        txn_free(&t);
        return -1;
    }
    if (watermark_has(&in->done, rec->seq))
        empty_txn(t);
    if (t->head.cut.n == 0)
        t->head.cut = arena_copy(&t->arena, buf_span(&in->cut_text));
    if (in->setup.versions)
        versions_note_cut(in->setup.versions, rec->seq, t->head.cut);
    t->held = arena_copy(&t->arena, buf_span(&in->held_text));
    t->anchors = arena_copy(&t->arena, buf_span(&in->anchors_text));
    intake_put(in, t);
    return 0;
}

/* ---- XA: the body comes at PREPARE, and counts at COMMIT ---- */

/* Anchors that do not reach before the oldest body are of no use yet. */
static void put_anchors(struct intake *in)
{
    const struct held *h = &in->held;
    uint64_t *open = xcalloc(h->count + 1, sizeof *open);
    for (size_t i = 0; i < h->count; i++)
        open[i] = h->bodies[i].seq;
    anchors_keep(&in->anchors, open, h->count);
    buf_clear(&in->anchors_text);
    if (anchors_reach(&in->anchors, h->count > 0 ? open[0] : UINT64_MAX))
        anchors_put(&in->anchors, &in->anchors_text);
    free(open);
}

void intake_sets_changed(struct intake *in)
{
    buf_clear(&in->held_text);
    held_put(&in->held, &in->held_text);
    status_held(in->setup.status, in->held.count);
    put_anchors(in);
}

static int take_held(struct intake *in, const struct record *rec, const struct kafka_record *raw, struct err *err)
{
    if (held_note(&in->held, rec, raw->value, raw->offset, err))
        return -1;
    if (!(rec->flags & RECORD_LAST))
        return 0;
    intake_sets_changed(in);
    return hand_over(in, rec, NULL, raw->offset, err);
}

static int no_body(const struct intake *in, const struct held_body *b, int64_t offset, const char *why, struct err *err)
{
    struct buf xid = {0};
    xid_put_text(&xid, buf_span(&b->xid));
    (void)err_stop(err, MSG_STOP_XA_BODY,
                   "XA COMMIT %s at offset %" PRId64 ": its body, prepared as seq %" PRIu64 " from offset %" PRId64
                   " on, is not in the topic any more (%s). To publish it again from the source: " WAY_OUT_REBUILD_OVER,
                   buf_cstr(&xid), offset, b->seq, b->offset, why, in->setup.region);
    buf_free(&xid);
    return -1;
}

static int unknown_xid(const struct record *rec, struct err *err)
{
    struct buf xid = {0};
    xid_put_text(&xid, rec->xid);
    (void)err_stop(err, MSG_STOP_XA_BEFORE,
                   "XA COMMIT %s (seq %" PRIu64 "): it was prepared before the stream or this link began, so its rows "
                   "are not known here: delete the link's row from drc.ledger at the target, start the link anew with "
                   "links[].start: now, then compare and repair with drc-reconcile",
                   buf_cstr(&xid), rec->seq);
    buf_free(&xid);
    return -1;
}

/* Is it a fragment of that body, by the writer whose fragments counted? */
static bool is_of_body(const struct intake *in, const struct held_body *b, const struct record *rec)
{
    return rec->kind == RECORD_DATA && (rec->flags & RECORD_HELD) && rec->seq == b->seq && rec->epoch == b->epoch &&
           rec->instance == b->instance && memcmp(rec->stream, in->stream.uuid, STREAM_UUID_LEN) == 0;
}

/* Fragment by fragment, from where the reader stands; `offset`: of the XA COMMIT. */
static int read_body(struct intake *in, const struct held_body *b, const struct record *end, int64_t offset,
                     struct err *err)
{
    uint32_t due = 0;
    while (!stop_requested(in->setup.stop)) {
        struct kafka_record raw;
        struct record rec;
        int got = intake_read_next(in, &raw, err);
        if (got < 0 && err->code == KAFKA_OUT_OF_RANGE)
            return no_body(in, b, offset, "the topic has been truncated", err);
        if (got < 0 || (got > 0 && record_read(&rec, raw.value, err)))
            return -1;
        if (got > 0 && raw.offset >= offset)
            return no_body(in, b, offset, "fragments are missing", err);
        if (got == 0 || !is_of_body(in, b, &rec) || rec.fragment != due)
            continue;
        if (hand_over(in, end, &rec, offset, err))
            return -1;
        if (rec.flags & RECORD_LAST)
            break;
        due++;
    }
    return 0;
}

static int apply_body(struct intake *in, const struct held_body *b, const struct record *end, int64_t offset,
                      struct err *err)
{
    struct record rec;
    if (b->record.len > 0)
        return record_read(&rec, buf_span(&b->record), err) || hand_over(in, end, &rec, offset, err) ? -1 : 0;
    if (kafka_reader_seek(in->reader, b->offset, err) || read_body(in, b, end, offset, err))
        return -1;
    return kafka_reader_seek(in->reader, offset + 1, err);
}

static int take_xa_end(struct intake *in, const struct record *rec, int64_t offset, struct err *err)
{
    struct held_body body = {0};
    bool commits = (rec->flags & RECORD_COMMIT) && !watermark_has(&in->done, rec->seq);
    bool known = held_take(&in->held, &body, rec->xid);
    if (commits && !known)
        return unknown_xid(rec, err);
    if (known)
        intake_sets_changed(in);
    struct record end = *rec; /* reading the body makes what `rec` points to invalid */
    end.xid = buf_span(&body.xid);
    end.cut = (struct span){0};
    int rc = commits ? apply_body(in, &body, &end, offset, err) : hand_over(in, rec, NULL, offset, err);
    held_body_free(&body);
    return rc;
}

static int take_numbered(struct intake *in, const struct record *rec, const struct kafka_record *raw, struct err *err)
{
    note_cut(in, rec);
    if (rec->kind == RECORD_XA_END)
        return take_xa_end(in, rec, raw->offset, err);
    if (rec->flags & RECORD_HELD)
        return take_held(in, rec, raw, err);
    return hand_over(in, rec, NULL, raw->offset, err);
}

struct txn *intake_note_control(struct intake *in, const struct record *rec, int64_t offset)
{
    if (rec->kind == RECORD_EPOCH)
        return NULL;
    anchors_note(&in->anchors, &in->stream);
    put_anchors(in);
    if (rec->act.n == 0 || rec->epoch <= in->from_epoch) /* in force at the ledger's place: journaled before it */
        return NULL;
    struct txn *t = txn_new();
    txn_fill_act(t, rec, offset + 1);
    t->held = arena_copy(&t->arena, buf_span(&in->held_text));
    t->anchors = arena_copy(&t->arena, buf_span(&in->anchors_text));
    return t;
}

static int take_control(struct intake *in, const struct record *rec, int64_t offset)
{
    struct txn *act = intake_note_control(in, rec, offset);
    if (act)
        intake_put(in, act);
    return 0;
}

/* A record does not follow on what we hold: is it of a topic that was made anew under the same name? */
static int disagrees(struct intake *in, const struct record *rec, struct err *err)
{
    if (memcmp(rec->stream, in->from_stream, STREAM_UUID_LEN) != 0)
        return intake_other_stream(in, err);
    struct err found = *err;
    int rejoined = intake_rejoin_if_rebuilt(in, err);
    if (rejoined == 0)
        (void)err_stop(err, found.id ? found.id : MSG_STOP_RECORDS_MISSING,
                       "%.600s. To go on from the targets' ledgers: " WAY_OUT_REBUILD_OVER, found.text,
                       in->setup.region);
    return rejoined > 0 ? 0 : -1;
}

static int take_record(struct intake *in, const struct kafka_record *raw, struct err *err)
{
    struct record rec;
    enum stream_verdict verdict;
    if (record_read(&rec, raw->value, err))
        return -1;
    if (in->rejoining)
        return intake_rejoin_take(in, &rec, raw, err);
    if (stream_accept(&in->stream, &rec, &verdict, err))
        return disagrees(in, &rec, err);
    if (in->stream.open_dropped)
        intake_put_abandon(in);
    int rc = verdict == STREAM_TAKE      ? take_numbered(in, &rec, raw, err)
             : verdict == STREAM_CONTROL ? take_control(in, &rec, raw->offset)
                                         : 0;
    if (rc == 0)
        status_read(in->setup.status, &in->stream, raw->offset);
    if (rc == 0 && verdict == STREAM_CONTROL && rec.kind == RECORD_HEARTBEAT)
        status_heartbeat(in->setup.status, &rec, raw->timestamp_ms);
    return rc;
}

/* From the ledger's offset, unless the topic has been rebuilt since. */
static int seek_place(struct intake *in, struct err *err)
{
    int rejoined = 0;
    do {
        *err = (struct err){0};
        rejoined = intake_rejoin_if_rebuilt(in, err);
        if (rejoined == 0)
            rejoined = kafka_reader_seek(in->reader, in->offset, err);
        if (rejoined < 0 && err->class == ERR_RETRY) {
            say_unreadable(in);
            (void)stop_wait(in->setup.stop, backoff_next(&in->backoff));
        }
    } while (rejoined < 0 && err->class == ERR_RETRY && !stop_requested(in->setup.stop));
    return rejoined < 0 ? -1 : 0;
}

static void read_on(struct intake *in)
{
    struct err err = {0};
    struct kafka_record raw;
    if (seek_place(in, &err)) {
        (void)err_prefix(&err, "topic %s", in->setup.topic);
        inbox_end(in->setup.inbox, stop_requested(in->setup.stop) ? NULL : &err);
        return;
    }
    if (!stop_requested(in->setup.stop))
        status_reads(in->setup.status);
    while (!stop_requested(in->setup.stop)) {
        beat_on(in->beat);
        int got = read_raw(in, &raw, &err);
        if (got == 0)
            continue;
        if (got > 0 && take_record(in, &raw, &err) == 0)
            continue;
        if (got > 0)
            (void)err_prefix(&err, "topic %s, offset %" PRId64, in->setup.topic, raw.offset);
        log_event(MSG_ENDS_BEFORE, log_detail(err.text));
        inbox_end(in->setup.inbox, &err);
        return;
    }
    inbox_end(in->setup.inbox, NULL);
}

static void *run(void *context)
{
    struct intake *in = context;
    in->beat = pulse_join(in->setup.pulse, "intake");
    read_on(in);
    pulse_leave(in->setup.pulse, &in->beat);
    return NULL;
}

/* ---- starting ---- */

static void free_memory(struct intake *in)
{
    stream_free(&in->stream);
    table_cache_free(&in->cache);
    watermark_free(&in->done);
    held_free(&in->held);
    held_free(&in->expected);
    anchors_free(&in->anchors);
    buf_free(&in->held_text);
    buf_free(&in->anchors_text);
    buf_free(&in->cut_text);
    for (size_t i = 0; i < in->act_count; i++)
        txn_free(&in->acts[i]);
    free(in->acts);
}

/* What the ledger keeps of the stream beside its place. */
static int read_sets(struct intake *in, const struct ledger_state *from, struct err *err)
{
    struct bytes r = bytes_of(buf_span(&from->anchors));
    if (held_read(&in->held, buf_span(&from->held), err))
        return -1;
    anchors_read(&in->anchors, &r);
    if (r.bad)
        return err_fatal(err, EXIT_UNSAFE, "the ledger's anchors are malformed (%zu bytes)", from->anchors.len);
    intake_sets_changed(in);
    return 0;
}

int intake_start(struct intake **out, const struct intake_setup *setup, struct err *err)
{
    const struct ledger_state *from = setup->from;
    struct intake *in = xcalloc(1, sizeof *in);
    in->setup = *setup;
    in->backoff = backoff_make(100, 5000);
    watermark_union(&in->done, &from->done);
    stream_init_at(&in->stream, from->stream, from->epoch, from->instance, from->seq, from->chain);
    memcpy(in->from_stream, from->stream, STREAM_UUID_LEN);
    in->from_epoch = from->epoch;
    in->offset = from->offset;
    if (read_sets(in, from, err))
        goto fail;
    if (kafka_reader_open(&in->reader, setup->kafka, setup->topic, KAFKA_OFFSET_END, err))
        goto fail;
    if (pthread_create(&in->thread, NULL, run, in)) {
        (void)err_retry(err, "no thread to be had for the intake");
        goto fail;
    }
    *out = in;
    return 0;
fail:
    kafka_reader_close(&in->reader);
    free_memory(in);
    free(in);
    return -1;
}

void intake_join(struct intake **in)
{
    if (!*in)
        return;
    (void)pthread_join((*in)->thread, NULL);
    kafka_reader_close(&(*in)->reader);
    free_memory(*in);
    free(*in);
    *in = NULL;
}
