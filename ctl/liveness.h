/* Does a link that one waits for still run? Tells a slow link from a stopped one, soundly.
 *
 * A daemon that holds its socket runs. One that does not may run on another host: then its work is the sign of
 * life, what comes into the topic (heartbeats do, always) or what moves in the ledger. Only when neither was seen for a
 * while, although topic and database could be looked at, the link is taken for stopped. */
#ifndef DRC_CTL_LIVENESS_H
#define DRC_CTL_LIVENESS_H

#include "common/target/progress.h"

struct liveness {
    const struct config *config;
    uint64_t quiet_since_ms; /* monotonic; no sign of life since then */
    enum progress_stage stage;
    uint64_t heard; /* what moved last: offsets of the topic or applied seqs */
    char name[160]; /* of the daemon that is waited for: "applier-eu-us" */
    char said[300]; /* what it says when it does not simply run: "waiting: table shop.a …" */
    bool ended;     /* it left a note that it ended for good */
};

void liveness_start(struct liveness *l, const struct config *config);
/* A progress_watch's check: fatal 69 when the link is stopped. `context` is the struct liveness. */
int liveness_check(void *context, const struct progress_report *now, struct err *err);
/* The time is over: err, which says so, becomes fatal 69 when the link is stopped by what is known now, and else tells
 * also what the daemon says that is waited for. */
void liveness_at_timeout(struct liveness *l, const struct progress_report *now, struct err *err);

#endif
