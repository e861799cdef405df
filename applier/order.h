/* The order of the stream at the target: which transactions were taken from it, which of them are in effect, and what
 * the ledger has to say of that. Pure.
 *
 * Transactions take their places in source order and come into effect in any. The watermark is the last place before
 * which none is missing; chain, offset, XA bodies and anchors in the ledger are those of the watermark, never of a
 * transaction above it. Each slot's row says besides which seqs above the watermark came into effect through it. A
 * target transaction writes the state as it will be once it is committed itself: nothing else is presumed, so that
 * whatever becomes of the other workers' open transactions, the union of the rows says what is in effect. */
#ifndef DRC_APPLIER_ORDER_H
#define DRC_APPLIER_ORDER_H

#include "applier/txn.h"
#include "common/target/ledger.h"

#define ORDER_MOST 10000u /* places above the watermark; a slot's ranges of them fit the ledger's column */

/* One transaction, or one act between two, from its coming until the watermark has passed it. */
struct place {
    struct place *next;
    struct place *before;
    uint64_t seq;
    bool is_act; /* stands between transactions, after seq */
    bool done;
    bool assumed; /* within order_state: as if done */
    int64_t next_offset;
    uint64_t epoch;
    uint64_t instance;
    uint64_t chain;
    uint64_t commit_us;
    uint64_t stamp;
    struct gtid gtid;
    bool has_sets; /* the two differ from those of the place before it */
    struct buf held;
    struct buf anchors;
};

struct order {
    struct ledger_state state; /* at the watermark; `done` is of all slots together */
    struct watermark *slots;   /* what came into effect through each */
    uint32_t slot_count;
    struct place *first; /* the oldest that is not in effect */
    struct place *last;
    size_t count;
    struct buf held; /* of the last place */
    struct buf anchors;
};

/* Every slot begins with what all of them have done: more than its own is as true. */
void order_init(struct order *o, const struct ledger_state *from, uint32_t slots);
void order_free(struct order *o);

/* The next one in source order; `p` is zeroed and the caller's, who frees it by place_free when it has been passed.
 * Whole transactions by their record, big ones by their first fragment. */
void order_add(struct order *o, struct place *p, const struct txn *t);
/* A big transaction's last fragment has come: what the ledger will say is of that one. */
void order_complete(struct order *o, struct place *p, const struct txn *last);
/* Did the ledger have it already? */
bool order_has(const struct order *o, uint64_t seq);
/* The newest place is void: it leaves. Others may have come after it. */
void order_remove(struct order *o, struct place *p);
void place_free(struct place *p); /* what it owns */

/* The places are in effect, through that slot. Those that the watermark passes leave; returns them, linked by `next`.
 */
MUST_CHECK struct place *order_done(struct order *o, struct place *const *places, size_t count, uint32_t slot);
/* The row of that slot in the transaction that brings the places into effect. The caller frees it. */
void order_state(struct order *o, struct ledger_state *out, struct place *const *places, size_t count, uint32_t slot);

#endif
