/* The keys that a transaction touches, as hashes: two transactions that share none may change places. Pure.
 *
 * Counted are all unique keys of the *target's* definition, before and after image of every row, and what foreign keys
 * refer to: a row that refers to a parent, or ceases to, touches the parent's key too, as one of many (shared); the
 * parent touches it alone when the key comes, goes or changes; where one end's values are not known or not of the
 * other's type, the parent's table is touched as a whole. Hashes are never finer than the server's comparison (fold.h).
 * A value of which that cannot be known makes the transaction touch the table as a whole; a key of which it can never
 * be known (functional, unknown collation) has one hash for all values, which serialises the table, and so has a table
 * without unique keys. NULL in a unique key clashes with nothing.
 *
 * What cascades below the binlog is not in any image: such a transaction runs alone. */
#ifndef DRC_APPLIER_WRITESET_H
#define DRC_APPLIER_WRITESET_H

#include "applier/fold.h"
#include "common/model/record.h"
#include "common/target/foreign_keys.h"
#include "common/target/target_table.h"

struct touch {
    uint64_t hash;
    bool shared; /* with others that share it; false: alone */
};

/* Zeroed is empty: touches nothing. Release by writeset_free. */
struct writeset {
    struct touch *touches; /* after writeset_seal: sorted by hash, each once */
    size_t count;
    size_t cap;
    uint64_t *tables; /* of whose keys they are (writeset_table_id): the same */
    size_t table_count;
    size_t table_cap;
    uint64_t *whole; /* tables of which any row may be touched: the same */
    size_t whole_count;
    size_t whole_cap;
    bool alone; /* nothing else runs beside it */
};
void writeset_free(struct writeset *w);
void writeset_clear(struct writeset *w); /* keeps the memory */

/* How rows of one source definition are hashed: made from what the target has under that name. */
struct writeset_table;

/* `t` NULL: nothing is known of the target's table, it is serialised. Collations: one name a column of `t`, NULL for
 * none. Nothing given is kept. */
struct writeset_table *writeset_table_new(const struct table_def *source, const struct target_table *t,
                                          const char *const *collations, const struct foreign_keys *foreign);
void writeset_table_free(struct writeset_table **t);
/* Does every change of it serialise (as a whole, or by one of its keys)? For messages. */
bool writeset_table_is_serial(const struct writeset_table *t);

/* What stands for a table in `tables` and `whole`. */
uint64_t writeset_table_id(struct span db, struct span name);

/* Add the keys of all rows, which are of the source definition that `t` was made for. `scratch` is reset. */
void writeset_add_rows(struct writeset *w, const struct writeset_table *t, const struct rows *rows,
                       struct arena *scratch);
/* Any row of that table may be touched. */
void writeset_add_table(struct writeset *w, uint64_t table);
/* Once everything is added: sort, and have each once; alone goes before shared. */
void writeset_seal(struct writeset *w);

/* ---- a set of keys, such as those of parked transactions ---- */

/* Zeroed is empty. */
struct keyset {
    struct map hashes;
    struct map tables; /* of the hashes */
    struct map whole;
    bool all; /* it holds a transaction that runs alone */
};
void keyset_free(struct keyset *k);
void keyset_clear(struct keyset *k);
/* Everything that a sealed write set touches. */
void keyset_add(struct keyset *k, const struct writeset *w);
/* May a transaction of that write set touch a key of the set? Sharing counts as touching: a child whose parent is
 * parked has to wait for it, too. */
bool keyset_meets(const struct keyset *k, const struct writeset *w);

#endif
