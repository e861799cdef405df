/* Tombstones of what this link deletes: gathered with the rows of a target transaction, written before its COMMIT; and
 * looked up where an update finds no row.
 *
 * Only where the two regions are linked both ways: elsewhere nobody asks for them. */
#ifndef DRC_APPLIER_BURY_H
#define DRC_APPLIER_BURY_H

#include "applier/sink.h"
#include "common/target/tombstone.h"
#include "conflict/judge.h"

struct conflict_case;
struct conflict_place;

/* The row of that key is gone by a change of the place's transaction (or was gone before it). Tables without a primary
 * key have no tombstones. Inside the target transaction. */
MUST_CHECK int bury_row(const struct conflict_place *p, const struct cell *row, struct err *err);

/* What is known of the end of a row that an update does not find, and where it is kept. */
struct bury_found {
    struct tombstone tombstone;
    struct conflict_version version;
    struct conflict_tombstone known;
};
/* An update that finds no row, and of whose end the case says nothing: look it up, and complete the case, which then
 * points to `room`. Other cases stay as they are. Memory in the arena. */
MUST_CHECK int bury_recall(struct conflict_case *c, struct bury_found *room, struct sink *s, struct arena *a,
                           struct err *err);

#endif
