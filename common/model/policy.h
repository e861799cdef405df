/* What an operator chose for conflicts: the rule of each table, as the pair file says it. Pure values.
 *
 * The judge in conflict/ carries them out; the configuration reader fills them; neither knows the other. */
#ifndef DRC_MODEL_POLICY_H
#define DRC_MODEL_POLICY_H

#include <stdbool.h>
#include <stddef.h>

enum policy {
    POLICY_LATEST,      /* the greater version column wins; ties by order of regions */
    POLICY_SOURCE_WINS, /* the incoming change wins */
    POLICY_TARGET_WINS, /* the row that is there wins */
    POLICY_STOP,        /* the link stops */
};

/* "latest", "source_wins", …; NULL past the end, so that the list can be walked. */
const char *policy_name(enum policy p);
/* -1 for an unknown name. */
int policy_parse(const char *name);

struct policy_rule {
    char *db; /* the table it is for; NULL, as `table`: the default */
    char *table;
    enum policy policy;
    char **by; /* latest: version columns, most significant first */
    size_t by_count;
    char **tie; /* latest: regions, the first wins a tie */
    size_t tie_count;
    bool allow_divergence; /* two-way, although the sides may end different */
    int line;              /* where the pair file says it */
};

struct policy_set {
    struct policy_rule fallback; /* conflicts.default; without one: stop */
    struct policy_rule *rules;   /* conflicts.tables, in file order */
    size_t count;
};

/* The rule for a table: its own (exact name), else the default. Lives as long as the set. */
const struct policy_rule *policy_for(const struct policy_set *s, const char *db, const char *table);
/* Release what the rule owns and leave it zeroed; policy_set_free does so for all. */
void policy_rule_free(struct policy_rule *r);
void policy_set_free(struct policy_set *s);

#endif
