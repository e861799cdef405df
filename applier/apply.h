/* The two ways by which source transactions take effect at the target.
 *
 * Fast: a run of whole transactions in one target transaction, before images verified by one locking read a table, rows
 * written as they came. It gives no verdicts: anything that is not as the source saw it is doubt, and nothing was done.
 * Exact: one transaction row by row, each with the local row under lock, conflicts judged and journaled.
 * Both begin with the ledger and end with COMMIT. One thread (the sink's). */
#ifndef DRC_APPLIER_APPLY_H
#define DRC_APPLIER_APPLY_H

#include "applier/sink.h"
#include "applier/txn.h"
#include "conflict/judge.h"

enum apply_result {
    APPLY_DONE,  /* committed */
    APPLY_DOUBT, /* rolled back: `doubt` is the first transaction that has to go the exact way (count: not known which)
                  */
    APPLY_WAIT,  /* rolled back: a table does not take its rows; `why` says which and how it differs */
    APPLY_REFUSED, /* rolled back: the target refuses a row, and what it refuses is to be parked; `why` says which and
                      for what, `refusal` has its images */
};

struct apply_outcome {
    enum apply_result result;
    size_t doubt;
    bool early; /* APPLY_DOUBT: a verdict is to be given in it, and something before it is not in effect yet */
    struct buf why;
    struct conflict_case *refusal; /* with images of its own; NULL: there are none */
    struct arena arena;            /* of the refusal */
};
/* What it owns. */
void apply_outcome_free(struct apply_outcome *out);

/* `txns`: whole transactions, in source order, at least one. Errors: rolled back; ERR_RETRY (deadlock,
 * lock wait, connection), ERR_FATAL. */
MUST_CHECK int apply_fast(struct sink *s, struct txn *const *txns, size_t count, struct apply_outcome *out,
                          struct err *err);

/* One whole transaction. VERDICT_STOP and conflicts that no rule can decide are ERR_FATAL 69, rolled back. */
MUST_CHECK int apply_exact(struct sink *s, const struct txn *txn, struct apply_outcome *out, struct err *err);

/* One fragment of a big transaction inside the target transaction that sink_begin opened at its first one; sink_commit
 * ends it after the last. `exact`: row by row, for which everything before the transaction has to be in effect.
 * APPLY_DONE: written, not committed. APPLY_DOUBT: nothing of this fragment is written, what came before it stays open;
 * once everything before the transaction is in effect it may come again, exact unless it was `early`. Anything else has
 * been rolled back. */
MUST_CHECK int apply_fragment(struct sink *s, struct txn *fragment, bool exact, struct apply_outcome *out,
                              struct err *err);

#endif
