/* What of a link's stream is in effect at a target, as drc.ledger there says at this moment: for another link of the
 * same target, which neither holds its rows nor waits for them. */
#ifndef DRC_TARGET_LEDGER_DONE_H
#define DRC_TARGET_LEDGER_DONE_H

#include "common/base/watermark.h"
#include "common/link/db.h"
#include "common/model/record.h"

/* Zeroed: nothing is known. */
struct ledger_done {
    bool known; /* the ledger has the link */
    uint8_t stream[STREAM_UUID_LEN];
    struct watermark done;
};
void ledger_done_free(struct ledger_done *d);

/* A consistent read, which takes no locks and waits for none: it has all that was committed before it began, and so all
 * whose row locks the caller's transaction has got since. Replaces what `out` held. */
MUST_CHECK int ledger_done_read(struct ledger_done *out, struct db *db, const char *topic, struct err *err);

#endif
