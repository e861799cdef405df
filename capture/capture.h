/* The capture daemon behind its command line: sessions one after another, the control socket, the stop. */
#ifndef DRC_CAPTURE_CAPTURE_H
#define DRC_CAPTURE_CAPTURE_H

#include "common/base/stop.h"
#include "common/link/config.h"
#include "common/link/daemon.h"

/* Until the stop is requested (0) or an error that trying again does not mend (-1). Whatever hangs, it returns within
 * about four seconds of the stop; then the process must end without cleaning up, because a thread may still run. Takes
 * the configuration, whose passwords are in it; SIGHUP reads it again. */
MUST_CHECK int capture_run(struct config *config, const struct region_config *region, struct stop *stop,
                           struct daemon_hup *hup, struct err *err);

/* Look at source and topic as a start would, and change nothing. */
MUST_CHECK int capture_check(const struct config *config, const struct region_config *region, struct err *err);

#endif
