/* Rows of the target, read by key, as cells in the binlog's encoding: what before images are compared with.
 *
 * Exact for every type: values come by the binary protocol and are encoded as the server itself would log them. The
 * session must be one of session.h (time_zone +00:00, sql_mode without PAD_CHAR_TO_FULL_LENGTH). */
#ifndef DRC_TARGET_LOCAL_ROW_H
#define DRC_TARGET_LOCAL_ROW_H

#include "common/model/cell.h"
#include "common/target/target_table.h"

enum local_lock { LOCAL_NO_LOCK, LOCAL_FOR_UPDATE };

/* Rows in no order, each an array of def->column_count cells. Cells and arrays are in the arena. */
struct local_rows {
    struct cell **rows;
    size_t count;
};

/* All rows whose primary key equals, as the server compares, that of one of the `n` images. The table must have one. */
MUST_CHECK int local_rows_by_key(struct local_rows *out, struct db *db, const struct target_table *t,
                                 const struct cell *const *images, size_t n, enum local_lock lock, struct arena *a,
                                 struct err *err);
/* At most `most` rows for which the condition holds, an SQL expression over the table's columns. */
MUST_CHECK int local_rows_where(struct local_rows *out, struct db *db, const struct target_table *t,
                                const char *condition, size_t most, enum local_lock lock, struct arena *a,
                                struct err *err);
/* At most one row that equals the whole image, absent columns apart: for tables without a key. */
MUST_CHECK int local_row_by_image(struct local_rows *out, struct db *db, const struct target_table *t,
                                  const struct cell *image, enum local_lock lock, struct arena *a, struct err *err);

/* One cell as an SQL literal that equals it in a comparison with its column. */
void local_put_literal(struct buf *out, const struct column *c, const struct target_column *tc, const struct cell *v);
/* The same as an expression that is also right for BINARY(n), whose cells have lost the zeros at their end. */
void local_put_value(struct buf *out, const struct column *c, const struct target_column *tc, const struct cell *v);
/* "`col` = literal" or "`col` IS NULL", prefix taken into account (0: none). */
void local_put_equals(struct buf *out, const struct column *c, const struct target_column *tc, uint16_t prefix,
                      const struct cell *v);

#endif
