/* The conflict journal drc.conflicts: every row that was skipped, overwritten or decided about, with all its images.
 *
 * Written in the same target transaction as the decision. Columns (also the keys of `drcctl conflicts list --json`): id, at (UTC,
 * µs), link ("eu:us"), gtid, seq, db, tbl, row_key (JSON object column -> value), kind, policy, verdict, why, before_image,
 * incoming_image, local_image, result_image (JSON objects, readable; NULL where there is none), images (lossless: the
 * cells' own bytes with the table definition, wire form), result_hash. */
#ifndef DRC_TARGET_JOURNAL_H
#define DRC_TARGET_JOURNAL_H

#include "common/link/db.h"
#include "conflict/judge.h"

struct journal_entry {
    const char *link;
    const struct gtid *gtid;
    uint64_t seq;
    const struct conflict_case *conflict;
    const struct conflict_outcome *outcome;
    const struct cell *result; /* the row after the decision; NULL: none */
};

/* Inside the caller's transaction. */
MUST_CHECK int journal_write(struct db *db, const struct journal_entry *entry, struct err *err);

#endif
