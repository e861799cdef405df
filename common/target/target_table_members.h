/* Members of ENUM and SET columns in the column's own character set, as a TABLE_MAP has them. */
#ifndef DRC_TARGET_TARGET_TABLE_MEMBERS_H
#define DRC_TARGET_TARGET_TABLE_MEMBERS_H

#include "common/target/target_table.h"

/* information_schema tells them in UTF-8: let the server convert those of other character sets. `t->columns` is filled.
 */
MUST_CHECK int target_members_convert(struct target_table *t, struct table_def *def, struct db *db, struct err *err);

/* The source's column as the target's information_schema would tell it: that knows no characters of four bytes and
 * shows a question mark for each. Texts are in the arena. */
struct column target_members_as_told(const struct column *source, struct arena *a);

#endif
