/* A table's place among foreign keys, as the target has them. Part of target_table_load. */
#ifndef DRC_TARGET_TARGET_TABLE_FOREIGN_H
#define DRC_TARGET_TARGET_TABLE_FOREIGN_H

#include "common/target/target_table.h"

/* Fill in_foreign_key, is_parent and cascades. */
MUST_CHECK int target_foreign_load(struct target_table *t, const struct table_def *def, struct db *db, struct err *err);

#endif
