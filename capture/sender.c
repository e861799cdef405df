/* The sender: puts parcels into the topic and follows the offsets of their acks.
 *
 * Every ack's offset must be the one after the last. Where it is not, somebody else wrote into the topic (or librdkafka
 * repeated a batch after a leader change, or the broker did not say): then everything in flight is waited for, and the
 * topic is read from the last sure offset on, to see whether another instance has announced itself. The same question
 * is answered by the offsets alone when this instance begins its next epoch: if its epoch record comes right after its
 * last record, nobody wrote between, and no reading back is needed. */
#include "capture/sender.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "capture/promises.h"
#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/base/mem.h"
#include "common/model/way_out.h"
#include "common/stream/headers.h"
#include "common/stream/readback.h"

#define POP_MS 10
#define ACK_MS 1
/* Parcels go to librdkafka in flights that make one request each, the next when the last is acknowledged: an idempotent
 * producer of librdkafka 2.0 counts records, not requests, against the five that it may have in flight, and while it
 * holds records that it may not send yet its thread spins instead of waiting. So the next flight is put meanwhile, but
 * not sent: large flights under load, single records without. */
#define FLIGHT_BYTES 960000u
#define RECORD_OVERHEAD 128u /* headers and Kafka's own bytes */
#define TAKE_PARCELS 256u
#define TAKE_BYTES 262144u
#define SEND_AGAIN_MS 10u
#define STATUS_EVERY_MS 50u
#define STALL_MS 10000u /* without an ack, before it is said */
#define STALL_SAY_EVERY_MS 30000u
#define GOODBYE_MS 2000u /* for the last acks */

/* Parcels out of the queue that are not put yet. */
struct taken {
    void *parcels[TAKE_PARCELS];
    size_t count;
    size_t next;
};

struct sender {
    struct sender_options options;
    struct kafka_writer *writer;
    struct queue *queue; /* that sender_run takes from */
    struct beat *beat;
    struct taken taken;
    uint64_t epoch; /* of the last epoch record put */
    uint64_t instance;
    int64_t next; /* offset that the next ack should have; -1: not known */
    int64_t sure; /* all records before this offset are accounted for */
    bool doubt;
    int64_t last_offset;   /* of the last ack; -1: the broker did not say */
    struct parcel *oldest; /* of those put and not acknowledged: librdkafka reads their bytes */
    struct parcel *newest;
    uint64_t acked_seq;
    uint64_t put_records;
    uint64_t sent_records; /* of those put: all before the flight that is being put */
    uint64_t acked_records;
    size_t flight_bytes; /* of the flight that is being put */
    uint64_t sent_ms;
    struct promises promises;
    uint64_t ack_ms; /* when the last ack came, or when there was nothing to wait for */
    uint64_t said_ms;
    uint64_t status_ms;
};

static void hold(struct sender *s, struct parcel *p)
{
    p->prev = s->newest;
    p->next = NULL;
    *(s->newest ? &s->newest->next : &s->oldest) = p;
    s->newest = p;
}

static void let_go(struct sender *s, struct parcel *p)
{
    *(p->prev ? &p->prev->next : &s->oldest) = p->next;
    *(p->next ? &p->next->prev : &s->newest) = p->prev;
    parcel_free(p);
}

static void on_ack(void *context, int64_t offset, void *tag)
{
    struct sender *s = context;
    struct parcel *p = tag;
    if (p->completes && p->seq > s->acked_seq)
        s->acked_seq = p->seq;
    if (p->kind == RECORD_HEARTBEAT)
        status_acknowledged(s->options.status, clock_mono_us() - p->made_us);
    let_go(s, p);
    s->acked_records++;
    s->ack_ms = clock_mono_ms();
    s->last_offset = offset;
    if (offset < 0 || (s->next >= 0 && offset != s->next))
        s->doubt = true;
    s->next = offset < 0 ? -1 : offset + 1;
    if (!s->doubt)
        s->sure = s->next;
}

int sender_open(struct sender **out, const struct sender_options *options, struct err *err)
{
    struct sender *s = xcalloc(1, sizeof *s);
    *out = NULL;
    s->options = *options;
    s->next = -1;
    if (kafka_writer_open(&s->writer, options->kafka, options->topic, on_ack, s, err) != 0) {
        free(s);
        return -1;
    }
    *out = s;
    return 0;
}

void sender_close(struct sender **s)
{
    if (!*s)
        return;
    kafka_writer_close(&(*s)->writer);
    while ((*s)->oldest)
        let_go(*s, (*s)->oldest);
    while ((*s)->taken.next < (*s)->taken.count)
        parcel_free((*s)->taken.parcels[(*s)->taken.next++]);
    promises_free(&(*s)->promises);
    free(*s);
    *s = NULL;
}

