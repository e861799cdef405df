/* Cells as the values that a prepared statement binds: which kind each column takes, and the value. Pure.
 *
 * Numbers go as numbers, since the servers compare a DECIMAL with a text as floating-point numbers, and store members
 * of ENUM and SET by number whatever their texts; texts of a character set other than utf8mb4 go as bytes, which the
 * servers store as they are. */
#ifndef DRC_TARGET_SQL_VALUE_H
#define DRC_TARGET_SQL_VALUE_H

#include "common/model/cell.h"
#include "common/target/target_table.h"

enum sql_kind {
    SQL_INTEGER,  /* signed; also ENUM and SET by number */
    SQL_UNSIGNED, /* also BIT and YEAR */
    SQL_FLOAT,
    SQL_DOUBLE,
    SQL_DECIMAL, /* as digits */
    SQL_TEXT,    /* utf8mb4: texts, dates and times, JSON of MySQL, UUID */
    SQL_BYTES,
};

struct sql_value {
    union {
        uint64_t integer;
        float single;
        double twice;
    };
    struct span bytes; /* SQL_DECIMAL, SQL_TEXT, SQL_BYTES: never a NULL pointer */
};

enum sql_kind sql_kind_of(const struct column *c, const struct target_column *tc);

/* The value of a cell that is not NULL; bytes point into the cell or the arena. False when the cell is not what the
 * column's type allows. `scratch` is for working memory. */
MUST_CHECK bool sql_value_of(struct sql_value *out, const struct column *c, const struct target_column *tc,
                             const struct cell *v, struct buf *scratch, struct arena *a);

#endif
