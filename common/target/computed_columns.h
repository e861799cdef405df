/* Columns that a server computes itself, and what comes of it for rows that lack them.
 *
 * From 11.8.9 on MariaDB leaves generated columns out of what it writes to its binlog of updates and deletes (and of
 * inserts that may become updates), and computes them anew of rows that come without them. TABLE_MAP events do not tell
 * which columns these are: the server does. A unique key over a BLOB or a long text has a column of its own there,
 * which no statement sees, with the hash of the key. */
#ifndef DRC_TARGET_COMPUTED_COLUMNS_H
#define DRC_TARGET_COMPUTED_COLUMNS_H

#include "common/link/db.h"
#include "common/model/table.h"

/* The server's own column of a unique key that is found by hashes (MariaDB). */
bool computed_column_is_hash(const struct column *c);

/* Replace `sql` by a query to the server that wrote the rows, of one cell: "1" when no column of `t` that is not in
 * `present` is an ordinary one there now. What is not there any more (the table was dropped or renamed since, or the
 * column) counts as computed: the target, whose rows it would be missing in, waits where it has an ordinary column.
 * Columns of a nameless definition are asked for by their places. */
void computed_columns_ask(struct buf *sql, const struct table_def *t, const uint8_t *present);

/* The same, asked. 1, 0, or -1: error. */
MUST_CHECK int computed_columns_lack(struct db *db, const struct table_def *t, const uint8_t *present, struct err *err);

/* Does a server of that version leave generated columns out of row events? The releases where this was seen. */
bool computed_columns_left_out(enum flavor flavor, uint32_t version);
/* Does it compute them of rows by BINLOG that lack them? Likewise; others compute them of statements only. */
bool computed_columns_by_rows(enum flavor flavor, uint32_t version);

#endif
