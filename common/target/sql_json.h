/* MySQL's JSON documents as SQL expressions, where their text would not be the document: it shows decimals as doubles
 * and dates, times and bytes as strings. Pure. */
#ifndef DRC_TARGET_SQL_JSON_H
#define DRC_TARGET_SQL_JSON_H

#include "common/base/arena.h"
#include "common/base/buf.h"
#include "common/base/err.h"

/* Does the document (binary form) hold a value that its text does not tell? */
bool sql_json_is_opaque(struct span doc, struct arena *a);

/* Append an expression of type JSON that is such a document. False, and nothing of use appended, when it is malformed.
 */
MUST_CHECK bool sql_json_put(struct buf *out, struct span doc, struct arena *a);

#endif