size_t sender_max_bytes(const struct sender *s)
{
    return kafka_writer_max_bytes(s->writer);
}

/* ---- watching ---- */

static void say_stall(struct sender *s)
{
    uint64_t now = clock_mono_ms();
    if (kafka_writer_in_flight(s->writer) == 0 || now - s->ack_ms < STALL_MS) {
        if (s->said_ms > 0)
            status_state(s->options.status, "running", "streaming");
        s->said_ms = 0;
        return;
    }
    if (s->said_ms > 0 && now - s->said_ms < STALL_SAY_EVERY_MS)
        return;
    s->said_ms = now;
    status_state(s->options.status, "retrying", "waiting for Kafka");
    log_event(MSG_KAFKA_NO_ACK, log_str("topic", s->options.topic), log_detail(kafka_writer_trouble(s->writer)),
              log_u64("seconds", (now - s->ack_ms) / 1000), log_u64("in_flight", kafka_writer_in_flight(s->writer)));
}

static void show(struct sender *s, bool now)
{
    uint64_t ms = clock_mono_ms();
    if (!now && ms - s->status_ms < STATUS_EVERY_MS)
        return;
    s->status_ms = ms;
    say_stall(s);
    if (s->queue)
        status_queue(s->options.status, queue_items(s->queue), queue_bytes(s->queue), queue_is_full(s->queue));
    status_sender(s->options.status, s->acked_seq, s->acked_records, s->last_offset, kafka_writer_in_flight(s->writer));
}

/* While an offset is in doubt nothing is promised: a newer instance may have made our records void. */
static void keep_promises(struct sender *s)
{
    const struct promise *due = s->doubt ? NULL : promises_keep(&s->promises, s->acked_records);
    if (due)
        s->options.safe(s->options.context, due->file, due->offset);
}

/* ---- putting ---- */

static bool waits_for_acks(const struct sender *s)
{
    return s->acked_records < s->sent_records;
}

/* What was put goes on its way. */
static int send_flight(struct sender *s, int wait_ms, struct err *err)
{
    s->sent_records = s->put_records;
    s->sent_ms = clock_mono_ms();
    s->flight_bytes = 0;
    return kafka_writer_send(s->writer, wait_ms, err);
}

/* Takes the parcel over. */
static int put(struct sender *s, struct parcel *p, struct err *err)
{
    struct stream_headers headers;
    size_t count = stream_headers_fill(&headers, p->kind, p->epoch, p->seq, &p->gtid);
    int rc;
    if (kafka_writer_in_flight(s->writer) == 0)
        s->ack_ms = clock_mono_ms();
    hold(s, p);
    while ((rc = kafka_writer_put(s->writer, buf_span(&p->bytes), headers.list, count, p, err)) == 1) {
        keep_promises(s);
        show(s, false);
        if (stop_requested(s->options.stop))
            return err_retry(err, "stopped while waiting for room in the producer's queue");
    }
    if (rc == 0) {
        s->put_records++;
        s->flight_bytes += p->bytes.len + RECORD_OVERHEAD;
    }
    return rc;
}

/* Until nothing is in flight; for at most `limit_ms` (0: for ever), or until the stop. */
static int drain(struct sender *s, uint64_t limit_ms, struct err *err)
{
    uint64_t deadline = clock_mono_ms() + limit_ms;
    while (kafka_writer_in_flight(s->writer) > 0) {
        if (send_flight(s, 20, err) != 0)
            return -1;
        keep_promises(s);
        show(s, false);
        if (limit_ms > 0 ? clock_mono_ms() > deadline : stop_requested(s->options.stop))
            return err_retry(err, "stopped with %zu records in flight", kafka_writer_in_flight(s->writer));
    }
    return 0;
}

static int look_for_rival(struct sender *s, struct kafka_reader *reader, struct err *err)
{
    struct readback rb = {
        .reader = reader, .topic = s->options.topic, .region = s->options.region, .stop = s->options.stop};
    int64_t low, high;
    uint64_t rival;
    if (kafka_reader_bounds(reader, &low, &high, err) != 0)
        return -1;
    if (s->sure < low || s->sure > high)
        return err_stop(err, MSG_STOP_TOPIC_RECREATED,
                        "topic %s was recreated or truncated while it was written to: offset %" PRId64
                        " was acknowledged, it now holds %" PRId64 " to %" PRId64
                        ". To go on from the targets' ledgers: " WAY_OUT_REBUILD_OVER,
                        s->options.topic, s->sure, low, high, s->options.region);
    if (readback_rival(&rb, &rival, s->sure, high, s->epoch, s->instance, err) != 0)
        return -1;
    if (rival > 0)
        return err_stop(err, MSG_STOP_CAPTURE_FENCED,
                        "fenced by a newer instance: epoch %" PRIu64 " was announced in topic %s, ours was %" PRIu64,
                        rival, s->options.topic, s->epoch);
    log_event(MSG_STRANGE_OFFSETS, log_str("topic", s->options.topic), log_i64("from", s->sure), log_i64("to", high));
    s->sure = high;
    s->next = high;
    s->doubt = false;
    return 0;
}

