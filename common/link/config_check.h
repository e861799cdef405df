/* What the two halves of the cross checks share. Private to the configuration. */
#ifndef DRC_LINK_CONFIG_CHECK_H
#define DRC_LINK_CONFIG_CHECK_H

#include "common/link/config_keys.h"

/* Where the value of that key of a mapping stands, or the mapping when it has none. */
struct yaml_mark config_mark(const struct yaml_entry *e, const char *key);
/* Refuse the name of a region that is not there. */
MUST_CHECK int config_want_region(const struct config_reader *r, const char *path, const char *name,
                                  struct yaml_mark at, struct err *err);
/* Rules against policies, regions, links and tables. */
MUST_CHECK int config_check_conflicts(const struct config_reader *r, const struct yaml_node *root, struct err *err);

#endif
