/* Values that people give on the command line, as cells of a column. Pure. */
#ifndef DRC_CTL_CONFLICTS_VALUE_H
#define DRC_CTL_CONFLICTS_VALUE_H

#include "common/model/cell.h"
#include "common/target/target_table.h"

/* "NULL" is NULL; a value in single quotes is its text, with '' for a quote; "0x…" gives the bytes of a string as they
 * are. Else: digits for numbers; "2026-01-31", "2026-01-31 23:59:59.5", "-838:59:59" for dates and times (TIMESTAMP in
 * UTC); the member of an ENUM, those of a SET with commas between; JSON for JSON. Nothing is bent or cut: ERR_FATAL
 * (64) says what the column wants. The cell is in the arena. */
MUST_CHECK int conflicts_value_parse(struct cell *out, const struct column *c, const struct target_column *tc,
                                     const char *text, struct arena *a, struct err *err);

#endif
