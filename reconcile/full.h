/* Comparing one table whole: what every mode does with tables of which it knows no rows. */
#ifndef DRC_RECONCILE_FULL_H
#define DRC_RECONCILE_FULL_H

#include "reconcile/run.h"

/* Every row of the table, then its line in the report, which also says what is wrong with this table alone. -1: there
 * is no point in going on. */
MUST_CHECK int full_compare_table(struct run *run, struct span db, struct span name, struct err *err);

/* -1: neither side has any table that is to be compared (data), or they cannot be asked. */
MUST_CHECK int full_check_tables(struct run *run, struct err *err);

#endif
