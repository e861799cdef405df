/* Reading the mapping from kinds of conflicts to policies. */
#include "common/link/config_value.h"

static int fail_kind(const struct config_reader *r, const struct yaml_entry *e, struct err *err)
{
    struct buf quoted = {0}, known = {0};
    for (int k = 0; k < CONFLICT_KIND_COUNT; k++)
        if (conflict_kind_has_policy((enum conflict_kind)k))
            buf_printf(&known, "%s%s", known.len ? ", " : "", conflict_kind_name((enum conflict_kind)k));
    (void)config_fail(r, e->mark, err, "no kind %s that a policy could be for; known are %s",
                      config_quote(&quoted, e->key), buf_cstr(&known));
    buf_free(&quoted);
    buf_free(&known);
    return -1;
}

/* Those that look at the row as a whole: the others need columns. */
static bool is_whole(int policy)
{
    return policy != POLICY_MAX && policy != POLICY_MIN && policy != POLICY_DELTA && policy != POLICY_MERGE;
}

static int fail_policy(const struct config_reader *r, const struct yaml_node *node, struct err *err)
{
    struct buf quoted = {0}, known = {0};
    for (int p = 0; policy_name((enum policy)p); p++)
        if (is_whole(p))
            buf_printf(&known, "%s%s", known.len ? ", " : "", policy_name((enum policy)p));
    (void)config_fail(r, node->mark, err, "unknown policy %s for a kind; known are %s",
                      config_quote(&quoted, node->text), buf_cstr(&known));
    buf_free(&quoted);
    buf_free(&known);
    return -1;
}

static int set_kinds(struct config_reader *r, const struct config_key *key, const struct yaml_node *node,
                     struct err *err)
{
    if (node->kind != YAML_MAP)
        return config_fail_value(r, key, node, err, "no mapping stands here");
    for (size_t i = 0; i < node->count; i++) {
        const struct yaml_entry *e = &node->entries[i];
        int kind = conflict_kind_parse(e->key);
        if (kind < 0 || !conflict_kind_has_policy((enum conflict_kind)kind))
            return fail_kind(r, e, err);
        if (config_want_text(r, key, &e->value, err) < 0)
            return -1;
        int policy = policy_parse(e->value.text);
        if (policy < 0 || !is_whole(policy))
            return fail_policy(r, &e->value, err);
        r->rule->by_kind[kind] = (uint8_t)(policy + 1);
    }
    return 0;
}

static void describe_kinds(struct buf *out, const struct config_key *key)
{
    (void)key;
    buf_put_str(out, "a mapping such as {update/missing: park}");
}

const struct config_type config_kinds = {.set = set_kinds, .describe = describe_kinds};
