/* Loading foreign keys, in both directions. */
#include "common/target/foreign_keys.h"

#include "common/target/foreign_rules.h"

enum {
    COL_NAME,
    COL_CHILD_DB,
    COL_CHILD,
    COL_CHILD_COLUMN,
    COL_PARENT_DB,
    COL_PARENT,
    COL_PARENT_COLUMN,
};

void foreign_keys_free(struct foreign_keys *f)
{
    arena_free(&f->arena);
    *f = (struct foreign_keys){0};
}

/* Rows of one constraint stand together, its columns in order. */
static void read_rows(struct foreign_key **out, size_t *count, const struct db_rows *rows, struct arena *a)
{
    *out = arena_zalloc(a, rows->row_count * sizeof **out);
    for (size_t i = 0; i < rows->row_count; i++) {
        bool same = i > 0 && span_eq(db_cell(rows, i, COL_NAME), db_cell(rows, i - 1, COL_NAME)) &&
                    span_eq(db_cell(rows, i, COL_CHILD), db_cell(rows, i - 1, COL_CHILD)) &&
                    span_eq(db_cell(rows, i, COL_CHILD_DB), db_cell(rows, i - 1, COL_CHILD_DB));
        struct foreign_key *f = same ? &(*out)[*count - 1] : &(*out)[(*count)++];
        if (!same) {
            f->name = db_cell(rows, i, COL_NAME);
            f->child_db = db_cell(rows, i, COL_CHILD_DB);
            f->child = db_cell(rows, i, COL_CHILD);
            f->parent_db = db_cell(rows, i, COL_PARENT_DB);
            f->parent = db_cell(rows, i, COL_PARENT);
            f->child_columns = arena_zalloc(a, rows->row_count * sizeof *f->child_columns);
            f->parent_columns = arena_zalloc(a, rows->row_count * sizeof *f->parent_columns);
        }
        f->child_columns[f->count] = db_cell(rows, i, COL_CHILD_COLUMN);
        f->parent_columns[f->count++] = db_cell(rows, i, COL_PARENT_COLUMN);
    }
}

static int load(struct foreign_key **out, size_t *count, struct db *db, const char *schema_column, struct span schema,
                const char *table_column, struct span name, struct arena *a, struct err *err)
{
    struct buf sql = {0};
    struct db_rows rows;
    buf_printf(&sql,
               "SELECT k.CONSTRAINT_NAME, k.TABLE_SCHEMA, k.TABLE_NAME, k.COLUMN_NAME, k.REFERENCED_TABLE_SCHEMA,"
               " k.REFERENCED_TABLE_NAME, k.REFERENCED_COLUMN_NAME FROM information_schema.KEY_COLUMN_USAGE k"
               " WHERE k.REFERENCED_TABLE_NAME IS NOT NULL AND k.%s = ",
               schema_column);
    db_put_string(&sql, schema);
    buf_printf(&sql, " AND k.%s = ", table_column);
    db_put_string(&sql, name);
    buf_put_str(&sql, " ORDER BY k.TABLE_SCHEMA, k.TABLE_NAME, k.CONSTRAINT_NAME, k.ORDINAL_POSITION");
    int rc = db_query(db, &rows, a, buf_cstr(&sql), err);
    if (rc == 0)
        read_rows(out, count, &rows, a);
    buf_free(&sql);
    return rc;
}

/* The statement that makes a child; empty where the server does not show it, or has it no more. */
static int read_create(struct span *out, struct db *db, const struct foreign_key *f, struct arena *a, struct err *err)
{
    struct buf sql = {0};
    struct db_rows rows;
    struct err why = {0};
    buf_put_str(&sql, "SHOW CREATE TABLE ");
    db_put_name(&sql, f->child_db);
    buf_put_u8(&sql, '.');
    db_put_name(&sql, f->child);
    int rc = db_query(db, &rows, a, buf_cstr(&sql), &why);
    buf_free(&sql);
    *out = rc == 0 && rows.row_count > 0 && rows.column_count > 1 ? db_cell(&rows, 0, 1) : (struct span){0};
    if (rc == 0 || why.class != ERR_RETRY)
        return 0;
    if (err)
        *err = why;
    return -1;
}

/* Those of one child stand together. */
static int read_rules(struct foreign_keys *keys, struct db *db, struct err *err)
{
    struct span create = {0};
    for (size_t i = 0; i < keys->referring_count; i++) {
        struct foreign_key *f = &keys->referring[i];
        bool same = i > 0 && span_eq(f->child, f[-1].child) && span_eq(f->child_db, f[-1].child_db);
        if (!same && read_create(&create, db, f, &keys->arena, err))
            return -1;
        const struct foreign_rules rules = foreign_rules_find(create, f->name);
        f->delete_cascades = rules.delete_cascades;
        f->update_cascades = rules.update_cascades;
    }
    return 0;
}

int foreign_keys_load(struct foreign_keys *out, struct db *db, struct span schema, struct span name, struct err *err)
{
    *out = (struct foreign_keys){0};
    if (load(&out->own, &out->own_count, db, "TABLE_SCHEMA", schema, "TABLE_NAME", name, &out->arena, err) == 0 &&
        load(&out->referring, &out->referring_count, db, "REFERENCED_TABLE_SCHEMA", schema, "REFERENCED_TABLE_NAME",
             name, &out->arena, err) == 0 &&
        read_rules(out, db, err) == 0)
        return 0;
    foreign_keys_free(out);
    return -1;
}
