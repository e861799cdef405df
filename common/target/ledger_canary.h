/* The canary's row of drc.ledger: a change like an applier's, of a stream that nobody has, by which a capture finds out
 * whether the loop mark of its own region reaches the binlog. */
#ifndef DRC_TARGET_LEDGER_CANARY_H
#define DRC_TARGET_LEDGER_CANARY_H

#include "common/link/db.h"
#include "common/model/record.h"

/* What the captured account needs, beside that of an applier: nothing; alone, this. For messages. */
#define LEDGER_CANARY_GRANT "SELECT, INSERT, UPDATE ON drc.ledger"

/* The stream under which the capture that writes `topic` keeps its row. No real stream is called so: those are version
 * 4 UUIDs. Pure. */
void ledger_canary_stream(uint8_t out[STREAM_UUID_LEN], const char *topic);
/* Is it such a stream, of whatever capture? Pure. */
bool ledger_is_canary(const uint8_t stream[STREAM_UUID_LEN]);

/* Change the row in a transaction of its own, as an applier would (an UPDATE by SQL; the first time an INSERT); `nonce`
 * goes into its watermark. The session is one of target_session_open or pinned like it. 1: committed; 0: the server has
 * no drc.ledger (no applier has ever run there); -1: error, and whether it was committed is not known. */
MUST_CHECK int ledger_canary_write(struct db *db, const char *topic, uint64_t nonce, struct err *err);

#endif
