/* What a check of a pair finds: how bad it is, what it is, why it matters, and what mends it; for people, for logs and
 * as JSON. */
#ifndef DRC_CHECK_FINDING_H
#define DRC_CHECK_FINDING_H

#include <jansson.h>
#include <stddef.h>
#include <stdio.h>

#include "common/base/err.h"

enum finding_severity { FINDING_NOTE, FINDING_WARNING, FINDING_ERROR };

struct finding {
    enum finding_severity severity;
    enum exit_code stops; /* with which a daemon ends that finds this when it starts; EXIT_DONE: it goes on */
    const char *check;    /* the rule's id: static */
    char *where;          /* a region, or "region host:port" */
    char *what;
    char *why;
    char *fix; /* the statement, command or line, to be run or written at `where` as it is */
};

/* Zeroed is empty and valid. */
struct findings {
    struct finding *items;
    size_t count;
};

/* "note", "warning", "error". */
const char *finding_severity_name(enum finding_severity severity);

/* One more; takes what `f` points to. */
void findings_add(struct findings *all, struct finding f);
void findings_free(struct findings *all);
/* Copies of those of `from`, behind what is there. */
void findings_copy(struct findings *all, const struct findings *from);
size_t findings_count(const struct findings *all, enum finding_severity severity);
/* Of a check: 0 nothing, or notes only; 1 warnings; 2 errors. */
int findings_exit_code(const struct findings *all);

/* Each with its reason and cure, then the counts. */
void findings_print(const struct findings *all, FILE *out);
/* Set "findings", "errors", "warnings" and "notes" in `object`. */
void findings_put_json(const struct findings *all, json_t *object);

/* What a daemon has said of findings. Zeroed is nothing. */
struct findings_told {
    char **lines; /* as they were logged */
    size_t count;
};
void findings_told_free(struct findings_told *told);
/* Log each finding on one line, "region R: what: why. Run: fix", unless it was logged before as it is; what was logged
 * and is not found any more is forgotten with a line of its own. */
void findings_know(struct findings_told *told,
                   const struct findings *all); /* without a word: they were told otherwise */
void findings_tell(struct findings_told *told, const struct findings *all);
/* The gravest that stops a daemon, as its error; 0: none does. Settings come before grants. */
MUST_CHECK int findings_stop(const struct findings *all, struct err *err);

#endif
