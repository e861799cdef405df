/* Mending what differs: born on the winning side, in its order, executed by the losing side's applier (marker.h); or as
 * SQL in a file. One thread.
 *
 * What is repaired is what was told: rows are noted one by one and go out some dozens in a transaction. Each is read
 * again at the losing side, the links are waited for, then the row is locked at the winning side, and its image goes
 * out with the hash of what was seen: whatever comes in between, the losing row is changed only if it is still that. */
#ifndef DRC_RECONCILE_REPAIR_H
#define DRC_RECONCILE_REPAIR_H

#include "reconcile/run.h"

struct repair;

/* What `wishes->repair` says; *out is NULL when it says nothing. -1: a region that is none of the pair, a file that
 * cannot be written (fatal 64). */
MUST_CHECK int repair_open(struct repair **out, struct run *run, struct err *err);
void repair_free(struct repair **r);

/* A row that differs. All is copied. */
void repair_note(struct repair *r, const struct plan *plan, const struct span *key, const struct difference *d);
/* Equal rows of a table without a key, by their checksum, of which one side has more (d->copies). Such rows no mark can
 * name: there is SQL for them (--repair-sql), and nothing else. */
void repair_note_copies(struct repair *r, const struct plan *plan, struct span hash, const struct difference *d);
/* A table is through, and its plan goes (NULL: it is on one side only): what was noted of it is repaired. What cannot
 * be is told once a table. `r` may be NULL. */
void repair_table_end(struct repair *r, const struct plan *plan, struct span db, struct span table,
                      const struct table_counts *counts);
/* All tables are through: what others stood in the way of is tried again; then the sums are told. */
void repair_finish(struct repair *r);

#endif
