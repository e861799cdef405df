/* MySQL's binary JSON (column type 245) to text. Pure.
 *
 * Format: MySQL sql-common/json_binary.h. The text is as the server writes it: {"a": 1, "b": [true, null]}, keys in the
 * stored order; decimals as numbers, dates and times as strings, other opaque values as "base64:typeN:…". */
#ifndef DRC_MODEL_JSON_BINARY_H
#define DRC_MODEL_JSON_BINARY_H

#include "common/base/buf.h"

/* Append the document. False, with `out` as it was, when it is malformed or nested more than 100 deep; work and output
 * are bounded by the length of the document. The empty document is null. */
bool json_binary_put_text(struct span doc, struct buf *out);

#endif
