/* Reading values of the pair file that have parts: mappings, lists of names and patterns, starting points. */
#include <stdlib.h>
#include <string.h>

#include "common/base/mem.h"
#include "common/link/config_value.h"

/* ---- mappings, whose reading is config.c's ---- */

static void describe_map(struct buf *out, const struct config_key *key)
{
    (void)key;
    buf_put_str(out, "a mapping (key: value)");
}

static void describe_named(struct buf *out, const struct config_key *key)
{
    (void)key;
    buf_put_str(out, "a mapping from names to mappings");
}

static void describe_list(struct buf *out, const struct config_key *key)
{
    (void)key;
    buf_put_str(out, "a list of mappings");
}

const struct config_type config_map = {.shape = SHAPE_MAP, .describe = describe_map};
const struct config_type config_named = {.shape = SHAPE_NAMED, .describe = describe_named};
const struct config_type config_list = {.shape = SHAPE_LIST, .describe = describe_list};

/* ---- lists of text ---- */

#define NAMES_MAX 64

/* Refuse all but a list of at least one text. */
static int want_list(const struct config_reader *r, const struct config_key *key, const struct yaml_node *node,
                     struct err *err)
{
    if (node->kind != YAML_LIST)
        return config_fail_value(r, key, node, err, "no list stands here");
    if (node->count == 0)
        return config_fail_value(r, key, node, err, "the list is empty");
    for (size_t i = 0; i < node->count; i++)
        if (config_want_text(r, key, &node->entries[i].value, err) < 0)
            return -1;
    return 0;
}

static int set_names(struct config_reader *r, const struct config_key *key, const struct yaml_node *node,
                     struct err *err)
{
    if (want_list(r, key, node, err) < 0)
        return -1;
    if (node->count > NAMES_MAX)
        return config_fail(r, node->mark, err, "the list has more than %d names; give fewer", NAMES_MAX);
    char ***names = config_field(r, key);
    size_t *count = config_count_field(r, key);
    *names = xcalloc(node->count, sizeof **names);
    for (size_t i = 0; i < node->count; i++) {
        const struct yaml_node *item = &node->entries[i].value;
        for (size_t k = 0; k < i; k++) {
            struct buf quoted = {0};
            if (strcmp((*names)[k], item->text) != 0)
                continue;
            (void)config_fail(r, item->mark, err, "%s is in the list twice; keep one",
                              config_quote(&quoted, item->text));
            buf_free(&quoted);
            return -1;
        }
        (*names)[(*count)++] = xstrdup(item->text);
    }
    return 0;
}

static void describe_names(struct buf *out, const struct config_key *key)
{
    (void)key;
    buf_put_str(out, "a list of names such as [a, b]");
}

/* ---- lists of what has a form: parts of GTIDs, limits ---- */

#define DOMAIN_DIGITS 10
#define LOAD_NAME_MAX 64
#define LOAD_DIGITS 18

/* A number of 32 bits as the server writes it. */
static bool is_domain(const char *text)
{
    size_t n = strspn(text, "0123456789");
    return n > 0 && !text[n] && n <= DOMAIN_DIGITS && (text[0] != '0' || n == 1) &&
           strtoull(text, NULL, 10) <= UINT32_MAX;
}

/* A tag as the server writes it, or "-" for GTIDs without one. */
static bool is_tag(const char *text)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz_";
    if (strcmp(text, "-") == 0)
        return true;
    size_t n = strspn(text, "abcdefghijklmnopqrstuvwxyz_0123456789");
    return strchr(letters, text[0]) && n > 0 && !text[n] && n <= GTID_TAG_MAX;
}

/* The name of a status variable, "=" and a number. */
static bool is_load(const char *text)
{
    size_t name = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789");
    if (name == 0 || name > LOAD_NAME_MAX || text[name] != '=')
        return false;
    size_t digits = strspn(text + name + 1, "0123456789");
    return digits > 0 && digits <= LOAD_DIGITS && !text[name + 1 + digits];
}

