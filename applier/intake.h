/* The intake: reads the topic from the ledger's place on, keeps to the stream's rules, and hands over what counts,
 * decoded.
 *
 * A thread of its own. Seq decides, the ledger's offset is a hint: out of range, it reads from the log's start. */
#ifndef DRC_APPLIER_INTAKE_H
#define DRC_APPLIER_INTAKE_H

#include "applier/inbox.h"
#include "applier/status.h"
#include "applier/versions.h"
#include "common/base/stop.h"
#include "common/link/config.h"

struct intake;

/* What it works with; all of it outlives the intake. */
struct intake_setup {
    const struct kafka_config *kafka;
    const char *topic;
    const char *region; /* whose stream it is */
    const struct filter *tables;
    const struct ledger_state *from; /* copied as far as it is needed */
    struct inbox *inbox;             /* told why, when it ends */
    struct pulse *pulse;
    struct status *status;
    struct versions *versions; /* told what is known; NULL: versions are not asked for */
    const struct stop *stop;
};

/* Opens the topic and starts the thread. */
MUST_CHECK int intake_start(struct intake **out, const struct intake_setup *setup, struct err *err);
/* Stop must have been requested. Waits for the thread. What it handed over must be gone: tables of rows are the
 * intake's. */
void intake_join(struct intake **in);

#endif
