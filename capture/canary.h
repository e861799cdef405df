/* The canary: proof that the loop mark of a capture's own region reaches the binlog.
 *
 * Where a region is a target too, what its applier writes is known as replayed by the change of drc.ledger at its head.
 * A server has several ways to keep that change out of the binlog, or to put another one in front of it, and everything
 * would go round in circles before anybody noticed. So a capture now and then makes such a change itself and expects it
 * back. This is the memory of that, between the thread that writes and the one that reads the binlog; how it is written
 * is ledger_canary.h's. Any thread. */
#ifndef DRC_CAPTURE_CANARY_H
#define DRC_CAPTURE_CANARY_H

#include "common/model/position.h"
#include "common/model/record.h"

struct canary;

struct canary *canary_new(const char *region, const char *topic);
void canary_free(struct canary **c);

/* The writer's side: before the transaction that carries `nonce`; when it is committed, with the server's position
 * after it; or when that is not known, and nothing is to be expected any more. */
void canary_expect(struct canary *c, uint64_t nonce);
void canary_written(struct canary *c, const struct position *end);
void canary_abandon(struct canary *c);

/* The reader's side: a replayed transaction of a canary's stream has come. */
void canary_seen(struct canary *c, const uint8_t stream[STREAM_UUID_LEN], uint64_t nonce);
/* `read` is what the binlog has been read up to, transactions not published included; `at_end`: the server has said
 * more than once that there is nothing more. Fatal (69) when the canary should have come and has not. */
MUST_CHECK int canary_check(struct canary *c, const struct position *read, bool at_end, struct err *err);
/* When one came back last, in µs since 1970; 0: none yet. */
uint64_t canary_seen_us(struct canary *c);

#endif