/* With an offset in doubt: is the stream still ours? */
static int settle(struct sender *s, struct err *err)
{
    struct kafka_reader *reader = NULL;
    if (!s->doubt)
        return 0;
    if (drain(s, 0, err) != 0)
        return -1;
    int rc = kafka_reader_open(&reader, s->options.kafka, s->options.topic, s->sure, err);
    if (rc == 0)
        rc = look_for_rival(s, reader, err);
    kafka_reader_close(&reader);
    return rc;
}

/* ---- what the session calls ---- */

int sender_announce(struct sender *s, int64_t *offset, const struct record *rec, struct err *err)
{
    struct parcel *p = parcel_new(rec);
    s->epoch = rec->epoch;
    s->instance = rec->instance;
    int rc = put(s, p, err);
    if (rc == 0)
        rc = drain(s, 0, err);
    *offset = s->last_offset;
    /* What came before it is the session's to judge. */
    s->doubt = false;
    s->sure = s->next;
    return rc;
}

/* The next epoch of this instance: nobody's records may stand before it unseen. */
static int send_epoch(struct sender *s, struct parcel *p, struct err *err)
{
    if (drain(s, 0, err) != 0 || settle(s, err) != 0) {
        parcel_free(p);
        return -1;
    }
    s->epoch = p->epoch;
    if (put(s, p, err) != 0 || drain(s, 0, err) != 0)
        return -1;
    return settle(s, err);
}

static int send_one(struct sender *s, struct parcel *p, struct err *err)
{
    if (!p->safe_file)
        return p->kind == RECORD_EPOCH ? send_epoch(s, p, err) : put(s, p, err);
    promises_add(&s->promises, s->put_records, p->safe_file, p->safe_offset);
    p->safe_file = NULL;
    parcel_free(p);
    return 0;
}

/* The next of what was taken, or of what the queue has; it stays there. NULL: none within `wait_ms`. */
static struct parcel *next_parcel(struct sender *s, int wait_ms)
{
    struct taken *t = &s->taken;
    if (t->next == t->count) {
        t->next = 0;
        t->count = queue_pop_many(s->queue, t->parcels, TAKE_PARCELS, TAKE_BYTES, wait_ms);
    }
    return t->next < t->count ? t->parcels[t->next] : NULL;
}

static bool joins_flight(const struct sender *s, const struct parcel *p)
{
    size_t most = kafka_writer_max_bytes(s->writer);
    return s->flight_bytes == 0 ||
           s->flight_bytes + p->bytes.len + RECORD_OVERHEAD <= (most < FLIGHT_BYTES ? most : FLIGHT_BYTES);
}

/* Put what there is into the next flight, until it is full. *some: was there anything? */
static int fill_flight(struct sender *s, bool *some, int wait_ms, struct err *err)
{
    struct parcel *p;
    *some = false;
    while ((p = next_parcel(s, *some ? 0 : wait_ms)) && joins_flight(s, p)) {
        *some = true;
        s->taken.next++;
        if (send_one(s, p, err) != 0)
            return -1;
    }
    return 0;
}

/* The flight that was put leaves when the one before it is acknowledged. */
static int serve_acks(struct sender *s, struct err *err)
{
    if (!waits_for_acks(s))
        return s->put_records > s->sent_records ? send_flight(s, ACK_MS, err) : kafka_writer_poll(s->writer, 0, err);
    if (clock_mono_ms() - s->sent_ms >= SEND_AGAIN_MS) {
        s->sent_ms = clock_mono_ms();
        return kafka_writer_send(s->writer, ACK_MS, err);
    }
    return kafka_writer_poll(s->writer, ACK_MS, err);
}

int sender_run(struct sender *s, struct queue *queue, struct err *err)
{
    bool some = true;
    s->queue = queue;
    s->beat = pulse_join(s->options.pulse, "sender");
    int rc = 0;
    while (rc == 0 && !stop_requested(s->options.stop)) {
        beat_on(s->beat);
        bool idle = kafka_writer_in_flight(s->writer) == 0;
        if (fill_flight(s, &some, idle ? POP_MS : 0, err) != 0 || serve_acks(s, err) != 0 || settle(s, err) != 0) {
            rc = -1;
            break;
        }
        keep_promises(s);
        show(s, false);
        if (idle && !some && queue_closed(queue) && queue_items(queue) == 0)
            break;
    }
    if (rc == 0) {
        rc = drain(s, GOODBYE_MS, err);
        show(s, true);
    }
    pulse_leave(s->options.pulse, &s->beat);
    return rc;
}
