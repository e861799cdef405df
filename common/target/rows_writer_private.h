/* What stands behind rows_writer.h: the operations of a writer. Only rows_writer*.c include it. */
#ifndef DRC_TARGET_ROWS_WRITER_PRIVATE_H
#define DRC_TARGET_ROWS_WRITER_PRIVATE_H

#include "common/target/rows_writer.h"

/* Each as the function of rows_writer.h that is named like it; close releases everything. */
struct rows_writer_ops {
    int (*admit)(struct rows_writer *w, const struct target_table *t, const uint8_t *present, struct buf *why,
                 struct err *err);
    int (*put)(struct rows_writer *w, const struct target_table *t, const struct rows *rows, struct err *err);
    int (*flush)(struct rows_writer *w, struct err *err);
    void (*drop)(struct rows_writer *w);
    void (*close)(struct rows_writer *w);
};

/* The first member of every writer. */
struct rows_writer {
    const struct rows_writer_ops *ops;
};

MUST_CHECK int rows_writer_open_binlog(struct rows_writer **out, struct db *db, struct err *err);
MUST_CHECK int rows_writer_open_sql(struct rows_writer **out, struct db *db, struct err *err);
/* The max_allowed_packet that the last row lacked which the writer by SQL could not carry. */
size_t rows_writer_sql_needed(const struct rows_writer *w);

/* May rows of both go together? All but count and images is the same. */
bool rows_writer_alike(const struct rows *a, const struct rows *b);

#endif
