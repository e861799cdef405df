/* Running the SQL writer's statements: prepared once, bound from cells, executed for many rows at once.
 *
 * MariaDB takes arrays of parameters; MySQL takes INSERTs and DELETEs of several rows in one statement. What the server
 * counts must be what was sent, and it may have changed nothing on the way. One thread. */
#ifndef DRC_TARGET_SQL_RUN_H
#define DRC_TARGET_SQL_RUN_H

#include "common/model/record.h"
#include "common/target/target_table.h"

struct sql_run;

/* One row: both images as the target's definition has them. */
struct sql_row {
    const struct cell *before; /* NULL for INSERT */
    const struct cell *after;  /* NULL for DELETE */
};

/* For one connection, which must outlive it; it must count the rows that an UPDATE finds, not those that it changes
 * (CLIENT_FOUND_ROWS). */
MUST_CHECK int sql_run_open(struct sql_run **out, struct db *db, struct err *err);
void sql_run_free(struct sql_run **s);

/* Write the rows, in order; of `shape` op and present_* count. Errors as of rows_writer_flush; what was written before
 * the error stays. */
MUST_CHECK int sql_run_rows(struct sql_run *s, const struct target_table *t, const struct rows *shape,
                            const struct sql_row *rows, size_t n, struct err *err);

/* May the account write rows of t? Errors: fatal 77 with the GRANT. */
MUST_CHECK int sql_run_permitted(struct sql_run *s, const struct target_table *t, struct err *err);

/* The max_allowed_packet that the last row lacked which could not be sent; 0: there was none. */
size_t sql_run_needed(const struct sql_run *s);

#endif
