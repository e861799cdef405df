/* The row that an entry of the journal is about, as it is at the target now, and writing it anew from cells.
 *
 * Works inside a transaction of the caller, under the row's lock. Images of the entry become rows of the table as it is
 * now (convert.h); no value goes through SQL text. */
#ifndef DRC_CTL_CONFLICTS_ROW_H
#define DRC_CTL_CONFLICTS_ROW_H

#include "common/target/convert.h"
#include "common/target/rows_writer.h"

struct conflicts_row {
    struct db *db;
    struct rows_writer *writer;
    struct target_table *table;
    struct convert_plan *plan; /* from the images' definition */
    const struct cell *now;    /* NULL: it is not there */
    struct arena *arena;       /* the caller's: of all cells */
};

/* Over a session of target_session_open, before its transaction begins: loads the table. `computes`: values are to be
 * written of which others are generated, which not every writer has computed. Fatal 69 when there is no such table any
 * more, or the images do not fit it: says what is in the way. Released by conflicts_row_close, also after an error. */
MUST_CHECK int conflicts_row_open(struct conflicts_row *r, struct db *db, const struct table_def *images,
                                  enum apply_writer kind, bool computes, struct arena *a, struct err *err);
void conflicts_row_close(struct conflicts_row *r);

/* Inside the transaction: lock the table's definition, then find and lock the row that has the key of one of the images
 * (the first that there is; of a table without a key: the row that equals it). */
MUST_CHECK int conflicts_row_find(struct conflicts_row *r, const struct cell *const *images, size_t n, struct err *err);

/* An image as the table's cells (NULL stays NULL); columns that it lacks are absent. */
MUST_CHECK int conflicts_row_cells(const struct conflicts_row *r, const struct cell *image, const struct cell **out,
                                   struct err *err);
/* Is the row what that image says? By value; generated columns do not count. */
MUST_CHECK int conflicts_row_is(const struct conflicts_row *r, const struct cell *image, bool *out, struct err *err);

/* Make it `wanted`, cells of the table; NULL: delete it. Absent columns keep what the row has, or get what the server
 * gives them. Reads it back: *became is the row afterwards, which has each value of `wanted`, or the write is an error.
 * A row that the server refuses, or would refuse of a local writer (CHECK): ERR_DATA. Fatal 69 where rows of other
 * tables would be changed along with it. */
MUST_CHECK int conflicts_row_write(struct conflicts_row *r, const struct cell *wanted, const struct cell **became,
                                   struct err *err);

/* What was done: "insert", "update", "delete", "nothing". */
const char *conflicts_row_change(const struct cell *was, const struct cell *became, const struct table_def *t);

#endif
