/* The operator's throttle: how fast a link may apply, until it is released or the daemon ends.
 *
 * A rate, in row changes a second of all workers together, or a ratio, the share of its time for which each worker may
 * work. It holds between target transactions, with no lock in hand: a transaction is applied whole, however big, and
 * waited for afterwards. Any thread. */
#ifndef DRC_APPLIER_PACE_H
#define DRC_APPLIER_PACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/buf.h"

struct pace;

struct pace *pace_new(void);
void pace_free(struct pace **p);

/* Control thread. `args`: "WHO rate ROWS WHY…", "WHO ratio 0.25 WHY…", "WHO off WHY…". */
void pace_ask(struct pace *p, const char *args, struct buf *out);
/* "at most 500 rows/s, by root@db1 at …: why"; nothing when nothing is set. */
void pace_put_text(struct pace *p, struct buf *out);

/* ---- the workers ---- */

/* Most rows of one target transaction: what a second takes, at most `most`. */
uint32_t pace_group_rows(struct pace *p, uint32_t most);
/* A worker has applied so many row changes in so long a time: when it may go on, by clock_mono_ms. `since`: changes
 * with every word of the operator; NULL is not allowed. */
uint64_t pace_due_ms(struct pace *p, uint64_t rows, uint64_t busy_ms, uint64_t *since);
/* Has the operator said something since? Then what was due is no more. */
bool pace_changed(struct pace *p, uint64_t since);

#endif