static int set_checked(struct config_reader *r, const struct config_key *key, const struct yaml_node *node,
                       bool (*is_good)(const char *text), const char *what, struct err *err)
{
    if (want_list(r, key, node, err) < 0)
        return -1;
    for (size_t i = 0; i < node->count; i++) {
        const struct yaml_node *item = &node->entries[i].value;
        struct buf quoted = {0};
        if (is_good(item->text))
            continue;
        (void)config_fail_value(r, key, item, err, "%s is no %s", config_quote(&quoted, item->text), what);
        buf_free(&quoted);
        return -1;
    }
    return set_names(r, key, node, err);
}

static int set_domains(struct config_reader *r, const struct config_key *key, const struct yaml_node *node,
                       struct err *err)
{
    return set_checked(r, key, node, is_domain, "domain", err);
}

static int set_tags(struct config_reader *r, const struct config_key *key, const struct yaml_node *node,
                    struct err *err)
{
    return set_checked(r, key, node, is_tag, "tag", err);
}

static int set_loads(struct config_reader *r, const struct config_key *key, const struct yaml_node *node,
                     struct err *err)
{
    return set_checked(r, key, node, is_load, "limit", err);
}

static void describe_loads(struct buf *out, const struct config_key *key)
{
    (void)key;
    buf_put_str(out, "a list of limits such as [Threads_running=50]");
}

static void describe_domains(struct buf *out, const struct config_key *key)
{
    (void)key;
    buf_put_str(out, "a list of GTID domains such as [0, 1]");
}

static void describe_tags(struct buf *out, const struct config_key *key)
{
    (void)key;
    buf_put_str(out, "a list of GTID tags in lower case such as [\"-\", batch], where \"-\" is none");
}

const struct config_type config_domains = {.set = set_domains, .describe = describe_domains};
const struct config_type config_loads = {.set = set_loads, .describe = describe_loads};
const struct config_type config_tags = {.set = set_tags, .describe = describe_tags};

/* ---- table patterns ---- */

static int add_patterns(struct config_reader *r, const struct config_key *key, bool include,
                        const struct yaml_node *node, struct err *err)
{
    if (want_list(r, key, node, err) < 0)
        return -1;
    for (size_t i = 0; i < node->count; i++) {
        const struct yaml_node *item = &node->entries[i].value;
        struct err why = {0};
        if (filter_add(config_field(r, key), include, item->text, &why) < 0)
            return config_fail(r, item->mark, err, "%s", why.text);
    }
    return 0;
}

static int set_include(struct config_reader *r, const struct config_key *key, const struct yaml_node *node,
                       struct err *err)
{
    return add_patterns(r, key, true, node, err);
}

static int set_exclude(struct config_reader *r, const struct config_key *key, const struct yaml_node *node,
                       struct err *err)
{
    return add_patterns(r, key, false, node, err);
}

static void describe_patterns(struct buf *out, const struct config_key *key)
{
    (void)key;
    buf_put_str(out, "a list of patterns such as [\"shop.*\"]");
}

/* ---- starting points ---- */

/* `key->words` names what may stand here besides a position. */
static int set_start(struct config_reader *r, const struct config_key *key, const struct yaml_node *node,
                     struct err *err)
{
    struct start_config *start = config_field(r, key);
    if (node->kind == YAML_TEXT) {
        for (const struct config_word *w = key->words; w->name; w++) {
            if (strcmp(w->name, node->text) == 0) {
                start->kind = (enum start_kind)w->value;
                return 0;
            }
        }
    }
    const struct yaml_entry *gtid = yaml_find(node, "gtid");
    if (!gtid || node->count != 1)
        return config_fail_value(r, key, node, err, "this is no starting point");
    if (gtid->value.kind != YAML_TEXT)
        return config_fail_value(r, key, &gtid->value, err, "gtid needs a text");
    start->kind = START_GTID;
    start->gtid = xstrdup(gtid->value.text);
    return 0;
}

static void describe_start(struct buf *out, const struct config_key *key)
{
    for (const struct config_word *w = key->words; w->name; w++)
        buf_printf(out, "%s, ", w->name);
    buf_put_str(out, "or {gtid: POSITION}");
}

const struct config_type config_names = {.set = set_names, .describe = describe_names};
const struct config_type config_include = {.set = set_include, .describe = describe_patterns};
const struct config_type config_exclude = {.set = set_exclude, .describe = describe_patterns};
const struct config_type config_start = {.set = set_start, .describe = describe_start};
