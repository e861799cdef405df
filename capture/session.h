/* One session of a capture: from connecting to the first error or the stop. Between sessions there is nothing but the
 * topic, so every one enters by the same door. */
#ifndef DRC_CAPTURE_SESSION_H
#define DRC_CAPTURE_SESSION_H

#include "capture/status.h"
#include "capture/takeover.h"
#include "common/base/pulse.h"
#include "common/link/config.h"

struct session;

struct session_options {
    const struct config *config;
    const struct region_config *region;
    const char *program;
    const char *topic;
    const char *own_host; /* under which the source lists us as a replica */
    struct status *status;
    struct takeover_memory *memory;
    struct pulse *pulse; /* in which reader and sender beat; NULL: nobody watches */
};

struct session *session_new(const struct session_options *options);
void session_free(struct session **s);

/* Blocks; this thread becomes the reader, a second one the sender. 0 after session_interrupt, else -1. */
MUST_CHECK int session_run(struct session *s, struct err *err);
/* Any thread. */
void session_interrupt(struct session *s);
/* Did it come as far as reading the source's binlog? */
bool session_streamed(const struct session *s);

#endif
