/* Triggers at the two ends of a link. */
#ifndef DRC_CHECK_TRIGGERS_H
#define DRC_CHECK_TRIGGERS_H

#include "common/check/server.h"

/* What one side has and the other has not, or has otherwise; that an account may not see them. Nothing where rows are
 * written by SQL: no trigger may be at such a target, which is another rule. -1: it could not be asked. */
MUST_CHECK int check_link_triggers(struct findings *out, const struct check_place *from, const struct check_place *to,
                                   struct err *err);

#endif
