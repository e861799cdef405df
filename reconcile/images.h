/* What either side holds of rows that differ, read when they are told: values as JSON, and which of them differ. */
#ifndef DRC_RECONCILE_IMAGES_H
#define DRC_RECONCILE_IMAGES_H

#include "reconcile/difference.h"
#include "reconcile/run.h"

#define IMAGES_BATCH 50

/* Zeroed is empty. */
struct images {
    const struct plan *plan;
    struct side_query query[2];
    const struct span *rows[2][IMAGES_BATCH]; /* NULL: not there */
    size_t count;
    struct arena arena; /* of the difference in hand */
};

void images_free(struct images *m);

/* Read the rows of as many keys from the first as go into one statement: m->count of them. -1: a database failed. */
MUST_CHECK int images_read(struct images *m, struct run *run, const struct plan *plan, const struct span *const *keys,
                           size_t count, struct err *err);
/* Fill class, table and columns of the difference of row i; they live until the next call. False: there is none (any
 * more). */
bool images_difference(struct images *m, struct difference *out, size_t i);

/* The columns of a row by plan_put_image_columns, which one side or both have. All count as key when the plan has none.
 */
const struct difference_column *images_columns(const struct plan *plan, const struct span *const rows[2],
                                               struct arena *a);

#endif
