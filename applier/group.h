/* One group of source transactions on its way into one target transaction: what it changes, key by key. Only
 * apply_*.c and group_*.c include it.
 *
 * Step by step: group_plan puts every row change in its place, group_verify reads under lock what the changes expect,
 * group_settle judges the changes of keys where something else was found, apply_fast.c writes. Doubt that a group
 * cannot settle by itself stays with the transactions concerned (`exact`), which go row by row at their place in the
 * order. */
#ifndef DRC_APPLIER_GROUP_H
#define DRC_APPLIER_GROUP_H

#include "applier/apply_private.h"
#include "applier/keymap.h"

struct journal_batch;

/* One table in the group. */
struct group_table {
    const struct table_def *source;
    const uint8_t *columns; /* that its rows may bring, as sink_columns says */
    const struct convert_plan *plan;
    const struct target_table *target; /* the plan's */
    const struct policy_rule *rule;
    const uint16_t *bound; /* columns of other unique keys and of foreign keys */
    size_t bound_count;
    uint32_t keys;   /* its number in the key map */
    bool collapses;  /* changes of columns that are not bound may be written together */
    bool cancels;    /* a row that is inserted and deleted again need not be written */
    bool settles;    /* a row that is not as expected can be judged by what was read */
    bool text_key;   /* keys may equal each other without having the same bytes */
    bool disordered; /* caller's: its rule asks for rising versions, or for no deletes */
    bool causal;     /* versions tell what is concurrent */
    uint64_t id;     /* writeset_table_id */
};

/* One row change, in source order. */
struct change {
    const struct rows *rows; /* as the target has them */
    struct span before;      /* images; empty where there is none */
    struct span after;
    struct key_entry *key;   /* NULL: the table has no primary key */
    struct key_entry *moved; /* of an update that changes the key: the new one */
    uint32_t table;
    uint32_t txn;
    bool plain;    /* an update that changes no column of any key */
    bool violates; /* an update whose version does not rise, a delete that is not to be */
};

struct group {
    struct sink *sink;
    struct txn *const *txns;
    size_t count;
    struct apply_outcome *out;
    bool careful; /* the server refused a row of this group: read what inserts expect as well */
    bool *exact;  /* a transaction: it goes row by row */
    bool weighed; /* versions were asked with what was read under lock */
    struct buf scratch;
    struct keymap keys;
    struct arena arena;
    struct group_table *tables;
    size_t table_count;
    size_t table_cap;
    struct change *changes;
    size_t change_count;
    size_t change_cap;
    struct journal_batch *journal; /* made with the first conflict */
    struct sink_counts conflicts;  /* that it holds or has sent */
};

/* Doubt that only the exact way in a target transaction of its own can settle. Returns 0. */
int group_doubt(struct group *g, size_t txn);

/* Each: 1: go on; 0: out is set; -1: error. */
int group_plan(struct group *g, struct err *err);
int group_verify(struct group *g, struct err *err);
/* Where something is in doubt, or has been lately: which of the rows that were read do the changes not know of? */
int group_weigh(struct group *g, struct err *err);
/* By what was read and weighed: the way of each key, and of each transaction. */
void group_choose(struct group *g);
/* When all is written, so that all rows are locked: nothing has come in between that a change does not know of. */
int group_confirm(struct group *g, struct err *err);

/* A row that is to be written instead of the change; both empty: nothing. */
struct settled {
    struct span before;
    struct span after;
};
/* Judge one change whose key has the way KEY_SETTLE, at its turn. */
int group_settle(struct group *g, const struct change *c, struct settled *out, struct err *err);
/* Send the conflicts that are settled to the journal. */
MUST_CHECK int group_send_journal(struct group *g, struct err *err);

#endif
