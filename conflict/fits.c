/* What a rule asks of a table: its version columns rise, and the columns that it names are there and of its types. */
#include <string.h>

#include "conflict/add.h"
#include "conflict/version.h"

/* ---- rising versions ---- */

static bool rises(char *const *by, size_t count, const struct table_def *table, const struct cell *before,
                  const struct cell *after)
{
    const struct version_order order_by = {.by = by, .count = count};
    int order;
    uint16_t decided = 0;
    struct err ignored = {0};
    for (size_t i = 0; i < count; i++)
        if (table_def_find(table, span_str(by[i])) < 0)
            return true;
    if (count == 0)
        return true;
    return version_compare(&order, &decided, &order_by, table, after, before, &ignored) == 0 && order > 0;
}

static bool changes(char *const *columns, size_t count, const struct table_def *table, const struct cell *before,
                    const struct cell *after)
{
    for (size_t i = 0; i < count; i++) {
        int k = table_def_find(table, span_str(columns[i]));
        if (k >= 0 && !cell_equal(&table->columns[k], &before[k], &after[k]))
            return true;
    }
    return false;
}

bool conflict_order_holds(const struct policy_rule *rule, const struct table_def *table, const struct cell *before,
                          const struct cell *after)
{
    bool orders = rule->policy != POLICY_SOURCE_WINS && rule->policy != POLICY_TARGET_WINS &&
                  rule->policy != POLICY_EARLIEST && rule->policy != POLICY_PARK && rule->policy != POLICY_STOP;
    if (before && !after)
        return rule->deletes != DELETE_NEVER;
    if (!before)
        return true;
    if (orders && !rises(rule->by, rule->by_count, table, before, after))
        return false;
    for (size_t i = 0; i < rule->group_count; i++) {
        const struct policy_group *g = &rule->groups[i];
        if (g->policy == POLICY_LATEST && changes(g->columns, g->column_count, table, before, after) &&
            !rises(g->by, g->by_count, table, before, after))
            return false;
    }
    return true;
}

/* ---- columns ---- */

enum demand { DEMAND_ANY, DEMAND_ORDER, DEMAND_SUM };

static int want(const struct table_def *t, char *const *names, size_t count, enum demand demand, enum policy policy,
                struct err *err)
{
    for (size_t i = 0; i < count; i++) {
        int k = table_def_find(t, span_str(names[i]));
        struct buf type = {0};
        if (k < 0)
            return err_data(err, "table `%.*s`.`%.*s` has no column `%s`, which policy %s names", SPAN_ARG(t->db),
                            SPAN_ARG(t->name), names[i], policy_name(policy));
        const struct column *c = &t->columns[k];
        bool good = demand == DEMAND_ANY || (demand == DEMAND_ORDER ? cell_is_ordered(c) : cell_can_add(c));
        if (!good)
            (void)err_data(err, "column `%s` of `%.*s`.`%.*s` is %s, and policy %s needs %s", names[i], SPAN_ARG(t->db),
                           SPAN_ARG(t->name), column_type_text(c, &type), policy_name(policy),
                           demand == DEMAND_SUM ? "an integer or a DECIMAL" : "a number, a date or a time");
        buf_free(&type);
        if (!good)
            return -1;
    }
    return 0;
}

static enum demand demand_of(enum policy p)
{
    if (p == POLICY_DELTA)
        return DEMAND_SUM;
    return p == POLICY_MAX || p == POLICY_MIN ? DEMAND_ORDER : DEMAND_ANY;
}

/* A merged row has no right value for what the server computes of others. */
static int want_nothing_computed(const struct policy_rule *rule, const struct table_def *t, struct err *err)
{
    bool merges = rule->group_count > 0 || rule->policy == POLICY_MAX || rule->policy == POLICY_MIN ||
                  rule->policy == POLICY_DELTA || rule->policy == POLICY_MERGE;
    for (uint16_t i = 0; merges && i < t->column_count; i++)
        if (t->columns[i].generated)
            return err_data(err,
                            "column `%.*s` of `%.*s`.`%.*s` is generated, and policy %s makes rows of both sides' "
                            "columns, for which nobody computes it",
                            SPAN_ARG(t->columns[i].name), SPAN_ARG(t->db), SPAN_ARG(t->name),
                            policy_name(rule->policy));
    return 0;
}

int conflict_rule_fits(const struct policy_rule *rule, const struct table_def *table, struct err *err)
{
    if (want(table, rule->by, rule->by_count, DEMAND_ORDER, rule->policy, err) ||
        want(table, rule->columns, rule->column_count, demand_of(rule->policy), rule->policy, err) ||
        want(table, rule->ignore, rule->ignore_count, DEMAND_ANY, rule->policy, err))
        return -1;
    for (size_t i = 0; i < rule->group_count; i++) {
        const struct policy_group *g = &rule->groups[i];
        if (want(table, g->columns, g->column_count, demand_of(g->policy), g->policy, err) ||
            want(table, g->by, g->by_count, DEMAND_ORDER, g->policy, err))
            return -1;
    }
    return want_nothing_computed(rule, table, err);
}
