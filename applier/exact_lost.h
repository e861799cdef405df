/* Scope transaction: one row lost, and with it all of its transaction. Part of the exact way. */
#ifndef DRC_APPLIER_EXACT_LOST_H
#define DRC_APPLIER_EXACT_LOST_H

#include "applier/apply.h"

/* The row that lost: its number in its transaction, from 1 (0: there is none), and what it lost by. */
struct exact_loser {
    uint64_t number;
    enum conflict_kind kind;
    struct conflict_outcome outcome;
};

/* Can a row of the transaction make it lose as a whole? */
bool exact_may_lose(const struct sink *s, const struct txn *txn);
/* Undo what it wrote since sink_mark, and put all its rows into the journal, each with what is at the target. As
 * exact_rows: 1, 0, -1. */
int exact_lose(struct sink *s, const struct txn *txn, const struct exact_loser *loser, struct apply_outcome *out,
               struct err *err);

#endif
