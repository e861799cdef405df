/* Which rows a lost tail touches, who has written them since, and what that makes of each of its transactions.
 *
 * Three walks over the tail (the caller's) with one over the streams of the living between: keys are noted, writes at
 * them are noted, transactions are judged in their order. A row is told by its table and the values of its primary key;
 * of a table without one by all its values. Bounded: LOST_KEYS_MOST. One thread. */
#ifndef DRC_RECONCILE_LOST_KEYS_H
#define DRC_RECONCILE_LOST_KEYS_H

#include "common/model/cut.h"
#include "common/model/record.h"

#define LOST_KEYS_MOST 2000000u

enum lost_class {
    LOST_SAFE,        /* none of its rows was written since, and nothing before it that it rests on is in doubt */
    LOST_SUPERSEDED,  /* all of its rows were written since, each by a later version */
    LOST_CONFLICTING, /* the rest */
};
const char *lost_class_name(enum lost_class c);

struct lost_keys;

struct lost_keys *lost_keys_new(void);
void lost_keys_free(struct lost_keys **k);

/* First walk: one record of the tail. Fatal when there are too many. */
MUST_CHECK int lost_keys_note(struct lost_keys *k, const struct record *rec, struct err *err);
/* The streams of the living: one record that counts, of that region. */
MUST_CHECK int lost_keys_written(struct lost_keys *k, const struct record *rec, const char *region, struct err *err);

struct lost_verdict {
    enum lost_class class;
    char why[200]; /* of what is not safe */
    uint64_t rows;
    bool movable; /* it can be put aside as it is: rows in one or more records */
};

/* Third walk: one transaction's records in order; the verdict is complete with the last. `region` is the dead one. */
MUST_CHECK int lost_keys_judge(struct lost_keys *k, struct lost_verdict *out, const struct record *rec,
                               const char *region, struct err *err);

/* Is this row of the tail written since? For telling which rows are in conflict; `cells` is one of its images. */
bool lost_keys_is_written(struct lost_keys *k, const struct table_def *def, const struct cell *cells);

#endif
