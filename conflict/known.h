/* Of the changes that are in effect at the target: which does an incoming one not know of, and what does that make of
 * its case? Pure.
 *
 * Of each stream that reaches the target beside the incoming one's own, the target's own region's among them, the
 * newest change of the key counts. The applier has them from its indexes, the small world from its memory; both tell
 * the judge by this. */
#ifndef DRC_CONFLICT_KNOWN_H
#define DRC_CONFLICT_KNOWN_H

#include "conflict/judge.h"

/* A stream's newest change of the key that is in effect at the target. */
struct known_change {
    uint64_t seq;         /* 0: none is held */
    uint64_t deleted_seq; /* of the stream's newest delete of the key: this one or one before; 0: none held */
    struct conflict_version version; /* of the newest */
    bool concurrent;                 /* the incoming change does not know of it, it was not ended, and none of the
                                      * incoming one's stream that did not know of it either has won over it */
    bool unseen_delete;              /* the newest delete is not in its cut */
};

/* What a case points to. */
struct known_room {
    struct conflict_version incoming;
    struct conflict_version local;
    struct conflict_tombstone tombstone;
};

/* The greatest of those that the incoming change does not know of; NULL: it knows of all. It is what the row stands
 * for, or less than the incoming change is: what is greater, and is not here, the change knows of, or it is an earlier
 * one of its own stream. */
const struct known_change *known_greatest(const struct known_change *changes, size_t count);

/* Complete the case: causality, unseen delete, version and tombstone of what is there. Its rule and images are set;
 * the room's `incoming` is, and outlives the case. */
void known_tell(struct conflict_case *c, struct known_room *room, const struct known_change *changes, size_t count);

/* It has been decided: has the incoming change won over all that it does not know of, so that what is there is no
 * longer of those for the changes of its stream that come after it? */
bool known_outdoes(const struct conflict_case *c, const struct conflict_outcome *outcome);

/* Where a delete wins over everything that did not know of it, the state at the target is that of the changes that knew
 * of all deletes, and the greatest version need not be one of them: a change that a delete has ended is no longer
 * present, however great it is. Which were ended can be told from the changes at hand only, so it has to be kept with
 * the row. Does the rule ask for that? */
bool known_keeps_ends(const struct policy_rule *rule);
/* The incoming delete has ended what was concurrent with it. */
bool known_ends_others(const struct conflict_case *c);
/* The incoming change came after a delete that it did not know of, and has ended itself. */
bool known_is_ended(const struct conflict_case *c, const struct conflict_outcome *outcome);

#endif
