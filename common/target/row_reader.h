/* Rows of the target, read by key and locked, as row images: what many before images at once are compared with.
 *
 * The same bytes as local_row.h has in cells, but without a cell being made: what comes by the binary protocol is
 * written into one image. Statements for keys of integers are prepared once and kept, for a few numbers of keys; what
 * is left over is filled up with the last key again, which a server reads once. One thread; the session must be one of
 * session.h. */
#ifndef DRC_TARGET_ROW_READER_H
#define DRC_TARGET_ROW_READER_H

#include "common/target/target_table.h"

#define ROW_READER_MOST 512 /* keys in one read */

struct row_reader;

/* For one connection, which must outlive it. */
struct row_reader *row_reader_new(struct db *db);
void row_reader_free(struct row_reader **r);

/* Lock and read all rows of `t` whose primary key equals, as the server compares, one of the `n` keys (image_put_key
 * form, none twice, at most ROW_READER_MOST). The table must have one. */
MUST_CHECK int row_reader_start(struct row_reader *r, const struct target_table *t, const struct span *keys, size_t n,
                                struct err *err);
/* 1: the next row, valid until the next call; in no order; 0: no more; -1: error. */
MUST_CHECK int row_reader_next(struct row_reader *r, struct span *image, struct err *err);

#endif
