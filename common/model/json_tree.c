/* Opening, changing and writing MySQL's binary JSON. */
#include "common/model/json_tree.h"

#include <assert.h>

#include "common/base/bytes.h"
#include "common/model/json_type.h"

bool json_node_is_object(const struct json_node *n)
{
    return n->type == JSON_SMALL_OBJECT || n->type == JSON_LARGE_OBJECT;
}

bool json_node_is_array(const struct json_node *n)
{
    return n->type == JSON_SMALL_ARRAY || n->type == JSON_LARGE_ARRAY;
}

static bool is_large(uint8_t type)
{
    return type == JSON_LARGE_OBJECT || type == JSON_LARGE_ARRAY;
}

/* ---- reading ---- */

/* A length of seven bits a byte and that many bytes. */
static void skip_sized(struct bytes *r)
{
    uint64_t n = bytes_varint(r);
    bytes_skip(r, n <= bytes_left(r) ? (size_t)n : SIZE_MAX);
}

static void skip_container(struct bytes *r, uint8_t type)
{
    size_t width = is_large(type) ? 4 : 2;
    struct bytes head = *r;
    bytes_skip(&head, width); /* the number of elements */
    uint64_t size = bytes_le(&head, width);
    if (head.bad || size < 2 * width)
        bytes_fail(r);
    else
        bytes_skip(r, (size_t)size);
}

/* Only the bytes that the value takes of those from s.p on. */
static bool node_of(struct json_node *out, uint8_t type, struct span s)
{
    static const uint8_t sizes[JSON_TYPES] = {
        [JSON_LITERAL] = 1, [JSON_INT16] = 2, [JSON_UINT16] = 2, [JSON_INT32] = 4,
        [JSON_UINT32] = 4,  [JSON_INT64] = 8, [JSON_UINT64] = 8, [JSON_DOUBLE] = 8,
    };
    struct bytes r = bytes_of(s);
    if (type <= JSON_LARGE_ARRAY)
        skip_container(&r, type);
    else if (type == JSON_STRING)
        skip_sized(&r);
    else if (type == JSON_OPAQUE) {
        bytes_skip(&r, 1); /* which column type */
        skip_sized(&r);
    } else if (type < JSON_TYPES && sizes[type])
        bytes_skip(&r, sizes[type]);
    else
        bytes_fail(&r);
    *out = (struct json_node){.type = type, .raw = span_of(s.p, (size_t)(r.p - s.p))};
    return !r.bad;
}

bool json_tree_read(struct json_node *out, struct span doc)
{
    static const uint8_t null_literal = 0;
    if (doc.n == 0)
        return node_of(out, JSON_LITERAL, span_of(&null_literal, 1));
    return node_of(out, doc.p[0], span_of(doc.p + 1, doc.n - 1));
}

static void read_key(struct span *out, struct bytes *entries, struct span container, bool large)
{
    uint64_t offset = bytes_le(entries, large ? 4 : 2);
    uint64_t n = bytes_le(entries, 2);
    if (entries->bad || offset > container.n || n > container.n - offset)
        bytes_fail(entries);
    else
        *out = span_of(container.p + offset, (size_t)n);
}

static void read_value(struct json_node *out, struct bytes *entries, struct span container, bool large)
{
    size_t width = large ? 4 : 2;
    uint8_t type = bytes_u8(entries);
    struct span field = bytes_take(entries, width);
    struct bytes r = bytes_of(field);
    uint64_t offset = json_is_inline(type, large) ? 0 : bytes_le(&r, width);
    struct span at = json_is_inline(type, large) ? field : span_of(container.p, 0);
    if (!json_is_inline(type, large) && offset <= container.n)
        at = span_of(container.p + offset, container.n - (size_t)offset);
    if (entries->bad || !node_of(out, type, at))
        bytes_fail(entries);
}

bool json_node_open(struct json_node *n, struct arena *a)
{
    if (n->open)
        return true;
    if (!json_node_is_object(n) && !json_node_is_array(n))
        return false;
    bool large = is_large(n->type), object = json_node_is_object(n);
    size_t width = large ? 4 : 2;
    size_t entry = width + 1 + (object ? width + 2 : 0);
    struct bytes keys = bytes_of(n->raw);
    uint64_t count = bytes_le(&keys, width);
    bytes_skip(&keys, width);
    if (keys.bad || count > bytes_left(&keys) / entry)
        return false;
    struct bytes values = keys;
    bytes_skip(&values, object ? (size_t)count * (width + 2) : 0);
    struct json_child *children = arena_zalloc(a, (size_t)count * sizeof *children);
    for (uint64_t i = 0; i < count && !keys.bad && !values.bad; i++) {
        if (object)
            read_key(&children[i].key, &keys, n->raw, large);
        read_value(&children[i].node, &values, n->raw, large);
    }
    n->open = true;
    n->children = children;
    n->count = n->cap = (size_t)count;
    return !keys.bad && !values.bad;
}

