/* drcctl events --binlog: the transactions of binlog files, without a server. */
#ifndef DRC_CTL_EVENTS_BINLOG_H
#define DRC_CTL_EVENTS_BINLOG_H

#include "ctl/events.h"

/* Print the files one after the other, options->from being a byte of the first. Fails as the first thing does that
 * cannot be read, after what could be was printed; a transaction without its end is shown as "cut off", and is an error
 * (fatal, 69) where no other file follows. */
MUST_CHECK int events_print_binlogs(struct events_printer *p, char *const *paths, size_t count, struct err *err);

#endif
