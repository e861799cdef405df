/* The daemon's life: sessions one after another, until the link is stopped or has to stop. */
#ifndef DRC_APPLIER_RUN_H
#define DRC_APPLIER_RUN_H

#include "common/base/stop.h"
#include "common/link/config.h"
#include "common/link/daemon.h"

/* Fills in the passwords that an applier of that link needs. */
typedef int applier_secrets_fn(struct config *c, const char *from, const char *to, struct err *err);

struct applier_setup {
    const char *from;
    const char *to;
    applier_secrets_fn *secrets; /* of a configuration that is read again */
    struct stop *stop;
    struct daemon_hup *hup;
};

/* Blocks. 0 after a requested stop, at a transaction's boundary and within 5 s; -1: why the link had to stop. Takes the
 * configuration, whose passwords are in it. */
MUST_CHECK int applier_run(struct config *config, const struct applier_setup *setup, struct err *err);

#endif
