/* What the parts of the small world share. Only world*.c include it. */
#ifndef DRC_CONFLICT_WORLD_PRIVATE_H
#define DRC_CONFLICT_WORLD_PRIVATE_H

#include "conflict/known.h"
#include "conflict/world.h"

/* What a column is for, which says how it is written. */
enum world_role {
    ROLE_KEY,
    ROLE_VERSION, /* rises with every write of what it belongs to */
    ROLE_COUNTER,
    ROLE_PLAIN,
};

struct world_row {
    bool there;
    int64_t v[WORLD_COLUMNS];
};

struct world_change {
    size_t key;
    struct world_row before; /* not there: an insert */
    struct world_row after;  /* not there: a delete */
};

struct world_txn {
    struct conflict_version version;
    size_t region;
    size_t number;             /* in its stream, from 1 */
    size_t cut[WORLD_REGIONS]; /* how many of each region's are in effect before it */
    struct world_change changes[2];
    size_t count;
};

struct world_tombstone {
    bool there;
    struct conflict_version version;
    struct world_row columns;
};

/* A key at a region. */
struct world_place {
    struct world_row row;
    struct world_tombstone tombstone;
    /* Of each region's changes of the key that took effect here: the newest one, and the newest delete. */
    size_t newest[WORLD_REGIONS];
    size_t newest_delete[WORLD_REGIONS];
    size_t ended[WORLD_REGIONS]; /* up to where each region's changes were ended by deletes (known.h) */
    /* By the memory of the applier of each link to here: up to where it has won over each region's changes. */
    size_t outdone[WORLD_REGIONS][WORLD_REGIONS];
};

struct world_site {
    struct world_place places[WORLD_KEYS];
    size_t in_effect[WORLD_REGIONS];
    uint64_t stamp;
};

struct world {
    struct world_setting setting;
    struct arena table_arena;
    struct arena arena; /* of one delivery */
    struct table_def *table;
    enum world_role roles[WORLD_COLUMNS];
    int groups[WORLD_COLUMNS]; /* a version column's group; -1: the whole row's */
    bool ignored[WORLD_COLUMNS];
    int counter; /* the first column that is added to; -1 */
    struct world_site sites[WORLD_REGIONS];
    struct world_txn streams[WORLD_REGIONS][WORLD_CHANGES];
    size_t written[WORLD_REGIONS];
    int64_t sums[WORLD_KEYS];
    uint64_t journaled;
    uint64_t silent_losers;
    bool waits;
    bool judged; /* the last delivery */
    enum conflict_kind kind;
    enum conflict_verdict verdict;
    struct buf history;
};

/* Append to the history. */
void world_say_write(struct world *w, const struct world_txn *t);
void world_say_delivery(struct world *w, const struct world_txn *t, size_t to);
void world_say_restart(struct world *w, size_t from, size_t to);

#endif
