/* Single records with their acks, and the resume record that bears an operator's act. */
#include "common/stream/announcer.h"

#include <inttypes.h>
#include <stdlib.h>

#include "common/base/clock.h"
#include "common/base/mem.h"
#include "common/stream/headers.h"

#define PATIENCE_MS 30000u
#define POLL_MS 20

struct announcer {
    struct kafka_writer *writer;
    const char *topic;
    int64_t offset;   /* of the last ack */
    struct buf bytes; /* of the record in flight, if any */
};

static void on_ack(void *context, int64_t offset, void *tag)
{
    struct announcer *a = context;
    (void)tag;
    a->offset = offset;
}

int announcer_open(struct announcer **out, const struct kafka_config *kafka, const char *topic, struct err *err)
{
    struct announcer *a = xcalloc(1, sizeof *a);
    *out = NULL;
    a->topic = topic;
    if (kafka_writer_open(&a->writer, kafka, topic, on_ack, a, err) != 0) {
        free(a);
        return -1;
    }
    *out = a;
    return 0;
}

void announcer_close(struct announcer **a)
{
    if (!*a)
        return;
    kafka_writer_close(&(*a)->writer);
    buf_free(&(*a)->bytes);
    free(*a);
    *a = NULL;
}

static int wait_for_ack(struct announcer *a, struct err *err)
{
    uint64_t deadline = clock_mono_ms() + PATIENCE_MS;
    while (kafka_writer_in_flight(a->writer) > 0) {
        if (kafka_writer_send(a->writer, POLL_MS, err) != 0)
            return -1;
        if (clock_mono_ms() > deadline)
            return err_retry(err, "topic %s: no ack from Kafka within %u s: %s", a->topic, PATIENCE_MS / 1000,
                             kafka_writer_trouble(a->writer));
    }
    return 0;
}

int announcer_put(void *context, int64_t *offset, const struct record *rec, struct err *err)
{
    struct announcer *a = context;
    struct stream_headers headers;
    size_t count = stream_headers_fill(&headers, rec->kind, rec->epoch, rec->seq, &rec->gtid);
    buf_clear(&a->bytes); /* an earlier record that was not acknowledged ended the announcer */
    record_write(rec, &a->bytes);
    a->offset = -1;
    int rc = kafka_writer_put(a->writer, buf_span(&a->bytes), headers.list, count, NULL, err);
    if (rc == 0)
        rc = wait_for_ack(a, err);
    else if (rc > 0)
        rc = err_retry(err, "topic %s: no room for one record", a->topic);
    *offset = a->offset;
    return rc;
}

/* Is the epoch that we claimed still in force where our resume record stands? */
static int check_in_force(struct claim *c, int64_t offset, struct err *err)
{
    struct stream s;
    int64_t low;
    int64_t high;
    if (offset == c->offset + 1)
        return 0;
    if (kafka_reader_bounds(c->rb.reader, &low, &high, err) != 0 ||
        readback_state(&c->rb, &s, low, offset < 0 ? high : offset + 1, err) != 0)
        return -1;
    bool ours = s.has_epoch && s.epoch == c->number && s.instance == c->instance && s.resumed;
    stream_free(&s);
    return ours ? 0
                : err_stop(err, MSG_STOP_CAPTURE_FENCED,
                           "fenced by a newer instance: another writer took topic %s over in between; nothing was "
                           "changed: stop it and run this again",
                           c->rb.topic);
}

int announcer_resume(struct announcer *a, struct claim *c, const struct stream *state, const struct act *act,
                     const struct permits *permits, struct err *err)
{
    struct buf cut = {0}, position = {0}, before = {0}, word = {0}, standing = {0};
    int64_t offset;
    cut_put(&state->cut, &cut);
    position_put(&state->position, &position);
    position_put(&state->before, &before);
    act_put(act, &word);
    permits_put(permits, &standing);
    struct record rec = {
        .kind = RECORD_RESUME,
        .epoch = c->number,
        .instance = c->instance,
        .seq = state->seq,
        .chain = state->chain,
        .gtid = state->gtid,
        .commit_us = clock_wall_us(),
        .stamp = state->stamp,
        .fingerprint = state->fingerprint,
        .cut = buf_span(&cut),
        .position = buf_span(&position),
        .before = buf_span(&before),
        .act = buf_span(&word),
        .permits = buf_span(&standing),
    };
    memcpy(rec.stream, c->stream, STREAM_UUID_LEN);
    int rc = announcer_put(a, &offset, &rec, err);
    if (rc == 0)
        rc = check_in_force(c, offset, err);
    buf_free(&cut);
    buf_free(&position);
    buf_free(&before);
    buf_free(&word);
    buf_free(&standing);
    return rc;
}
