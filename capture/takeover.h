/* Becoming the stream's one writer: epoch record, reading back, and where to go on (DESIGN section 3, steps 1 to 3). */
#ifndef DRC_CAPTURE_TAKEOVER_H
#define DRC_CAPTURE_TAKEOVER_H

#include "capture/sender.h"
#include "capture/source.h"
#include "common/link/config.h"
#include "common/model/stream.h"

/* What one process remembers of its earlier sessions. */
struct takeover_memory {
    bool had_stream;
    uint8_t stream[STREAM_UUID_LEN];
    uint64_t epoch; /* the last one that it announced; the sender may have gone on from it */
    uint64_t instance;
};

struct takeover_options {
    const struct config *config;
    const struct region_config *region;
    const char *topic;
    struct stop *stop;
    struct status *status;
    struct source *source;
    const char *own_host; /* as source_check wants it */
    struct sender *sender;
    struct takeover_memory *memory;
};

/* On success `out` is the stream as this instance goes on with it: what the topic holds, or a new stream at the
 * region's start, under an epoch that is ours and in force; released by stream_free. Fatal: 69 when the topic or the
 * source has lost something, 77 when a newer instance has come since this process wrote last. */
MUST_CHECK int takeover(struct stream *out, const struct takeover_options *options, struct err *err);

#endif
