/* Checking conflict rules: what they need, and whether they can leave the sides of a two-way pair different for good.
 */
#include <string.h>

#include "common/link/config_check.h"

/* One rule, and how messages name it. */
struct rule_check {
    const struct config_reader *r;
    const struct policy_rule *rule;
    const struct yaml_entry *entry;    /* its mapping */
    const struct link_config *two_way; /* a link that has an opposite one, NULL in a one-way pair */
    const char *path;
};

static int check_columns(const struct rule_check *k, struct err *err)
{
    const struct policy_rule *rule = k->rule;
    static const char *const only_latest[] = {"by", "tie"};
    for (size_t i = 0; rule->policy != POLICY_LATEST && i < 2; i++)
        if (yaml_find(&k->entry->value, only_latest[i]))
            return config_fail(k->r, config_mark(k->entry, only_latest[i]), err,
                               "%s: %s belongs to policy latest only, not to %s; leave it out", k->path, only_latest[i],
                               policy_name(rule->policy));
    if (rule->policy == POLICY_LATEST && rule->by_count == 0)
        return config_fail(
            k->r, config_mark(k->entry, "policy"), err,
            "%s: policy latest cannot tell which row is later; name in by a version column that every update "
            "raises, such as by: [updated_at]",
            k->path);
    return 0;
}

static int check_tie(const struct rule_check *k, struct err *err)
{
    const struct config *c = k->r->config;
    const struct policy_rule *rule = k->rule;
    const struct yaml_entry *tie = yaml_find(&k->entry->value, "tie");
    for (size_t i = 0; i < rule->tie_count; i++)
        if (config_want_region(k->r, k->path, rule->tie[i], tie->value.entries[i].mark, err) < 0)
            return -1;
    if (rule->policy != POLICY_LATEST || !k->two_way)
        return 0;
    if (!tie)
        return config_fail(
            k->r, config_mark(k->entry, "policy"), err,
            "%s: policy latest between %s and %s, which are linked both ways, needs tie; name all regions, "
            "the first wins between equal versions, such as tie: [%s, %s]",
            k->path, k->two_way->from, k->two_way->to, k->two_way->from, k->two_way->to);
    for (size_t i = 0; i < c->region_count; i++) {
        bool named = false;
        for (size_t n = 0; n < rule->tie_count; n++)
            named = named || strcmp(rule->tie[n], c->regions[i].name) == 0;
        if (!named)
            return config_fail(k->r, tie->value.mark, err,
                               "%s: tie leaves out region %s; name all regions, the first wins", k->path,
                               c->regions[i].name);
    }
    return 0;
}

static int check_convergence(const struct rule_check *k, struct err *err)
{
    enum policy p = k->rule->policy;
    const struct config *c = k->r->config;
    if (c->allow_divergence || c->allow_divergence_anywhere || k->rule->allow_divergence)
        return 0;
    if (!k->two_way || (p != POLICY_SOURCE_WINS && p != POLICY_TARGET_WINS))
        return 0;
    return config_fail(
        k->r, config_mark(k->entry, "policy"), err,
        "%s: policy %s lets %s and %s, which are linked both ways, end with different rows for good; use "
        "latest or stop, or accept that by allow_divergence: true in conflicts",
        k->path, policy_name(p), k->two_way->from, k->two_way->to);
}

static int check_rule(const struct rule_check *k, struct err *err)
{
    if (check_columns(k, err) < 0 || check_tie(k, err) < 0)
        return -1;
    return check_convergence(k, err);
}

static int check_table_is_ours(const struct rule_check *k, struct err *err)
{
    if (filter_match(&k->r->config->tables, span_str(k->rule->db), span_str(k->rule->table)))
        return 0;
    return config_fail(k->r, k->entry->mark, err,
                       "%s: tables does not include this table, so the rule would never apply; mend its name or tables",
                       k->path);
}

int config_check_conflicts(const struct config_reader *r, const struct yaml_node *root, struct err *err)
{
    const struct config *c = r->config;
    const struct yaml_entry *conflicts = yaml_find(root, "conflicts");
    if (!conflicts) /* the default, stop, needs nothing */
        return 0;
    const struct yaml_entry *fallback = yaml_find(&conflicts->value, "default");
    const struct yaml_entry *tables = yaml_find(&conflicts->value, "tables");
    struct rule_check k = {.r = r, .rule = &c->conflicts.fallback, .entry = fallback, .path = "conflicts.default"};
    struct buf path = {0};
    int rc = -1;
    for (size_t i = 0; i < c->link_count && !k.two_way; i++)
        if (config_two_way(c, c->links[i].from, c->links[i].to))
            k.two_way = &c->links[i];
    if (fallback && check_rule(&k, err) < 0)
        goto out;
    for (size_t i = 0; i < c->conflicts.count; i++) {
        k.rule = &c->conflicts.rules[i];
        k.entry = &tables->value.entries[i];
        buf_clear(&path);
        buf_put_str(&path, "conflicts.tables.");
        (void)config_quote(&path, k.entry->key);
        k.path = buf_cstr(&path);
        if (check_table_is_ours(&k, err) < 0 || check_rule(&k, err) < 0)
            goto out;
    }
    rc = 0;
out:
    buf_free(&path);
    return rc;
}
