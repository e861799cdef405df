/* What marks.c and marks_repair.c share. Nobody else includes it. */
#ifndef DRC_APPLIER_MARKS_PRIVATE_H
#define DRC_APPLIER_MARKS_PRIVATE_H

#include "applier/marks.h"

/* Does the asking side know of all that was written to the row here? */
enum mark_known { MARK_KNOWN, MARK_UNTOLD, MARK_CONCURRENT };

/* One mark at work; everything in the arena of all. */
struct marked {
    const struct repair_mark *mark;
    const struct convert_plan *plan;
    const struct cell *wanted; /* the row as the asking side has it, in the target's terms; NULL: absent */
    const struct cell *key;    /* an image with its key */
    const struct cell *local;  /* the row that is there, locked; NULL: absent */
    enum mark_known known;
    bool in_the_way; /* refused because of a row that is there, or is not: another repair may change that */
    struct repair_reply reply;
};

/* `why` is cut to what the answer holds. */
void mark_say(struct marked *m, enum repair_answer answer, const char *why);
/* The row under lock, and its hash. */
MUST_CHECK int mark_read_local(struct sink *s, struct marked *m, struct arena *a, struct err *err);

/* Write the rows of those repairs that have no answer yet, and answer them. */
MUST_CHECK int marks_repair(struct sink *s, const struct txn *txn, struct marked *list, size_t n, struct err *err);

#endif
