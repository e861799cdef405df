/* Noting what a pair file says, comparing two, and laying single values over one. */
#include "common/link/config_facts.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/mem.h"
#include "common/base/utf8.h"
#include "common/link/config_value.h"

#define PATH_MOST 300u

/* ---- noting ---- */

static void put_node(struct buf *out, const struct yaml_node *node)
{
    if (node->kind == YAML_TEXT)
        utf8_put_printable(out, span_str(node->text), 200);
    if (node->kind != YAML_LIST && node->kind != YAML_MAP)
        return;
    buf_put_u8(out, node->kind == YAML_LIST ? '[' : '{');
    for (size_t i = 0; i < node->count; i++) {
        buf_printf(out, "%s%s%s", i ? ", " : "", node->entries[i].key ? node->entries[i].key : "",
                   node->entries[i].key ? ": " : "");
        put_node(out, &node->entries[i].value);
    }
    buf_put_u8(out, node->kind == YAML_LIST ? ']' : '}');
}

void config_facts_note(struct config_reader *r, const struct config_key *key, const struct yaml_node *node)
{
    struct buf value = {0};
    struct config_facts *f = r->config->facts;
    if (!f)
        f = r->config->facts = xcalloc(1, sizeof *f);
    if (f->count == f->cap) {
        f->cap = f->cap ? 2 * f->cap : 64;
        f->all = xreallocarray(f->all, f->cap, sizeof *f->all);
    }
    if (key->type->put)
        key->type->put(&value, key, config_field(r, key));
    else
        put_node(&value, node);
    f->all[f->count++] =
        (struct config_fact){.path = xstrdup(buf_cstr(&r->path)), .key = key, .value = xstrdup(buf_cstr(&value))};
    buf_free(&value);
}

void config_facts_free(struct config_facts **facts)
{
    struct config_facts *f = *facts;
    if (!f)
        return;
    for (size_t i = 0; i < f->count; i++) {
        free(f->all[i].path);
        free(f->all[i].value);
    }
    free(f->all);
    free(f);
    *facts = NULL;
}

/* ---- comparing ---- */

static const struct config_fact *find_fact(const struct config_facts *f, const char *path)
{
    for (size_t i = 0; f && i < f->count; i++)
        if (strcmp(f->all[i].path, path) == 0)
            return &f->all[i];
    return NULL;
}

/* Is each item of one list, "[a, b]", in the other? One text counts as a list of itself; NULL is an empty one. */
static bool is_part_of(const char *part, const char *whole)
{
    const char *p = part ? part : "";
    while (*(p += strspn(p, ", []"))) {
        size_t n = strcspn(p, ",]");
        bool found = false;
        for (const char *q = whole ? whole : ""; !found && *(q += strspn(q, ", []"));) {
            size_t m = strcspn(q, ",]");
            found = m == n && memcmp(p, q, n) == 0;
            q += m;
        }
        if (!found)
            return false;
        p += n;
    }
    return true;
}

static void judge(struct config_change *c, enum config_live live)
{
    bool grows = live == CONFIG_MORE && is_part_of(c->before, c->after);
    bool shrinks = live == CONFIG_FEWER && is_part_of(c->after, c->before);
    c->at_once = live == CONFIG_AT_ONCE;
    c->live = c->at_once || live == CONFIG_LIVE || grows || shrinks;
    if (!c->live && live == CONFIG_MORE)
        c->why_not = "patterns can be added while it runs, not taken away";
    if (!c->live && live == CONFIG_FEWER)
        c->why_not = "patterns can be taken away while it runs, not added";
}

static void add_change(struct config_changes *out, const struct config_fact *before, const struct config_fact *after)
{
    const struct config_fact *one = after ? after : before;
    struct config_change c = {.path = xstrdup(one->path),
                              .before = before ? xstrdup(before->value) : NULL,
                              .after = after ? xstrdup(after->value) : NULL};
    judge(&c, one->key->live);
    out->all = xreallocarray(out->all, out->count + 1, sizeof *out->all);
    out->all[out->count++] = c;
}

void config_compare(struct config_changes *out, const struct config *before, const struct config *after)
{
    *out = (struct config_changes){0};
    for (size_t i = 0; i < after->facts->count; i++) {
        const struct config_fact *now = &after->facts->all[i];
        const struct config_fact *then = find_fact(before->facts, now->path);
        if (!then || strcmp(then->value, now->value) != 0)
            add_change(out, then, now);
    }
    for (size_t i = 0; i < before->facts->count; i++)
        if (!find_fact(after->facts, before->facts->all[i].path))
            add_change(out, &before->facts->all[i], NULL);
}

