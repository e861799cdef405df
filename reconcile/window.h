/* The window of an incident: from when to when, in each stream that writes to either side.
 *
 * A bound is a transaction of one of the streams, or a time. Streams know positions: a time is widened by what clocks
 * may differ, and a transaction stands for its own place in its own stream and for its time in the others. */
#ifndef DRC_RECONCILE_WINDOW_H
#define DRC_RECONCILE_WINDOW_H

#include "common/stream/scan.h"
#include "reconcile/run.h"

#define WINDOW_SLACK_US ((uint64_t)60 * 1000000)

struct window_bound {
    const char *text; /* as it was given; NULL: it was not */
    bool by_gtid;
    struct gtid gtid;
    uint64_t us; /* of a GTID: the commit time, once it was found */
    size_t at;   /* of a GTID: in which stream */
};

/* "2026-01-31T10:00:00", "15m", or a GTID of either flavour. False: neither. */
bool window_parse(struct window_bound *out, const char *text);

/* One stream of the window. */
struct window_stream {
    const struct region_config *region;
    int side; /* 0, 1: it is that side's own; -1: of a region beside the pair */
    char *topic;
    struct scan *scan;
    uint64_t said_us; /* by the newest heartbeat: what was committed up to then lies before it; 0: none was read */
    /* What was read of the window. */
    bool any;
    uint64_t first_seq, last_seq;
    struct gtid first, last;
    uint64_t first_us, last_us;
    uint64_t transactions;
    uint64_t rows;
    uint64_t breaks;
};

struct window {
    struct window_bound since;
    struct window_bound until;
    struct position before; /* of since, where that is a transaction: all before it */
    struct window_stream *streams;
    size_t count;
};

/* All streams that are linked to either side, each at the beginning of the window. Tells the report where the window
 * is, and what of it is purged, which makes the run incomplete. */
MUST_CHECK int window_open(struct window *w, struct run *run, struct err *err);
void window_close(struct window *w);

/* The next record of a stream that is in the window. 1: `out`; 0: the stream's window has ended; -1. A place at which
 * the stream contradicts itself is told to the report. */
MUST_CHECK int window_next(struct window *w, struct window_stream *s, struct run *run, struct scan_step *out,
                           struct err *err);
/* What was covered, as facts of the report. */
void window_tell(const struct window *w, struct run *run);

#endif
