/* A table of a forecast: by which values its rows are looked for, and what is at the target under them.
 *
 * Values are told equal as the target's server tells it: hashes of a form that is coarser than any comparison (fold.h)
 * bring together what may be equal, and where the bytes differ the server is asked. One thread. */
#ifndef DRC_APPLIER_SHADOW_TABLE_H
#define DRC_APPLIER_SHADOW_TABLE_H

#include "common/target/foreign_keys.h"
#include "common/target/target_table.h"

enum shadow_role {
    SHADOW_PRIMARY,
    SHADOW_UNIQUE,
    SHADOW_CHILD,  /* refers to rows of another table … */
    SHADOW_PARENT, /* … or is referred to */
};

struct shadow_key {
    enum shadow_role role;
    uint64_t seed;
    const struct foreign_key *foreign; /* of the two last; else NULL */
    const struct target_key *unique;   /* of the two first */
    uint16_t *columns;
    uint16_t *prefix; /* characters or bytes of each, 0: whole */
    uint16_t count;
};

struct shadow_table {
    struct target_table *t;
    struct foreign_keys foreign;
    struct shadow_key *keys; /* the primary one first, where there is one; expressions left out */
    size_t count;
    uint64_t id; /* writeset_table_id */
    struct arena arena;
};

/* As target_table_load. */
MUST_CHECK int shadow_table_load(struct shadow_table **out, struct db *db, struct span schema, struct span name,
                                 struct err *err);
void shadow_table_free(struct shadow_table **t);

/* The hash of a row's value of that key; false: a part of it is NULL or not known, which equals nothing. */
bool shadow_key_tag(uint64_t *out, const struct shadow_table *t, const struct shadow_key *k, const struct cell *row);
/* Where a row of `t` with that value would be looked for in the other table's end of the same foreign key. */
bool shadow_key_tag_beyond(uint64_t *out, const struct shadow_table *t, const struct shadow_key *k,
                           const struct cell *row);
/* Of all its keys; returns how many. `out` has room for t->count. */
size_t shadow_tags(uint64_t *out, const struct shadow_table *t, const struct cell *row);

/* A value: a row of a table, and the key that it is of. */
struct shadow_value {
    const struct shadow_table *table;
    const struct shadow_key *key;
    const struct cell *row;
};
/* Does the server take the two for equal? Keys of as many columns. 1, 0; -1: error. */
MUST_CHECK int shadow_equal(struct db *db, const struct shadow_value *a, const struct shadow_value *b, struct err *err);
/* The condition by which rows of the table `in`, by its `key`, have that value. */
void shadow_put_condition(struct buf *sql, const struct shadow_table *in, const struct shadow_key *key,
                          const struct shadow_value *value);

#endif
