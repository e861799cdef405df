/* drc.repair: questions that reconcile puts into one side's order of changes, and what the other side answered.
 *
 * A *mark* is a row that reconcile writes at one side in the transaction that holds the lock of another row (or of the
 * gap where that one would be). Capture publishes it like any row, so that it stands in that side's order of the key's
 * changes. The applier of the region that it asks compares, or writes, at that very place, and leaves its answer in the
 * same table of its target, in the target transaction that moves the ledger over the mark: there it is behind the loop
 * mark, and nobody publishes it. The body of a mark is that of a data record (docs/wire-format.md) with the row as it
 * is at the asking side: so it needs no encoding of its own. */
#ifndef DRC_TARGET_REPAIR_H
#define DRC_TARGET_REPAIR_H

#include "common/link/db.h"
#include "common/model/filter.h"
#include "common/model/record.h"

#define REPAIR_ID_LEN 16
#define REPAIR_HASH_LEN 16
#define REPAIR_WHY_LEN 400

const char *repair_create_sql(void);
/* Is it the table itself? */
bool repair_is_table(const struct table_def *t);

enum repair_kind {
    REPAIR_PROBE, /* compare */
    REPAIR_ROW,   /* make it as it is here, if it is what was seen there */
    REPAIR_KINDS, /* a word of a later release */
};

enum repair_answer {
    REPAIR_NONE,       /* yet */
    REPAIR_EQUAL,      /* probe: both sides hold the same; repair: they do without it */
    REPAIR_DIFFERS,    /* probe: they do not, and nothing is under way that one of them does not know of */
    REPAIR_UNLIKE,     /* probe: they do not; whether a write here is still on its way there cannot be told */
    REPAIR_CONCURRENT, /* probe: they do not, but the asking side does not know the newest write here */
    REPAIR_DONE,
    REPAIR_MOVED,   /* repair: the row is not what was seen any more; it was left alone */
    REPAIR_REFUSED, /* the target does not take it, or the applier may not; `why` says for what */
    REPAIR_PARKED,  /* changes of the key are put aside at the target: it was left alone */
    REPAIR_ANSWERS,
};
const char *repair_answer_name(enum repair_answer a);

/* A row as one number: the same bytes for the same row read by the same definition, which only one server's rows have.
 * Of an absent row (NULL) the empty hash. */
struct repair_hash {
    uint8_t bytes[REPAIR_HASH_LEN];
    uint8_t len; /* 0: absent */
};
void repair_hash_row(struct repair_hash *out, const struct table_def *t, const struct cell *row);
bool repair_hash_eq(const struct repair_hash *a, const struct repair_hash *b);

/* ---- a mark on its way ---- */

struct repair_mark {
    uint8_t id[REPAIR_ID_LEN];
    enum repair_kind kind;
    struct span asked;       /* region that is to answer */
    struct repair_hash seen; /* REPAIR_ROW: what was seen there */
    struct rows rows;        /* one: INSERT, the row as the asking side has it; DELETE, it has none with that key */
    const char *refused;     /* the body is not to be touched, for this; NULL: all is well */
};

/* The body of a mark: `row` is the one image of an INSERT (op) or DELETE. */
void repair_put_body(struct buf *out, const struct table_def *t, enum rows_op op, const struct cell *row);
/* The marks of inserted rows of the table. Memory in the arena, inner definitions in the cache. Whatever a mark's body
 * says: a table that is not among `tables`, or reserved, is refused in the mark. -1: the row itself makes no sense
 * (fatal 69). */
MUST_CHECK int repair_read_marks(struct repair_mark *out, const struct rows *rows, struct table_cache *cache,
                                 const struct filter *tables, struct arena *a, struct err *err);

/* ---- at the databases ---- */

/* A mark of this body; inside the caller's transaction. A body that no packet of the server can carry: ERR_DATA. */
MUST_CHECK int repair_write_mark(struct db *db, const struct repair_mark *m, struct span body, struct err *err);

struct repair_reply {
    enum repair_answer answer;
    struct repair_hash there; /* the row that was met, as it was before */
    char why[REPAIR_WHY_LEN];
};
/* Inside the target transaction. */
MUST_CHECK int repair_write_reply(struct db *db, const struct repair_mark *m, const struct repair_reply *reply,
                                  struct err *err);
/* The replies to marks whose ids go from `first` to `last`, by the last eight bytes of their id as a number, counted
 * from `base`: into replies[number - base]. `*count` is how many there are. */
MUST_CHECK int repair_read_replies(struct db *db, const uint8_t run[8], uint64_t base, size_t n,
                                   struct repair_reply *replies, size_t *count, struct err *err);

/* Let go what a run left (both questions and answers), or, run NULL, what is older than a day: at most a thousand rows
 * in a transaction; how many went. */
#define REPAIR_PURGE_STEP 1000u
MUST_CHECK int repair_purge_step(struct db *db, const uint8_t run[8], uint64_t *gone, struct err *err);

/* An id: the run's eight bytes, then the number, big-endian. */
void repair_make_id(uint8_t out[REPAIR_ID_LEN], const uint8_t run[8], uint64_t number);

#endif
