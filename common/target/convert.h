/* How rows of a source's table become rows of the target's: columns matched by name, each by a rule of
 * convert_rules.h. Pure.
 *
 * Where both sides have the same layout, images are copied as they are. Otherwise each row gets the target's cells; a
 * column that only the target has is absent in them, and stays the server's: its default in an insert, what the row has
 * in an update. */
#ifndef DRC_TARGET_CONVERT_H
#define DRC_TARGET_CONVERT_H

#include "common/model/record.h"
#include "common/target/target_table.h"

struct convert_column; /* of the target's table */

struct convert_plan {
    const struct table_def *source;
    const struct target_table *table;
    bool identity;          /* images are the target's as they are */
    const uint8_t *present; /* which of the target's columns are in its images, for struct rows; NULL: all */
    const bool *ignore;     /* one bool a column: the target computes it, it never tells a difference */
    const struct convert_column *columns;
    bool by_meaning; /* a column is compared otherwise than by its bytes */
    struct arena arena;
};

/* 1: made; both definitions must outlive it. `columns`: the source's rows may bring these columns only, since it
 * computes the others; NULL: they bring all. 0: rows of `source` cannot be written to `t`: `why` gets a phrase with the
 * column and what is in the way. */
MUST_CHECK int convert_plan_make(struct convert_plan **out, const struct target_table *t,
                                 const struct table_def *source, const uint8_t *columns, struct buf *why);
void convert_plan_free(struct convert_plan **p);

/* The target's cells (room for all its columns) of a row that has the source's. They are in the arena, or where the
 * source's are. ERR_DATA with table and column: a value does not fit. */
MUST_CHECK int convert_image(struct cell *out, const struct convert_plan *p, const struct cell *in, struct arena *a,
                             struct err *err);

/* The same for rows as they come: `out` are rows of the target's definition, images in the arena, or, where the layouts
 * are one, where they were. */
MUST_CHECK int convert_rows(struct rows *out, const struct convert_plan *p, const struct rows *in, struct arena *a,
                            struct err *err);

/* Is the target's row `local` what the source had? `expected` are its cells as convert_image gives them. */
bool convert_same(const struct convert_plan *p, const struct cell *expected, const struct cell *local);

#endif
