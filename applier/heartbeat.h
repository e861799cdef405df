/* How long each stage takes from the source to the target, measured by the stream's heartbeats.
 *
 * A heartbeat says: all that the source had committed at its time lies before it in the topic. It has arrived at the
 * target once the watermark has passed the last transaction before it. Pure: clocks are given; one lock's. */
#ifndef DRC_APPLIER_HEARTBEAT_H
#define DRC_APPLIER_HEARTBEAT_H

#include "common/base/age.h"
#include "common/base/histogram.h"

#define HEARTBEATS_WAITING 256 /* that are read and have not arrived; more are passed over until one has */

struct clocks {
    uint64_t wall_us; /* since 1970 */
    uint64_t mono_us; /* never steps */
};

struct heartbeat {
    uint64_t seq;      /* of the last transaction before it */
    uint64_t as_of_us; /* all that the source had committed by then, of its clock, lies before it */
    uint64_t put_us;   /* when capture gave it to Kafka, by the capture host's clock */
};

struct heartbeats {
    struct histogram transported; /* from Kafka's producer to us: two hosts' clocks */
    struct histogram applied;     /* from being read to having arrived: our clock that never steps */
    struct histogram total;       /* from the source's clock to ours */
    struct age lag;               /* by the latest that has arrived */
    /* By how much the latest ones came from the future, by halves of the window: clocks that disagree. */
    uint64_t behind_us[2];
    uint64_t behind_since_us;
    struct {
        uint64_t seq;
        uint64_t as_of_us;
        uint64_t read_us;          /* mono */
    } waiting[HEARTBEATS_WAITING]; /* a ring */
    size_t first;
    size_t count;
};

/* One has been read. */
void heartbeats_read(struct heartbeats *h, const struct heartbeat *beat, const struct clocks *now);
/* All up to `seq` is in effect. */
void heartbeats_arrive(struct heartbeats *h, uint64_t seq, const struct clocks *now);
/* What waits is of another reading: it will be read again. */
void heartbeats_restart(struct heartbeats *h);
/* The most by which one of the last minute came from the future, in µs. */
uint64_t heartbeats_behind_us(const struct heartbeats *h, const struct clocks *now);

#endif
