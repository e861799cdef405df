/* What happens where a mapping of the pair file begins: the thing that its keys fill is made. Private to the
 * configuration. */
#ifndef DRC_LINK_CONFIG_ENTER_H
#define DRC_LINK_CONFIG_ENTER_H

#include "common/link/config_keys.h"

/* Each is a config_key.enter: `name` is the mapping's own where it has one, `at` where it begins; errors by
 * config_fail. */
int config_enter_kafka(struct config_reader *r, const char *name, struct yaml_mark at, struct err *err);
int config_enter_region(struct config_reader *r, const char *name, struct yaml_mark at, struct err *err);
int config_enter_region_kafka(struct config_reader *r, const char *name, struct yaml_mark at, struct err *err);
int config_enter_link(struct config_reader *r, const char *name, struct yaml_mark at, struct err *err);
int config_enter_default_rule(struct config_reader *r, const char *name, struct yaml_mark at, struct err *err);
int config_enter_table_rule(struct config_reader *r, const char *name, struct yaml_mark at, struct err *err);
int config_enter_group(struct config_reader *r, const char *name, struct yaml_mark at, struct err *err);

#endif
