/* The judge: images, rule and context in; verdict and resulting row out. Pure: no I/O, no clock, no database.
 *
 * A conflict is a row change whose expectation does not hold at the target: an insert that finds the row, an update or
 * delete that finds another row than its before image, or none; and, where versions are known, one that the source made
 * without knowing of what was written at the target before. */
#ifndef DRC_CONFLICT_JUDGE_H
#define DRC_CONFLICT_JUDGE_H

#include "common/model/cell.h"
#include "common/model/conflict_kind.h"
#include "common/model/mask.h"
#include "common/model/policy.h"
#include "common/model/record.h"

enum conflict_verdict {
    VERDICT_INCOMING, /* the incoming change wins: the row becomes its after image, or goes */
    VERDICT_LOCAL,    /* the row (or its absence) stays */
    VERDICT_SAME,     /* both sides say the same already: nothing to write */
    VERDICT_STOP,     /* the link stops */
    VERDICT_PARK,     /* the transaction is put aside, and what depends on it */
    VERDICT_MERGED,   /* the row is made of both: outcome.merged */
};
const char *conflict_verdict_name(enum conflict_verdict v); /* "incoming", "local", "same", "stop", "park", "merged" */

/* The version of a change. */
struct conflict_version {
    uint64_t stamp;     /* clock_stamp of its transaction */
    const char *region; /* where it was made */
};
/* <0, 0, >0: by stamp, then by the region's name; 0 for changes of one transaction only. */
int conflict_version_compare(const struct conflict_version *a, const struct conflict_version *b);

/* Does the incoming change know of what is at the target? */
enum conflict_causality {
    CAUSALITY_IMAGES,     /* nobody can say: judge by images only */
    CAUSALITY_AFTER,      /* all that was written to the key at the target is in the change's cut, or came in the same
                           * stream before it */
    CAUSALITY_CONCURRENT, /* something is not */
};

/* What a deleted row left behind. */
struct conflict_tombstone {
    const struct conflict_version *version; /* of the delete; NULL: not known */
    const struct cell *columns;             /* the row that was deleted, absent where not kept; NULL: nothing kept */
};

struct conflict_case {
    enum conflict_kind kind;
    const struct policy_rule *rule;
    const struct table_def *table; /* of all images: the target's definition */
    const struct cell *before;     /* NULL: none (insert) */
    const struct cell *incoming;   /* after image; NULL: none (delete) */
    const struct cell *local;      /* the row at the target; NULL: none */
    const char *from;              /* region of the incoming change */
    const char *to;                /* region of the target, taken as the local row's where no version is known */
    enum conflict_causality causality;
    const struct conflict_version *incoming_version; /* NULL: not known */
    const struct conflict_version *local_version;    /* of what is there: of the change that the row stands for (made of
                                                      * two: the greater), or of the delete that left none; NULL: not
                                                      * known, older than all in flight */
    const struct conflict_tombstone *tombstone;      /* where there is no row; NULL: none */
    bool unseen_delete; /* the key was deleted at the target, now or before, by a change that is not in the incoming
                         * one's cut; only delete: delete_wins asks for it */
    const struct mask *mask; /* columns of which `why` tells no values; NULL: none */
    bool one_way;            /* the stream of `from` is the only one that may write at the target */
    bool buries;             /* deletes at both sides leave tombstones; where they do not, any write beats a delete */
};

/* Find the kind of a change by what it meets: sets c->kind from the images, causality and tombstone. `as_expected`: the
 * local row equals the before image (convert_same; not asked where there is no row). True: it is to be judged; false:
 * it meets what it expects, and is written as it came. */
bool conflict_meets(struct conflict_case *c, bool as_expected);

struct conflict_outcome {
    enum conflict_verdict verdict;
    enum policy_scope scope;   /* VERDICT_LOCAL: how far it reaches: row or transaction */
    enum conflict_cause cause; /* who wrote what is there: conflict_cause() of the case */
    enum policy policy;        /* by which it was decided: the rule's, or that of the kind */
    const struct cell *merged; /* VERDICT_MERGED: the row, all columns of the table, in the arena; else NULL */
    const struct conflict_version *version; /* of what is there afterwards: of the two in the case; NULL: not known */
    uint64_t skew_ms; /* the clocks behind version columns differ by this, which is above the bound; 0: not */
    char why[160];    /* "version 2026-01-31 10:00:02 > 2026-01-31 10:00:01", "tie broken by region eu" */
};

/* Decide. What is made (merged cells) lives in the arena or is of the case's images. ERR_DATA when the rule cannot be
 * carried out on this row (version column absent or NULL): the caller stops the link with that cause. */
MUST_CHECK int conflict_judge(const struct conflict_case *c, struct conflict_outcome *out, struct arena *arena,
                              struct err *err);

/* Who wrote what the change meets, as far as the case tells. */
enum conflict_cause conflict_cause(const struct conflict_case *c);

/* The row at the target after a verdict of incoming, local, same or merged; NULL: none. */
const struct cell *conflict_result(const struct conflict_case *c, const struct conflict_outcome *out);

/* Does an update's version strictly rise by the rule (and its groups), and is a delete one that the rule knows of? True
 * where nothing asks for it, for inserts, and where the table has no such column: then nothing is violated, and a
 * conflict stops the link. */
bool conflict_order_holds(const struct policy_rule *rule, const struct table_def *table, const struct cell *before,
                          const struct cell *after);

/* Can the rule be carried out on the table: are the columns there that it names, of a type that its policies take?
 * ERR_DATA: one phrase naming policy, column and cause. */
MUST_CHECK int conflict_rule_fits(const struct policy_rule *rule, const struct table_def *table, struct err *err);

#endif
