/* Comparing a table whose rows have no key: by how many equal ones there are on each side.
 *
 * Each look is a scan of the table, so the first one splits the rows by the beginning of their checksums, and only the
 * parts that differ are looked into. */
#ifndef DRC_RECONCILE_UNKEYED_H
#define DRC_RECONCILE_UNKEYED_H

#include "reconcile/run.h"
#include "reconcile/settle.h"

/* As keyed_compare. */
MUST_CHECK int unkeyed_compare(struct run *run, const struct plan *plan, struct table_counts *counts, struct err *err);

#endif
