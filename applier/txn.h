/* One source transaction, or one fragment of a big one, as it moves from intake to worker.
 *
 * Owned by one thread at a time; everything in it lives in its arena. Ownership moves with the pointer. */
#ifndef DRC_APPLIER_TXN_H
#define DRC_APPLIER_TXN_H

#include "common/model/record.h"
#include "common/target/repair.h"

struct txn {
    struct arena arena;
    struct record head; /* spans copied into the arena; body empty */
    struct rows *rows;  /* in source order; images in the arena, tables in the intake's cache (which outlives it) */
    size_t rows_count;
    size_t row_total;          /* rows of all of them */
    struct repair_mark *marks; /* what reconcile asks at this place of the order; definitions in the intake's cache */
    size_t mark_count;
    bool marks_parked;   /* changes of what they ask for are put aside */
    size_t bytes;        /* of the record, for bounds */
    struct ddl *ddl;     /* a DDL record: its statement; NULL otherwise */
    int64_t next_offset; /* of the record after it */
    struct span held;    /* the set of held bodies as after it, in the ledger's form (held.h) */
    struct span anchors; /* the ledger's anchors as of it (anchors.h) */
    bool abandon;        /* no data: fragments handed over before are void, roll back */
    bool exact;          /* to go row by row */
    bool alone;          /* joins no group */
    struct job *job;     /* the schedule's, until it is in effect */
};

struct txn *txn_new(void);
void txn_free(struct txn **t);

/* No data either: a resume record with an operator's act, to be journaled at its place in the order. */
static inline bool txn_is_act(const struct txn *t)
{
    return t->head.act.n > 0;
}

static inline bool txn_is_whole(const struct txn *t)
{
    return (t->head.flags & RECORD_FIRST) && (t->head.flags & RECORD_LAST);
}

/* A fragment of a big one. */
static inline bool txn_is_fragment(const struct txn *t)
{
    return !txn_is_act(t) && !t->ddl && !txn_is_whole(t);
}

/* Fill from a resume record that counts and has an act. */
void txn_fill_act(struct txn *t, const struct record *rec, int64_t next_offset);
/* Fill from a record that counts; held bodies and XA ends are empty, a held body counts as whole (it is passed when its
 * last fragment has come). Checks that every table may be written: reserved schemas and tables outside the pair
 * are fatal (69), since BINLOG bypasses table grants. `cache` lives as long as the intake. */
struct filter;
MUST_CHECK int txn_fill(struct txn *t, const struct record *rec, struct table_cache *cache, const struct filter *filter,
                        int64_t next_offset, struct err *err);
/* The same for an XA COMMIT: the transaction is `end`'s, its rows are those of `body`, a fragment of its held body. */
MUST_CHECK int txn_fill_held(struct txn *t, const struct record *end, const struct record *body,
                             struct table_cache *cache, const struct filter *filter, int64_t next_offset,
                             struct err *err);

#endif
