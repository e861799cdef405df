/* What a source of each flavour must have set, and how it is asked: tables. Pure. */
#ifndef DRC_CAPTURE_SOURCE_RULES_H
#define DRC_CAPTURE_SOURCE_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/model/gtid.h"

enum rule_gravity { RULE_REQUIRED, RULE_DURABLE /* waived by durability: relaxed */, RULE_ADVISED };

struct setting_rule {
    const char *name;
    const char *wanted; /* "1" is ON as well; ">=N" is a number */
    enum rule_gravity gravity;
    bool may_lack; /* a server that does not know it is as it should be */
    const char *why;
    const char *fix;
};

struct source_rules {
    const struct setting_rule *settings;
    size_t setting_count;
    const struct setting_rule *semi_sync; /* besides, where capture is to be a semi-synchronous replica */
    size_t semi_sync_count;
    const char *list_replicas; /* a statement whose first two columns are server id and host */
    const char *list_grant;    /* what it needs */
};

/* `version` as db_version gives it. */
const struct source_rules *source_rules_of(enum flavor flavor, uint32_t version);

#endif
