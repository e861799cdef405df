/* What a target's max_allowed_packet forbids: saying which value is needed, and finding out when it is there. */
#ifndef DRC_TARGET_PACKET_H
#define DRC_TARGET_PACKET_H

#include "common/target/target_table.h"

#define PACKET_STATEMENT_ROOM 1024 /* of a packet, for all of a BINLOG statement that is not events */
#define PACKET_ROWS_ROOM                                                                                               \
    (32u << 10) /* of the events, for what is not rows: the TABLE_MAP of the widest table above all */

/* Bytes of rows that the base64 text in one packet can carry beside that. */
static inline size_t packet_rows(size_t max_packet)
{
    return (max_packet - PACKET_STATEMENT_ROOM) / 4 * 3 - PACKET_ROWS_ROOM;
}

/* A row of `t` needs `need` bytes in one packet, and the session has less. ERR_RETRY with SERVER_PACKET_TOO_LARGE: the
 * link waits, for what the text says. A session keeps the value that it began with: once the server's own is enough,
 * the connection is cut, so that the next one gets it. Returns -1. */
int packet_too_small(struct db *db, const struct target_table *t, size_t need, struct err *err);
/* The same of something else, which `what` names ("an entry of the journal"). */
int packet_too_small_for(struct db *db, const char *what, size_t need, struct err *err);

#endif
