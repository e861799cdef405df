/* This host: the directories in which daemons of the pair work. */
#ifndef DRC_CHECK_HOST_H
#define DRC_CHECK_HOST_H

#include "common/check/rules.h"

void check_host(struct findings *out, const struct config *c);

#endif
