/* Loading a table's definition from the target. */
#include "common/target/target_table.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/mem.h"
#include "common/target/computed_columns.h"
#include "common/target/target_table_foreign.h"
#include "common/target/target_table_members.h"
#include "common/target/target_table_type.h"

/* Columns of the query over information_schema.columns. */
enum {
    FACT_NAME,
    FACT_DATA_TYPE,
    FACT_COLUMN_TYPE,
    FACT_CHARSET,
    FACT_COLLATION,
    FACT_OCTETS,
    FACT_PRECISION,
    FACT_SCALE,
    FACT_FRACTION,
    FACT_NULLABLE,
    FACT_EXTRA,
    FACT_COLLATION_NAME,
    FACT_DEFAULT,
    FACT_HAS_DEFAULT,
};

static uint64_t number(struct span text)
{
    uint64_t v = 0;
    for (size_t i = 0; i < text.n && text.p[i] >= '0' && text.p[i] <= '9'; i++)
        v = v * 10 + (uint64_t)(text.p[i] - '0');
    return v;
}

static bool says(struct span text, const char *word)
{
    return text.n > 0 && memmem(text.p, text.n, word, strlen(word)) != NULL;
}

static void put_where(struct buf *sql, const char *schema_column, struct span schema, const char *table_column,
                      struct span name)
{
    buf_printf(sql, " WHERE %s = ", schema_column);
    db_put_string(sql, schema);
    buf_printf(sql, " AND %s = ", table_column);
    db_put_string(sql, name);
}

/* 1: a base table; 0: nothing of that name. */
static int load_kind(struct target_table *t, struct db *db, struct span schema, struct span name, struct err *err)
{
    struct buf sql = {0};
    struct db_rows rows;
    int rc = -1;
    buf_put_str(&sql, "SELECT t.TABLE_TYPE, e.TRANSACTIONS, (SELECT COUNT(*) FROM information_schema.TRIGGERS");
    put_where(&sql, "EVENT_OBJECT_SCHEMA", schema, "EVENT_OBJECT_TABLE", name);
    buf_put_str(&sql,
                ") FROM information_schema.TABLES t LEFT JOIN information_schema.ENGINES e ON e.ENGINE = t.ENGINE");
    put_where(&sql, "t.TABLE_SCHEMA", schema, "t.TABLE_NAME", name);
    if (db_query(db, &rows, &t->arena, buf_cstr(&sql), err))
        goto out;
    if (rows.row_count == 0) {
        rc = 0;
        goto out;
    }
    if (!span_is(db_cell(&rows, 0, 0), "BASE TABLE")) {
        err_data(err, "it is a %.*s at the target: rows can be written to plain base tables only",
                 SPAN_ARG(db_cell(&rows, 0, 0)));
        goto out;
    }
    t->transactional = span_is(db_cell(&rows, 0, 1), "YES");
    t->has_triggers = number(db_cell(&rows, 0, 2)) > 0;
    rc = 1;
out:
    buf_free(&sql);
    return rc;
}

/* MariaDB's UCA-14 collations have ids only in the applicability table, MySQL's only in COLLATIONS. */
static const char *collation_id_query(const struct db *db)
{
    return db_flavor(db) == FLAVOR_MARIADB
               ? "(SELECT MAX(a.ID) FROM information_schema.COLLATION_CHARACTER_SET_APPLICABILITY a"
                 " WHERE a.FULL_COLLATION_NAME = c.COLLATION_NAME)"
               : "(SELECT MAX(a.ID) FROM information_schema.COLLATIONS a WHERE a.COLLATION_NAME = c.COLLATION_NAME)";
}

static int read_column(struct target_table *t, struct table_def *def, const struct db *db, const struct db_rows *rows,
                       size_t i, struct err *err)
{
    struct column *c = &def->columns[i];
    struct type_facts facts = {
        .flavor = db_flavor(db),
        .computes_rows = computed_columns_by_rows(db_flavor(db), db_version(db)),
        .data_type = db_cell(rows, i, FACT_DATA_TYPE),
        .column_type = db_cell(rows, i, FACT_COLUMN_TYPE),
        .charset = db_cell(rows, i, FACT_CHARSET),
        .collation = number(db_cell(rows, i, FACT_COLLATION)),
        .octet_length = number(db_cell(rows, i, FACT_OCTETS)),
        .precision = number(db_cell(rows, i, FACT_PRECISION)),
        .scale = number(db_cell(rows, i, FACT_SCALE)),
        .fraction = number(db_cell(rows, i, FACT_FRACTION)),
        .extra = db_cell(rows, i, FACT_EXTRA),
        .default_text = db_cell(rows, i, FACT_DEFAULT),
    };
    c->name = db_cell(rows, i, FACT_NAME);
    c->nullable = span_is(db_cell(rows, i, FACT_NULLABLE), "YES");
    c->invisible = says(facts.extra, "INVISIBLE");
    c->generated = says(facts.extra, "VIRTUAL GENERATED") || says(facts.extra, "STORED GENERATED");
    c->key_order = COLUMN_NO_KEY;
    facts.has_default = number(db_cell(rows, i, FACT_HAS_DEFAULT)) > 0;
    if (target_type_of(c, &t->columns[i], &facts, &t->arena)) {
        t->columns[i].collation = arena_strdup(&t->arena, db_cell(rows, i, FACT_COLLATION_NAME));
        return 0;
    }
    return err_data(err, "its column `%.*s` has the type %.*s, which is not supported at a target", SPAN_ARG(c->name),
                    SPAN_ARG(facts.column_type));
}

