/* What the files of the privileges share. Nobody else includes it. */
#ifndef DRC_CHECK_GRANTS_PRIVATE_H
#define DRC_CHECK_GRANTS_PRIVATE_H

#include "common/check/grants.h"

#define GRANTS_ALL "ALL PRIVILEGES"

/* One more, unless it is there already, or all privileges are. */
void grants_add(struct grants *g, const char *privilege, const char *place);

#endif
