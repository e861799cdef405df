/* Checking conflict rules: what their policies need, and what means nothing to them. */
#include <string.h>

#include "common/link/config_check.h"

/* One rule, and how messages name it. */
struct rule_check {
    const struct config_reader *r;
    struct policy_rule *rule;
    const struct yaml_entry *entry;    /* its mapping */
    const struct link_config *two_way; /* a link that has an opposite one, NULL in a one-way pair */
    const char *path;
};

/* ---- which policies a rule uses, and what they take ---- */

#define BIT(policy_) (1u << (policy_))
#define VERSIONED                                                                                                      \
    (BIT(POLICY_LATEST) | BIT(POLICY_EARLIEST) | BIT(POLICY_MAX) | BIT(POLICY_MIN) | BIT(POLICY_DELTA) |               \
     BIT(POLICY_MERGE))
#define COLUMNED (BIT(POLICY_MAX) | BIT(POLICY_MIN) | BIT(POLICY_DELTA))

static unsigned policies_of_rows(const struct policy_rule *rule)
{
    unsigned used = BIT(rule->policy);
    for (size_t k = 0; k < CONFLICT_KIND_COUNT; k++)
        used |= rule->by_kind[k] ? BIT(rule->by_kind[k] - 1u) : 0;
    return used;
}

static unsigned policies_of(const struct policy_rule *rule)
{
    unsigned used = policies_of_rows(rule);
    for (size_t i = 0; i < rule->group_count; i++)
        used |= BIT(rule->groups[i].policy);
    return used;
}

/* Keys that only some policies take. */
static const struct {
    const char *key;
    unsigned policies;
    bool of_rows; /* what groups have does not count */
    const char *who;
} belongs[] = {
    {"columns", COLUMNED,                         true,  "max, min and delta"              },
    {"by",      VERSIONED,                        false, "policies by version"             },
    {"tie",     VERSIONED,                        false, "policies by version"             },
    {"order",   BIT(POLICY_PRIORITY),             false, "policy priority"                 },
    {"groups",  VERSIONED | BIT(POLICY_PRIORITY), true,  "priority and policies by version"},
    {"delete",  VERSIONED | BIT(POLICY_PRIORITY), true,  "priority and policies by version"},
};

static int check_what_belongs(const struct rule_check *k, struct err *err)
{
    const struct policy_rule *rule = k->rule;
    unsigned own = policies_of(rule), of_rows = policies_of_rows(rule);
    for (size_t i = 0; i < sizeof belongs / sizeof *belongs; i++)
        if (!((belongs[i].of_rows ? of_rows : own) & belongs[i].policies) &&
            yaml_find(&k->entry->value, belongs[i].key))
            return config_fail(k->r, config_mark(k->entry, belongs[i].key), err,
                               "%s: %s belongs to %s, not to %s; leave it out", k->path, belongs[i].key, belongs[i].who,
                               policy_name(rule->policy));
    if ((BIT(rule->policy) & COLUMNED) && rule->column_count == 0)
        return config_fail(k->r, config_mark(k->entry, "policy"), err,
                           "%s: policy %s does not say of which columns; name them, such as columns: [qty]", k->path,
                           policy_name(rule->policy));
    return 0;
}

/* ---- versions ---- */

/* Does something that it says need to know which of two changes is later, and no column tells? */
static bool asks_for_versions(const struct rule_check *k)
{
    const struct policy_rule *rule = k->rule;
    if (rule->by_count > 0)
        return false;
    bool asks = rule->policy == POLICY_LATEST || rule->policy == POLICY_EARLIEST ||
                (k->two_way && (policies_of(rule) & VERSIONED));
    for (size_t i = 0; i < CONFLICT_KIND_COUNT; i++)
        asks = asks || rule->by_kind[i] == POLICY_LATEST + 1 || rule->by_kind[i] == POLICY_EARLIEST + 1;
    return asks;
}

/* Regions that are linked both ways are linked each with each. An applier follows one stream more of three of them;
 * that more converge nobody has shown. */
static bool are_few(const struct config *c)
{
    return c->link_count <= 6;
}

/* What nothing is said about. The order of regions decides between changes of which neither knew of the other: that has
 * to be known as well. */
static void fill_in(const struct rule_check *k)
{
    bool asks = asks_for_versions(k) || (k->rule->policy == POLICY_PRIORITY && k->rule->by_count == 0);
    if (k->rule->versions == VERSIONS_DEFAULT)
        k->rule->versions = k->two_way && are_few(k->r->config) && asks ? VERSIONS_CAUSAL : VERSIONS_COLUMN;
}

static int check_versions(const struct rule_check *k, struct err *err)
{
    struct policy_rule *rule = k->rule;
    bool causal = rule->versions == VERSIONS_CAUSAL;
    if (causal && k->two_way && !are_few(k->r->config))
        return config_fail(k->r, config_mark(k->entry, "versions"), err,
                           "%s: versions: causal is for two or three regions that are linked both ways, and here are "
                           "more; let park or stop decide, and leave versions out",
                           k->path);
    if (causal && !k->two_way)
        return config_fail(k->r, config_mark(k->entry, "versions"), err,
                           "%s: versions: causal is for regions that are linked both ways, and these are not; leave it "
                           "out",
                           k->path);
    if (causal && rule->deletes == DELETE_NEVER)
        return config_fail(k->r, config_mark(k->entry, "delete"), err,
                           "%s: delete: never is for versions: column; versions: causal judges deletes: leave it out",
                           k->path);
    if (!causal && asks_for_versions(k))
        return config_fail(k->r, config_mark(k->entry, "policy"), err,
                           "%s: policy %s cannot tell which row is later; name in by a version column that every "
                           "update raises, such as by: [updated_at]",
                           k->path, policy_name(rule->policy));
    return 0;
}

