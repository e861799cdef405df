/* What a group of source transactions expects of each key, and what it leaves there. Pure.
 *
 * Changes are put in source order. The first change of a key says what must be at the target before the group: its
 * before image (to be verified by reading), or nothing (an insert, which the server's duplicate-key error verifies).
 * Every later change of the same key must fit what the group itself left. Keys are told apart by their bytes: two
 * spellings that the server's collation takes for one key look like two here, and then either the reading or the
 * server's answer differs from what is expected, which is doubt and not harm. Images and definitions are the caller's
 * and must live as long as it. */
#ifndef DRC_APPLIER_KEYMAP_H
#define DRC_APPLIER_KEYMAP_H

#include "common/base/map.h"
#include "common/model/cell.h"

struct key_entry {
    struct key_entry *next;    /* of the same table, newest first */
    struct span key;           /* image_put_key form */
    const struct cell *expect; /* must be there before the group; NULL: nothing to read */
    const struct cell *now;    /* what the group leaves so far; NULL: no row */
    size_t txn;                /* first transaction that touched it */
    bool verified;             /* set by the caller while it reads */
};

struct key_table {
    const struct table_def *def;
    struct key_entry *entries;
    size_t to_verify; /* entries with `expect` */
};

/* Zeroed is empty. */
struct keymap {
    struct arena arena;
    struct map entries; /* table number and key bytes -> struct key_entry * */
    struct key_table *tables;
    size_t table_count;
    size_t table_cap;
    struct buf scratch;
};

/* Each: does the change fit what the group left for that key? False is doubt about transaction `txn`. */
bool keymap_insert(struct keymap *m, const struct table_def *t, const struct cell *after, size_t txn);
bool keymap_delete(struct keymap *m, const struct table_def *t, const struct cell *before, size_t txn);
bool keymap_update(struct keymap *m, const struct table_def *t, const struct cell *before, const struct cell *after,
                   size_t txn);

/* The entry of an image's key; NULL when the group did not touch it. */
struct key_entry *keymap_find(struct keymap *m, const struct table_def *t, const struct cell *image);

void keymap_clear(struct keymap *m);
void keymap_free(struct keymap *m);

#endif
