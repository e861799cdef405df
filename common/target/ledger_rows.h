/* What ledger.c and ledger_owner.c share: reading and making rows of drc.ledger. Nobody else includes it. */
#ifndef DRC_TARGET_LEDGER_ROWS_H
#define DRC_TARGET_LEDGER_ROWS_H

#include "common/target/ledger.h"

struct ledger_row {
    struct ledger_state state;
    struct ledger_slot held;
    uint64_t connection;
};

struct ledger_rows {
    struct ledger_row *rows; /* by slot */
    size_t count;
};

/* All slots of the topic's stream. `locking`: FOR UPDATE. Two streams for one topic are refused (fatal 69). */
MUST_CHECK int ledger_rows_read(struct db *db, const char *topic, bool locking, struct ledger_rows *out,
                                struct err *err);
void ledger_rows_free(struct ledger_rows *r);
/* What all of them say together; there is one at least. */
void ledger_rows_union(const struct ledger_rows *r, struct ledger_state *out);

/* INSERT of a new slot with that state and hold. */
MUST_CHECK int ledger_row_insert(struct db *db, const char *topic, const struct ledger_state *state,
                                 const struct ledger_slot *held, struct err *err);

/* Put down how many slots the stream has from now on: whether one is gone is told by that. Inside a transaction whose
 * first change is the ledger's. */
MUST_CHECK int ledger_note_slots(struct db *db, const struct ledger_state *s, uint64_t count, struct err *err);

/* Why a hold on a slot is lost: another owner (fatal 77), or the row itself is gone (fatal 69). Returns -1. */
int ledger_slot_lost(const struct ledger_slot *held, bool is_there, struct err *err);

#endif
