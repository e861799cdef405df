/* One source transaction, or one fragment of a big one, as it moves from intake to worker.
 *
 * Owned by one thread at a time; everything in it lives in its arena. Ownership moves with the pointer. */
#ifndef DRC_APPLIER_TXN_H
#define DRC_APPLIER_TXN_H

#include "common/model/record.h"

struct txn {
    struct arena arena;
    struct record head; /* spans copied into the arena; body empty */
    struct rows *rows;  /* in source order; images in the arena, tables in the intake's cache (which outlives it) */
    size_t rows_count;
    size_t row_total;    /* rows of all of them */
    size_t bytes;        /* of the record, for bounds */
    struct ddl *ddl;     /* a DDL record: its statement; NULL otherwise */
    int64_t next_offset; /* of the record after it */
    bool abandon;        /* no data: fragments handed over before are void, roll back */
};

struct txn *txn_new(void);
void txn_free(struct txn **t);

static inline bool txn_is_whole(const struct txn *t)
{
    return (t->head.flags & RECORD_FIRST) && (t->head.flags & RECORD_LAST);
}

/* Fill from a record that counts. Checks that every table may be written: reserved schemas and tables outside the pair
 * are fatal (69), since BINLOG bypasses table grants. `cache` lives as long as the intake. */
struct filter;
MUST_CHECK int txn_fill(struct txn *t, const struct record *rec, struct table_cache *cache, const struct filter *filter,
                        int64_t next_offset, struct err *err);

#endif
