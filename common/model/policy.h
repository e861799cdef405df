/* What an operator chose for conflicts: the rule of each table, as the pair file says it. Pure values.
 *
 * The judge in conflict/ carries them out; the configuration reader fills them; neither knows the other. */
#ifndef DRC_MODEL_POLICY_H
#define DRC_MODEL_POLICY_H

#include <stddef.h>
#include <stdint.h>

#include "common/model/conflict_kind.h"

enum policy {
    POLICY_LATEST,   /* the greater version wins: that of the changes, or version columns; ties by order of regions */
    POLICY_EARLIEST, /* the smaller one */
    POLICY_PRIORITY, /* the change of the region that stands first in `order` */
    POLICY_MAX,      /* of `columns` the greater value each, of the others by version */
    POLICY_MIN,      /* the smaller one */
    POLICY_DELTA,    /* to `columns` the increment is added, the others by version */
    POLICY_MERGE,    /* columns that only one side changed survive, the others by version */
    POLICY_SOURCE_WINS, /* the incoming change wins */
    POLICY_TARGET_WINS, /* the row that is there wins */
    POLICY_PARK,        /* the transaction is put aside for the operator */
    POLICY_STOP,        /* the link stops */
};

/* "latest", "source_wins", …; NULL past the end, so that the list can be walked. */
const char *policy_name(enum policy p);
/* -1 for an unknown name. */
int policy_parse(const char *name);

/* How far a lost row reaches. */
enum policy_scope {
    SCOPE_ROW,         /* the row alone */
    SCOPE_TRANSACTION, /* its whole transaction goes to the journal */
    SCOPE_STOP,        /* the link stops */
};
const char *policy_scope_name(enum policy_scope s); /* NULL past the end */

/* A delete against a write of the same row, where neither knew of the other. */
enum policy_delete {
    DELETE_DEFAULT,     /* by the policy: latest, or delete_wins where increments are added */
    DELETE_LATEST,      /* the later one wins */
    DELETE_WINS,        /* the delete, over all that did not know of it */
    DELETE_UPDATE_WINS, /* the write, unless it is older than the row that was deleted */
    DELETE_NEVER,       /* no row is deleted: one that is, is journaled; decided as by default */
};
const char *policy_delete_name(enum policy_delete d); /* NULL past the end */

/* What tells a change that somebody else has been there. */
enum policy_versions {
    VERSIONS_DEFAULT, /* by the kind of link; the configuration reader leaves none of it */
    VERSIONS_COLUMN,  /* images: sound where a version column rises with every update */
    VERSIONS_CAUSAL,  /* stamps and cuts */
};
const char *policy_versions_name(enum policy_versions v); /* NULL past the end */

/* Columns of a table that are decided about by themselves. */
struct policy_group {
    char **columns;
    size_t column_count;
    enum policy policy; /* latest, earliest, priority, max, min, delta, source_wins, target_wins */
    char **by;          /* latest, earliest: version columns of the group's own */
    size_t by_count;
    int line;
};

struct policy_rule {
    char *db; /* the table it is for; NULL, as `table`: the default */
    char *table;
    enum policy policy;
    uint8_t by_kind[CONFLICT_KIND_COUNT]; /* of single kinds: enum policy + 1; 0: as above */
    char **columns;                       /* max, min, delta: what they are about */
    size_t column_count;
    char **by; /* version columns, most significant first; none: the versions of the changes */
    size_t by_count;
    char **tie; /* regions, the first wins between equal versions */
    size_t tie_count;
    char **order; /* priority: regions, the first wins */
    size_t order_count;
    char **ignore; /* columns whose differences count for nothing */
    size_t ignore_count;
    struct policy_group *groups;
    size_t group_count;
    enum policy_scope scope;
    enum policy_delete deletes;
    enum policy_versions versions;
    uint64_t max_skew_ms;  /* warn where clocks differ by more; 0: never */
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
/* What the rule says of a kind. */
enum policy policy_of_kind(const struct policy_rule *r, enum conflict_kind kind);
/* By what it decides about them: latest, delete or write. */
enum policy_delete policy_deletes(const struct policy_rule *r);
/* Does some column of the table have increments added? */
bool policy_adds(const struct policy_rule *r);
/* Release what the rule owns and leave it zeroed; policy_set_free does so for all. */
void policy_rule_free(struct policy_rule *r);
void policy_set_free(struct policy_set *s);

#endif
