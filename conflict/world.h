/* A small world: two or three regions, two rows, and what the judge makes of changes that cross. Pure.
 *
 * It plays a history: regions write, transactions travel in each stream's order and are judged where they arrive. The
 * linter searches it for histories after which the regions differ; tests hold the argument of docs/conflicts.md against
 * it. What a change knows of is found as the applier finds it (known.h); everything else is as simple as it can be. */
#ifndef DRC_CONFLICT_WORLD_H
#define DRC_CONFLICT_WORLD_H

#include "conflict/judge.h"

#define WORLD_REGIONS 3
#define WORLD_KEYS 2
#define WORLD_CHANGES 64 /* transactions of a region, at most */
#define WORLD_COLUMNS 24 /* of the table, at most */

/* What an applier could do wrong, for tests: each has to be noticed. */
enum world_fault {
    WORLD_SOUND,
    WORLD_HASTY,     /* it does not wait for what a transaction's source knew of */
    WORLD_BLIND,     /* it follows its target's own region's stream only, not the third region's */
    WORLD_PREMATURE, /* it takes for present what the third region wrote, though it has not come there yet */
};

struct world_setting {
    const struct policy_rule *rule;
    const struct policy_rule *other[WORLD_REGIONS]; /* of a region that judges otherwise; NULL: as above */
    const char *regions[WORLD_REGIONS];
    size_t region_count; /* 2 or 3 */
    bool causal;         /* versions and cuts are known, else images only */
    bool buries;         /* deletes leave tombstones */
    bool deletes;        /* rows are deleted at all */
    bool unaware;        /* an applier does not know of deletes that its target made itself, and judges no insert by a
                          * tombstone */
    enum world_fault fault;
};

enum world_op {
    WORLD_INSERT, /* or, where there is a row, an update */
    WORLD_UPDATE, /* or, where there is none, an insert */
    WORLD_DELETE, /* or, where there is no row, an insert */
    WORLD_MOVE,   /* the row changes its key to the other one, where that is free; else an update */
    WORLD_BOTH,   /* one transaction that writes both rows */
    WORLD_OP_COUNT,
};

struct world;
/* The table has the columns that the rule names and two plain ones, `x` and `y`; row 1 is there in all regions. NULL:
 * the rule names more columns than a world has. The setting's rule and names must outlive it. */
struct world *world_new(const struct world_setting *setting);
void world_free(struct world **w);
/* As it was when it was made. */
void world_reset(struct world *w);

/* A region commits a transaction; `dice` are the values. False: it has had its number. */
bool world_write(struct world *w, size_t region, enum world_op op, size_t key, uint64_t dice);
/* Can the next transaction of the stream take effect there: is there one, and all that its source knew? */
bool world_can_deliver(const struct world *w, size_t from, size_t to);
/* It does, or what the judge makes of it. */
void world_deliver(struct world *w, size_t from, size_t to);
/* The applier of that link begins anew: what it has not in its target or in the topics it does not know any more. */
void world_restart(struct world *w, size_t from, size_t to);
/* Everything that was written has arrived everywhere. */
bool world_is_settled(const struct world *w);

/* Something stopped a link, or was put aside: the regions may differ until somebody sees to it. */
bool world_waits_for_operator(const struct world *w);
/* Do all regions hold the same rows, columns that are to be ignored left out? */
bool world_is_equal(const struct world *w);
/* The first column to which increments are added. False: there is no such row. */
bool world_counter(const struct world *w, size_t region, size_t key, int64_t *value);
/* The sum of what all regions inserted and added there, the first row's own value included; of a row that was never
 * deleted. */
int64_t world_counter_sum(const struct world *w, size_t key);
/* Journal entries; and changes that left another row than they should have, or met another than they expected, and
 * stand in no entry. */
uint64_t world_journaled(const struct world *w);
uint64_t world_silent_losers(const struct world *w);

/* One line: what was written and what became of it where it arrived, then the rows of each region. */
void world_put_history(const struct world *w, struct buf *out);
/* The rows of a region: "1: x=1 y=2", "none". */
void world_put_rows(const struct world *w, size_t region, struct buf *out);
/* What the last delivery of a change had for a verdict. False: it met what it expected. */
bool world_last_verdict(const struct world *w, enum conflict_kind *kind, enum conflict_verdict *verdict);

#endif
