/* Walking the tree of a pair file by the table of keys; naming what is unknown or missing. */
#include <stdarg.h>
#include <string.h>

#include "common/base/mem.h"
#include "common/base/utf8.h"
#include "common/link/config_facts.h"
#include "common/link/config_value.h"

#define NAME_MAX_COMPARED 40

static int read_map(struct config_reader *r, const char *pattern, const struct yaml_node *node, struct yaml_mark at,
                    struct err *err);

/* ---- errors ---- */

int config_fail(const struct config_reader *r, struct yaml_mark at, struct err *err, const char *fmt, ...)
{
    char text[sizeof err->text];
    struct buf path = {0};
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    utf8_put_printable(&path, buf_span(&r->path), 200);
    (void)err_fatal(err, EXIT_BAD_CONFIG, "%s:%d:%d: %s%s%s", r->file, at.line, at.column, buf_cstr(&path),
                    path.len ? ": " : "", text);
    buf_free(&path);
    return -1;
}

const char *config_quote(struct buf *out, const char *text)
{
    buf_put_str(out, "\"");
    utf8_put_printable(out, span_str(text), 60);
    buf_put_str(out, "\"");
    return buf_cstr(out);
}

/* ---- unknown keys ---- */

/* Least number of insertions, deletions, changes and swaps of neighbours that make one out of the other. */
static size_t edit_distance(const char *a, const char *b)
{
    size_t rows[3][NAME_MAX_COMPARED + 1];
    size_t n = strlen(a), m = strlen(b);
    if (n > NAME_MAX_COMPARED || m > NAME_MAX_COMPARED)
        return NAME_MAX_COMPARED;
    for (size_t j = 0; j <= m; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= n; i++) {
        size_t *now = rows[i % 3];
        const size_t *before = rows[(i + 2) % 3];
        const size_t *earlier = rows[(i + 1) % 3];
        now[0] = i;
        for (size_t j = 1; j <= m; j++) {
            size_t best = before[j - 1] + (a[i - 1] != b[j - 1]);
            best = before[j] + 1 < best ? before[j] + 1 : best;
            best = now[j - 1] + 1 < best ? now[j - 1] + 1 : best;
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] && earlier[j - 2] + 1 < best)
                best = earlier[j - 2] + 1;
            now[j] = best;
        }
    }
    return rows[n % 3][m];
}

/* The known key that was probably meant, NULL when none is near. */
static const char *nearest_key(const char *pattern, const char *name)
{
    const char *best = NULL;
    size_t best_distance = strlen(name) / 3 + 2; /* one more than the most that is still near */
    for (const struct config_key *key = config_keys; key; key = config_key_next(key)) {
        const char *known = config_key_child(key->path, pattern);
        size_t d = known ? edit_distance(name, known) : best_distance;
        if (d < best_distance) {
            best = known;
            best_distance = d;
        }
    }
    return best;
}

/* A key of that name elsewhere in the table. */
static const struct config_key *elsewhere(const char *name)
{
    for (const struct config_key *key = config_keys; key; key = config_key_next(key)) {
        const char *dot = strrchr(key->path, '.');
        if (dot && strcmp(dot + 1, name) == 0)
            return key;
    }
    return NULL;
}

static int fail_unknown(const struct config_reader *r, const char *pattern, const struct yaml_entry *e, struct err *err)
{
    struct buf text = {0}, name = {0};
    const char *near = nearest_key(pattern, e->key);
    const struct config_key *other = elsewhere(e->key);
    const char *between = "; known here are ";
    buf_printf(&text, "unknown key %s", config_quote(&name, e->key));
    if (strcmp(e->key, "password") == 0) {
        buf_put_str(&text,
                    "; a password does not stand in the pair file: write it to a file that only its owner can read and "
                    "name that in password_file, or name a systemd credential in credential");
        if (strcmp(pattern, "regions.<region>") == 0)
            buf_put_str(&text, ", or set the environment variable DRC_PASSWORD_<REGION>");
    } else if (near) {
        buf_printf(&text, "; did you mean \"%s\"?", near);
    } else if (other) {
        buf_printf(&text, "; its place is %s", other->path);
    } else {
        for (const struct config_key *key = config_keys; key; key = config_key_next(key)) {
            const char *known = config_key_child(key->path, pattern);
            if (known)
                buf_printf(&text, "%s%s", between, known);
            between = known ? ", " : between;
        }
    }
    (void)config_fail(r, e->mark, err, "%s", buf_cstr(&text));
    buf_free(&text);
    buf_free(&name);
    return -1;
}

