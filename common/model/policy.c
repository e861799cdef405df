/* The names of the policies, and which rule a table has. */
#include "common/model/policy.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static const char *const names[] = {
    [POLICY_LATEST] = "latest",
    [POLICY_EARLIEST] = "earliest",
    [POLICY_PRIORITY] = "priority",
    [POLICY_MAX] = "max",
    [POLICY_MIN] = "min",
    [POLICY_DELTA] = "delta",
    [POLICY_MERGE] = "merge",
    [POLICY_SOURCE_WINS] = "source_wins",
    [POLICY_TARGET_WINS] = "target_wins",
    [POLICY_PARK] = "park",
    [POLICY_STOP] = "stop",
};

#define NAME_COUNT (sizeof(names) / sizeof(names[0]))

static const char *const scopes[] = {[SCOPE_ROW] = "row", [SCOPE_TRANSACTION] = "transaction", [SCOPE_STOP] = "stop"};

static const char *const deletes[] = {
    [DELETE_DEFAULT] = "auto",     [DELETE_LATEST] = "latest",
    [DELETE_WINS] = "delete_wins", [DELETE_UPDATE_WINS] = "update_wins",
    [DELETE_NEVER] = "never",
};

static const char *const versions[] = {
    [VERSIONS_DEFAULT] = "auto", [VERSIONS_COLUMN] = "column", [VERSIONS_CAUSAL] = "causal"};

const char *policy_name(enum policy p)
{
    return (size_t)p < NAME_COUNT ? names[p] : NULL;
}

const char *policy_scope_name(enum policy_scope s)
{
    return (size_t)s < sizeof scopes / sizeof *scopes ? scopes[s] : NULL;
}

const char *policy_delete_name(enum policy_delete d)
{
    return (size_t)d < sizeof deletes / sizeof *deletes ? deletes[d] : NULL;
}

const char *policy_versions_name(enum policy_versions v)
{
    return (size_t)v < sizeof versions / sizeof *versions ? versions[v] : NULL;
}

int policy_parse(const char *name)
{
    for (size_t i = 0; i < NAME_COUNT; i++)
        if (strcmp(names[i], name) == 0)
            return (int)i;
    return -1;
}

const struct policy_rule *policy_for(const struct policy_set *s, const char *db, const char *table)
{
    for (size_t i = 0; i < s->count; i++) {
        const struct policy_rule *r = &s->rules[i];
        assert(r->db && r->table);
        if (strcmp(r->db, db) == 0 && strcmp(r->table, table) == 0)
            return r;
    }
    return &s->fallback;
}

enum policy policy_of_kind(const struct policy_rule *r, enum conflict_kind kind)
{
    return r->by_kind[kind] ? (enum policy)(r->by_kind[kind] - 1) : r->policy;
}

bool policy_adds(const struct policy_rule *r)
{
    bool adds = r->policy == POLICY_DELTA;
    for (size_t i = 0; i < r->group_count; i++)
        adds = adds || r->groups[i].policy == POLICY_DELTA;
    return adds;
}

/* An increment that was added to a row before it was deleted cannot be told from one that was not: so a delete ends
 * them all. */
enum policy_delete policy_deletes(const struct policy_rule *r)
{
    if (r->deletes != DELETE_DEFAULT && r->deletes != DELETE_NEVER)
        return r->deletes;
    return policy_adds(r) ? DELETE_WINS : DELETE_LATEST;
}

static void free_names(char **list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(list[i]);
    free(list);
}

void policy_rule_free(struct policy_rule *r)
{
    free(r->db);
    free(r->table);
    free_names(r->columns, r->column_count);
    free_names(r->by, r->by_count);
    free_names(r->tie, r->tie_count);
    free_names(r->order, r->order_count);
    free_names(r->ignore, r->ignore_count);
    for (size_t i = 0; i < r->group_count; i++) {
        free_names(r->groups[i].columns, r->groups[i].column_count);
        free_names(r->groups[i].by, r->groups[i].by_count);
    }
    free(r->groups);
    *r = (struct policy_rule){0};
}

void policy_set_free(struct policy_set *s)
{
    policy_rule_free(&s->fallback);
    for (size_t i = 0; i < s->count; i++)
        policy_rule_free(&s->rules[i]);
    free(s->rules);
    *s = (struct policy_set){0};
}
