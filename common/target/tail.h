/* How far a stream has been published: follows a region's topic from near its end, not from its beginning.
 *
 * The stream's state machine needs a base; any control record of the epoch in force is one, because it carries seq,
 * chain and position. So the tail starts some records before the end and goes back, twice as far each time, until it
 * finds one from which all later records follow without contradiction. What it cannot know is whether an epoch record
 * further back had made that epoch void; `least_epoch`, from a ledger, rules out what a target has seen end. A writer
 * that was fenced leaves within a heartbeat, and what it says about seqs is about the same binlog. One thread. */
#ifndef DRC_TARGET_TAIL_H
#define DRC_TARGET_TAIL_H

#include "common/link/kafka.h"
#include "common/model/stream.h"

struct tail {
    struct kafka_reader *reader;
    char *topic;
    struct stream stream; /* `based` is false while nothing has been published */
    int64_t next;         /* offset of the record that is read next */
    uint64_t least_epoch;
    uint64_t records; /* that were read, and their bytes: how big one is by and large */
    uint64_t bytes;
};

/* Open the topic and read to its end. A topic that is missing or not reachable: retry; one whose records contradict
 * each other: fatal 69. */
MUST_CHECK int tail_open(struct tail **out, const struct kafka_config *kafka, const char *topic, uint64_t least_epoch,
                         struct err *err);
void tail_close(struct tail **tail);

/* Read to what is the end now. After a long pause the records between may be skipped. */
MUST_CHECK int tail_catch_up(struct tail *t, struct err *err);
/* One more record: 1 it was read, 0 none within timeout_ms, -1 error as above (after a fatal one the tail is of no more
 * use). */
MUST_CHECK int tail_next(struct tail *t, int timeout_ms, struct err *err);
/* Nobody reads for a while: the broker is asked for nothing until then. */
void tail_rest(struct tail *t);

/* Commit time (µs) at the source of the transaction `seq`, looked for from `offset` on (a ledger's hint). 1: found; 0:
 * it is not among the next records; -1: error. The tail itself goes on where it was. */
MUST_CHECK int tail_commit_time(struct tail *t, uint64_t *commit_us, uint64_t seq, int64_t offset, struct err *err);

#endif
