/* MySQL's binary JSON as a tree that can be changed: containers are opened only where somebody looks into them.
 *
 * What is not opened stays the bytes it was: offsets inside a container count from its own beginning, so it can stand
 * anywhere. Nodes live in the arena that they were made in; spans point into the documents that were given. Pure. */
#ifndef DRC_MODEL_JSON_TREE_H
#define DRC_MODEL_JSON_TREE_H

#include "common/base/arena.h"
#include "common/base/buf.h"
#include "common/base/err.h"

#define JSON_ENTRY_LEAST 3u /* bytes that an element takes in its container, beside what it points to */
#define JSON_HEAD_MOST 9u   /* type, number of elements and size of a document */

struct json_child;

/* One value. Plain; its children belong to it alone. */
struct json_node {
    uint8_t type;    /* enum json_type; of an open container which of its two forms does not count */
    bool open;       /* children instead of raw */
    struct span raw; /* the value as it stands in a document, its type excluded */
    size_t size;     /* of an open one, known while it is being written */
    struct json_child *children;
    size_t count;
    size_t cap;
};

struct json_child {
    struct span key; /* of objects */
    struct json_node node;
};

bool json_node_is_object(const struct json_node *n);
bool json_node_is_array(const struct json_node *n);

/* The root of a document. False when its outermost value is malformed. The empty document is null. */
MUST_CHECK bool json_tree_read(struct json_node *out, struct span doc);
/* Make the children of an object or array; does nothing when they are there. False when malformed, or no container. */
MUST_CHECK bool json_node_open(struct json_node *n, struct arena *a);
/* Put a child before the one of that index (an open container, index <= count); returns it, zeroed. */
struct json_child *json_node_insert(struct json_node *n, size_t index, struct arena *a);
void json_node_remove(struct json_node *n, size_t index);
/* The order of keys in an object: shorter ones first, then by bytes. */
int json_key_compare(struct span a, struct span b);
/* Index of the key in an open object; where it is not there, *where it belongs and false. */
bool json_node_find(const struct json_node *n, size_t *where, struct span key);

/* Append the document. False when a key or the whole is longer than the format can say, or the whole is longer than
 * `most`, as it can be where values of a malformed document overlap; `out` is as it was then. */
MUST_CHECK bool json_tree_put(struct json_node *root, struct buf *out, size_t most);

#endif
