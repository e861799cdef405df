/* The reader: the source's binlog into parcels, until it is told to stop.
 *
 * Dump → assembler → builder → queue; it also keeps the stream's time: heartbeats, and the next epoch of a long life.
 * It belongs to one thread, but reader_interrupt, which any thread may call. */
#ifndef DRC_CAPTURE_READER_H
#define DRC_CAPTURE_READER_H

#include "capture/canary.h"
#include "capture/probe.h"
#include "capture/source.h"
#include "capture/status.h"
#include "common/base/pulse.h"
#include "common/base/queue.h"
#include "common/base/stop.h"
#include "common/link/config.h"
#include "common/stream/builder.h"
#include "common/stream/dump.h"

struct reader;

struct reader_options {
    const struct config *config;
    const struct region_config *region;
    const char *program;
    const char *topic;
    const char *own_host;  /* dump_options.host */
    size_t max_bytes;      /* of a record */
    struct source *source; /* the reader's alone from reader_run on */
    struct canary *canary;
    struct probe *probe;
    struct queue *queue;
    struct status *status;
    struct stop *stop; /* of the session */
    struct pulse *pulse;
};

/* `state`: what the topic holds, under the epoch that is this instance's. */
struct reader *reader_new(const struct reader_options *options, const struct stream *state);
void reader_free(struct reader **r);

/* Puts the resume record into the queue, then everything that the source sends. Returns when the stop is requested (0),
 * or with an error. */
MUST_CHECK int reader_run(struct reader *r, struct err *err);
void reader_interrupt(struct reader *r);
/* The source's binlog is in the topic up to there (or needs not be). Any thread. */
void reader_acknowledge(struct reader *r, const char *file, uint64_t offset);
/* What the topic keeps at least (UINT64_MAX: all), so that epochs are begun often enough for the one in force to be
 * there always. Any thread. */
void reader_limit_epoch(struct reader *r, uint64_t kept_ms, uint64_t kept_bytes);

#endif
