/* What a group of source transactions expects of each key, and what it leaves there. Pure.
 *
 * Changes are put in source order. The first change of a key says what must be at the target before the group: its
 * before image, or nothing (an insert). Every later change of the same key must fit what the group itself left. Keys
 * are told apart by their bytes: two spellings that the server's collation takes for one key look like two here, and
 * then either the reading or the server's answer differs from what is expected. Images are the caller's and must live
 * as long as the map. */
#ifndef DRC_APPLIER_KEYMAP_H
#define DRC_APPLIER_KEYMAP_H

#include "applier/version_index.h"
#include "common/base/arena.h"
#include "common/model/cell.h"

/* A row image and its cells, which need not live longer than the call. */
struct key_image {
    struct span image;
    const struct cell *cells;
};

struct versions_question;

/* How the changes of a key come into effect. */
enum key_way {
    KEY_CLEAN,  /* as they came */
    KEY_SETTLE, /* each is judged against the row that was read */
    KEY_EXACT,  /* their transactions go row by row */
};

struct key_entry {
    struct key_entry *next; /* of the same table, newest first */
    struct span key;        /* image_put_key form */
    uint64_t hash;
    struct span expect;         /* image that must be there before the group; empty: no row */
    struct span now;            /* image that the group leaves so far; empty: no row */
    struct span local;          /* caller's: what was read instead of `expect`; empty: nothing */
    const struct cell *present; /* caller's: the row while its changes are judged; NULL: none */
    bool judged;                /* caller's: `present` has been set */
    size_t write;               /* caller's: where it was written last, from 1; 0: nowhere */
    uint32_t table;
    uint32_t txn;               /* first transaction that touched it */
    enum key_way way;           /* caller's, but KEY_EXACT where a change does not fit the one before */
    bool tied;                  /* caller's: from some transaction on, those that change it go row by row */
    bool moves;                 /* an update leads from or to this key */
    bool read;                  /* caller's: it is to be read before the group */
    bool there;                 /* caller's: a row was read */
    bool as_expected;           /* caller's: what was read is what the group expects */
    struct version_key version; /* caller's: under which versions know it; b 0: not made */
    const struct versions_question *question; /* caller's: what they say of it; NULL: not asked */
    bool outdone; /* caller's: a change of the group has won over the version that it says */
};

struct key_table {
    const struct table_def *def;
    const uint8_t *present; /* which columns are in its images, NULL: all */
    const bool *ignore;     /* columns that never tell a difference, one bool a column */
    struct key_entry *entries;
    size_t count;
};

/* Zeroed is empty. */
struct keymap {
    struct arena arena;
    struct key_entry **slots; /* by hash; open addressing */
    size_t cap;
    size_t count;
    struct key_table *tables;
    size_t table_count;
    size_t table_cap;
    struct buf scratch;
};

/* The table's number in this map; the same for the same definition. */
uint32_t keymap_table(struct keymap *m, const struct table_def *def, const uint8_t *present, const bool *ignore);

/* The entry of the change's key, with the change in it. */
struct key_entry *keymap_insert(struct keymap *m, uint32_t table, const struct key_image *after, uint32_t txn);
struct key_entry *keymap_delete(struct keymap *m, uint32_t table, const struct key_image *before, uint32_t txn);
/* An update; where it changes the key, *moved is the entry of the new one, else NULL. */
struct key_entry *keymap_update(struct keymap *m, uint32_t table, const struct key_image *before,
                                const struct key_image *after, uint32_t txn, struct key_entry **moved);

/* The entry of an image's key; NULL when the group did not touch it. */
struct key_entry *keymap_find(struct keymap *m, uint32_t table, const struct cell *image);

/* Are two images of the table equal, but for columns that are ignored? Bytes decide wherever they can. */
bool keymap_same(const struct keymap *m, uint32_t table, struct span a, struct span b);
/* Are two images with all columns the same bytes? */
bool keymap_same_bytes(const struct table_def *def, struct span a, struct span b);

void keymap_free(struct keymap *m);

#endif
