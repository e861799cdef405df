/* Asking a table's CHECK constraints of one row: each as a condition of the statement that reads the row. */
#include "ctl/conflicts_checks.h"

#include "common/target/local_row.h"

#define CONSTRAINT_FAILED 4025 /* the server's own code */

/* Of this row alone, by its key, else by all that it holds. */
static void put_row(struct buf *sql, const struct target_table *t, const struct cell *row)
{
    const struct table_def *def = t->def;
    uint16_t count = def->key_count > 0 ? def->key_count : def->column_count;
    bool more = false;
    for (uint16_t i = 0; i < count; i++) {
        uint16_t k = def->key_count > 0 ? def->key[i] : i;
        if (row[k].absent)
            continue;
        buf_put_str(sql, more ? " AND " : "");
        local_put_equals(sql, &def->columns[k], &t->columns[k], def->key_count > 0 ? def->columns[k].key_prefix : 0,
                         &row[k]);
        more = true;
    }
}

/* What is NULL holds, as the server has it. */
static int check_holds(struct db *db, const struct target_table *t, const struct cell *row, struct span name,
                       struct span clause, struct arena *a, struct err *err)
{
    struct local_rows broken;
    struct buf sql = {0};
    put_row(&sql, t, row);
    buf_printf(&sql, " AND NOT (%.*s)", SPAN_ARG(clause));
    int rc = local_rows_where(&broken, db, t, buf_cstr(&sql), 1, LOCAL_NO_LOCK, a, err);
    buf_free(&sql);
    if (rc || broken.count == 0)
        return rc;
    (void)err_data(err, "CONSTRAINT `%.*s` failed for `%.*s`.`%.*s`: %.*s", SPAN_ARG(name), SPAN_ARG(t->def->db),
                   SPAN_ARG(t->def->name), SPAN_ARG(clause));
    err->code = CONSTRAINT_FAILED;
    return -1;
}

int conflicts_checks_hold(struct db *db, const struct target_table *t, const struct cell *row, struct arena *a,
                          struct err *err)
{
    struct buf sql = {0};
    struct db_rows checks;
    if (db_flavor(db) != FLAVOR_MARIADB)
        return 0;
    buf_put_str(&sql, "SELECT CONSTRAINT_NAME, CHECK_CLAUSE FROM information_schema.CHECK_CONSTRAINTS "
                      "WHERE CONSTRAINT_SCHEMA = ");
    db_put_string(&sql, t->def->db);
    buf_put_str(&sql, " AND TABLE_NAME = ");
    db_put_string(&sql, t->def->name);
    int rc = db_query(db, &checks, a, buf_cstr(&sql), err);
    for (size_t i = 0; rc == 0 && i < checks.row_count; i++)
        rc = check_holds(db, t, row, db_cell(&checks, i, 0), db_cell(&checks, i, 1), a, err);
    buf_free(&sql);
    return rc;
}
