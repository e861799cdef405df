/* Ctrl-C and its like end a run in order: what was found is told, the exit code is 2, a state file is kept. */
#ifndef DRC_RECONCILE_INTERRUPT_H
#define DRC_RECONCILE_INTERRUPT_H

#include "common/base/stop.h"

/* SIGINT, SIGTERM and SIGHUP, but for those that are ignored (nohup), request the stop; the second one ends the process
 * as it always does. Call before the first thread starts, once. The stop lives as long as the process. */
struct stop *interrupt_begin(void);

#endif
