/* Reading the topic back: what a new writer must know of it before it may write, and a running one when in doubt.
 *
 * One thread; the reader is moved about. */
#ifndef DRC_STREAM_READBACK_H
#define DRC_STREAM_READBACK_H

#include "common/base/stop.h"
#include "common/link/kafka.h"
#include "common/model/stream.h"

struct readback {
    struct kafka_reader *reader;
    const char *topic;
    const char *region; /* whose stream it is, for messages */
    struct stop *stop;  /* ends waiting with a retry error */
};

/* What the newest records say of themselves, to begin with. */
struct readback_glance {
    bool any; /* there was a record */
    uint8_t stream[STREAM_UUID_LEN];
    uint64_t highest; /* epoch number */
};

/* Look at the last few records before `high`. Fatal (69) when there are offsets but no record. */
MUST_CHECK int readback_glance(struct readback *rb, struct readback_glance *out, int64_t low, int64_t high,
                               struct err *err);

/* The stream as every reader holds it after the records before offset `end`, where a record stands. out->based is false
 * when the log from `low` on has no resume record that counts. Released by stream_free on success only. */
MUST_CHECK int readback_state(struct readback *rb, struct stream *out, int64_t low, int64_t end, struct err *err);

/* Called for each record that was judged: `s` is the stream after it. */
typedef int readback_each_fn(void *context, const struct stream *s, const struct record *rec,
                             enum stream_verdict verdict, struct err *err);
/* Feed a stream with the records of [from, end), one by one. */
MUST_CHECK int readback_walk(struct readback *rb, struct stream *s, int64_t from, int64_t end, readback_each_fn *each,
                             void *context, struct err *err);

/* Who else has written into [from, end)? *rival is the highest number of an epoch record there that is not
 * (epoch, instance) itself and not below it; 0: none, everything else there is void or a repetition of our own. */
MUST_CHECK int readback_rival(struct readback *rb, uint64_t *rival, int64_t from, int64_t end, uint64_t epoch,
                              uint64_t instance, struct err *err);

#endif
