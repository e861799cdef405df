/* What an operator makes of an entry of the journal: taking it under lock, and putting down what was decided.
 *
 * The caller works on the row itself, in the same transaction, as any local writer does: neither touches drc.ledger, so
 * that capture forwards the row. */
#ifndef DRC_TARGET_JOURNAL_RESOLVE_H
#define DRC_TARGET_JOURNAL_RESOLVE_H

#include "common/target/journal.h"
#include "common/target/journal_images.h"

/* Strings, never NULL, and images are in the arena. */
struct journal_taken {
    uint64_t id;
    uint64_t seq;
    const char *link; /* "eu:us" */
    const char *db;
    const char *tbl;
    const char *row_key;
    const char *kind;
    const char *verdict;
    const char *state;
    const char *resolved_at;
    const char *resolved_by;
    struct journal_images images; /* table NULL: it is about no single row, or what was written cannot be read */
    struct journal_images undo;   /* before and result: the row before and after the resolution; table NULL: none */
};

/* The entry, locked until the caller's transaction ends. 1: taken; 0: there is none of that id; -1: error. */
MUST_CHECK int journal_take(struct journal_taken *out, struct db *db, uint64_t id, struct arena *a, struct err *err);

struct journal_decision {
    uint64_t id;
    const char *state; /* JOURNAL_RESOLVED, JOURNAL_UNDONE */
    const char *who;
    const char *why;                   /* "": none was given */
    struct span details;               /* a JSON object: what was done */
    const struct journal_images *undo; /* before and result; NULL: there is nothing that could be taken back */
};

/* Inside the caller's transaction; the entry has been taken by it. */
MUST_CHECK int journal_decide(struct db *db, const struct journal_decision *d, struct err *err);

/* ---- entries of transactions that are parked (verdict park) ---- */

enum journal_parked_end {
    JOURNAL_PARKED_APPLIED, /* in effect: what is open of it is resolved */
    JOURNAL_PARKED_GIVEN_UP,
    JOURNAL_PARKED_STAYS, /* refused again: what was resolved by asking for another try is open */
};

/* Inside the target transaction in which it ends so. */
MUST_CHECK int journal_end_parked(struct db *db, const char *link, uint64_t seq, enum journal_parked_end end,
                                  struct err *err);
/* Who asks, and why, for that transaction of the topic, or with seq 0 for all that are in that state (parked.h) by now:
 * told when they end. Inside the transaction that asks. */
struct journal_asked {
    const char *topic;
    uint64_t seq;
    const char *state;
    const char *who;
    const char *why;
};
MUST_CHECK int journal_note_asked(struct db *db, const struct journal_asked *asked, struct err *err);

#endif
