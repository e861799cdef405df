/* The sender: parcels into the topic, in order, exactly once; it watches over nobody else writing between them.
 *
 * Opened by the thread that starts a session, which also writes the first control records through it; then it belongs
 * to the sender's thread. */
#ifndef DRC_CAPTURE_SENDER_H
#define DRC_CAPTURE_SENDER_H

#include "capture/status.h"
#include "common/base/pulse.h"
#include "common/base/queue.h"
#include "common/base/stop.h"
#include "common/link/kafka.h"
#include "common/stream/parcel.h"

struct sender;

struct sender_options {
    const struct kafka_config *kafka;
    const char *topic;
    const char *region; /* for messages */
    struct stop *stop;  /* of the session */
    struct status *status;
    struct pulse *pulse;
    /* All records before a word of parcel_new_safe are in the topic, and count there. From the sender's thread. */
    void (*safe)(void *context, const char *file, uint64_t offset);
    void *context;
};

MUST_CHECK int sender_open(struct sender **out, const struct sender_options *options, struct err *err);
void sender_close(struct sender **s);
size_t sender_max_bytes(const struct sender *s);

/* Write one epoch record and wait for its ack. *offset is -1 when the broker did not say where it is. From here on
 * nothing but what this sender writes is expected in the topic. */
MUST_CHECK int sender_announce(struct sender *s, int64_t *offset, const struct record *rec, struct err *err);

/* Send what the queue gives until it is closed and empty, or the stop is requested; then wait a little for the acks of
 * what was put. -1: Kafka's errors (retry), or fatal 77 when another instance has taken the stream over. */
MUST_CHECK int sender_run(struct sender *s, struct queue *queue, struct err *err);

#endif
