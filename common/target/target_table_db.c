/* What the server says of a table's columns in a result's metadata: the lock on its definition, and the check of it. */
#include <mysql.h>

#include "common/base/hash.h"
#include "common/target/ddl_print.h"
#include "common/target/target_table.h"

static uint64_t hash_fields(MYSQL_RES *result)
{
    struct hash_state h;
    hash_start(&h, mysql_num_fields(result));
    for (unsigned i = 0; i < mysql_num_fields(result); i++) {
        const MYSQL_FIELD *f = mysql_fetch_field_direct(result, i);
        const uint64_t numbers[] = {f->type, f->length, f->decimals, f->charsetnr, f->flags, f->name_length};
        hash_add(&h, span_of(numbers, sizeof numbers));
        hash_add(&h, span_of(f->name, f->name_length));
    }
    return hash_end(&h);
}

/* SELECT * shows order and additions, which a list of names would hide; invisible columns have to be named. */
static void put_query(const struct target_table *t, struct buf *sql)
{
    buf_put_str(sql, "SELECT *");
    for (uint16_t i = 0; i < t->def->column_count; i++) {
        if (!t->def->columns[i].invisible)
            continue;
        buf_put_str(sql, ", ");
        db_put_name(sql, t->def->columns[i].name);
    }
    buf_put_str(sql, " FROM ");
    target_table_put_name(t, sql);
    buf_put_str(sql, " LIMIT 0");
}

static bool needs_text(const struct target_table *t)
{
    for (uint16_t i = 0; i < t->def->column_count; i++)
        if (t->def->columns[i].member_count > 0 || t->def->columns[i].generated)
            return true;
    return false;
}

/* The metadata does not tell the members of ENUM and SET, which rows bring as numbers, nor which columns are generated,
 * and how: the statement that would make the table tells whether these are the same. */
static int add_text(uint64_t *hash, const struct target_table *t, struct db *db, struct err *err)
{
    struct arena a = {0};
    struct db_rows rows;
    struct buf sql = {0};
    if (!needs_text(t))
        return 0;
    buf_put_str(&sql, "SHOW CREATE TABLE ");
    target_table_put_name(t, &sql);
    int rc = db_query(db, &rows, &a, buf_cstr(&sql), err);
    if (rc == 0 && rows.row_count > 0 && rows.column_count > 1)
        *hash += ddl_print_of(db_cell(&rows, 0, 1));
    buf_free(&sql);
    arena_free(&a);
    return rc;
}

int target_table_metadata(uint64_t *out, const struct target_table *t, struct db *db, struct err *err)
{
    MYSQL *my = db_handle(db);
    MYSQL_RES *result = NULL;
    struct buf sql = {0};
    int rc = -1;
    put_query(t, &sql);
    if (mysql_real_query(my, (const char *)sql.data, (unsigned long)sql.len) || !(result = mysql_store_result(my))) {
        db_error(db, err, "reading the definition of a table");
        goto out;
    }
    *out = hash_fields(result);
    rc = add_text(out, t, db, err);
out:
    mysql_free_result(result);
    buf_free(&sql);
    return rc;
}

#define NO_SUCH_COLUMN 1054

int target_table_hold(struct db *db, struct span schema, struct span name, struct err *err)
{
    struct buf sql = {0};
    struct err found = {0};
    buf_put_str(&sql, "SELECT 1 FROM ");
    db_put_name(&sql, schema);
    buf_put_u8(&sql, '.');
    db_put_name(&sql, name);
    buf_put_str(&sql, " LIMIT 0");
    int rc = db_exec(db, buf_cstr(&sql), &found);
    buf_free(&sql);
    if (rc == 0 || (found.class != ERR_RETRY && found.exit_code != EXIT_DENIED))
        return 0;
    (void)db_error_in(db, schema, &found);
    if (err)
        *err = found;
    return err_prefix(err, "whether a table is there");
}

int target_table_touch(const struct target_table *t, struct db *db, struct err *err)
{
    uint64_t now;
    struct err found = {0};
    if (target_table_metadata(&now, t, db, &found) == 0)
        return now == t->metadata;
    if (db_says_absent(&found) || found.code == NO_SUCH_COLUMN)
        return 0;
    (void)db_error_in(db, t->def->db, &found);
    if (err)
        *err = found;
    return -1;
}