void config_changes_free(struct config_changes *c)
{
    for (size_t i = 0; i < c->count; i++) {
        free(c->all[i].path);
        free(c->all[i].before);
        free(c->all[i].after);
    }
    free(c->all);
    *c = (struct config_changes){0};
}

/* ---- laying over ---- */

/* The entry whose key the path begins with; the longest, since names of tables have dots. */
static struct yaml_entry *entry_for(const struct yaml_node *map, const char *path, size_t *taken)
{
    struct yaml_entry *best = NULL;
    *taken = 0;
    for (size_t i = 0; i < map->count; i++) {
        const char *key = map->entries[i].key;
        size_t n = strlen(key);
        if (n > *taken && strncmp(path, key, n) == 0 && strchr(".[", path[n])) { /* or its end */
            best = &map->entries[i];
            *taken = n;
        }
    }
    return best;
}

static struct yaml_entry *add_entry(struct yaml_node *map, struct arena *a, const char *path, size_t *taken)
{
    struct yaml_entry *all = arena_alloc(a, (map->count + 1) * sizeof *all);
    char *key;
    *taken = strcspn(path, ".[");
    key = arena_alloc(a, *taken + 1);
    memcpy(key, path, *taken);
    key[*taken] = '\0';
    if (map->count)
        memcpy(all, map->entries, map->count * sizeof *all);
    all[map->count] = (struct yaml_entry){.key = key, .mark = map->mark, .value = {.mark = map->mark}};
    map->entries = all;
    map->kind = YAML_MAP;
    return &all[map->count++];
}

/* The item that "[2]" names. */
static struct yaml_node *item_at(const struct yaml_node *list, const char **path)
{
    char *end;
    unsigned long n = strtoul(*path + 1, &end, 10);
    if (list->kind != YAML_LIST || n < 1 || n > list->count || *end != ']')
        return NULL;
    *path = end + 1;
    return &list->entries[n - 1].value;
}

int config_lay_over(struct yaml_node *root, struct arena *a, const struct config_override *over, struct err *err)
{
    struct yaml_node *node = root;
    const char *path = over->path;
    while (node && *path) {
        size_t taken;
        path += *path == '.';
        if (*path == '[') {
            node = item_at(node, &path);
            continue;
        }
        if (node->kind != YAML_MAP && node->kind != YAML_NONE)
            node = NULL;
        else if (*path == '\0' || *path == '.')
            node = NULL;
        else {
            struct yaml_entry *e = entry_for(node, path, &taken);
            node = e ? &e->value : &add_entry(node, a, path, &taken)->value;
            path += taken;
        }
    }
    if (!node || node == root)
        return err_fatal(err, EXIT_BAD_USAGE, "there is no key %.*s in the pair file", (int)PATH_MOST, over->path);
    *node = (struct yaml_node){.kind = YAML_TEXT, .mark = node->mark, .text = over->value};
    return 0;
}

static int check_settable(const struct config *c, const struct config_override *over, struct err *err)
{
    const struct config_fact *f = find_fact(c->facts, over->path);
    if (f && f->key->type->put && f->key->live != CONFIG_AT_START)
        return 0;
    return err_fatal(err, EXIT_BAD_USAGE, "%.*s %s; `drcctl set --list` shows what can", (int)PATH_MOST, over->path,
                     f && f->key->live != CONFIG_AT_START ? "is no single value: change the file and reload"
                     : f                                  ? "cannot be changed while a daemon runs"
                                                          : "is no key of the pair file");
}

int config_parse_over(struct config **out, const char *path, struct span text, const struct config_override *over,
                      size_t count, struct err *err)
{
    if (config_parse_tree(out, path, text, over, count, err))
        return -1;
    for (size_t i = 0; i < count; i++) {
        if (check_settable(*out, &over[i], err)) {
            config_free(out);
            return -1;
        }
    }
    return 0;
}

void config_put_settable(struct buf *out)
{
    for (const struct config_key *key = config_keys; key; key = config_key_next(key)) {
        if (key->live == CONFIG_AT_START || !key->type->put)
            continue;
        buf_printf(out, "%s: ", key->path);
        key->type->describe(out, key);
        buf_printf(out, "; %s\n", key->help);
    }
}
