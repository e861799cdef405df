/* Reading the topic back, in windows that grow until they hold enough. */
#include "common/stream/readback.h"

#include <inttypes.h>

#include "common/base/clock.h"
#include "common/model/way_out.h"

#define POLL_MS 200
#define PATIENCE_MS 15000u /* without a record where one must be */
#define GLANCE 8           /* records */
#define FIRST_WINDOW 64    /* records */

/* The next record before `end`: 1; 0 at the end, where offsets that hold no record may be last; -1. */
static int next_before(struct readback *rb, struct kafka_record *raw, int64_t end, int64_t *at, struct err *err)
{
    uint64_t deadline = clock_mono_ms() + PATIENCE_MS;
    while (*at < end) {
        int rc = kafka_reader_next(rb->reader, raw, POLL_MS, err);
        if (rc < 0)
            return -1;
        if (rc == 1) {
            *at = raw->offset + 1;
            return raw->offset < end;
        }
        if (rb->stop && stop_requested(rb->stop))
            return err_retry(err, "stopped while reading topic %s", rb->topic);
        if (clock_mono_ms() > deadline)
            return err_retry(err, "topic %s: no record at offset %" PRId64 " for %u s", rb->topic, *at,
                             PATIENCE_MS / 1000);
    }
    return 0;
}

static int read_record(struct readback *rb, struct record *out, const struct kafka_record *raw, struct err *err)
{
    if (record_read(out, raw->value, err) != 0)
        return err_prefix(err, "topic %s offset %" PRId64, rb->topic, raw->offset);
    return 0;
}

int readback_glance(struct readback *rb, struct readback_glance *out, int64_t low, int64_t high, struct err *err)
{
    struct kafka_record raw;
    struct record rec;
    *out = (struct readback_glance){0};
    if (high == 0)
        return 0;
    int64_t at = high - GLANCE > low ? high - GLANCE : low;
    if (low == high)
        return err_stop(err, MSG_STOP_TOPIC_TRUNCATED,
                        "topic %s was truncated: its %" PRId64 " records are gone, and with them the position of the "
                        "stream. To go on from the targets' ledgers: " WAY_OUT_REBUILD_OVER,
                        rb->topic, high, rb->region);
    if (kafka_reader_seek(rb->reader, at, err) != 0)
        return -1;
    int rc;
    while ((rc = next_before(rb, &raw, high, &at, err)) == 1) {
        if (read_record(rb, &rec, &raw, err) != 0)
            return -1;
        out->any = true;
        memcpy(out->stream, rec.stream, STREAM_UUID_LEN);
        if (rec.epoch > out->highest)
            out->highest = rec.epoch;
    }
    return rc;
}

/* Test builds only: forget what was published since the last control record, so that it is published again. */
static void forget(struct stream *s, struct position *kept, enum stream_verdict verdict)
{
#ifdef DRC_FAULT_NO_FENCE
    if (verdict == STREAM_TAKE)
        position_copy(&s->position, kept);
    else
        position_copy(kept, &s->position);
#else
    (void)s;
    (void)kept;
    (void)verdict;
#endif
}

int readback_walk(struct readback *rb, struct stream *s, int64_t from, int64_t end, readback_each_fn *each,
                  void *context, struct err *err)
{
    struct kafka_record raw;
    struct record rec;
    enum stream_verdict verdict;
    struct position kept = {0};
    int64_t at = from;
    int rc = kafka_reader_seek(rb->reader, from, err);
    while (rc == 0 && (rc = next_before(rb, &raw, end, &at, err)) == 1) {
        rc = read_record(rb, &rec, &raw, err);
        if (rc == 0 && stream_accept(s, &rec, &verdict, err) != 0)
            rc = err_prefix(err, "topic %s offset %" PRId64, rb->topic, raw.offset);
        if (rc == 0)
            forget(s, &kept, verdict);
        if (rc == 0 && each)
            rc = each(context, s, &rec, verdict, err);
        if (at >= end)
            break;
    }
    position_free(&kept);
    return rc;
}

/* Why a window is large enough once the state machine has found its base in it: that base is an epoch record E followed
 * by its own resume record. A writer writes its resume record only after it has read back from E to a base of its own
 * and met no number as high as E's; before that base, by the same argument, there is none either. So E was the highest
 * number up to its place, that is, in force; what came before it can void nothing behind it. An epoch record without
 * its resume record proves nothing: its writer may just have been too late to see that it was too low. */
int readback_state(struct readback *rb, struct stream *out, int64_t low, int64_t end, struct err *err)
{
    int64_t window = FIRST_WINDOW;
    for (;;) {
        int64_t from = end - window > low ? end - window : low;
        stream_init(out, from == 0);
        if (readback_walk(rb, out, from, end, NULL, NULL, err) != 0) {
            stream_free(out);
            return -1;
        }
        if (from == low || out->based)
            return 0;
        stream_free(out);
        window *= 4;
    }
}

int readback_rival(struct readback *rb, uint64_t *rival, int64_t from, int64_t end, uint64_t epoch, uint64_t instance,
                   struct err *err)
{
    struct kafka_record raw;
    struct record rec;
    int64_t at = from;
    int rc;
    *rival = 0;
    if (kafka_reader_seek(rb->reader, from, err) != 0)
        return -1;
    while ((rc = next_before(rb, &raw, end, &at, err)) == 1) {
        if (read_record(rb, &rec, &raw, err) != 0)
            return -1;
        bool own = rec.epoch == epoch && rec.instance == instance;
        if (rec.kind == RECORD_EPOCH && !own && rec.epoch >= epoch && rec.epoch > *rival)
            *rival = rec.epoch;
    }
    return rc;
}
