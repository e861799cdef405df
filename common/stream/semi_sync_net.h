/* The semi-synchronous side of a dump: the server's commits wait until a replica has said that it has them.
 *
 * The server puts two bytes in front of each event, which say whether it waits; an acknowledgement is a packet back on
 * the same connection. That has one state for both directions (encryption), so only the thread that reads may write:
 * others leave their word here and wake it. One semi_sync a dump. */
#ifndef DRC_STREAM_SEMI_SYNC_NET_H
#define DRC_STREAM_SEMI_SYNC_NET_H

#include "common/base/span.h"
#include "common/link/db.h"

struct semi_sync;

/* Before the dump command: make the connection one of a semi-synchronous replica. `timeout_s` is how long the server
 * may be silent. `db` must live longer. */
MUST_CHECK int semi_sync_start(struct semi_sync **out, struct db *db, unsigned timeout_s, struct err *err);
void semi_sync_free(struct semi_sync **s);

/* The reading thread, before each read: send what is to be acknowledged, until there is something to read. */
MUST_CHECK int semi_sync_wait(struct semi_sync *s, struct err *err);
/* After it: take the two bytes off. Fatal (78): the server has none, it is not set up for this. */
MUST_CHECK int semi_sync_unwrap(struct semi_sync *s, struct span *raw, struct err *err);
/* Does the server wait for word of that event? */
bool semi_sync_wants_ack(const struct semi_sync *s);

/* Any thread; the latest word counts, since it includes the earlier ones. */
void semi_sync_acknowledge(struct semi_sync *s, const char *file, uint64_t offset);

#endif
