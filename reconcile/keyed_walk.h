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
    bool dense;                 /* of the rows listed last, many differed */
    uint64_t took_ms;           /* statements of the search, since others last had their turn */
    struct buf id;
};

/* What a range holds on both sides. */
struct keyed_sums {
    uint64_t rows[2];
    bool equal;
};

/* Make those of `count` ranges of both sides' answers to plan_put_sums. */
void keyed_take_sums(struct keyed_sums *out, size_t count, const struct side_query *a, const struct side_query *b);

/* Look into those of adjacent ranges that differ, down to rows, which become suspects. -1: a database failed. */
MUST_CHECK int keyed_search(struct keyed_walk *w, const struct plan_range *ranges, const struct keyed_sums *sums,
                            size_t count, struct err *err);
void keyed_walk_free(struct keyed_walk *w);
/* Settle the suspects once there are `limit` of them. */
MUST_CHECK int keyed_settle(struct keyed_walk *w, size_t limit, struct err *err);

#endif
