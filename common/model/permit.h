/* Permits: what a writer of a stream may do by an operator's word where it would stop otherwise.
 *
 * They stand in the resume record, and each writer repeats in its own those that it has not passed yet, so that a
 * restart in between forgets none. Pure; owned memory inside, zeroed is none. */
#ifndef DRC_MODEL_PERMIT_H
#define DRC_MODEL_PERMIT_H

#include "common/model/position.h"
#include "common/model/table.h"

enum permit_kind {
    PERMIT_DEFINITION = 1, /* events of that table that lack column names have these */
    PERMIT_SKIP = 2,       /* the event at that place of the binlog is passed over */
};

struct permit {
    enum permit_kind kind;
    struct position until;         /* it stands until the stream has come to this position of the source */
    const struct table_def *table; /* DEFINITION; in the permits' arena */
    const char *file;              /* SKIP: binlog file, and offset of the event in it */
    uint64_t offset;
};

struct permits {
    struct permit *list;
    size_t count;
    size_t cap;
    struct arena arena;
};

void permits_free(struct permits *p);
/* Copies what it is given. */
void permits_add_definition(struct permits *p, const struct table_def *table, const struct position *until);
void permits_add_skip(struct permits *p, const char *file, uint64_t offset, const struct position *until);
/* Forget those that `reached` has passed. */
void permits_drop_passed(struct permits *p, const struct position *reached);

/* The newest accepted definition of that table; NULL: none. */
const struct table_def *permits_definition(const struct permits *p, struct span db, struct span name);
bool permits_skip(const struct permits *p, const char *file, uint64_t offset);

void permits_put(const struct permits *p, struct buf *out);
/* Into a zeroed one, all of `r`; marks r bad when malformed (what was read is to be freed all the same). */
void permits_read(struct permits *p, struct bytes *r);

#endif
