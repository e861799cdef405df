/* The CHECK constraints of a table, asked of one row that was written past them. */
#ifndef DRC_CTL_CONFLICTS_CHECKS_H
#define DRC_CTL_CONFLICTS_CHECKS_H

#include "common/model/cell.h"
#include "common/target/target_table.h"

/* MariaDB evaluates no CHECK of rows that come by BINLOG, nor of the SQL writer's. Inside the caller's transaction:
 * does the row that is there now, with these cells, hold all that the table demands? One that does not: ERR_DATA naming
 * the constraint. On MySQL, which refuses such a row by itself, nothing is asked. */
MUST_CHECK int conflicts_checks_hold(struct db *db, const struct target_table *t, const struct cell *row,
                                     struct arena *a, struct err *err);

#endif
