/* Keys that are one whole number: their ranges can be cut by arithmetic, without asking a server where. Pure.
 *
 * A walk starts with `number_key_make`, gives it the highest keys and then every chunk that it has summed, and asks for
 * the end of the next one. It gets one where numbers lie so densely that a chunk cannot hold many more rows than it is
 * meant to; elsewhere, and at the table's end, the server has to be asked. */
#ifndef DRC_RECONCILE_NUMBER_KEY_H
#define DRC_RECONCILE_NUMBER_KEY_H

#include "reconcile/plan.h"

/* Numbers are held with the lowest of their type as 0. */
struct number_key {
    bool usable;    /* else nothing below does anything */
    bool is_signed; /* as the columns of both sides are */
    uint64_t last;  /* the highest key of either side, when the walk began */
    uint64_t width; /* of the last chunk that had two ends: so many numbers, */
    uint64_t rows;  /* and so many of them taken */
};

void number_key_make(struct number_key *out, const struct plan *plan);
/* One side's highest key, as read. */
void number_key_reach(struct number_key *k, struct span text);
/* A range has been summed: it holds so many rows. */
void number_key_learn(struct number_key *k, const struct plan_range *r, uint64_t rows);

/* The end of a range from `lower` on (may be NULL) with about so many rows, in the arena; false: ask a server. */
bool number_key_upper(const struct number_key *k, struct span *out, const struct span *lower, uint64_t rows,
                      struct arena *a);
/* Cut a range into at most `most` (from 1 on) parts of equal width, in order; where it has no upper end, as far as keys
 * went, and the last part has none. Returns how many: 1 where it cannot be cut. What they point to is the range's or in
 * the arena. */
size_t number_key_cut(const struct number_key *k, struct plan_range *out, const struct plan_range *r, size_t most,
                      struct arena *a);

#endif
