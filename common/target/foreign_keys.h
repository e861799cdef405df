/* The foreign keys of a table at the target, those that it has and those that refer to it.
 *
 * Loaded from information_schema, and from SHOW CREATE TABLE of those that refer to it (foreign_rules.h says why), for
 * both of which SELECT on the tables is enough; owned by whoever loaded them. Names are as the server gives them. */
#ifndef DRC_TARGET_FOREIGN_KEYS_H
#define DRC_TARGET_FOREIGN_KEYS_H

#include "common/base/arena.h"
#include "common/link/db.h"

struct foreign_key {
    struct span name;
    struct span child_db;
    struct span child;
    struct span parent_db;
    struct span parent;
    struct span *child_columns; /* in the order of the constraint */
    struct span *parent_columns;
    size_t count;
    bool delete_cascades; /* ON DELETE CASCADE or SET NULL: the server changes children by itself. Known of … */
    bool update_cascades; /* … referring ones only */
};

/* Zeroed: none. */
struct foreign_keys {
    struct foreign_key *own; /* of this table, as a child */
    size_t own_count;
    struct foreign_key *referring; /* to this table, as a parent; those of tables that the account may see */
    size_t referring_count;
    struct arena arena;
};
void foreign_keys_free(struct foreign_keys *f);

/* No table, no keys. */
MUST_CHECK int foreign_keys_load(struct foreign_keys *out, struct db *db, struct span schema, struct span name,
                                 struct err *err);

#endif
