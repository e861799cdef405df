/* Values of a row in the statements of a repair: what can be read stands there, all else by its bytes, and of rows that
 * would make a statement longer than programs and servers take, long values come in pieces, before it. */
#ifndef DRC_RECONCILE_REPAIR_VALUE_H
#define DRC_RECONCILE_REPAIR_VALUE_H

#include "common/model/cell.h"
#include "common/target/target_table.h"

/* The long values of one row, in variables of the session. */
struct repair_longs {
    const struct target_table *table;
    const struct cell *row;  /* cells of the table's definition; NULL: none is long */
    const struct cell *from; /* what is equal to it is not set; NULL: not known */
    uint64_t number;         /* of the row, by which the variables are named */
};

/* Can a statement store that column? */
bool repair_is_stored(const struct target_table *t, uint16_t i, const struct cell *row);
/* Is it to be set, where the row is `from` (NULL: not known)? */
bool repair_is_to_be_set(const struct target_table *t, uint16_t i, const struct cell *row, const struct cell *from);

/* Statements that make the variables; none for a row that fits. `row` and `from` outlive `out`. */
void repair_longs_begin(struct repair_longs *out, struct buf *sql, const struct target_table *t, const struct cell *row,
                        const struct cell *from, uint64_t number);
/* "LENGTH(@…) = 123 AND " of each: a server that cannot hold one changes nothing by it. */
void repair_longs_put_whole(const struct repair_longs *l, struct buf *sql);
/* A statement that lets them go. */
void repair_longs_end(const struct repair_longs *l, struct buf *sql);

/* The value itself, or its variable. */
void repair_put_value(struct buf *sql, const struct repair_longs *l, const struct target_table *t, uint16_t i,
                      const struct cell *v);

#endif
