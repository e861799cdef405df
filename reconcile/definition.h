/* Differences between the two sides' definitions of a table: types, collations, indexes, AUTO_INCREMENT.
 *
 * Which columns only one side has, and which cannot be compared, plan_make tells. Defaults are compared between servers
 * of one flavour only, which write them alike. What only looks different is none: MySQL's JSON and MariaDB's LONGTEXT
 * of that name, the order of columns, an index that the optimizer may not use. */
#ifndef DRC_RECONCILE_DEFINITION_H
#define DRC_RECONCILE_DEFINITION_H

#include "reconcile/run.h"

/* Each difference goes to `tell`, with `context`. `plan` is of the table, with both sides' definitions. -1: a database
 * failed. Main thread; no job may be under way. */
MUST_CHECK int definition_compare(struct run *run, const struct plan *plan,
                                  void (*tell)(void *context, const char *phrase), void *context, struct err *err);

#endif
