/* Making the regions, links and rules that the mappings of the pair file fill. */
#include "common/link/config_enter.h"

#include <string.h>

#include "common/base/mem.h"

#define REGIONS_MAX 16
#define LINKS_MAX (REGIONS_MAX * (REGIONS_MAX - 1))
#define REGION_NAME_MAX 32
#define GROUPS_MAX 16
#define NAME_CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-"

int config_enter_kafka(struct config_reader *r, const char *name, struct yaml_mark at, struct err *err)
{
    (void)name;
    (void)err;
    r->cluster = &r->kafka;
    r->kafka.secret.line = at.line;
    r->kafka.secret.column = at.column;
    return 0;
}

int config_enter_region(struct config_reader *r, const char *name, struct yaml_mark at, struct err *err)
{
    struct config *c = r->config;
    size_t len = strlen(name);
    if (c->region_count == REGIONS_MAX)
        return config_fail(r, at, err, "more than %d regions; a pair file may have that many", REGIONS_MAX);
    if (len == 0 || len > REGION_NAME_MAX || strspn(name, NAME_CHARACTERS) != len)
        return config_fail(r, at, err, "no region can be named so; give letters, digits, - and _, at most %d",
                           REGION_NAME_MAX);
    c->regions = xreallocarray(c->regions, c->region_count + 1, sizeof *c->regions);
    r->region = &c->regions[c->region_count++];
    *r->region = (struct region_config){.name = xstrdup(name), .line = at.line};
    r->region->secret.line = at.line;
    r->region->secret.column = at.column;
    config_kafka_copy(&r->region->kafka, &r->kafka);
    return 0;
}

int config_enter_region_kafka(struct config_reader *r, const char *name, struct yaml_mark at, struct err *err)
{
    (void)name;
    (void)at;
    (void)err;
    r->cluster = &r->region->kafka;
    r->no_defaults = true;
    return 0;
}

int config_enter_link(struct config_reader *r, const char *name, struct yaml_mark at, struct err *err)
{
    struct config *c = r->config;
    (void)name;
    if (c->link_count == LINKS_MAX)
        return config_fail(r, at, err, "more than %d links; a pair file may have that many", LINKS_MAX);
    c->links = xreallocarray(c->links, c->link_count + 1, sizeof *c->links);
    r->link = &c->links[c->link_count++];
    *r->link = (struct link_config){.line = at.line};
    return 0;
}

int config_enter_default_rule(struct config_reader *r, const char *name, struct yaml_mark at, struct err *err)
{
    (void)name;
    (void)err;
    r->rule = &r->config->conflicts.fallback;
    r->rule->line = at.line;
    return 0;
}

int config_enter_table_rule(struct config_reader *r, const char *name, struct yaml_mark at, struct err *err)
{
    struct policy_set *s = &r->config->conflicts;
    struct buf db = {0}, table = {0};
    int rc = -1;
    if (filter_table_name(&db, &table, name) < 0) {
        (void)config_fail(r, at, err,
                          "this is not the name of one table; give database.table, without wildcards, a part "
                          "in back quotes where the name holds a dot");
        goto out;
    }
    const struct policy_rule *same = policy_for(s, buf_cstr(&db), buf_cstr(&table));
    if (same != &s->fallback) {
        (void)config_fail(r, at, err, "this table has a rule in line %d already; keep one", same->line);
        goto out;
    }
    s->rules = xreallocarray(s->rules, s->count + 1, sizeof *s->rules);
    r->rule = &s->rules[s->count++];
    *r->rule = (struct policy_rule){.db = xstrdup(buf_cstr(&db)), .table = xstrdup(buf_cstr(&table)), .line = at.line};
    rc = 0;
out:
    buf_free(&db);
    buf_free(&table);
    return rc;
}

int config_enter_group(struct config_reader *r, const char *name, struct yaml_mark at, struct err *err)
{
    struct policy_rule *rule = r->rule;
    (void)name;
    if (rule->group_count == GROUPS_MAX)
        return config_fail(r, at, err, "more than %d groups; a rule may have that many", GROUPS_MAX);
    rule->groups = xreallocarray(rule->groups, rule->group_count + 1, sizeof *rule->groups);
    r->group = &rule->groups[rule->group_count++];
    *r->group = (struct policy_group){.line = at.line};
    return 0;
}
