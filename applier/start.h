/* Where a link begins that the target's ledger does not know yet: links[].start of the pair file. */
#ifndef DRC_APPLIER_START_H
#define DRC_APPLIER_START_H

#include "common/base/stop.h"
#include "common/link/config.h"
#include "common/target/ledger.h"

/* Read the topic as far as it takes to know. Retry: there is no stream yet, or it has not come to the GTID yet, or stop
 * was requested. Fatal 69: the topic no longer holds what `beginning` or the GTID would need. `out` is freed by the
 * caller. */
MUST_CHECK int start_find(struct ledger_state *out, const struct kafka_config *kafka, const char *topic,
                          const struct start_config *start, const struct stop *stop, struct err *err);

/* The oldest place that the topic holds, wherever the stream was then: nothing is refused. */
MUST_CHECK int start_oldest(struct ledger_state *out, const struct kafka_config *kafka, const char *topic,
                            const struct stop *stop, struct err *err);

#ifdef DRC_FAULT_NO_DEDUPE
/* Test builds only, to prove that the tests notice: put the state back by some transactions, as if the ledger did not
 * say that they are in effect. */
MUST_CHECK int start_forget_some(struct ledger_state *state, const struct kafka_config *kafka, const char *topic,
                                 struct err *err);
#endif

#endif
