/* What a target's max_allowed_packet forbids: saying which value is needed, and finding out when it is there. */
#ifndef DRC_TARGET_PACKET_H
#define DRC_TARGET_PACKET_H

#include "common/target/target_table.h"

/* A row of `t` needs `need` bytes in one packet, and the session has `now`. ERR_RETRY with SERVER_PACKET_TOO_LARGE:
 * the link waits, for what the text says. A session keeps the value that it began with: once the server's own is
 * enough, the connection is cut, so that the next one gets it. Returns -1. */
int packet_too_small(struct db *db, const struct target_table *t, size_t need, size_t now, struct err *err);

#endif