static int fail_missing(const struct config_reader *r, const struct config_key *key, struct yaml_mark at,
                        struct err *err)
{
    struct buf want = {0};
    key->type->describe(&want, key);
    (void)config_fail(r, at, err, "missing; give %s: %s", buf_cstr(&want), key->help);
    buf_free(&want);
    return -1;
}

/* ---- the walk ---- */

/* Go into a mapping that has keys of its own, and come back with the reader pointing where it did. */
static int read_inside(struct config_reader *r, const struct config_key *key, const char *name,
                       const struct yaml_node *node, struct yaml_mark at, struct err *err)
{
    struct config_reader outside = *r;
    if (node && node->kind != YAML_MAP)
        return config_fail_value(r, key, node, err,
                                 node->kind == YAML_NONE ? "nothing stands here" : "no mapping stands here");
    if (key->enter && key->enter(r, name, at, err) < 0)
        return -1;
    if (read_map(r, key->like ? key->like : key->path, node, at, err) < 0)
        return -1;
    r->region = outside.region;
    r->link = outside.link;
    r->rule = outside.rule;
    r->group = outside.group;
    r->cluster = outside.cluster;
    r->no_defaults = outside.no_defaults;
    return 0;
}

/* The row that describes the members of a list or of a mapping from names. */
static const struct config_key *member_key(const struct config_key *key)
{
    const struct config_key *member = config_keys;
    while (!config_key_child(member->path, key->path))
        member = config_key_next(member);
    return member;
}

static int read_members(struct config_reader *r, const struct config_key *key, const struct yaml_node *node,
                        struct err *err)
{
    const struct config_key *member = member_key(key);
    enum yaml_kind kind = key->type->shape == SHAPE_LIST ? YAML_LIST : YAML_MAP;
    size_t len = r->path.len;
    if (node->kind != kind)
        return config_fail_value(r, key, node, err, "no %s stands here", kind == YAML_LIST ? "list" : "mapping");
    for (size_t i = 0; i < node->count; i++) {
        const struct yaml_entry *e = &node->entries[i];
        if (e->key)
            buf_printf(&r->path, ".%s", e->key);
        else
            buf_printf(&r->path, "[%zu]", i + 1);
        if (read_inside(r, member, e->key, &e->value, e->mark, err) < 0)
            return -1;
        r->path.len = len;
    }
    return 0;
}

static int set_value(struct config_reader *r, const struct config_key *key, const struct yaml_node *node,
                     struct err *err)
{
    if (key->type->set(r, key, node, err) < 0)
        return -1;
    config_facts_note(r, key, node);
    return 0;
}

static int read_absent(struct config_reader *r, const struct config_key *key, struct yaml_mark at, struct err *err)
{
    if (r->no_defaults)
        return 0;
    if (key->required)
        return fail_missing(r, key, at, err);
    if (key->type->shape == SHAPE_MAP && !key->like)
        return read_inside(r, key, NULL, NULL, at, err);
    if (!key->fallback)
        return 0;
    struct yaml_node node = {.kind = YAML_TEXT, .mark = at, .text = key->fallback};
    return set_value(r, key, &node, err);
}

static int read_key(struct config_reader *r, const struct config_key *key, const struct yaml_entry *e,
                    struct yaml_mark at, struct err *err)
{
    if (!e)
        return read_absent(r, key, at, err);
    switch (key->type->shape) {
    case SHAPE_VALUE:
        return set_value(r, key, &e->value, err);
    case SHAPE_MAP:
        return read_inside(r, key, NULL, &e->value, e->mark, err);
    case SHAPE_NAMED:
    case SHAPE_LIST:
        return read_members(r, key, &e->value, err);
    }
    return -1;
}

/* `node` NULL: the mapping is not there, its keys have their defaults. `at` is where to complain about what is missing.
 */
static int read_map(struct config_reader *r, const char *pattern, const struct yaml_node *node, struct yaml_mark at,
                    struct err *err)
{
    size_t len = r->path.len;
    for (size_t i = 0; node && i < node->count; i++)
        if (!config_key_find(pattern, node->entries[i].key))
            return fail_unknown(r, pattern, &node->entries[i], err);
    for (const struct config_key *key = config_keys; key; key = config_key_next(key)) {
        const char *name = config_key_child(key->path, pattern);
        if (!name)
            continue;
        buf_printf(&r->path, "%s%s", len ? "." : "", name);
        if (read_key(r, key, yaml_find(node, name), at, err) < 0)
            return -1;
        r->path.len = len;
    }
    return 0;
}

int config_read(struct config_reader *r, const struct yaml_node *root, struct err *err)
{
    if (root->kind != YAML_MAP)
        return config_fail(r, root->mark, err, "this is no mapping; a pair file begins like `pair: NAME`");
    return read_map(r, "", root, root->mark, err);
}
