/* What the parts of the table of keys share: units, and where values go. Only config_keys*.c include it. */
#ifndef DRC_LINK_CONFIG_KEYS_TABLE_H
#define DRC_LINK_CONFIG_KEYS_TABLE_H

#include "common/link/config_enter.h"
#include "common/link/config_value.h"

#define KIB ((uint64_t)1 << 10)
#define MIB ((uint64_t)1 << 20)
#define SECOND ((uint64_t)1000)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

/* Where a value goes: the object that the reader's `pointer_` points to, and its field. */
#define IN(pointer_, type_, field_)                                                                                    \
    .owner = offsetof(struct config_reader, pointer_), .offset = offsetof(type_, field_),                              \
    .size = sizeof(((type_ *)NULL)->field_)
#define CONFIG(field_) IN(config, struct config, field_)
#define REGION(field_) IN(region, struct region_config, field_)
#define LINK(field_) IN(link, struct link_config, field_)
#define RULE(field_) IN(rule, struct policy_rule, field_)
#define CLUSTER(field_) IN(cluster, struct kafka_config, field_)
#define WHOLE_CLUSTER .owner = offsetof(struct config_reader, cluster)
#define GROUP(field_) IN(group, struct policy_group, field_)

/* The parts, in the order of documents; each ends with a row that has no path and names the next. */
extern const struct config_key config_keys_regions[];
extern const struct config_key config_keys_links[];
extern const struct config_key config_keys_conflicts[];
extern const struct config_key config_keys_journal[];
extern const struct config_key config_keys_daemons[];

#endif
