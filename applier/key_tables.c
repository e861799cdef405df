/* One writeset_table a source definition; the target's definition, collations and foreign keys are read once each. */
#include "applier/key_tables.h"

#include <stdlib.h>

#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/base/mem.h"
#include "common/target/foreign_keys.h"

#define LOOK_AGAIN_MS 1000

struct key_table {
    struct writeset_table *hashed;
    bool is_there;      /* at the target, and known */
    uint64_t looked_ms; /* when it was not */
};

struct key_tables {
    struct db *db;
    struct map tables; /* source's struct table_def * -> struct key_table * */
    struct arena scratch;
};

struct key_tables *key_tables_new(struct db *db)
{
    struct key_tables *k = xcalloc(1, sizeof *k);
    k->db = db;
    return k;
}

void key_tables_forget(struct key_tables *k)
{
    size_t i = 0;
    struct span key;
    void *value;
    while (map_next(&k->tables, &i, &key, &value)) {
        struct key_table *t = value;
        writeset_table_free(&t->hashed);
        free(t);
    }
    map_clear(&k->tables);
}

void key_tables_free(struct key_tables **k)
{
    if (!*k)
        return;
    key_tables_forget(*k);
    map_free(&(*k)->tables);
    arena_free(&(*k)->scratch);
    free(*k);
    *k = NULL;
}

/* The collation of each column of `t`, by the table's own order. */
static int load_collations(const char ***out, struct db *db, const struct target_table *t, struct arena *a,
                           struct err *err)
{
    struct buf sql = {0};
    struct db_rows rows;
    *out = arena_zalloc(a, t->def->column_count * sizeof **out);
    buf_put_str(&sql, "SELECT COLUMN_NAME, COLLATION_NAME FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = ");
    db_put_string(&sql, t->def->db);
    buf_put_str(&sql, " AND TABLE_NAME = ");
    db_put_string(&sql, t->def->name);
    int rc = db_query(db, &rows, a, buf_cstr(&sql), err);
    for (size_t i = 0; rc == 0 && i < rows.row_count; i++) {
        int column = table_def_find(t->def, db_cell(&rows, i, 0));
        if (column >= 0 && db_cell(&rows, i, 1).p)
            (*out)[column] = (const char *)db_cell(&rows, i, 1).p;
    }
    buf_free(&sql);
    return rc;
}

static void say_serial(const struct table_def *t)
{
    log_event(MSG_SERIAL_TABLE, log_table(t->db, t->name));
}

static int load(struct key_tables *k, const struct table_def *source, struct key_table *out, struct err *err)
{
    struct target_table *t = NULL;
    struct foreign_keys foreign = {0};
    struct arena arena = {0};
    const char **collations = NULL;
    struct err why = {0};
    int rc = 0;
    if (target_table_load(&t, k->db, source->db, source->name, &why) < 0 && why.class != ERR_DATA) {
        *err = why;
        return -1;
    }
    if (t)
        rc = load_collations(&collations, k->db, t, &arena, err) ||
                     foreign_keys_load(&foreign, k->db, source->db, source->name, err)
                 ? -1
                 : 0;
    if (rc == 0) {
        out->hashed = writeset_table_new(source, t, collations, &foreign);
        out->is_there = t != NULL;
        out->looked_ms = clock_mono_ms();
        if (t && writeset_table_is_serial(out->hashed))
            say_serial(source);
    }
    foreign_keys_free(&foreign);
    arena_free(&arena);
    target_table_free(&t);
    return rc;
}

/* `came`: set when it was looked for before, in vain. */
static int table_of(struct key_tables *k, const struct table_def *source, struct key_table **out, bool *came,
                    struct err *err)
{
    struct span known = span_of(&source, sizeof source);
    struct key_table now = {0};
    struct key_table *t = *out = map_get(&k->tables, known);
    if (t && (t->is_there || clock_mono_ms() - t->looked_ms < LOOK_AGAIN_MS))
        return 0;
    if (load(k, source, &now, err))
        return -1;
    *came = *came || (t && now.is_there);
    if (!t)
        *map_ref(&k->tables, known) = *out = t = xcalloc(1, sizeof *t);
    writeset_table_free(&t->hashed);
    *t = now;
    return 0;
}

static int add_rows(struct key_tables *k, struct writeset *out, const struct rows *rows, bool *came, struct err *err)
{
    struct key_table *table;
    if (table_of(k, rows->table, &table, came, err))
        return -1;
    writeset_add_rows(out, table->hashed, rows, &k->scratch);
    return 0;
}

int key_tables_add(struct key_tables *k, struct writeset *out, const struct txn *t, struct err *err)
{
    bool came = false;
    for (size_t i = 0; i < t->rows_count; i++)
        if (add_rows(k, out, &t->rows[i], &came, err))
            return -1;
    for (size_t i = 0; i < t->mark_count; i++)
        if (!t->marks[i].refused && add_rows(k, out, &t->marks[i].rows, &came, err))
            return -1;
    out->alone = out->alone || came;
    return 0;
}
