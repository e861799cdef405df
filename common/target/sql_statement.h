/* The statements of the SQL writer: INSERT, UPDATE and DELETE of one table as text with placeholders. Pure.
 *
 * A row is found by its primary key, compared as its columns compare; in a table without one, by all of its columns,
 * compared exactly, and then it is one of those that are equal. Columns that the target computes are left out. */
#ifndef DRC_TARGET_SQL_STATEMENT_H
#define DRC_TARGET_SQL_STATEMENT_H

#include "common/model/record.h"
#include "common/target/target_table.h"

/* What a placeholder stands for: a column of the row's before or after image. */
struct sql_param {
    uint16_t column;
    bool before;
};

struct sql_statement {
    struct buf text;
    struct sql_param *params; /* of one row, in the text's order */
    size_t param_count;
};

struct sql_statement_setup {
    const struct target_table *table;
    const struct rows *shape; /* op, and the columns that the images have; the rest keeps what the row has */
    size_t rows;              /* INSERT: as many rows; DELETE: as many keys, where sql_deletes_many; else 1 */
    bool moves;               /* UPDATE: the key changes, and is set too */
    const bool *leave;        /* UPDATE: columns that are not set, one bool a column; NULL: none */
    /* Of one row: values that stand in the text instead of a placeholder, one span a column; NULL: none. */
    const struct span *written_before;
    const struct span *written_after;
};

/* Params are in the arena; the caller frees the text. */
void sql_statement_make(struct sql_statement *out, const struct sql_statement_setup *setup, struct arena *a);

/* Does the change move the row to another key? Then UPDATE has to set the key's columns, which it otherwise leaves: the
 * server is faster where it need not fear to find a row twice. */
bool sql_row_moves(const struct table_def *t, const struct cell *before, const struct cell *after);

/* Can one DELETE name the keys of several rows? */
bool sql_deletes_many(const struct target_table *t);

#endif
