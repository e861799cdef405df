/* Columns whose values people are not to see: what the operator named, and is this column one of them? Pure values.
 *
 * A name is a column's, of whatever table, or "database.table.column" of one table; case does not count in a column's,
 * which may have * (any text) and ? (one character).
 * Masked values stay out of logs, of readable images and of pages; lossless images are not touched. */
#ifndef DRC_MODEL_MASK_H
#define DRC_MODEL_MASK_H

#include "common/model/cell.h"

/* Zeroed: nothing is masked. */
struct mask {
    char **names; /* the configuration's */
    size_t count;
};

#define MASK_JSON "{\"masked\": true}" /* in a value's place */

/* `m` may be NULL: nothing is masked. */
bool mask_names(const struct mask *m, struct span db, struct span table, struct span column);
bool mask_has(const struct mask *m, const struct table_def *t, uint16_t column);
bool mask_has_any(const struct mask *m, const struct table_def *t);
bool mask_has_key(const struct mask *m, const struct table_def *t);

/* cell_put_text and cell_put_json of column i of an image, or what stands for a value that is not to be seen: "***",
 * and {"masked": true}. NULL and absence are told. */
void mask_put_text(const struct mask *m, const struct table_def *t, const struct cell *image, uint16_t i,
                   struct buf *out);
void mask_put_json(const struct mask *m, const struct table_def *t, const struct cell *image, uint16_t i,
                   struct buf *out);

/* A server's own words about a row of t: what it quotes may be a value, hence is replaced where t has such a column; so
 * is what it tells of partitions, in which values stand without quotes.
 * Into `out`, replacing what it held; returns its buf_cstr. */
const char *mask_server_text(const struct mask *m, const struct table_def *t, const char *text, struct buf *out);

#endif
