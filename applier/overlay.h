/* Rows as a link would have left them, where it writes nothing: a memory of its changes that lies over the target.
 * Pure.
 *
 * An entry is one row: what stood at the target when it was changed (a hash of that), what stands there since, and the
 * row that a delete ended. Entries are found by tags, hashes of the values by which rows are looked for; the first tag
 * is the primary key's. Whether an entry that is found has the value is the caller's to tell.
 *
 * Bounded: beyond it entries are forgotten, the oldest first, of which nothing stays but a mark for each tag. Changes
 * since a mark can be undone until they are kept. One thread. */
#ifndef DRC_APPLIER_OVERLAY_H
#define DRC_APPLIER_OVERLAY_H

#include "common/model/cell.h"

struct overlay;

struct overlay *overlay_new(size_t max_bytes);
void overlay_free(struct overlay **o);

/* What the target held: 128 bits of hash of all cells of the row; zero for none. */
struct overlay_base {
    uint64_t a;
    uint64_t b;
};
/* `row` NULL: none. */
struct overlay_base overlay_base_of(const struct table_def *t, const struct cell *row);

/* One row. What it points to is copied by overlay_put, and lives in the overlay until the next change of the entry. */
struct overlay_row {
    const struct table_def *def; /* not kept but for its fingerprint */
    uint64_t table;              /* writeset_table_id */
    const struct cell *key;      /* a row that has the key's cells */
    struct overlay_base base;
    uint64_t seq;             /* of the transaction that left it so */
    const struct cell *row;   /* NULL: none */
    const struct cell *grave; /* the row that was deleted last; NULL: none */
    uint64_t buried;          /* stamp of that delete */
    const uint64_t *tags;
    size_t tag_count; /* one at least */
};

struct overlay_entry;

/* Make or change an entry (NULL: make). Returns it. */
struct overlay_entry *overlay_put(struct overlay *o, struct overlay_entry *e, const struct overlay_row *row);
/* The target has gone another way since: nothing of the entry holds. */
void overlay_drop(struct overlay *o, struct overlay_entry *e);
/* What it holds: `def` NULL, the rest as it was put. The definition has to have the fingerprint of then: else false. */
bool overlay_get(const struct overlay_entry *e, const struct table_def *def, struct overlay_row *out);

/* Entries with that tag, one after another: `last` NULL at first; NULL: no more. */
struct overlay_entry *overlay_find(const struct overlay *o, uint64_t tag, const struct overlay_entry *last);
/* May a row with that tag have been forgotten? */
bool overlay_forgot(const struct overlay *o, uint64_t tag);

/* A place among the changes; back to it; all of them hold. */
size_t overlay_mark(const struct overlay *o);
void overlay_undo(struct overlay *o, size_t mark);
void overlay_keep(struct overlay *o);

size_t overlay_count(const struct overlay *o);
size_t overlay_bytes(const struct overlay *o);
uint64_t overlay_forgotten(const struct overlay *o);

#endif
