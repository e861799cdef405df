/* Changes of a JSON document, as MySQL writes them to its binlog instead of the whole (binlog_row_value_options).
 *
 * A list of operations, each with a path such as $.a[3]."b c". Format: MySQL sql/json_diff.cc. Pure. */
#ifndef DRC_MODEL_JSON_DIFF_H
#define DRC_MODEL_JSON_DIFF_H

#include "common/base/arena.h"
#include "common/base/buf.h"
#include "common/base/err.h"

/* Append what `doc` becomes. The arena is for working memory. False, with `out` as it was, when the changes are
 * malformed, or do not fit the document (a path that it has not, a key that it has already). */
MUST_CHECK bool json_diff_apply(struct buf *out, struct span doc, struct span changes, struct arena *a);

#endif
