/* Comparing a table by its key: chunk by chunk, unequal chunks split until the rows are few, then row by row. */
#ifndef DRC_RECONCILE_KEYED_H
#define DRC_RECONCILE_KEYED_H

#include "reconcile/run.h"
#include "reconcile/settle.h"

/* Findings go to the report. -1: a database failed, what was found so far is told. */
MUST_CHECK int keyed_compare(struct run *run, const struct plan *plan, struct table_counts *counts, struct err *err);

/* How suspects with a key are looked at and told. */
extern const struct settle_kind keyed_kind;

#endif
