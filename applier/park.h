/* The transactions of a link that are parked, by the keys that they touch: what shares a key with one of them has to be
 * parked behind it, in order.
 *
 * Any number of workers at once. The rows themselves are in drc.parked (common/target/parked.h); this is what must be
 * known of them while the link runs. A transaction that is found to depend on a parked one is entered in the same
 * step, so that what depends on it in its turn cannot pass. */
#ifndef DRC_APPLIER_PARK_H
#define DRC_APPLIER_PARK_H

#include "applier/writeset.h"
#include "common/link/config.h"
#include "common/target/parked.h"

struct park;

/* Bounds are the configuration's. */
struct park *park_new(uint64_t max_rows, uint64_t max_bytes);
/* Other bounds, from the next one on that is parked. */
void park_limit(struct park *p, uint64_t max_rows, uint64_t max_bytes);
void park_free(struct park **p);
/* Nothing is known any more: before it is loaded from the table again. */
void park_clear(struct park *p);

/* A glance, without a lock: while it is empty nobody need compute a write set for it. */
bool park_is_empty(const struct park *p);
void park_sum(struct park *p, struct parked_sum *out); /* without `why` */

/* What is to be parked, or is already. */
struct park_item {
    uint64_t seq;
    struct writeset keys; /* sealed */
    uint64_t rows;
    uint64_t bytes;
    uint64_t behind; /* what it waits for; 0: the operator */
    bool more;       /* one more fragment; else what was entered of its seq before, in an earlier try, is void */
};

/* The newest one parked before it that shares a key with it; 0: none. Nothing is entered. */
uint64_t park_behind(struct park *p, const struct park_item *item);

/* Does it share a key with one parked before it? Then it is entered (and the item's keys are the park's), *behind is
 * the newest of those, and the answer is 1. 0: it does not; the keys stay the caller's. -1: as park_enter. */
MUST_CHECK int park_join(struct park *p, struct park_item *item, uint64_t *behind, struct err *err);
/* Enter it. The item's keys are the park's. Fatal 69 at the bound, with the way out; ERR_RETRY while it is drained. */
MUST_CHECK int park_enter(struct park *p, struct park_item *item, struct err *err);
/* The same for what lies in the table already: bounds do not matter. */
void park_load(struct park *p, struct park_item *item);
/* It is in effect, was given up, or could not be parked after all. */
void park_leave(struct park *p, uint64_t seq);

/* It was tried, and waits for the operator from now on. */
void park_note_refused(struct park *p, uint64_t seq);

/* Draining: one at a time. False: somebody else is at it. */
bool park_begin_drain(struct park *p);
void park_end_drain(struct park *p);
/* May seq be tried, when all in `before` stay where they are? Its keys are added to `before` by park_stays. */
bool park_is_free(struct park *p, const struct keyset *before, uint64_t seq);
/* Is there one that waited for another, and nothing is in front of it any more? */
bool park_has_free(struct park *p);
void park_stays(struct park *p, struct keyset *before, uint64_t seq);

#endif
