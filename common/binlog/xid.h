/* Names of XA transactions, in one canonical form whatever event or statement brought them. Pure.
 *
 * Form: format id (4 bytes, little-endian, two's complement), length of gtrid, length of bqual (1 byte each), then
 * both: as MariaDB's GTID event has it. */
#ifndef DRC_BINLOG_XID_H
#define DRC_BINLOG_XID_H

#include "common/base/buf.h"
#include "common/base/bytes.h"
#include "common/base/err.h"

#define XID_MAX_LEN (6u + 64u + 64u)

/* Take one XID in canonical form off r; marks r bad when malformed. */
struct span xid_read(struct bytes *r);
/* Append the canonical form. */
void xid_put(struct buf *out, int32_t format_id, struct span gtrid, struct span bqual);
/* From the statement by which both servers log it: XA START|END|PREPARE|COMMIT|ROLLBACK X'6162',X'63',1. Appends the
 * canonical form; false when the text has another shape. */
bool xid_from_statement(struct buf *out, struct span sql);
/* As such a statement would write it: X'6162',X'63',1. For messages. */
void xid_put_text(struct buf *out, struct span xid);

#endif
