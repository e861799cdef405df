/* The pair file's rules, one by one, in a small world of its regions. */
#include "common/target/pair_file.h"

#include <string.h>

#include "conflict/lint.h"

#define LONGEST 6 /* changes of a history */
#define SEED 20260131

/* ---- the regions that are linked both ways ---- */

static bool has_opposite(const struct config *c, const char *region)
{
    for (size_t i = 0; i < c->link_count; i++)
        if (strcmp(c->links[i].from, region) == 0 && config_two_way(c, region, c->links[i].to))
            return true;
    return false;
}

static size_t find_regions(const struct config *c, struct world_setting *s)
{
    s->region_count = 0;
    for (size_t i = 0; i < c->region_count && s->region_count < WORLD_REGIONS; i++)
        if (has_opposite(c, c->regions[i].name))
            s->regions[s->region_count++] = c->regions[i].name;
    return s->region_count;
}

/* ---- rules ---- */

static bool same_names(char *const *a, size_t n, char *const *b, size_t m)
{
    for (size_t i = 0; n == m && i < n; i++)
        if (strcmp(a[i], b[i]) != 0)
            return false;
    return n == m;
}

static bool same_group(const struct policy_group *a, const struct policy_group *b)
{
    return a->policy == b->policy && same_names(a->columns, a->column_count, b->columns, b->column_count) &&
           same_names(a->by, a->by_count, b->by, b->by_count);
}

/* Do both say the same, whatever tables they are for? */
static bool same_rule(const struct policy_rule *a, const struct policy_rule *b)
{
    if (a->policy != b->policy || memcmp(a->by_kind, b->by_kind, sizeof a->by_kind) != 0 || a->scope != b->scope ||
        a->deletes != b->deletes || a->versions != b->versions || a->allow_divergence != b->allow_divergence ||
        a->group_count != b->group_count)
        return false;
    for (size_t i = 0; i < a->group_count; i++)
        if (!same_group(&a->groups[i], &b->groups[i]))
            return false;
    return same_names(a->columns, a->column_count, b->columns, b->column_count) &&
           same_names(a->by, a->by_count, b->by, b->by_count) &&
           same_names(a->tie, a->tie_count, b->tie, b->tie_count) &&
           same_names(a->order, a->order_count, b->order, b->order_count) &&
           same_names(a->ignore, a->ignore_count, b->ignore, b->ignore_count);
}

static bool is_known(const struct config *c, size_t rule)
{
    const struct policy_set *set = &c->conflicts;
    for (size_t i = 0; i < rule; i++)
        if (same_rule(&set->rules[i], &set->rules[rule]))
            return true;
    return same_rule(&set->fallback, &set->rules[rule]);
}

static void put_place(const struct config *c, const struct policy_rule *rule, struct buf *out)
{
    buf_printf(out, "%s:%d: conflicts %s%s%s%s", c->path, rule->line, rule->table ? "of " : "by default",
               rule->table ? rule->db : "", rule->table ? "." : "", rule->table ? rule->table : "");
}

/* Histories of the rule, first those of rows that stay: by columns only these can converge, since what the target
 * deleted itself has left no tombstone. True: only deletes make it diverge. */
static bool play(struct lint_finding *out, struct world_setting *s, const struct policy_rule *rule)
{
    s->rule = rule;
    s->causal = s->deletes = s->buries = rule->versions == VERSIONS_CAUSAL;
    s->unaware = !s->causal;
    lint_rule(out, s, LONGEST, LINT_HISTORIES, SEED);
    if (out->diverges || s->causal || rule->deletes == DELETE_NEVER)
        return false;
    lint_finding_free(out);
    s->deletes = s->buries = true;
    lint_rule(out, s, LONGEST, LINT_HISTORIES, SEED);
    return true;
}

/* Rows may be deleted although the rule does not say so: what is only deletes' is refused where it says that there are
 * any, and warned of where it says nothing. */
static bool is_only_warned_of(const struct policy_rule *rule, bool by_deletes)
{
    return by_deletes && rule->deletes == DELETE_DEFAULT;
}

#define REMEDY                                                                                                         \
    "versions: causal with delete: delete_wins, which judges deletes, or delete: never where no row is deleted"

static int check(const struct config *c, struct world_setting *s, const struct policy_rule *rule, struct err *err)
{
    struct lint_finding found;
    struct buf place = {0};
    int rc = 0;
    if (rule->allow_divergence)
        return 0;
    bool by_deletes = play(&found, s, rule);
    if (found.diverges && !is_only_warned_of(rule, by_deletes)) {
        put_place(c, rule, &place);
        rc =
            err_fatal(err, EXIT_BAD_CONFIG,
                      "%s: policy %s can leave regions that are linked both ways different for good%s; choose one that "
                      "does not%s, or accept that by allow_divergence: true in conflicts. So it happens: %s",
                      buf_cstr(&place), policy_name(rule->policy),
                      by_deletes ? " where rows are deleted, which versions: column does not judge" : "",
                      by_deletes ? ", such as " REMEDY : "", buf_cstr(&found.history));
    }
    buf_free(&place);
    lint_finding_free(&found);
    return rc;
}

int pair_rules_converge(const struct config *c, struct err *err)
{
    struct world_setting s = {0};
    if (c->allow_divergence || c->allow_divergence_anywhere || find_regions(c, &s) < 2)
        return 0;
    if (check(c, &s, &c->conflicts.fallback, err))
        return -1;
    for (size_t i = 0; i < c->conflicts.count; i++)
        if (!is_known(c, i) && check(c, &s, &c->conflicts.rules[i], err))
            return -1;
    return 0;
}

static bool put_warning(const struct config *c, struct world_setting *s, const struct policy_rule *rule,
                        struct buf *out)
{
    struct lint_finding found;
    if (rule->allow_divergence)
        return false;
    bool warned = is_only_warned_of(rule, play(&found, s, rule)) && found.diverges;
    if (warned) {
        put_place(c, rule, out);
        buf_printf(out,
                   ": under versions: column a row that one region deletes while another writes it can stay different; "
                   "say " REMEDY ". So it happens: %s",
                   buf_cstr(&found.history));
    }
    lint_finding_free(&found);
    return warned;
}

void pair_rules_warn(const struct config *c, pair_warning_fn *each, void *context)
{
    struct world_setting s = {0};
    if (c->allow_divergence || c->allow_divergence_anywhere || find_regions(c, &s) < 2)
        return;
    for (size_t i = 0; i <= c->conflicts.count; i++) {
        const struct policy_rule *rule = i ? &c->conflicts.rules[i - 1] : &c->conflicts.fallback;
        struct buf text = {0};
        if ((i == 0 || !is_known(c, i - 1)) && put_warning(c, &s, rule, &text))
            each(context, buf_cstr(&text));
        buf_free(&text);
    }
}

int pair_load(struct config **out, const char *path, struct err *err)
{
    if (config_load(out, path, err))
        return -1;
    if (pair_rules_converge(*out, err) == 0)
        return 0;
    config_free(out);
    return -1;
}
