/* Which release a program is, and the versions of what it speaks and writes: for `drcctl version`. */
#ifndef DRC_TARGET_RELEASE_H
#define DRC_TARGET_RELEASE_H

#include "common/base/buf.h"

/* Lines: "drc-applier 0.2.0", "control protocol 1", "schema 8", "record format 1". */
void release_put(const char *program, struct buf *out);

#endif
