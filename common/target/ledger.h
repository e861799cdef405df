/* The ledger: dedupe, checkpoint, fence and loop mark in one row change (DESIGN section 5).
 *
 * One row a (stream, part, slot) in drc.ledger of the target. It is updated alone and first in every target
 * transaction, by SQL, always changing the row (n=n+1): without a row event there would be no loop mark in the target's
 * binlog. A writer whose owner or n no longer match has been fenced.
 *
 * A link is known by the topic that it reads (config_topic), so that two pairs that write to one target do not meet. */
#ifndef DRC_TARGET_LEDGER_H
#define DRC_TARGET_LEDGER_H

#include "common/base/watermark.h"
#include "common/link/db.h"
#include "common/model/record.h"

/* What a slot's row says; also what all slots say together (ledger_take_over). */
struct ledger_state {
    uint8_t stream[STREAM_UUID_LEN];
    uint32_t part;
    uint64_t seq;          /* the watermark: everything up to it is in effect, and what follows here belongs to it */
    struct watermark done; /* seqs in effect: what slots have done above seq besides, so that low may be beyond it */
    uint64_t chain;        /* of seq */
    int64_t offset;        /* hint: where the record after the watermark may be */
    uint64_t epoch;        /* in force at the watermark */
    uint64_t instance;
    char gtid[GTID_TEXT_LEN];
    uint64_t commit_us; /* commit time at the source of the watermark's transaction */
    uint64_t stamp;     /* the greatest of all that is in effect; 0: not known */
    struct buf held;    /* prepared XA transactions, undecided at the watermark: the applier knows the form */
    struct buf anchors; /* from where the source can be read again, should the topic be lost (anchors.h) */
};
void ledger_state_free(struct ledger_state *s);

/* One writer's hold on a slot. */
struct ledger_slot {
    uint32_t slot;
    uint8_t owner[16]; /* random, one per applier instance */
    uint64_t n;        /* as of the last committed transaction */
};

/* Which stream does the ledger hold for the link that reads `topic`? 1: state filled with the union of its slots; 0: no
 * row for that link yet; -1: error. No locks. */
MUST_CHECK int ledger_find(struct db *db, const char *topic, struct ledger_state *out, struct err *err);

/* Is a writer of that link connected (ledger_attach) to this server now? 1: yes; 0: no; -1: error. No locks. */
MUST_CHECK int ledger_is_attended(struct db *db, const char *topic, struct err *err);

/* First start only: make the row of slot 0, in a transaction of its own. 0 also when another instance of the link that
 * starts at the same moment has made it: who takes over last has it. ERR_FATAL 69 when the row is another link's. */
MUST_CHECK int ledger_create(struct db *db, const char *topic, const struct ledger_state *start, struct err *err);

/* Take over: one transaction that changes `owner` in all slots of the stream (so waits for every open transaction),
 * makes missing slots up to `slots`, kills the former owner's connections that still live, then reads all: watermark
 * with all that belongs to it = that of the row which is furthest, done = union. `held` has room for `slots`. Each
 * writer's connection then calls ledger_attach. */
MUST_CHECK int ledger_take_over(struct db *db, const char *topic, uint32_t slots, struct ledger_slot *held,
                                struct ledger_state *out, struct err *err);

/* Let this connection be known as the writer of the slot (by a named lock, which dies with it), so that a successor can
 * kill it; an older connection of the same hold that still lives is killed. Retry when that one takes its time. */
MUST_CHECK int ledger_attach(struct db *db, const struct ledger_slot *held, struct err *err);

/* The first statement of a target transaction (after BEGIN): record `state` in the slot. Fatal 77 "fenced by a newer
 * instance" when the row is not ours any more, fatal 69 when it is gone. Counts held->n up only on ledger_committed. */
MUST_CHECK int ledger_write(struct db *db, const struct ledger_slot *held, const struct ledger_state *state,
                            struct err *err);
void ledger_committed(struct ledger_slot *held);

/* The same as ledger_settle for one slot, while others are at work: only its row is read. */
MUST_CHECK int ledger_settle_slot(struct db *db, const uint8_t stream[STREAM_UUID_LEN], uint32_t part,
                                  struct ledger_slot *held, struct err *err);
/* Answers of COMMITs may have been lost: locking read of the rows over a new connection, which also waits for what
 * former connections still have open. Every hold then counts as its row does. -1: error (fatal 77 when another owner is
 * there). */
MUST_CHECK int ledger_settle(struct db *db, const char *topic, struct ledger_slot *held, uint32_t slots,
                             struct err *err);

#endif
