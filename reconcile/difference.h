/* A difference as every mode tells it: where, of which class, how it came to be, and what either side holds.
 *
 * Who finds it fills what it knows; all else stays zeroed. Spans are the finder's and need to live for the call only.
 * Sides: 0 is the first region of --pair, the source, 1 the second, the target. */
#ifndef DRC_RECONCILE_DIFFERENCE_H
#define DRC_RECONCILE_DIFFERENCE_H

#include "common/model/mask.h"

enum difference_class {
    DIFFERENCE_MISSING,    /* the source has the row (or table), the target does not */
    DIFFERENCE_EXTRA,      /* the reverse */
    DIFFERENCE_STALE,      /* the target has what the row once was at the source */
    DIFFERENCE_DIVERGED,   /* both have it, and neither is known to be an older state of the other */
    DIFFERENCE_DEFINITION, /* of the table, not of a row */
    DIFFERENCE_CLASSES
};

enum difference_cause {
    CAUSE_UNKNOWN,         /* what would tell it is not there any more, or was not asked */
    CAUSE_IN_FLIGHT,       /* read by no applier yet */
    CAUSE_CONFLICT_LOSER,  /* decided by a rule: `journal_id` */
    CAUSE_PARKED,          /* its transaction is put aside */
    CAUSE_LOST_IN_TRANSIT, /* published, the ledger says done, the row is not there */
    CAUSE_NEVER_PUBLISHED, /* committed at the source, and not in the topic */
    CAUSE_FOREIGN_WRITE,   /* a write that no stream carries */
    CAUSE_BEFORE_START,    /* older than where the stream, or the link, began */
    CAUSE_FILTERED_NOW,    /* of a table that the link does not carry */
    DIFFERENCE_CAUSES
};

const char *difference_class_name(enum difference_class c); /* "missing_at_target", … */
const char *difference_cause_name(enum difference_cause c); /* "unknown", "in_flight", … */

/* One column of a row; of DIFFERENCE_DEFINITION one property of a table, with its name ("column qty", "index by_day").
 */
struct difference_column {
    struct span name;
    bool key; /* of the key by which the row is told apart; all columns are where rows are told apart by nothing else */
    bool differs;
    struct span value[2]; /* JSON, as cell_put_json writes it; .p NULL: not known, or there is none on that side */
};

/* The last write of a row on a side, as far as the topics still have it. */
struct difference_write {
    const char *region; /* where it was made, by a link or not; NULL: not known */
    struct span gtid;   /* there; .n 0: not known */
    uint64_t seq;       /* in that region's stream; 0: not known */
    uint64_t time_us;   /* of its commit, since 1970; 0: not known */
};

struct difference {
    enum difference_class class;
    enum difference_cause cause;
    struct span db;
    struct span table;
    const struct difference_column *columns; /* in the table's order */
    size_t column_count;                     /* 0: it is the table itself */
    uint64_t copies[2];                      /* of equal rows, where that is what differs; else 0, 0 */
    uint64_t journal_id;                     /* of the decision in drc.conflicts; 0: none */
    const char *journal_at;                  /* the region whose journal that is; NULL: none */
    struct difference_write last[2];
    int newest; /* 1 + the side that holds what was written last, by version, and the other does not; 0: nobody */
    const char *detail; /* a sentence, without values of columns (they may be masked), or NULL */
};

/* Does the side hold the row (or table, or property)? */
bool difference_has_row(const struct difference *d, int side);
/* The value by which a column of the key is told. */
struct span difference_key_value(const struct difference_column *c);
/* d's columns into columns[column_count], without the values that `mask` names. NULL is told. */
void difference_mask(struct difference_column *columns, const struct difference *d, const struct mask *mask);

#endif
