/* What a foreign key does to its children, read from the text of SHOW CREATE TABLE. Pure.
 *
 * Why not from information_schema.REFERENTIAL_CONSTRAINTS: MariaDB shows it only to accounts that have more than SELECT
 * on the table (from 10.5.27, 10.6.20, 10.11.10, 11.4.4 on), which those that write by BINLOG need not have. */
#ifndef DRC_TARGET_FOREIGN_RULES_H
#define DRC_TARGET_FOREIGN_RULES_H

#include "common/base/span.h"

struct foreign_rules {
    bool delete_cascades; /* ON DELETE CASCADE, SET NULL, SET DEFAULT */
    bool update_cascades;
};

/* The rules of the constraint `name` of the table that `create` makes. Where it is not to be found there, which it
 * should be, it is taken to cascade: that costs speed and nothing else. */
struct foreign_rules foreign_rules_find(struct span create, struct span name);

#endif
