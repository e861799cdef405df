/* Transactions in source order on their way from the intake's thread to the router's, and how the stream's end reaches
 * it. Bounded in bytes. */
#ifndef DRC_APPLIER_INBOX_H
#define DRC_APPLIER_INBOX_H

#include "applier/txn.h"

struct inbox;

struct inbox *inbox_new(size_t max_bytes);
/* All threads must have left it; what nobody took is freed. */
void inbox_free(struct inbox **b);

/* Wait for room. 0: the transaction is the inbox's; -1: it was closed, the transaction stays the caller's. */
MUST_CHECK int inbox_put(struct inbox *b, struct txn *t);
/* Nothing comes after what was put: because of `why` (NULL: a stop). Seen after all before has been taken. */
void inbox_end(struct inbox *b, const struct err *why);
/* Do not even hand out what is there: wakes everyone. Any thread. */
void inbox_abandon(struct inbox *b);

/* The next transaction, the taker's now. NULL: none within timeout_ms, or the end (inbox_ended tells). */
struct txn *inbox_take(struct inbox *b, int timeout_ms);
/* Has the end been reached? Then err (may be NULL) is why; its class is ERR_NONE after a stop. */
bool inbox_ended(struct inbox *b, struct err *err);

/* A glance for status. */
size_t inbox_items(struct inbox *b);
size_t inbox_bytes(struct inbox *b);

#endif
