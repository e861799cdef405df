/* Walking rows one by one: each image as it stands, and split into its cells. Pure.
 *
 * Images are what is written, compared and kept; cells are for whoever has to look into one. */
#ifndef DRC_APPLIER_ROW_WALK_H
#define DRC_APPLIER_ROW_WALK_H

#include "common/model/record.h"

struct row_walk {
    const struct rows *rows;
    struct bytes r;
    struct cell *before; /* of the row at hand */
    struct cell *after;
    uint32_t left;
};

/* One row. The cells are those of the row at hand: the next step overwrites them. The images stay where they are. */
struct row_step {
    const struct cell *before; /* NULL for an insert */
    const struct cell *after;  /* NULL for a delete */
    struct span before_image;  /* empty where there are no cells */
    struct span after_image;
};

/* `arena` gets room for the cells of one row. */
void row_walk_start(struct row_walk *w, const struct rows *rows, struct arena *arena);
bool row_walk_next(struct row_walk *w, struct row_step *out);

/* The cells of an image that is known to be whole, in the arena. `present`: which columns are in it, NULL for all. */
const struct cell *row_cells(const struct table_def *t, const uint8_t *present, struct span image, struct arena *arena);

#endif
