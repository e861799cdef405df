/* Parameters of many rows as libmariadb takes them: by arrays, one a parameter, or one by one. For sql_*_db.c files. */
#ifndef DRC_TARGET_SQL_BIND_DB_H
#define DRC_TARGET_SQL_BIND_DB_H

#include <mysql.h>

#include "common/target/sql_run.h"
#include "common/target/sql_statement.h"

/* What is being bound: rows of one table by one statement. Memory in the arena. */
struct sql_bind {
    const struct target_table *table;
    const struct sql_statement *statement;
    struct arena *arena;
    struct buf scratch;
    MYSQL_BIND *binds;
    struct sql_value *values; /* one by one only */
    size_t bytes;             /* that the parameters take in a packet, about */
    size_t members;           /* values 0 of ENUM: the server warns of each */
};

/* Array form: binds[param_count], each with arrays of n. ERR_FATAL: a cell is malformed. */
MUST_CHECK int sql_bind_arrays(struct sql_bind *b, const struct sql_row *rows, size_t n, struct err *err);
/* One bind and value a placeholder, n * param_count of them. */
MUST_CHECK int sql_bind_singly(struct sql_bind *b, const struct sql_row *rows, size_t n, struct err *err);

#endif
