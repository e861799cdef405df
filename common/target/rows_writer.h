/* Writing row images to a target, many rows a statement; behind this face stand BINLOG events and plain SQL.
 *
 * Rows are gathered and sent in the order in which they were put; rows_writer_flush sends the rest. The caller has
 * begun the transaction, written the ledger, and touched each table (target_table_touch), since images are positional.
 * One thread. */
#ifndef DRC_TARGET_ROWS_WRITER_H
#define DRC_TARGET_ROWS_WRITER_H

#include "common/link/config.h"
#include "common/model/record.h"
#include "common/target/target_table.h"

struct rows_writer;

/* For one connection, which must outlive it. Reads max_allowed_packet, prepares the session: BINLOG needs the format
 * description once. */
MUST_CHECK int rows_writer_open(struct rows_writer **out, struct db *db, enum apply_writer kind, struct err *err);
void rows_writer_free(struct rows_writer **w);

/* May rows of t that bring these columns (NULL: all) be written this way? To be asked once a table is locked (touched),
 * in each transaction. 1: yes; 0: not now, `why` gets one phrase with what mends it; -1: error, a missing grant fatal
 * 77. */
MUST_CHECK int rows_writer_admit(struct rows_writer *w, const struct target_table *t, const uint8_t *present,
                                 struct buf *why, struct err *err);

/* Gather rows of t: images as in a rows event, in the target's own layout (rows->table is t->def). Columns that are not
 * in `present_before` and `present_after` (NULL: all are in the images; primary key columns always are) keep in an
 * update what the row has, and get in an insert what the server gives them: default, generated value. Of the flags
 * ROWS_NO_FOREIGN_KEY_CHECKS counts; a relaxed unique_checks is not repeated: with it a server need not look for the
 * row that a unique value clashes with. Sends what has been gathered when it is much. `t` and the bitmaps must live
 * until the next flush or drop, the images need not. Errors as of rows_writer_flush. */
MUST_CHECK int rows_writer_put(struct rows_writer *w, const struct target_table *t, const struct rows *rows,
                               struct err *err);

/* Send what is left. ERR_DATA with the server's number in err->code (1062 duplicate key, 1032 no such row, 1451/1452
 * foreign key …) when the server refuses a row: which one is not known; nothing is gathered any more, and what was
 * written stays until the caller rolls back, but for one that was sent alone: then nothing was. A row that no packet of
 * the target can carry: ERR_RETRY with SERVER_PACKET_TOO_LARGE, and the value that max_allowed_packet needs; once it
 * has that, the connection is cut, since only the next one gets it. */
MUST_CHECK int rows_writer_flush(struct rows_writer *w, struct err *err);

/* Forget what has been gathered: after a rollback. */
void rows_writer_drop(struct rows_writer *w);

/* Rows that no unique key tells apart are searched for by reading the table, which may be large, one after the other:
 * so few of them go in one statement, lest its answer be waited for in vain. */
#define ROWS_SEARCHED_MOST 4u
static inline bool rows_are_searched(const struct target_table *t, enum rows_op op)
{
    return t->key_count == 0 && op != ROWS_INSERT;
}

/* The server's own numbers that the caller acts on. */
#define SERVER_DUPLICATE_KEY 1062u
#define SERVER_HAS_CHILD 1451u
#define SERVER_NO_PARENT 1452u
#define SERVER_NO_SUCH_ROW 1032u
#define SERVER_PACKET_TOO_LARGE 1153u

#endif
