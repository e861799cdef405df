/* The daemon's life: sessions one after another, until the link is stopped or has to stop. */
#ifndef DRC_APPLIER_RUN_H
#define DRC_APPLIER_RUN_H

#include "common/base/stop.h"
#include "common/link/config.h"

/* Blocks. 0 after a requested stop, at a transaction's boundary and within 5 s; -1: why the link had to stop. Passwords
 * of the target's region and of the cluster are in `config`. */
MUST_CHECK int applier_run(struct config *config, const char *from, const char *to, struct stop *stop, struct err *err);

#endif
