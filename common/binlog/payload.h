/* MySQL's TRANSACTION_PAYLOAD: a whole group compressed into one event, given back event by event.
 *
 * Memory is bounded by the largest event inside, not by the transaction. Not shared between threads. */
#ifndef DRC_BINLOG_PAYLOAD_H
#define DRC_BINLOG_PAYLOAD_H

#include "common/base/buf.h"
#include "common/binlog/event.h"

struct payload; /* opaque: the decompressor and its window, kept for reuse */

struct payload *payload_new(void);
void payload_free(struct payload **p);

/* Begin with an event, whose bytes must live until the last payload_next. Fails (fatal, 69) when malformed or
 * compressed by an algorithm that we do not know. */
MUST_CHECK int payload_open(struct payload *p, const struct event *e, struct err *err);
/* 1: the next event inside, whole, without checksum, valid until the next call. 0: no more. -1: malformed (fatal, 69).
 */
MUST_CHECK int payload_next(struct payload *p, struct span *raw, struct err *err);

#endif
