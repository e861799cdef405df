/* The kinds of conflicts, their causes, and the names of both: the same words in the log, the journal, metrics, the
 * pair file and documents. Pure. */
#ifndef DRC_MODEL_CONFLICT_KIND_H
#define DRC_MODEL_CONFLICT_KIND_H

#include <stdbool.h>

enum conflict_kind {
    CONFLICT_INSERT_EXISTS,  /* insert, and a row with that key is there: the same one or another */
    CONFLICT_INSERT_DELETED, /* insert of a key whose delete the source did not know of */
    CONFLICT_UPDATE_CHANGED, /* update, and the row is not, or was not all the time, its before image */
    CONFLICT_UPDATE_MISSING, /* update, there is no such row, and nothing is known of its end */
    CONFLICT_UPDATE_DELETED, /* update, and the row has been deleted: there is a tombstone */
    CONFLICT_DELETE_CHANGED, /* delete, and the row differs from its before image */
    CONFLICT_DELETE_MISSING, /* delete, and there is no such row */
    CONFLICT_UNIQUE_CLASH,   /* the new row's unique value belongs to another row */
    CONFLICT_NO_PARENT,      /* the row that the new one refers to is missing */
    CONFLICT_HAS_CHILD,      /* rows refer to the one that is to go */
    CONFLICT_REFUSED,        /* the target refuses the row for another reason: a check, a range */
    CONFLICT_FOREIGN_WRITE,  /* the images differ although the source knew of all that was written: somebody else did */
    CONFLICT_ORDER_VIOLATED, /* not a collision: the version column did not rise; journaled, change applied */
    CONFLICT_WITH_LOSER,     /* not a collision: another row of its transaction lost (scope transaction) */
    CONFLICT_KIND_COUNT,
};

/* Who wrote what the change meets? Beside the kind, which says what it meets. */
enum conflict_cause {
    CONFLICT_CAUSE_UNTOLD,        /* nobody can say by images alone, or nothing was met: a refusal, a note */
    CONFLICT_CAUSE_CONCURRENT,    /* another region, of which the source did not know yet */
    CONFLICT_CAUSE_FOREIGN_WRITE, /* no stream that the link could know of: a foreign write */
    CONFLICT_CAUSE_COUNT,
};

/* "", "concurrent", "foreign_write". */
const char *conflict_cause_name(enum conflict_cause c);
/* -1 for an unknown name, and for "". */
int conflict_cause_parse(const char *name);

/* "insert/exists", …; the kind has to be one. */
const char *conflict_kind_name(enum conflict_kind k);
/* -1 for an unknown name. */
int conflict_kind_parse(const char *name);
/* May the pair file give it a policy of its own? The others are the target's refusals and notes. */
bool conflict_kind_has_policy(enum conflict_kind k);

#endif
