/* The judge: images, rule and context in; verdict and resulting row out. Pure: no I/O, no clock, no database.
 *
 * A conflict is a row change whose expectation does not hold at the target: an insert that finds the row, an update or
 * delete that finds another row than its before image, or none. */
#ifndef DRC_CONFLICT_JUDGE_H
#define DRC_CONFLICT_JUDGE_H

#include "common/model/cell.h"
#include "common/model/policy.h"
#include "common/model/record.h"

/* One name used everywhere: log, journal, metrics, documents. */
enum conflict_kind {
    CONFLICT_INSERT_EXISTS,  /* insert, and a row with that key is there */
    CONFLICT_UPDATE_CHANGED, /* update, and the row differs from its before image */
    CONFLICT_UPDATE_MISSING, /* update, and there is no such row */
    CONFLICT_DELETE_CHANGED, /* delete, and the row differs from its before image */
    CONFLICT_DELETE_MISSING, /* delete, and there is no such row */
    CONFLICT_UNIQUE_CLASH,   /* the new row's unique value belongs to another row */
    CONFLICT_REFUSED,        /* the target refuses the row for another reason: a missing parent, a check, a range */
    CONFLICT_ORDER_VIOLATED, /* not a collision: the version column did not rise; journaled, change applied */
};
const char *conflict_kind_name(enum conflict_kind k); /* "insert/exists", … */

enum conflict_verdict {
    VERDICT_INCOMING, /* the incoming change wins: the row becomes its after image, or goes */
    VERDICT_LOCAL,    /* the row (or its absence) stays */
    VERDICT_SAME,     /* both sides say the same already: nothing to write */
    VERDICT_STOP,     /* the link stops */
    VERDICT_PARK,     /* the transaction is put aside, and what depends on it; given by the applier, not by the judge */
};
const char *conflict_verdict_name(enum conflict_verdict v); /* "incoming", "local", "same", "stop", "park" */

struct conflict_case {
    enum conflict_kind kind;
    const struct policy_rule *rule;
    const struct table_def *table; /* of all three images: the target's definition */
    const struct cell *before;     /* NULL: none (insert) */
    const struct cell *incoming;   /* after image; NULL: none (delete) */
    const struct cell *local;      /* the row at the target; NULL: none */
    const char *from;              /* region of the incoming change */
    const char *to;                /* region of the target, taken as the local row's */
};

struct conflict_outcome {
    enum conflict_verdict verdict;
    char why[160]; /* "version 2026-01-31 10:00:02 > 2026-01-31 10:00:01", "tie broken by region eu" */
};

/* Decide. ERR_DATA when the rule cannot be carried out on this row (version column absent or NULL): the caller stops
 * the link with that cause. */
MUST_CHECK int conflict_judge(const struct conflict_case *c, struct conflict_outcome *out, struct err *err);

/* Does an update's version strictly rise by the rule (POLICY_LATEST)? True for other policies, for inserts, and
 * where the table has no such column: then nothing is violated, and a conflict stops the link. */
bool conflict_order_holds(const struct policy_rule *rule, const struct table_def *table, const struct cell *before,
                          const struct cell *after);

#endif
