/* What changes between two readings of a pair file, and which of it a running daemon can take up.
 *
 * Each key of the table says when a change of it takes effect; docs/configuration.md tells it. What `drcctl set`
 * changes is laid over the file's text before it is read, so that it is checked as if the file said so. */
#ifndef DRC_LINK_CONFIG_LIVE_H
#define DRC_LINK_CONFIG_LIVE_H

#include "common/link/config.h"

enum config_live {
    CONFIG_AT_START, /* by a restart only */
    CONFIG_AT_ONCE,  /* at a reload, with nothing interrupted */
    CONFIG_LIVE,     /* at a reload, at a transaction's boundary */
    CONFIG_MORE,     /* as before, where the list only grows */
    CONFIG_FEWER,    /* as before, where the list only shrinks */
};

/* A key whose two values differ. */
struct config_change {
    char *path;          /* as the file has it: "links[1].group_rows" */
    char *before;        /* NULL: not there */
    char *after;         /* NULL: not there */
    bool live;           /* it can be taken up */
    bool at_once;        /* and that needs no boundary */
    const char *why_not; /* where a key that is live cannot take this one: why; else NULL */
};

struct config_changes {
    struct config_change *all;
    size_t count;
};

/* In the order of the keys. Paths and values are the owner's, released by config_changes_free. */
void config_compare(struct config_changes *out, const struct config *before, const struct config *after);
void config_changes_free(struct config_changes *c);

/* A value laid over the file's. */
struct config_override {
    char *path;
    char *value;
};

/* config_parse of a text with values laid over it. A path that names no key which can be set so: fatal 64. */
MUST_CHECK int config_parse_over(struct config **out, const char *path, struct span text,
                                 const struct config_override *over, size_t count, struct err *err);
/* The text that it was read from, without what was laid over it. */
struct span config_source(const struct config *c);
/* Append the file's bytes, at most YAML_MAX_BYTES + 1. */
MUST_CHECK int config_read_file(struct buf *out, const char *path, struct err *err);

/* The keys that `drcctl set` can change: path, values and meaning, from the one table. */
void config_put_settable(struct buf *out);

#endif
