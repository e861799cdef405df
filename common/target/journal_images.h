/* The lossless form of a conflict's images: the table's definition and the cells' own bytes, write and read side by
 * side.
 *
 * Kept in drc.conflicts.images, so that any loser can be restored bit for bit whatever the readable JSON had to bend.
 * Pure. */
#ifndef DRC_TARGET_JOURNAL_IMAGES_H
#define DRC_TARGET_JOURNAL_IMAGES_H

#include "common/model/mask.h"

/* In the order of the journal's columns. */
enum journal_image { JOURNAL_BEFORE, JOURNAL_INCOMING, JOURNAL_LOCAL, JOURNAL_RESULT, JOURNAL_IMAGES };

struct journal_images {
    const struct table_def *table;             /* of all images: the target's definition at that time */
    const struct cell *images[JOURNAL_IMAGES]; /* column_count cells each; NULL: there was none */
};

/* An image that is the same memory as an earlier one is written as a reference to it. */
void journal_images_put(const struct journal_images *images, struct buf *out);
/* Cells and definition point into `bytes` and the arena. Marks r bad when malformed; out is then without images. */
void journal_images_read(struct journal_images *out, struct bytes *r, struct arena *a);

/* One image as a JSON object column -> value (mask_put_json; `mask` may be NULL); absent cells are left out. */
void journal_put_json(const struct table_def *t, const struct cell *cells, const struct mask *mask, struct buf *out);
/* The same of the primary key's columns only; of all columns when the table has no key. */
void journal_put_key_json(const struct table_def *t, const struct cell *cells, const struct mask *mask,
                          struct buf *out);
/* The columns in which the images differ, as a JSON list of names; columns that one of them lacks do not count. */
void journal_put_changed(const struct table_def *t, const struct cell *before, const struct cell *after,
                         struct buf *out);

/* Hash of a row by which a later change of it is noticed. Equal cells, equal hash. */
uint64_t journal_row_hash(const struct table_def *t, const struct cell *cells);

#endif
