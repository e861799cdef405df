/* What the exact way stands on: the target, whose rows it locks, reads and writes; or, where nothing is to be written,
 * the target as the link would have left it (shadow_ground.h). */
#ifndef DRC_APPLIER_GROUND_H
#define DRC_APPLIER_GROUND_H

#include "common/base/arena.h"
#include "common/base/err.h"
#include "common/model/record.h"
#include "common/target/convert.h"
#include "common/target/journal.h"
#include "common/target/target_table.h"
#include "common/target/tombstone.h"

struct sink;

/* One row; `before` NULL: insert; `after` NULL: delete. `before` is what is there. */
struct ground_write {
    const struct target_table *table;
    const struct cell *before;
    const struct cell *after;
    const uint8_t *present; /* which columns are in the images, NULL: all */
    uint16_t flags;         /* as of struct rows */
};

/* All inside the open transaction of the sink; they return as the functions that they are named after, else 0 or -1. */
struct ground {
    /* rows_writer_admit */
    int (*admit)(struct sink *s, const struct convert_plan *plan, struct buf *why, struct err *err);
    /* Rows by the keys of images, ahead. */
    int (*lock)(struct sink *s, const struct target_table *t, const struct cell *const *images, size_t n,
                struct arena *a, struct err *err);
    /* The row under the image's key, or, in a table without a key, one that equals the image; NULL: none. */
    int (*read)(const struct cell **out, struct sink *s, const struct target_table *t, const struct cell *image,
                struct arena *a, struct err *err);
    /* ERR_DATA with the server's number: it is refused, and nothing was written. */
    int (*write)(struct sink *s, const struct ground_write *w, struct err *err);
    /* A row is gone. */
    int (*bury)(struct sink *s, const struct tombstone_delete *d, struct err *err);
    /* tombstone_find */
    int (*recall)(struct tombstone *out, struct sink *s, const struct table_def *t, const struct cell *image,
                  struct arena *a, struct err *err);
    /* A decision. */
    int (*journal)(struct sink *s, const struct journal_entry *entry, struct err *err);
    /* What stops the link: everything is undone, and this alone put down, if it has not been already. */
    int (*stop)(struct sink *s, const struct journal_entry *entry, struct err *err);
    /* A place in the transaction, and back to it: counts and versions that were won over, too. sink_mark, sink_undo */
    int (*mark)(struct sink *s, struct err *err);
    int (*undo)(struct sink *s, struct err *err);
};

/* The target itself. */
extern const struct ground ground_target;

#endif
