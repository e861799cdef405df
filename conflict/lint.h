/* The linter of conflict rules: does a rule leave all regions with the same rows? Pure.
 *
 * It has no list of what converges. It plays small histories with the judge itself, the shortest first, and shows the
 * first one after which regions differ. */
#ifndef DRC_CONFLICT_LINT_H
#define DRC_CONFLICT_LINT_H

#include "common/base/buf.h"
#include "conflict/world.h"

#define LINT_HISTORIES 1500 /* of each length, that the programs play when they start */

struct lint_finding {
    bool diverges;
    uint64_t histories; /* that were played */
    uint64_t seed;      /* of the last one */
    struct buf history; /* diverges: one line */
};
void lint_finding_free(struct lint_finding *f);

/* Play `histories` histories of each length from 1 to `longest` changes, drawn from the seed; the same seed draws the
 * same. What waits for an operator counts as no difference. */
void lint_rule(struct lint_finding *out, const struct world_setting *setting, unsigned longest, unsigned histories,
               uint64_t seed);

/* One history of so many changes in a world of that setting, to its end. The world is reset first. */
void lint_play(struct world *w, const struct world_setting *setting, unsigned changes, uint64_t seed);

#endif
