/* What a key of the pair file is, and the one table of all keys. Private to the configuration (config*.c).
 *
 * A key's path names its place: "regions.<region>.port", where a part in <> stands for any name and "links[]" for each
 * item of the list `links`. The parts of a path that are lists or mappings have a row of their own. */
#ifndef DRC_LINK_CONFIG_KEYS_H
#define DRC_LINK_CONFIG_KEYS_H

#include "common/base/buf.h"
#include "common/link/config_live.h"
#include "common/link/yaml.h"

struct config_key;

/* The state of reading one pair file. */
struct config_reader {
    const char *file; /* as messages name it */
    struct config *config;
    struct kafka_config kafka; /* the cluster of regions without their own */
    /* What the key that is being read belongs to. */
    struct region_config *region;
    struct link_config *link;
    struct policy_rule *rule;
    struct policy_group *group;
    struct kafka_config *cluster;
    struct buf path;  /* of that key as the file has it: "regions.eu.port" */
    bool no_defaults; /* what is missing was set before (a region's kafka) */
};

enum config_shape {
    SHAPE_VALUE, /* one value, whatever its form in YAML */
    SHAPE_MAP,   /* a mapping whose keys are rows of the table */
    SHAPE_NAMED, /* a mapping from names to mappings: row "<parent>.<name>" */
    SHAPE_LIST,  /* a list of mappings: row "<parent>[]" */
};

/* How a kind of value is read and described. */
struct config_type {
    enum config_shape shape;
    /* SHAPE_VALUE: check the node and store it where the key says. Errors by config_fail. */
    int (*set)(struct config_reader *r, const struct config_key *key, const struct yaml_node *node, struct err *err);
    /* What belongs here, as a phrase after "give": "a number from 1 to 65535". */
    void (*describe)(struct buf *out, const struct config_key *key);
    /* Single values: what is stored, in one form. NULL: the value is shown as the file writes it. */
    void (*put)(struct buf *out, const struct config_key *key, const void *field);
};

struct config_word {
    const char *name; /* NULL ends a list */
    int value;
};

struct config_key {
    const char *path;
    const struct config_type *type;
    const char *help; /* a phrase without capital and full stop */
    bool required;
    enum config_live live;     /* when a change of it takes effect */
    const char *fallback;      /* the default, as the pair file would say it; NULL: none */
    const char *fallback_note; /* where the default depends on other keys: how people are told of it */
    uint64_t min;              /* numbers; sizes in bytes; durations in milliseconds */
    uint64_t max;
    const struct config_word *words; /* choices, and what each is stored as */
    const char *noun;                /* what a choice is called in errors; NULL: "value" */
    /* Where the value goes: `size` bytes at `offset` of what the pointer at `owner` of the reader points to. */
    size_t owner;
    size_t offset;
    size_t size;
    size_t count_offset; /* lists of names: where their number goes */
    /* Mappings: before their keys are read, point the reader at what they fill. `name` is the mapping's own, or NULL.
     */
    int (*enter)(struct config_reader *r, const char *name, struct yaml_mark at, struct err *err);
    const char *like;              /* mappings: they have the keys of that path */
    const struct config_key *next; /* without a path: the end of a part of the table; where the next one begins */
};

/* The first of all keys; config_key_next gives the others, then NULL. Order is that of documents, of reading, and hence
 * of errors. */
extern const struct config_key config_keys[];
const struct config_key *config_key_next(const struct config_key *key);

/* Is `path` a direct child of `parent` ("" is the top)? Gives its last part, as the table writes it. */
const char *config_key_child(const char *path, const char *parent);
/* The key of that name among the children of `parent`, NULL when there is none. */
const struct config_key *config_key_find(const char *parent, const char *name);

/* Where the key's value is to be stored. */
void *config_field(const struct config_reader *r, const struct config_key *key);
size_t *config_count_field(const struct config_reader *r, const struct config_key *key);

/* Set `err` to "file:line:column: path: text" (78). Returns -1. */
int config_fail(const struct config_reader *r, struct yaml_mark at, struct err *err, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
/* Text from the file for a message: printable, cut, in double quotes. Returns buf_cstr of out. */
const char *config_quote(struct buf *out, const char *text);
/* The path of a file named in the pair file: relative ones are relative to it. Caller frees. */
char *config_file_path(const struct config_reader *r, const char *path);

/* Read the whole tree into r->config by the table. */
MUST_CHECK int config_read(struct config_reader *r, const struct yaml_node *root, struct err *err);
/* Fill in the defaults that depend on other keys, then check what no single key can tell. `root` is what was read. */
MUST_CHECK int config_check(struct config_reader *r, const struct yaml_node *root, struct err *err);

/* config_parse, with values laid over the tree before it is read. */
MUST_CHECK int config_parse_tree(struct config **out, const char *path, struct span text,
                                 const struct config_override *over, size_t count, struct err *err);

/* Release what a cluster owns, wiping its properties, and leave it zeroed. */
void config_kafka_free(struct kafka_config *k);
void config_kafka_copy(struct kafka_config *to, const struct kafka_config *from);
/* Add a property or replace its value. */
void config_kafka_set(struct kafka_config *k, const char *name, const char *value);

/* The name of the environment variable for a region's password. Caller frees. */
char *config_password_variable(const char *region);

#endif
