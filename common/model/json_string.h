/* What stands between the quotes of JSON text: shared by the readers of whole documents and of paths. Pure. */
#ifndef DRC_MODEL_JSON_STRING_H
#define DRC_MODEL_JSON_STRING_H

#include "common/base/arena.h"
#include "common/base/bytes.h"

/* From behind the opening quote to behind the closing one; the string, escapes resolved, in the arena. False when it
 * does not end, or has an escape that JSON does not know. */
bool json_string_take(struct span *out, struct bytes *r, struct arena *a);

#endif
