/* What a pair file says, key by key, as text: noted while it is read. Private to the configuration. */
#ifndef DRC_LINK_CONFIG_FACTS_H
#define DRC_LINK_CONFIG_FACTS_H

#include "common/link/config_keys.h"

struct config_fact {
    char *path;
    const struct config_key *key;
    char *value; /* in one form, however the file writes it: "10s" */
};

struct config_facts {
    struct config_fact *all;
    size_t count;
    size_t cap;
};

/* The key that was just read, from this node. */
void config_facts_note(struct config_reader *r, const struct config_key *key, const struct yaml_node *node);
void config_facts_free(struct config_facts **f);

/* Lay a value over the tree; memory in the arena. Fatal 64: there is no such place. */
MUST_CHECK int config_lay_over(struct yaml_node *root, struct arena *a, const struct config_override *over,
                               struct err *err);

#endif
