/* Writing single records into a stream's topic, each acknowledged before the next: what an operator's command needs.
 * Capture's sender does the same for many. One thread. */
#ifndef DRC_STREAM_ANNOUNCER_H
#define DRC_STREAM_ANNOUNCER_H

#include "common/link/kafka.h"
#include "common/model/act.h"
#include "common/model/permit.h"
#include "common/stream/claim.h"

struct announcer;

MUST_CHECK int announcer_open(struct announcer **out, const struct kafka_config *kafka, const char *topic,
                              struct err *err);
void announcer_close(struct announcer **a);

/* A claim_announce_fn; `context` is the announcer. Retry when no ack comes in time. */
MUST_CHECK int announcer_put(void *context, int64_t *offset, const struct record *rec, struct err *err);

/* The resume record of an epoch that was claimed: where the stream goes on is `state`, by that act and with those
 * permits standing. Fatal 77 when another instance's epoch came in between: then nothing was changed. */
MUST_CHECK int announcer_resume(struct announcer *a, struct claim *c, const struct stream *state, const struct act *act,
                                const struct permits *permits, struct err *err);

#endif