static int load_columns(struct target_table *t, struct table_def *def, struct db *db, struct err *err)
{
    struct buf sql = {0};
    struct db_rows rows;
    int rc = -1;
    buf_printf(&sql,
               "SELECT COLUMN_NAME, DATA_TYPE, COLUMN_TYPE, CHARACTER_SET_NAME, %s, CHARACTER_OCTET_LENGTH,"
               " NUMERIC_PRECISION, NUMERIC_SCALE, DATETIME_PRECISION, IS_NULLABLE, EXTRA, COLLATION_NAME,"
               " COLUMN_DEFAULT, COLUMN_DEFAULT IS NOT NULL FROM information_schema.COLUMNS c",
               collation_id_query(db));
    put_where(&sql, "TABLE_SCHEMA", def->db, "TABLE_NAME", def->name);
    buf_put_str(&sql, " ORDER BY ORDINAL_POSITION");
    if (db_query(db, &rows, &t->arena, buf_cstr(&sql), err))
        goto out;
    def->column_count = (uint16_t)rows.row_count;
    def->columns = arena_zalloc(&t->arena, rows.row_count * sizeof *def->columns);
    t->columns = arena_zalloc(&t->arena, rows.row_count * sizeof *t->columns);
    for (size_t i = 0; i < rows.row_count; i++)
        if (read_column(t, def, db, &rows, i, err))
            goto out;
    rc = 0;
out:
    buf_free(&sql);
    return rc;
}

/* What a virtual column computes is stored all the same where rows are found by it: in an index, or in the choice of a
 * partition, which may depend on any column. */
static int load_stored_virtuals(struct target_table *t, struct table_def *def, struct db *db, struct err *err)
{
    struct buf sql = {0};
    struct db_rows rows;
    bool any = false;
    for (uint16_t i = 0; i < def->column_count; i++)
        any = any || def->columns[i].generated;
    if (!any)
        return 0;
    buf_put_str(&sql, "SELECT COLUMN_NAME FROM information_schema.STATISTICS");
    put_where(&sql, "TABLE_SCHEMA", def->db, "TABLE_NAME", def->name);
    buf_put_str(&sql,
                " UNION ALL SELECT c.COLUMN_NAME FROM information_schema.COLUMNS c, information_schema.PARTITIONS p");
    put_where(&sql, "c.TABLE_SCHEMA", def->db, "c.TABLE_NAME", def->name);
    buf_put_str(&sql, " AND p.PARTITION_NAME IS NOT NULL AND p.TABLE_SCHEMA = ");
    db_put_string(&sql, def->db);
    buf_put_str(&sql, " AND p.TABLE_NAME = ");
    db_put_string(&sql, def->name);
    int rc = db_query(db, &rows, &t->arena, buf_cstr(&sql), err);
    for (size_t i = 0; rc == 0 && i < rows.row_count; i++) {
        int column = table_def_find(def, db_cell(&rows, i, 0));
        if (column >= 0 && def->columns[column].generated && t->columns[column].fill == FILL_ALWAYS)
            t->columns[column].fill = FILL_BY_SQL;
    }
    buf_free(&sql);
    return rc;
}

/* Rows of one key stand together, parts in order; the primary key comes first. */
static void read_key_part(struct target_table *t, struct table_def *def, const struct db_rows *rows, size_t i)
{
    struct span name = db_cell(rows, i, 0);
    int column = table_def_find(def, db_cell(rows, i, 1));
    struct target_key *key = t->key_count ? &t->keys[t->key_count - 1] : NULL;
    if (!key || !span_is(name, key->name)) {
        key = &t->keys[t->key_count++];
        key->name = arena_strdup(&t->arena, name);
        key->columns = arena_zalloc(&t->arena, rows->row_count * sizeof *key->columns);
        key->prefix = arena_zalloc(&t->arena, rows->row_count * sizeof *key->prefix);
    }
    if (column < 0) { /* the key is there, its columns are not known */
        key->expression = true;
        return;
    }
    key->columns[key->count] = (uint16_t)column;
    key->prefix[key->count] = (uint16_t)number(db_cell(rows, i, 2));
    key->nullable = key->nullable || def->columns[column].nullable;
    key->hidden = span_is(db_cell(rows, i, 3), "1");
    if (span_is(name, "PRIMARY")) {
        def->columns[column].key_order = key->count;
        def->columns[column].key_prefix = key->prefix[key->count];
    }
    key->count++;
}