/* ---- changing ---- */

struct json_child *json_node_insert(struct json_node *n, size_t index, struct arena *a)
{
    assert(n->open && index <= n->count);
    if (n->count == n->cap) {
        n->cap = n->cap ? n->cap * 2 : 4;
        struct json_child *grown = arena_alloc(a, n->cap * sizeof *grown);
        if (n->count > 0)
            memcpy(grown, n->children, n->count * sizeof *grown);
        n->children = grown;
    }
    memmove(n->children + index + 1, n->children + index, (n->count - index) * sizeof *n->children);
    n->count++;
    n->children[index] = (struct json_child){0};
    return &n->children[index];
}

void json_node_remove(struct json_node *n, size_t index)
{
    assert(n->open && index < n->count);
    n->count--;
    memmove(n->children + index, n->children + index + 1, (n->count - index) * sizeof *n->children);
}

int json_key_compare(struct span a, struct span b)
{
    if (a.n != b.n)
        return a.n < b.n ? -1 : 1;
    return a.n ? memcmp(a.p, b.p, a.n) : 0;
}

bool json_node_find(const struct json_node *n, size_t *where, struct span key)
{
    size_t lo = 0, hi = n->count;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (json_key_compare(n->children[mid].key, key) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    *where = lo;
    return lo < n->count && json_key_compare(n->children[lo].key, key) == 0;
}

/* ---- writing ---- */

static size_t value_size(const struct json_node *n, bool large)
{
    if (n->open)
        return n->size;
    return json_is_inline(n->type, large) ? 0 : n->raw.n;
}

static uint64_t container_size(const struct json_node *n, bool large)
{
    size_t width = large ? 4 : 2;
    bool object = json_node_is_object(n);
    uint64_t size = 2 * width;
    for (size_t i = 0; i < n->count; i++) {
        size += width + 1 + value_size(&n->children[i].node, large);
        size += object ? width + 2 + n->children[i].key.n : 0;
    }
    return size;
}

/* Sizes and forms of all open containers, inner ones first. Their depth is that of the paths by which they were
 * opened. */
static bool measure(struct json_node *n)
{
    bool object = json_node_is_object(n);
    if (!n->open)
        return true;
    for (size_t i = 0; i < n->count; i++)
        if (n->children[i].key.n > UINT16_MAX || !measure(&n->children[i].node))
            return false;
    uint64_t size = container_size(n, false);
    bool large = size > UINT16_MAX;
    if (large)
        size = container_size(n, true);
    if (object)
        n->type = large ? JSON_LARGE_OBJECT : JSON_SMALL_OBJECT;
    else
        n->type = large ? JSON_LARGE_ARRAY : JSON_SMALL_ARRAY;
    n->size = (size_t)size;
    return size <= UINT32_MAX;
}

static void put_value(const struct json_node *n, struct buf *out);

static void put_container(const struct json_node *n, struct buf *out)
{
    bool large = is_large(n->type), object = json_node_is_object(n);
    size_t width = large ? 4 : 2;
    uint64_t key_at = 2 * width + n->count * (width + 1 + (object ? width + 2 : 0));
    buf_put_le(out, n->count, width);
    buf_put_le(out, n->size, width);
    for (size_t i = 0; object && i < n->count; i++) {
        buf_put_le(out, key_at, width);
        buf_put_le(out, n->children[i].key.n, 2);
        key_at += n->children[i].key.n;
    }
    uint64_t value_at = key_at;
    for (size_t i = 0; i < n->count; i++) {
        const struct json_node *v = &n->children[i].node;
        buf_put_u8(out, v->type);
        if (!v->open && json_is_inline(v->type, large)) {
            buf_put_span(out, v->raw);
            buf_put_le(out, 0, width - (v->raw.n < width ? v->raw.n : width));
            continue;
        }
        buf_put_le(out, value_at, width);
        value_at += value_size(v, large);
    }
    for (size_t i = 0; object && i < n->count; i++)
        buf_put_span(out, n->children[i].key);
    for (size_t i = 0; i < n->count; i++)
        if (n->children[i].node.open || !json_is_inline(n->children[i].node.type, large))
            put_value(&n->children[i].node, out);
}

static void put_value(const struct json_node *n, struct buf *out)
{
    if (n->open)
        put_container(n, out);
    else
        buf_put_span(out, n->raw);
}

bool json_tree_put(struct json_node *root, struct buf *out, size_t most)
{
    if (!measure(root) || value_size(root, false) > most)
        return false;
    buf_put_u8(out, root->type);
    put_value(root, out);
    return true;
}