/* ---- regions ---- */

static int check_region_list(const struct rule_check *k, const char *key, char *const *names, size_t count,
                             struct err *err)
{
    const struct config *c = k->r->config;
    const struct yaml_entry *list = yaml_find(&k->entry->value, key);
    for (size_t i = 0; i < count; i++)
        if (config_want_region(k->r, k->path, names[i], list->value.entries[i].mark, err) < 0)
            return -1;
    for (size_t i = 0; list && k->two_way && i < c->region_count; i++) {
        bool named = false;
        for (size_t n = 0; n < count; n++)
            named = named || strcmp(names[n], c->regions[i].name) == 0;
        if (!named)
            return config_fail(k->r, list->value.mark, err,
                               "%s: %s leaves out region %s; name all regions, the first wins", k->path, key,
                               c->regions[i].name);
    }
    return 0;
}

static int check_regions(const struct rule_check *k, struct err *err)
{
    const struct policy_rule *rule = k->rule;
    if (check_region_list(k, "tie", rule->tie, rule->tie_count, err) < 0 ||
        check_region_list(k, "order", rule->order, rule->order_count, err) < 0)
        return -1;
    if ((policies_of(rule) & BIT(POLICY_PRIORITY)) && rule->order_count == 0)
        return config_fail(k->r, config_mark(k->entry, "policy"), err,
                           "%s: policy priority does not say whose; name all regions, the first wins, such as order: "
                           "[%s]",
                           k->path, k->r->config->regions[0].name);
    if (k->two_way && rule->by_count > 0 && rule->tie_count == 0)
        return config_fail(k->r, config_mark(k->entry, "policy"), err,
                           "%s: policy %s between %s and %s, which are linked both ways, needs tie; name all regions, "
                           "the first wins between equal versions, such as tie: [%s, %s]",
                           k->path, policy_name(rule->policy), k->two_way->from, k->two_way->to, k->two_way->from,
                           k->two_way->to);
    return 0;
}

/* ---- groups ---- */

static bool has_name(char *const *names, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

/* Does a column stand in what comes before that group? */
static bool is_taken(const struct policy_rule *rule, size_t group, const char *column)
{
    for (size_t i = 0; i < group; i++)
        if (has_name(rule->groups[i].columns, rule->groups[i].column_count, column))
            return true;
    return has_name(rule->columns, rule->column_count, column);
}

static int check_group(const struct rule_check *k, size_t i, struct err *err)
{
    const struct policy_group *g = &k->rule->groups[i];
    const struct yaml_entry *e = &yaml_find(&k->entry->value, "groups")->value.entries[i];
    const struct yaml_entry *columns = yaml_find(&e->value, "columns");
    bool by_version = g->policy == POLICY_LATEST || g->policy == POLICY_EARLIEST;
    for (size_t n = 0; n < g->column_count; n++) {
        struct buf quoted = {0};
        if (!is_taken(k->rule, i, g->columns[n]))
            continue;
        (void)config_fail(k->r, columns->value.entries[n].mark, err, "%s: %s is in two groups; keep one", k->path,
                          config_quote(&quoted, g->columns[n]));
        buf_free(&quoted);
        return -1;
    }
    if (g->by_count > 0 && !by_version)
        return config_fail(k->r, config_mark(e, "by"), err,
                           "%s: by belongs to a group's policies latest and earliest, not to %s; leave it out", k->path,
                           policy_name(g->policy));
    return 0;
}

/* ---- all ---- */

static int check_rule(const struct rule_check *k, struct err *err)
{
    if (check_what_belongs(k, err) < 0 || check_versions(k, err) < 0 || check_regions(k, err) < 0)
        return -1;
    for (size_t i = 0; i < k->rule->group_count; i++)
        if (check_group(k, i, err) < 0)
            return -1;
    return 0;
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
    struct config *c = r->config;
    const struct yaml_entry *conflicts = yaml_find(root, "conflicts");
    struct rule_check k = {.r = r, .rule = &c->conflicts.fallback, .path = "conflicts.default"};
    struct buf path = {0};
    int rc = -1;
    for (size_t i = 0; i < c->link_count && !k.two_way; i++)
        if (config_two_way(c, c->links[i].from, c->links[i].to))
            k.two_way = &c->links[i];
    fill_in(&k);
    if (!conflicts) /* the default, stop, needs nothing */
        return 0;
    const struct yaml_entry *tables = yaml_find(&conflicts->value, "tables");
    k.entry = yaml_find(&conflicts->value, "default");
    if (k.entry && check_rule(&k, err) < 0)
        goto out;
    for (size_t i = 0; i < c->conflicts.count; i++) {
        k.rule = &c->conflicts.rules[i];
        fill_in(&k);
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
