/* The names of the policies, and which rule a table has. */
#include "common/model/policy.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static const char *const names[] = {
    [POLICY_LATEST] = "latest",
    [POLICY_SOURCE_WINS] = "source_wins",
    [POLICY_TARGET_WINS] = "target_wins",
    [POLICY_STOP] = "stop",
};

#define NAME_COUNT (sizeof(names) / sizeof(names[0]))

const char *policy_name(enum policy p)
{
    return (size_t)p < NAME_COUNT ? names[p] : NULL;
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
    free_names(r->by, r->by_count);
    free_names(r->tie, r->tie_count);
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
