/* The watch: what a session looks at from time to time beside the stream, in a thread of its own, because both the
 * source and Kafka may take their time to answer: the canary, where the source stands, and whether the topic is still
 * as a stream needs it. */
#ifndef DRC_CAPTURE_WATCH_H
#define DRC_CAPTURE_WATCH_H

#include "capture/canary.h"
#include "capture/probe.h"
#include "capture/status.h"
#include "common/base/stop.h"
#include "common/link/config.h"
#include "common/link/kafka.h"

struct watch;

struct watch_options {
    const struct config *config;
    const struct region_config *region;
    const char *program;
    const char *topic;
    size_t server;     /* the region's host that is captured from */
    struct stop *stop; /* of the session */
    struct status *status;
    struct canary *canary;
    struct probe *probe;
    struct kafka_topic_facts facts; /* as of the start */
    /* The topic's settings, whenever they were looked at. */
    void (*looked)(void *context, const struct kafka_topic_facts *facts);
    void *context;
};

struct watch *watch_new(const struct watch_options *options);
void watch_free(struct watch **w);

/* Until the stop is requested (0). -1: the canary's account may not write (fatal 77), the topic is not as it must be
 * (fatal 78), or it takes records of another size than before (retry: the next session goes by that). What cannot be
 * asked now is logged and asked again. */
MUST_CHECK int watch_run(struct watch *w, struct err *err);
/* Any thread: end what it waits for. The stop must have been requested. */
void watch_interrupt(struct watch *w);

#endif
