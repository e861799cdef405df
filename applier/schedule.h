/* Which worker gets which transaction, and when.
 *
 * Between the router's thread, which puts transactions with their write sets in source order, and the workers' threads,
 * which take. A transaction is handed out once all earlier ones that share a key with it are in effect, or wait before
 * it in the queue of the same worker: so changes of a hot key form groups, and keep their order. Three kinds wait for
 * everything before them: operators' acts, DDL and what cascades (nothing after them begins before they are in effect,
 * either), transactions of which some key is not known (what touches the same table waits for them), and those that
 * were given back to go the exact way.
 *
 * The exact way gives verdicts, which must not be given while anything earlier is still to come. By the write sets only
 * what shares a key could matter, but a verdict is for good, and a write set is only as right as the definitions that
 * it was made from; conflicts are rare, so it waits for all. A key that the target got a moment ago is not known yet:
 * what the server refuses for it is in doubt, and then order is kept; if a later change has overtaken it, it is parked.
 *
 * Bounded: in bytes, and ORDER_MOST transactions above the watermark. */
#ifndef DRC_APPLIER_SCHEDULE_H
#define DRC_APPLIER_SCHEDULE_H

#include "applier/order.h"
#include "applier/writeset.h"

#define SCHEDULE_MOST_WORKERS 64u

struct schedule;

struct schedule_setup {
    size_t max_bytes;
    uint32_t workers;                /* ledger slots 0 … workers-1 */
    size_t group_rows;               /* that a worker applies together: so many rows in a row go to one */
    const struct ledger_state *from; /* copied */
    uint64_t alone_seq;              /* a big transaction that is to have nothing beside it; 0: none */
};

struct schedule *schedule_new(const struct schedule_setup *setup);
/* All threads must have left it; what nobody took is freed. */
void schedule_free(struct schedule **s);

/* ---- the router ---- */

/* Wait for room. 0: the transaction is the schedule's; -1: it was closed, the transaction stays the caller's. `w` is
 * sealed and only read. */
MUST_CHECK int schedule_put(struct schedule *s, struct txn *t, const struct writeset *w);
/* Nothing comes after what was put: because of `why` (NULL: a stop). Workers see it once all before is in effect. */
void schedule_end(struct schedule *s, const struct err *why);
/* Until everything that was put is in effect; -1: it was closed before. */
MUST_CHECK int schedule_drain(struct schedule *s);
/* Did a worker find a table changed since this was asked last? Then write sets have to be made anew; what is put next
 * has nothing beside it. */
bool schedule_tables_changed(struct schedule *s);

/* ---- any thread ---- */

/* Do not even hand out what is there: wakes everyone. */
void schedule_abandon(struct schedule *s);
/* While it is held nothing new is begun: takers get NULL, but for the fragments of a transaction that has begun. */
void schedule_hold(struct schedule *s, bool hold);
/* An operator's pause, until schedule_resume: what has been begun comes into effect, with all before it in the stream,
 * and nothing behind that is begun; takers get NULL then. Again it does nothing. `since_ms`: when it was asked for, by
 * clock_mono_ms; a schedule that is made long after that is paused as it is. */
void schedule_pause(struct schedule *s, uint64_t since_ms);
/* What is not in effect waits for an operator: the pause is reached as it is, with gaps in what is in effect. */
void schedule_cut_pause(struct schedule *s);
/* The asker cannot bring what he has in hand into effect now (!in_hand: finds nothing that he may take). A pause bears
 * that for some seconds, then it is cut short. Whether it has been. */
bool schedule_pause_in_vain(struct schedule *s, bool in_hand);
/* Is there a pause, and all in effect that is to be before it? */
bool schedule_pause_reached(struct schedule *s);
/* The pause is over. Nothing where there is none. */
void schedule_resume(struct schedule *s);
/* Has the end been reached? Then err (may be NULL) is why; its class is ERR_NONE after a stop. */
bool schedule_ended(struct schedule *s, struct err *err);
void schedule_note_changed_table(struct schedule *s);
/* How often that was noted. */
uint64_t schedule_table_changes(struct schedule *s);
/* A glance for status: what was put and is not in effect, and the commit time (µs) of the oldest of it, 0: none. */
size_t schedule_items(struct schedule *s);
size_t schedule_bytes(struct schedule *s);
uint64_t schedule_oldest_us(struct schedule *s);
/* Up to which seq all is in effect. */
uint64_t schedule_watermark(struct schedule *s);
/* The ledger's state at the watermark, without its sets. The caller frees it. */
void schedule_state(struct schedule *s, struct ledger_state *out);

/* ---- worker number `worker` ---- */

/* The next one, the taker's now: a whole transaction (txn->exact: alone and row by row), an act, DDL, or the first
 * fragment of a big one. NULL: none within timeout_ms, or the end (schedule_ended tells). */
struct txn *schedule_take(struct schedule *s, uint32_t worker, int timeout_ms);
/* At once, for a group that ends with `last`. While groups wait for verdicts, NULL as well when something that is not
 * in effect stands between the two: such a group would wait for another one that waits for it. */
struct txn *schedule_take_behind(struct schedule *s, uint32_t worker, const struct txn *last);
/* The next fragment of the big transaction that the worker took last, or the news (txn->abandon) that it is void. */
struct txn *schedule_take_fragment(struct schedule *s, uint32_t worker, int timeout_ms);
/* Is the big transaction in hand in the way of an earlier one? Then roll back: it is to be begun again, alone. */
bool schedule_must_yield(struct schedule *s, uint32_t worker);
/* A worker waits in vain for a row lock: an unfinished big transaction that waits as well may be what it waits for. */
void schedule_contended(struct schedule *s);
/* Give back what was taken, in order, since the first is in doubt: it comes back to be taken, exact, when all before it
 * is in effect; the others when they may. The last may be the first fragment of a big one that has not been begun: it
 * may need one of the others, and must not be kept then. They are the schedule's. */
void schedule_return(struct schedule *s, uint32_t worker, struct txn *const *txns, size_t count);
/* How many of these, from the first on, have nothing before them that is neither in effect nor among them? For those
 * a verdict may be given. */
size_t schedule_in_order(struct schedule *s, struct txn *const *txns, size_t count);
/* The same, once it is more than none; 0: not within timeout_ms, abandoned, or something before them is behind them in
 * the worker's own queue. Of a big transaction in hand any fragment stands for it: it waits with what it has written,
 * so that 0 may also mean that it must yield. */
size_t schedule_await_order(struct schedule *s, uint32_t worker, struct txn *const *txns, size_t count, int timeout_ms);

/* What the ledger row of the worker's slot says once the transactions (any number; none: as it is) are in effect. The
 * caller frees it. */
void schedule_state_with(struct schedule *s, struct ledger_state *out, uint32_t worker, struct txn *const *txns,
                         size_t count);
/* They are: committed by that worker. The transactions stay the caller's. A big one by its last fragment. */
void schedule_committed(struct schedule *s, uint32_t worker, struct txn *const *txns, size_t count);
/* The big transaction in hand is void and rolled back. */
void schedule_dropped(struct schedule *s, uint32_t worker);

/* The worker does nothing, as paused, or does again. Whether all of them rest. */
bool schedule_rest(struct schedule *s, uint32_t worker, bool rests);

#endif
