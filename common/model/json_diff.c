/* Applying MySQL's changes of a JSON document: the path is walked from the root, opening what lies on it. */
#include "common/model/json_diff.h"

#include "common/base/bytes.h"
#include "common/model/json_string.h"
#include "common/model/json_tree.h"
#include "common/model/json_type.h"

enum operation { CHANGE_REPLACE = 0, CHANGE_INSERT = 1, CHANGE_REMOVE = 2 };

/* One step of a path: a key, or an index. */
struct leg {
    bool is_key;
    bool from_end; /* the index counts back from the last element */
    struct span key;
    uint64_t index;
};

struct path {
    struct leg legs[JSON_MAX_DEPTH];
    size_t count;
};

/* ---- paths ---- */

static bool take_char(struct bytes *r, char c)
{
    if (bytes_left(r) == 0 || *r->p != (uint8_t)c)
        return false;
    r->p++;
    return true;
}

static bool take_word(struct bytes *r, const char *word)
{
    size_t n = strlen(word);
    if (bytes_left(r) < n || memcmp(r->p, word, n) != 0)
        return false;
    r->p += n;
    return true;
}

static bool take_number(uint64_t *out, struct bytes *r)
{
    uint64_t v = 0;
    const uint8_t *start = r->p;
    for (; r->p < r->end && *r->p >= '0' && *r->p <= '9'; r->p++) {
        if (v > UINT32_MAX)
            return false;
        v = v * 10 + (uint64_t)(*r->p - '0');
    }
    *out = v;
    return r->p > start;
}

static bool take_key(struct leg *out, struct bytes *r, struct arena *a)
{
    out->is_key = true;
    if (take_char(r, '"'))
        return json_string_take(&out->key, r, a);
    const uint8_t *start = r->p;
    while (r->p < r->end && *r->p != '.' && *r->p != '[')
        r->p++;
    out->key = span_of(start, (size_t)(r->p - start));
    return out->key.n > 0;
}

static bool take_index(struct leg *out, struct bytes *r)
{
    bool good = true;
    out->from_end = take_word(r, "last");
    if (!out->from_end)
        good = take_number(&out->index, r);
    else if (take_char(r, '-'))
        good = take_number(&out->index, r);
    return good && take_char(r, ']');
}

static bool read_path(struct path *out, struct span text, struct arena *a)
{
    struct bytes r = bytes_of(text);
    out->count = 0;
    if (!take_char(&r, '$'))
        return false;
    while (bytes_left(&r) > 0) {
        if (out->count == JSON_MAX_DEPTH)
            return false;
        struct leg *leg = &out->legs[out->count++];
        *leg = (struct leg){0};
        if (take_char(&r, '.') ? !take_key(leg, &r, a) : !take_char(&r, '[') || !take_index(leg, &r))
            return false;
    }
    return true;
}

/* ---- documents ---- */

/* What the work may use. The containers of a document lie inside of each other or apart, so all entries that are ever
 * opened have their own bytes in what was given: where they have not, they overlap, and would be without end. */
struct work {
    struct arena *arena;
    size_t budget; /* bytes of entries that may still be opened */
};

static bool open_node(struct json_node *n, struct work *w)
{
    if (n->open)
        return true;
    if (!json_node_open(n, w->arena) || n->count > w->budget / JSON_ENTRY_LEAST)
        return false;
    w->budget -= n->count * JSON_ENTRY_LEAST;
    return true;
}

/* Index of the child that a leg names in an open container; where there is none, *where it would be put and false. */
static bool find_child(const struct json_node *n, size_t *where, const struct leg *leg)
{
    if (leg->is_key)
        return json_node_find(n, where, leg->key);
    if (leg->from_end) {
        *where = leg->index < n->count ? n->count - 1 - (size_t)leg->index : 0;
        return leg->index < n->count;
    }
    *where = leg->index < n->count ? (size_t)leg->index : n->count;
    return leg->index < n->count;
}

static bool fits(const struct json_node *n, const struct leg *leg)
{
    return leg->is_key ? json_node_is_object(n) : json_node_is_array(n);
}

/* The node that the first `legs` steps lead to, or NULL. A value that is no array is its own first element. */
static struct json_node *walk_to(struct json_node *root, const struct path *path, size_t legs, struct work *w)
{
    struct json_node *n = root;
    for (size_t i = 0; i < legs; i++) {
        const struct leg *leg = &path->legs[i];
        size_t at;
        if (!leg->is_key && leg->index == 0 && !json_node_is_array(n))
            continue;
        if (!fits(n, leg) || !open_node(n, w) || !find_child(n, &at, leg))
            return NULL;
        n = &n->children[at].node;
    }
    return n;
}

static bool replace(struct json_node *root, const struct path *path, const struct json_node *value, struct work *w)
{
    struct json_node *n = walk_to(root, path, path->count, w);
    if (n)
        *n = *value;
    return n != NULL;
}

static bool insert(struct json_node *root, const struct path *path, const struct json_node *value, struct work *w)
{
    if (path->count == 0)
        return false;
    const struct leg *last = &path->legs[path->count - 1];
    struct json_node *n = walk_to(root, path, path->count - 1, w);
    size_t at;
    if (!n || !fits(n, last) || !open_node(n, w))
        return false;
    if (find_child(n, &at, last) && last->is_key)
        return false;
    struct json_child *child = json_node_insert(n, at, w->arena);
    child->key = last->key;
    child->node = *value;
    return true;
}

static bool take_out(struct json_node *root, const struct path *path, const struct json_node *value, struct work *w)
{
    (void)value;
    if (path->count == 0)
        return false;
    const struct leg *last = &path->legs[path->count - 1];
    struct json_node *n = walk_to(root, path, path->count - 1, w);
    size_t at;
    if (!n || !fits(n, last) || !open_node(n, w) || !find_child(n, &at, last))
        return false;
    json_node_remove(n, at);
    return true;
}

typedef bool change_fn(struct json_node *root, const struct path *path, const struct json_node *value, struct work *w);

static change_fn *const by_operation[] = {
    [CHANGE_REPLACE] = replace, [CHANGE_INSERT] = insert, [CHANGE_REMOVE] = take_out};

static struct span take_lenenc(struct bytes *r)
{
    uint64_t n = bytes_lenenc(r);
    return bytes_take(r, n <= bytes_left(r) ? (size_t)n : SIZE_MAX);
}

static bool change(struct json_node *root, struct bytes *r, struct work *w)
{
    struct path path;
    struct json_node value = {0};
    uint8_t operation = bytes_u8(r);
    struct span text = take_lenenc(r);
    if (operation > CHANGE_REMOVE || r->bad || !read_path(&path, text, w->arena))
        return false;
    if (operation != CHANGE_REMOVE) {
        struct span doc = take_lenenc(r);
        if (r->bad || doc.n == 0 || !json_tree_read(&value, doc))
            return false;
    }
    return by_operation[operation](root, &path, &value, w);
}

bool json_diff_apply(struct buf *out, struct span doc, struct span changes, struct arena *a)
{
    struct bytes r = bytes_of(changes);
    struct work w = {a, doc.n + changes.n};
    struct json_node root;
    if (!json_tree_read(&root, doc))
        return false;
    while (bytes_left(&r) > 0)
        if (!change(&root, &r, &w))
            return false;
    /* Entries may become those of a large container: 11 bytes for 7, or 5 for 3. */
    return json_tree_put(&root, out, 2 * (doc.n + changes.n) + JSON_HEAD_MOST);
}
