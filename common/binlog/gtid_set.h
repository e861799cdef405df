/* A MySQL set of GTIDs in the server's own encoding: what PREVIOUS_GTIDS events hold and what a dump is asked with.
 *
 * Two forms: the one of all versions, and the one with tags (MySQL 8.3 and later). Pure. */
#ifndef DRC_BINLOG_GTID_SET_H
#define DRC_BINLOG_GTID_SET_H

#include "common/model/position.h"

/* Append the set; without any tag in the form that every server reads. `set` is MySQL's, or the empty one of no
 * flavour. */
void gtid_set_put(struct buf *out, const struct position *set);
/* Either form; `out` is replaced. Marks r bad when malformed. */
void gtid_set_read(struct position *out, struct bytes *r);

#endif
