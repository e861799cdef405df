/* What the files of touched.h share. Nobody else includes it. */
#ifndef DRC_RECONCILE_TOUCHED_PRIVATE_H
#define DRC_RECONCILE_TOUCHED_PRIVATE_H

#include "common/base/map.h"
#include "reconcile/run.h"

struct touched_table {
    struct span db;
    struct span name;
    const char *whole; /* why it is compared whole; NULL: it is not */
    struct target_table *sides[2];
    struct plan plan;
    bool planned;
    struct span *conditions; /* keys held */
    size_t count;
    size_t cap;
    struct map known; /* the same, to have each once */
    struct arena arena;
    struct table_counts counts;
};

/* Compare the rows that the conditions find, settle those that differ. -1: a database failed. */
MUST_CHECK int touched_compare_table(struct run *run, struct touched_table *table, struct err *err);

#endif
