/* The bytes of a state file's records. Pure. */
#ifndef DRC_RECONCILE_STATE_RECORD_H
#define DRC_RECONCILE_STATE_RECORD_H

#include "common/base/arena.h"
#include "common/base/bytes.h"
#include "reconcile/report.h"

void state_put_difference(struct buf *out, const struct difference *d);
/* Spans point into what is read, or into the arena. */
void state_read_difference(struct difference *out, struct arena *a, struct bytes *r);

/* Without `problem`. */
void state_put_counts(struct buf *out, const struct table_counts *c);
void state_read_counts(struct table_counts *out, struct bytes *r);

#endif
