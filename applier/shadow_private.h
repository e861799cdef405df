/* What the files of a forecast share: its memory. Nobody else includes it. */
#ifndef DRC_APPLIER_SHADOW_PRIVATE_H
#define DRC_APPLIER_SHADOW_PRIVATE_H

#include "applier/ground.h"
#include "applier/overlay.h"
#include "applier/shadow_table.h"
#include "applier/sink.h"
#include "applier/tally.h"

/* What stands under the sink of a forecast. */
struct shadow {
    struct db *db; /* the sink's */
    struct overlay *overlay;
    struct tally *tally;
    struct map tables;            /* "db\0name" -> struct shadow_table * */
    const struct watermark *done; /* in effect at the target as the open snapshot shows it; NULL: not asked */
    bool tombstones;              /* the target has some */
    uint64_t cascades;            /* deletes and key changes whose effect on children is not followed */
    /* Of the transaction at hand. */
    uint64_t seq;
    bool stopped;      /* the link would stop at it; it has been put down */
    const char *blind; /* why it cannot be judged; NULL: it can */
    size_t mark;       /* where its rows begin, in the two memories */
    size_t tally_mark;
    struct map seen; /* table and key -> struct overlay_base * in the arena: what the target holds */
    struct arena arena;
};

/* ---- shadow_rows.c: rows as they would be ---- */

/* The table as it is known here; loaded when its definition is another than that of `t`. NULL: error. */
struct shadow_table *shadow_table_of(struct shadow *sh, const struct table_def *def, struct err *err);
/* By name: NULL without an error when there is no such table. */
struct shadow_table *shadow_table_named(struct shadow *sh, struct span db, struct span name, struct err *err);
void shadow_forget_tables(struct shadow *sh);
const struct shadow_key *shadow_primary(const struct shadow_table *t);

/* The row under the image's key as it would be; NULL: none. Memory in the arena, or until changes are kept. -1: error,
 * or it cannot be told (sh->blind). */
MUST_CHECK int shadow_row(const struct cell **out, struct shadow *sh, const struct shadow_table *t,
                          const struct cell *image, struct arena *a, struct err *err);
/* The entry of the image's key, if it holds what would be; NULL: none does. `target`: the row that the target has. */
MUST_CHECK int shadow_entry(struct overlay_entry **out, struct overlay_row *row, struct shadow *sh,
                            const struct shadow_table *t, const struct cell *image, const struct cell *target,
                            struct err *err);
/* The same, once what does not hold any more has been dropped. */
MUST_CHECK int shadow_remembered(struct overlay_entry **out, struct overlay_row *row, struct shadow *sh,
                                 const struct shadow_table *t, const struct cell *image, struct err *err);
/* The row under that key becomes `row` (NULL: none); `grave`: the delete of it, if it is one; NULL. */
MUST_CHECK int shadow_leave(struct shadow *sh, const struct shadow_table *t, const struct cell *key,
                            const struct cell *row, const struct tombstone_delete *grave, struct err *err);
/* It cannot be told what would be. Returns -1. */
int shadow_blind(struct shadow *sh, const char *why, struct err *err);

/* ---- shadow_refuse.c ---- */

/* Would the target refuse the write? ERR_DATA with the server's number, and its words. */
MUST_CHECK int shadow_refuse(struct shadow *sh, const struct shadow_table *t, const struct ground_write *w,
                             struct err *err);

#endif