static int load_keys(struct target_table *t, struct table_def *def, struct db *db, struct err *err)
{
    struct buf sql = {0};
    struct db_rows rows;
    int rc = -1;
    buf_printf(&sql, "SELECT INDEX_NAME, COLUMN_NAME, SUB_PART, %s FROM information_schema.STATISTICS",
               db_flavor(db) == FLAVOR_MARIADB ? "IGNORED = 'YES'" : "IS_VISIBLE = 'NO'");
    put_where(&sql, "TABLE_SCHEMA", def->db, "TABLE_NAME", def->name);
    buf_put_str(&sql, " AND NON_UNIQUE = 0 ORDER BY INDEX_NAME <> 'PRIMARY', INDEX_NAME, SEQ_IN_INDEX");
    if (db_query(db, &rows, &t->arena, buf_cstr(&sql), err))
        goto out;
    t->keys = arena_zalloc(&t->arena, rows.row_count * sizeof *t->keys);
    for (size_t i = 0; i < rows.row_count; i++)
        read_key_part(t, def, &rows, i);
    rc = 0;
out:
    buf_free(&sql);
    return rc;
}

static int load(struct target_table **out, bool foreign, struct db *db, struct span schema, struct span name,
                struct err *err)
{
    struct target_table *t = xcalloc(1, sizeof *t);
    struct table_def *def = arena_zalloc(&t->arena, sizeof *def);
    struct err found = {0};
    *out = NULL;
    int rc = target_table_hold(db, schema, name, err) ? -1 : load_kind(t, db, schema, name, err);
    if (rc != 1)
        goto out;
    rc = -1;
    def->db = arena_copy(&t->arena, schema);
    def->name = arena_copy(&t->arena, name);
    if (load_columns(t, def, db, err) || load_stored_virtuals(t, def, db, err) ||
        target_members_convert(t, def, db, err) || load_keys(t, def, db, err) ||
        (foreign && target_foreign_load(t, def, db, err)))
        goto out;
    table_def_seal(def, &t->arena);
    t->def = def;
    if (target_table_metadata(&t->metadata, t, db, &found)) {
        if (db_says_absent(&found)) /* outside of a transaction it may go while it is read */
            rc = 0;
        else if (err)
            *err = found;
        goto out;
    }
    *out = t;
    t = NULL;
    rc = 1;
out:
    target_table_free(&t);
    return rc;
}

int target_table_load(struct target_table **out, struct db *db, struct span schema, struct span name, struct err *err)
{
    return load(out, true, db, schema, name, err);
}

int target_table_load_columns(struct target_table **out, struct db *db, struct span schema, struct span name,
                              struct err *err)
{
    return load(out, false, db, schema, name, err);
}

void target_table_free(struct target_table **t)
{
    if (!*t)
        return;
    struct arena arena = (*t)->arena;
    arena_free(&arena);
    free(*t);
    *t = NULL;
}

void target_table_put_name(const struct target_table *t, struct buf *out)
{
    db_put_name(out, t->def->db);
    buf_put_u8(out, '.');
    db_put_name(out, t->def->name);
}

static bool needs_sql(const struct target_table *t, enum rows_op op, uint16_t i)
{
    const enum column_fill fill = t->columns[i].fill;
    if (!t->def->columns[i].generated)
        return op == ROWS_INSERT && fill == FILL_BY_SQL;
    if (op != ROWS_INSERT && t->def->key_count == 0)
        return fill != FILL_BY_ROWS;
    return op != ROWS_DELETE && fill == FILL_BY_SQL;
}

int target_table_lacks(const struct target_table *t, enum rows_op op, const uint8_t *present)
{
    for (uint16_t i = 0; present && i < t->def->column_count; i++)
        if (!table_bitmap_has(present, i) && needs_sql(t, op, i))
            return i;
    return -1;
}

int target_table_ever_lacks(const struct target_table *t, const uint8_t *present)
{
    int column = -1;
    for (enum rows_op op = ROWS_INSERT; op <= ROWS_DELETE && column < 0; op++)
        column = target_table_lacks(t, op, present);
    return column;
}

int target_search_error(const struct db *db, const struct table_def *t, struct err *err)
{
    if (!db_gave_up(db))
        return -1;
    return err_prefix(err, "looking for rows of `%.*s`.`%.*s`, which has no key", SPAN_ARG(t->db), SPAN_ARG(t->name));
}

void target_table_put_columns(const struct target_table *t, struct buf *out)
{
    static const char *const before[] = {[READ_PLAIN] = "",      [READ_NUMBER] = "CAST(", [READ_UUID] = "CAST(",
                                         [READ_INET6] = "CAST(", [READ_INET4] = "CAST(",  [READ_VECTOR] = "CAST("};
    static const char *const after[] = {[READ_PLAIN] = "",
                                        [READ_NUMBER] = " AS UNSIGNED)",
                                        [READ_UUID] = " AS BINARY(16))",
                                        [READ_INET6] = " AS BINARY(16))",
                                        [READ_INET4] = " AS BINARY(4))",
                                        [READ_VECTOR] = " AS BINARY)"};
    for (uint16_t i = 0; i < t->def->column_count; i++) {
        buf_put_str(out, i ? ", " : "");
        buf_put_str(out, before[t->columns[i].form]);
        db_put_name(out, t->def->columns[i].name);
        buf_put_str(out, after[t->columns[i].form]);
    }
}
