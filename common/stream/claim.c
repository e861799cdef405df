/* Claiming a stream.
 *
 * Kafka keeps no promise between two producers, so the topic itself settles who writes. Everyone who wants to write
 * appends an epoch record with a number higher than any it has seen; readers follow the highest number. What a former
 * writer still has in flight lands behind our epoch record and counts for nothing, so what is before it is all there
 * will ever be of the past, and can be read back and continued. */
#include "common/stream/claim.h"

#include <inttypes.h>
#include <sys/random.h>

#include "common/base/log.h"
#include "common/model/way_out.h"

#define ATTEMPTS 20

int claim_random(void *out, size_t n, struct err *err)
{
    if (getrandom(out, n, 0) != (ssize_t)n)
        return err_retry(err, "no random numbers to be had from the system");
    return 0;
}

int claim_open(struct claim *c, const struct kafka_config *kafka, const char *topic, const char *region,
               struct stop *stop, uint64_t instance, struct err *err)
{
    *c = (struct claim){
        .rb = {.topic = topic, .region = region, .stop = stop},
          .instance = instance
    };
    if (kafka_reader_open(&c->rb.reader, kafka, topic, KAFKA_OFFSET_BEGINNING, err) != 0)
        return -1;
    return instance == 0 ? claim_random(&c->instance, sizeof c->instance, err) : 0;
}

void claim_close(struct claim *c)
{
    kafka_reader_close(&c->rb.reader);
}

int claim_look(struct claim *c, bool *empty, struct err *err)
{
    struct readback_glance glance;
    if (kafka_reader_bounds(c->rb.reader, &c->low, &c->high, err) != 0 ||
        readback_glance(&c->rb, &glance, c->low, c->high, err) != 0)
        return -1;
    *empty = !glance.any;
    if (glance.any) {
        memcpy(c->stream, glance.stream, STREAM_UUID_LEN);
        c->highest = glance.highest;
    }
    return 0;
}

static int announce_epoch(struct claim *c, claim_announce_fn *announce, void *context, struct err *err)
{
    struct record rec = {.kind = RECORD_EPOCH, .instance = c->instance, .region = span_str(c->rb.region)};
    memcpy(rec.stream, c->stream, STREAM_UUID_LEN);
    c->number = c->highest + 1;
    rec.epoch = c->number;
    return announce(context, &c->offset, &rec, err);
}

/* 1: the epoch is ours; 0: somebody was there first, c->highest and c->stream know better now; -1. */
static int read_back(struct claim *c, struct stream *out, struct err *err)
{
    if (readback_state(&c->rb, out, c->low, c->offset, err) != 0)
        return -1;
    bool other = out->has_epoch && memcmp(out->uuid, c->stream, STREAM_UUID_LEN) != 0;
    if (out->highest_epoch >= c->number || other) {
        c->highest = out->highest_epoch > c->number ? out->highest_epoch : c->number;
        memcpy(c->stream, out->has_epoch ? out->uuid : c->stream, STREAM_UUID_LEN);
        stream_free(out);
        return 0;
    }
    if (out->based || c->low == 0)
        return 1;
    err_stop(err, MSG_STOP_TOPIC_TRUNCATED,
             "topic %s begins at offset %" PRId64 " and has no record left that says where the stream stands: its "
             "retention is too short, or it was truncated. To go on from the targets' ledgers: " WAY_OUT_REBUILD_OVER,
             c->rb.topic, c->low, c->rb.region);
    stream_free(out);
    return -1;
}

int claim_take(struct claim *c, struct stream *out, claim_announce_fn *announce, void *context, struct err *err)
{
    for (int i = 0; i < ATTEMPTS; i++) {
        if (announce_epoch(c, announce, context, err) != 0)
            return -1;
        if (c->offset < 0) { /* it is somewhere, but "before it" cannot be told */
            c->highest = c->number;
            continue;
        }
        int rc = read_back(c, out, err);
        if (rc != 0)
            return rc < 0 ? -1 : 0;
        log_event(MSG_EPOCH_ABOVE, log_u64("epoch", c->highest));
    }
    return err_retry(err, "topic %s: %d epoch records written, and each time somebody else was first", c->rb.topic,
                     ATTEMPTS);
}
