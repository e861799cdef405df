/* One column's values in SQL: how they are read exactly, hashed without ambiguity, written as literals, shown. Pure.
 *
 * Exact means: by the stored value. Strings are compared by their bytes, floats by their bits (inside a WKB point, the
 * one expression of both flavours that shows them; text forms can lose the last bit), members of ENUM and SET by
 * number. */
#ifndef DRC_RECONCILE_VALUE_H
#define DRC_RECONCILE_VALUE_H

#include "common/base/buf.h"
#include "common/target/target_table.h"

/* Can it be part of the key by which a table is walked? Floats cannot: no literal finds them surely. */
bool value_can_be_key(const struct column *c, const struct target_column *tc);

/* The expression to SELECT, whose bytes are what the functions below take as `v`. */
void value_put_read(struct buf *out, const struct column *c, const struct target_column *tc);
/* An expression for the row's checksum: never NULL, and such that a comma-separated list of them can be read in one way
 * only. Long values stand in it by their SHA2-256, so that it stays far below max_allowed_packet. */
void value_put_token(struct buf *out, const struct column *c, const struct target_column *tc);
/* A literal that compares, as the column does, with it. `v` as read; not NULL. */
void value_put_literal(struct buf *out, const struct column *c, const struct target_column *tc, struct span v);
/* As JSON, in the form of cell_put_json; NULL (v.p is NULL) as null. */
void value_put_json(struct buf *out, const struct column *c, const struct target_column *tc, struct span v);

#endif
