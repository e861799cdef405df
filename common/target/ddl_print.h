/* What a target's tables look like now, as numbers: by them it is told what a DDL statement did, or that the target has
 * got where a statement would have brought it. No locks; nothing stays open. */
#ifndef DRC_TARGET_DDL_PRINT_H
#define DRC_TARGET_DDL_PRINT_H

#include "common/link/db.h"
#include "common/model/ddl_plan.h"

/* The definition of each table that the plan names (of a database where the name is empty) as a number; 0: it is not
 * there. Its name and its next AUTO_INCREMENT value do not count. One number a table of the plan, in the arena. */
MUST_CHECK int ddl_print(uint64_t **out, struct db *db, const struct ddl_plan *plan, struct arena *a, struct err *err);

/* The same of the text that SHOW CREATE TABLE gives; never 0. */
uint64_t ddl_print_of(struct span create);

/* Has the target got there by itself? 1: the plan's sign is seen; 0: not, or there is no sign; -1: error. */
MUST_CHECK int ddl_print_fits(struct db *db, const struct ddl_plan *plan, const struct filter *f, struct err *err);

/* Does the plan's database hold anything at the target that is not of the pair? 1, 0, -1: error. `name` gets one. */
MUST_CHECK int ddl_print_database_has_others(struct buf *name, struct db *db, const struct ddl_plan *plan,
                                             const struct filter *f, struct err *err);

#endif
