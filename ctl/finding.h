/* What a check of a pair finds: how bad it is, what it is, why it matters, and what mends it; for people and as JSON.
 */
#ifndef DRC_CTL_FINDING_H
#define DRC_CTL_FINDING_H

#include <jansson.h>
#include <stddef.h>
#include <stdio.h>

enum finding_severity { FINDING_WARNING, FINDING_ERROR };

struct finding {
    enum finding_severity severity;
    const char *check; /* its name: static */
    char *where;       /* a region, or "region host:port" */
    char *what;
    char *why;
    char *fix; /* the statement or command, to be run at `where` as it is */
};

/* Zeroed is empty and valid. */
struct findings {
    struct finding *items;
    size_t count;
};

/* One more; takes what `f` points to. */
void findings_add(struct findings *all, struct finding f);
void findings_free(struct findings *all);
size_t findings_count(const struct findings *all, enum finding_severity severity);
/* Of a check: 0 nothing, 1 warnings, 2 errors. */
int findings_exit_code(const struct findings *all);

void findings_print(const struct findings *all, FILE *out);
/* Set "findings", "errors" and "warnings" in `object`. */
void findings_put_json(const struct findings *all, json_t *object);

#endif
