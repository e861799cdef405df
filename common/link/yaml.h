/* A YAML document as a small tree that remembers where each part stands. Strict: what a pair file has no use for is
 * refused.
 *
 * Refused, each with line and column: anchors, aliases, tags, duplicate keys, keys that are not plain text, a second
 * document, text that is not UTF-8, more than YAML_MAX_BYTES, nesting deeper than YAML_MAX_DEPTH. A byte order mark at
 * the beginning, as some editors leave it, is passed over. One thread at a time.
 */
#ifndef DRC_LINK_YAML_H
#define DRC_LINK_YAML_H

#include "common/base/arena.h"
#include "common/base/err.h"

#define YAML_MAX_BYTES ((size_t)1 << 20)
#define YAML_MAX_DEPTH 32

enum yaml_kind {
    YAML_NONE, /* nothing, "~" or "null", written without quotes */
    YAML_TEXT, /* any other scalar; what it means is the reader's business */
    YAML_LIST,
    YAML_MAP,
};

/* Where something begins; both count from 1. */
struct yaml_mark {
    int line;
    int column;
};

struct yaml_node {
    enum yaml_kind kind;
    struct yaml_mark mark;
    const char *text;           /* YAML_TEXT: UTF-8 without NUL inside */
    bool quoted;                /* YAML_TEXT: in quotes, or a block: text whatever it looks like */
    struct yaml_entry *entries; /* YAML_LIST and YAML_MAP, in file order */
    size_t count;
};

struct yaml_entry {
    const char *key;       /* NULL in a list */
    struct yaml_mark mark; /* of the key; in a list, of the item */
    struct yaml_node value;
};

/* Parse one document. The tree lives in `a`. Errors are ERR_FATAL (78), "file:line:column: what is wrong, what would be
 * right"; `file` is only a name for them. */
MUST_CHECK int yaml_parse(struct yaml_node **out, struct arena *a, const char *file, struct span text, struct err *err);

/* The entry of that key; NULL when the node is NULL, is no map or has none. */
const struct yaml_entry *yaml_find(const struct yaml_node *map, const char *key);

#endif
