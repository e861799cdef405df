/* Walking the rows of a transaction one by one, each image split into its cells. Pure. */
#ifndef DRC_APPLIER_ROW_WALK_H
#define DRC_APPLIER_ROW_WALK_H

#include "common/model/record.h"

struct row_walk {
    const struct rows *rows;
    struct bytes r;
    struct arena *arena; /* cells go there; the images stay where they are */
    uint32_t left;
};

/* One row: `raw` is its image, or both images of an update, as they stand. */
struct row_step {
    const struct cell *before; /* NULL for an insert */
    const struct cell *after;  /* NULL for a delete */
    struct span raw;
};

void row_walk_start(struct row_walk *w, const struct rows *rows, struct arena *arena);
bool row_walk_next(struct row_walk *w, struct row_step *out);

#endif
