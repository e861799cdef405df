/* A window of a topic: its records from some place to the end as it was at the beginning, judged as every reader judges
 * them.
 *
 * Unlike a reader that applies, it goes on where the stream contradicts itself, because it looks for what went wrong:
 * each such place is told as a break, with what is known to be missing there. It may begin anywhere; what it cannot
 * know then is whether an epoch record further back had made the first records void. It may be walked again and again,
 * from other places. One thread. */
#ifndef DRC_STREAM_SCAN_H
#define DRC_STREAM_SCAN_H

#include "common/link/kafka.h"
#include "common/model/stream.h"

struct scan;

/* Where records are missing, or tell another history. */
struct scan_break {
    int64_t offset;      /* of the record at which a reader stops */
    uint64_t after;      /* last complete seq before it */
    uint64_t before;     /* seq of the first record behind it that takes one, or as a control record says; 0: none */
    struct gtid missing; /* of the transaction right before that one, where it is not `after` itself */
    char why[300];
};

struct scan_step {
    struct record rec; /* valid until the next call */
    int64_t offset;
    int64_t written_ms; /* by the broker's or the writer's clock */
    enum stream_verdict verdict;
    const struct scan_break *broken; /* the stream does not continue before this record; NULL: it does */
};

/* Open, and note where the topic ends now. It begins at its first record until one of scan_from_* says otherwise. */
MUST_CHECK int scan_open(struct scan **out, const struct kafka_config *kafka, const char *topic, struct err *err);
void scan_close(struct scan **s);

/* Note where the topic begins and ends now: records that came since scan_open belong to it from the next scan_from_*
 * on.
 */
MUST_CHECK int scan_to_now(struct scan *s, struct err *err);

/* Begin before the first record that was written then or later: by `slack_us` earlier, since a record is written after
 * its transaction was committed, and clocks differ. */
MUST_CHECK int scan_from_time(struct scan *s, uint64_t since_us, uint64_t slack_us, struct err *err);
/* Begin with the first transaction after `seq`, found by halves. */
MUST_CHECK int scan_from_seq(struct scan *s, uint64_t seq, struct err *err);
/* Begin with the first transaction whose GTID is not in the position, found by halves. */
MUST_CHECK int scan_from_position(struct scan *s, const struct position *position, struct err *err);

/* 1: the next record; 0: the end, and nothing more is asked of the broker; -1: error. */
MUST_CHECK int scan_next(struct scan *s, struct scan_step *out, struct err *err);

/* The stream after the record given last. */
const struct stream *scan_stream(const struct scan *s);
const char *scan_topic(const struct scan *s);
/* Has the topic lost its beginning, so that what is before its first record is unknown? */
bool scan_is_purged(const struct scan *s);
/* Where it begins now. Was that the very beginning of what the topic holds, though something before was asked for? */
int64_t scan_start(const struct scan *s);
bool scan_starts_at_low(const struct scan *s);
int64_t scan_end(const struct scan *s);

#endif
