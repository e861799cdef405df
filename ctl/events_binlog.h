/* drcctl events --binlog: the transactions of binlog files, without a server. */
#ifndef DRC_CTL_EVENTS_BINLOG_H
#define DRC_CTL_EVENTS_BINLOG_H

#include "ctl/events.h"

/* Print the files one after the other, at most `limit` groups. */
MUST_CHECK int events_print_binlogs(struct events_printer *p, char *const *paths, size_t count, uint64_t limit,
                                    struct err *err);

#endif
