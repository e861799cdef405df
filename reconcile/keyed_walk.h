/* What the parts of a comparison by key share: the walk through one table. Private to keyed*.c. */
#ifndef DRC_RECONCILE_KEYED_WALK_H
#define DRC_RECONCILE_KEYED_WALK_H

#include "reconcile/run.h"
#include "reconcile/suspects.h"

struct keyed_walk {
    struct run *run;
    const struct plan *plan;
    struct table_counts *counts;
    struct suspects suspects;
    size_t noted;               /* of them, in the state */
    struct side_query query[2]; /* of the search */
    struct map listed;          /* of the source's rows: id -> row + 1 */
    struct buf id;
};

/* What a range holds on both sides. */
struct keyed_sums {
    uint64_t rows[2];
    uint64_t took_ms; /* of the side that took longer */
    bool equal;
};

/* Make them of both sides' answers to plan_put_sum. */
struct keyed_sums keyed_sums_of(const struct side_query *a, const struct side_query *b);

/* Look into a range that differs, down to rows, which become suspects. No job may be under way. -1: a database failed.
 */
MUST_CHECK int keyed_search(struct keyed_walk *w, const struct plan_range *range, const struct keyed_sums *sums,
                            struct err *err);
void keyed_walk_free(struct keyed_walk *w);
/* Settle the suspects once there are `limit` of them. */
MUST_CHECK int keyed_settle(struct keyed_walk *w, size_t limit, struct err *err);

#endif
