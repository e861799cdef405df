/* Finding the ledger's place by its seq: in a topic that was rebuilt, offsets begin anew.
 *
 * Seq and chain decide. The log is read from its start, as by one who holds nothing, up to the ledger's seq; there the
 * chain, which names the whole history, must be the ledger's. On the way the bodies of prepared XA transactions are
 * noted again, since those of the former topic are gone. */
#include <inttypes.h>
#include <stdlib.h>

#include "applier/intake_private.h"
#include "applier/txn.h"
#include "common/base/log.h"
#include "common/base/mem.h"
#include "common/model/act.h"
#include "common/model/way_out.h"

#define PEEK 8 /* records from the log's start among which a rebuilt topic says so */

int intake_rejoin(struct intake *in, struct err *err)
{
    int64_t low;
    int64_t high;
    if (kafka_reader_bounds(in->reader, &low, &high, err) || kafka_reader_seek(in->reader, low, err))
        return -1;
    in->goal_seq = in->stream.seq;
    in->goal_chain = in->stream.chain;
    if (in->stream.epoch > in->from_epoch)
        in->from_epoch = in->stream.epoch;
    if (in->stream.open_seq > 0)
        intake_put_abandon(in);
    log_event(MSG_REJOIN_SEEKS, log_str("topic", in->setup.topic), log_u64("seq", in->goal_seq),
              log_i64("offset", low));
    stream_free(&in->stream);
    stream_init(&in->stream, false);
    held_free(&in->expected);
    in->expected = in->held;
    in->held = (struct held){0};
    anchors_free(&in->anchors);
    in->rejoining = true;
    return 0;
}

static bool says_rebuilt(const struct intake *in, const struct record *rec)
{
    struct bytes r = bytes_of(rec->act);
    struct act act;
    if (rec->kind != RECORD_RESUME || rec->act.n == 0 || rec->epoch <= in->stream.epoch ||
        memcmp(rec->stream, in->from_stream, STREAM_UUID_LEN) != 0)
        return false;
    act_read(&act, &r);
    return !r.bad && span_is(act.kind, ACT_REBUILD);
}

/* Do the log's first records say that it was rebuilt for our stream, and since? */
static int peek(struct intake *in, bool *rebuilt, struct err *err)
{
    struct kafka_record raw;
    struct record rec;
    int64_t low;
    int64_t high;
    *rebuilt = false;
    if (kafka_reader_bounds(in->reader, &low, &high, err) || kafka_reader_seek(in->reader, low, err))
        return -1;
    for (int64_t at = low; at < high && at < low + PEEK && !*rebuilt && !stop_requested(in->setup.stop);) {
        int got = intake_read_next(in, &raw, err);
        if (got < 0 || (got > 0 && record_read(&rec, raw.value, err)))
            return -1;
        if (got > 0) {
            at = raw.offset + 1;
            *rebuilt = says_rebuilt(in, &rec);
        }
    }
    return 0;
}

int intake_rejoin_if_rebuilt(struct intake *in, struct err *err)
{
    bool rebuilt;
    if (peek(in, &rebuilt, err))
        return -1;
    if (!rebuilt)
        return 0;
    return intake_rejoin(in, err) ? -1 : 1;
}

/* ---- on the way ---- */

int intake_other_stream(const struct intake *in, struct err *err)
{
    return err_stop(
        err, MSG_STOP_OTHER_STREAM,
        "another stream than the ledger's: the topic was made anew, or holds two sources. To go on with the "
        "former one from the targets' ledgers: " WAY_OUT_REBUILD_OVER,
        in->setup.region);
}

static int check_base(const struct intake *in, struct err *err)
{
    const struct stream *s = &in->stream;
    if (memcmp(s->uuid, in->from_stream, STREAM_UUID_LEN) != 0)
        return intake_other_stream(in, err);
    if (s->seq > in->goal_seq)
        return err_stop(err, MSG_STOP_RECORDS_MISSING,
                        "records are missing: what can be read of the topic begins after seq %" PRIu64
                        ", this link has come to %" PRIu64,
                        s->seq, in->goal_seq);
    return 0;
}

static int note_held(struct intake *in, const struct record *rec, const struct kafka_record *raw, struct err *err)
{
    struct held_body body;
    if (rec->kind == RECORD_XA_END && held_take(&in->held, &body, rec->xid))
        held_body_free(&body);
    return rec->flags & RECORD_HELD && rec->kind == RECORD_DATA
               ? held_note(&in->held, rec, raw->value, raw->offset, err)
               : 0;
}

static void keep_act(struct intake *in, struct txn *t)
{
    in->acts = xreallocarray(in->acts, in->act_count + 1, sizeof *in->acts);
    in->acts[in->act_count++] = t;
}

/* ---- there ---- */

static int check_held(const struct intake *in, struct err *err)
{
    bool same = in->held.count == in->expected.count;
    for (size_t i = 0; same && i < in->held.count; i++)
        same = in->held.bodies[i].seq == in->expected.bodies[i].seq &&
               span_eq(buf_span(&in->held.bodies[i].xid), buf_span(&in->expected.bodies[i].xid));
    if (same)
        return 0;
    return err_fatal(err, EXIT_UNSAFE,
                     "at seq %" PRIu64 " the topic holds %zu bodies of prepared XA transactions, the link knows %zu "
                     "others: what was prepared before the topic's beginning is not in it",
                     in->goal_seq, in->held.count, in->expected.count);
}

static int arrive(struct intake *in, int64_t next_offset, struct err *err)
{
    if (in->stream.chain != in->goal_chain)
        return err_stop(err, MSG_STOP_OTHER_HISTORY,
                        "another history: at seq %" PRIu64 " the topic has chain %016" PRIx64
                        ", the ledger %016" PRIx64,
                        in->goal_seq, in->stream.chain, in->goal_chain);
    if (check_held(in, err))
        return -1;
    in->rejoining = false;
    held_free(&in->expected);
    intake_sets_changed(in);
    log_event(MSG_REJOINED, log_str("topic", in->setup.topic), log_u64("seq", in->goal_seq),
              log_i64("before_offset", next_offset));
    for (size_t i = 0; i < in->act_count; i++) {
        struct txn *t = in->acts[i];
        /* The ledger goes on from here by them: what is in force here, not what was when they were written. */
        t->head.seq = in->goal_seq;
        t->head.chain = in->goal_chain;
        t->head.epoch = in->stream.epoch;
        t->head.instance = in->stream.instance;
        t->head.gtid = in->stream.gtid;
        t->held = arena_copy(&t->arena, buf_span(&in->held_text));
        t->anchors = arena_copy(&t->arena, buf_span(&in->anchors_text));
        t->next_offset = next_offset;
        intake_put(in, t);
    }
    in->act_count = 0;
    return 0;
}

int intake_rejoin_take(struct intake *in, const struct record *rec, const struct kafka_record *raw, struct err *err)
{
    enum stream_verdict verdict;
    bool was_based = in->stream.based;
    if (stream_accept(&in->stream, rec, &verdict, err) || (in->stream.based && !was_based && check_base(in, err)))
        return -1;
    if (verdict == STREAM_TAKE && note_held(in, rec, raw, err))
        return -1;
    struct txn *act = verdict == STREAM_CONTROL ? intake_note_control(in, rec, raw->offset) : NULL;
    if (act)
        keep_act(in, act);
    return in->stream.based && in->stream.resumed && in->stream.seq == in->goal_seq ? arrive(in, raw->offset + 1, err)
                                                                                    : 0;
}
