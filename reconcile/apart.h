/* Comparing a table by its key where no range of the key holds the same rows on both sides, or where rows have to be
 * fetched: each side is read page by page in its own order, and what belongs together meets here. */
#ifndef DRC_RECONCILE_APART_H
#define DRC_RECONCILE_APART_H

#include "reconcile/run.h"

/* Findings go to the report. -1: a database failed, what was found so far is told. */
MUST_CHECK int apart_compare(struct run *run, const struct plan *plan, struct table_counts *counts, struct err *err);

#endif
