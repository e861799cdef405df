/* Versions on the exact way: all rows of a transaction are locked first, then it is waited once, then each change is
 * told what it does not know of. Part of the exact way. */
#ifndef DRC_APPLIER_EXACT_VERSIONS_H
#define DRC_APPLIER_EXACT_VERSIONS_H

#include "applier/apply.h"

struct exact_absent;

/* Zeroed: versions are not asked. */
struct exact_versions {
    struct sink *sink;
    const struct txn *txn;
    struct buf scratch;
    struct exact_absent *absent; /* rows that were not there to be locked when they were asked for */
    size_t absent_count;
    size_t absent_cap;
};
void exact_versions_free(struct exact_versions *v);

/* Lock the rows that the transaction, or fragment, speaks of, and wait until all that was written to them is known. 1:
 * so, or nobody asks; 0: out tells wait; -1. */
int exact_weigh(struct exact_versions *v, struct sink *s, const struct txn *txn, struct apply_outcome *out,
                struct err *err);
/* What versions say of the image's row, and of the one that is there (NULL: none) should its key be spelled otherwise:
 * `*out` is it, kept in `room`; NULL: nobody asks for them in that table. */
MUST_CHECK int exact_ask(struct exact_versions *v, struct versions_question *room, const struct versions_question **out,
                         const struct target_table *t, const struct cell *image, const struct cell *local,
                         struct err *err);
/* All is written: nothing has come to the rows that were not there. -1: something has (retry), or an error. */
MUST_CHECK int exact_confirm(struct exact_versions *v, struct err *err);

#endif
