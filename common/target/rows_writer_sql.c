/* The rows writer by plain SQL, for targets that do not permit BINLOG: gathers rows of one table and operation, and
 * runs prepared statements for them (sql_run.h).
 *
 * What the server does for BINLOG is done by hand here. The foreign_key_checks of each rows event become the session's;
 * a relaxed unique_checks is not repeated: to check more is safe. CHECK constraints are the source's to enforce:
 * MariaDB is told not to, as BINLOG does not. Triggers cannot be held back, so tables with triggers are refused. */
#include <stdlib.h>

#include "common/base/mem.h"
#include "common/target/rows_writer_private.h"
#include "common/target/sql_run.h"

#define MOST_BYTES (1u << 20) /* of images gathered */
#define MOST_ROWS 4096

/* What has been put and not written. */
struct gathered {
    const struct target_table *table; /* NULL: nothing */
    struct rows shape;                /* all but count and images */
    struct buf images;
    size_t count;
};

struct sql_writer {
    struct rows_writer base;
    struct db *db;
    struct sql_run *run;
    struct gathered rows;
    struct map permitted; /* "db\0name" of tables that the account may write */
    struct arena cells;   /* of the rows being written */
    bool checks_off;      /* the session's foreign_key_checks */
};

static struct sql_writer *of(struct rows_writer *base)
{
    return (struct sql_writer *)(void *)base; /* its first member */
}

/* ---- writing ---- */

static int set_checks(struct sql_writer *w, bool off, struct err *err)
{
    if (w->checks_off == off)
        return 0;
    if (db_execf(w->db, err, "SET SESSION foreign_key_checks = %d", !off))
        return -1;
    w->checks_off = off;
    return 0;
}

static const struct cell *split(struct sql_writer *w, const uint8_t *present, struct bytes *r)
{
    const struct table_def *def = w->rows.table->def;
    struct cell *cells = arena_alloc(&w->cells, def->column_count * sizeof *cells);
    image_split(cells, def, present, r);
    return cells;
}

static void drop(struct sql_writer *w)
{
    w->rows.table = NULL;
    w->rows.count = 0;
    buf_clear(&w->rows.images);
    arena_reset(&w->cells);
    if (w->rows.images.cap > 4 * (size_t)MOST_BYTES) /* a giant row went through: its memory is not kept */
        buf_free(&w->rows.images);
}

static int write_gathered(struct sql_writer *w, struct err *err)
{
    struct gathered *g = &w->rows;
    struct bytes r = bytes_of(buf_span(&g->images));
    struct sql_row *rows = arena_zalloc(&w->cells, g->count * sizeof *rows);
    for (size_t i = 0; i < g->count; i++) {
        if (g->shape.op != ROWS_INSERT)
            rows[i].before = split(w, g->shape.present_before, &r);
        if (g->shape.op != ROWS_DELETE)
            rows[i].after = split(w, g->shape.present_after, &r);
    }
    if (r.bad || bytes_left(&r) > 0)
        return err_fatal(err, EXIT_BUG, "malformed images of %.*s.%.*s", SPAN_ARG(g->table->def->db),
                         SPAN_ARG(g->table->def->name));
    if (set_checks(w, g->shape.flags & ROWS_NO_FOREIGN_KEY_CHECKS, err))
        return -1;
    return sql_run_rows(w->run, g->table, &g->shape, rows, g->count, err);
}

static int flush(struct sql_writer *w, struct err *err)
{
    int rc = w->rows.table ? write_gathered(w, err) : 0;
    drop(w);
    return rc;
}

/* ---- operations ---- */

static int sql_put(struct rows_writer *base, const struct target_table *t, const struct rows *rows, struct err *err)
{
    struct sql_writer *w = of(base);
    struct gathered *g = &w->rows;
    struct rows shape = *rows;
    shape.flags &= ROWS_NO_FOREIGN_KEY_CHECKS;
    bool alike = g->table == t && rows_writer_alike(&g->shape, &shape);
    bool full = g->images.len + rows->images.n > MOST_BYTES || g->count + rows->count > MOST_ROWS;
    if (rows->count == 0)
        return 0;
    if ((!alike || full) && flush(w, err))
        return -1;
    g->table = t;
    g->shape = shape;
    g->count += rows->count;
    buf_put_span(&g->images, rows->images);
    return 0;
}

static int sql_flush(struct rows_writer *base, struct err *err)
{
    return flush(of(base), err);
}

static void sql_drop(struct rows_writer *base)
{
    drop(of(base));
}

static void sql_close(struct rows_writer *base)
{
    struct sql_writer *w = of(base);
    sql_run_free(&w->run);
    buf_free(&w->rows.images);
    map_free(&w->permitted);
    arena_free(&w->cells);
    free(w);
}

/* ---- may it be written ---- */

/* Asked each time: a trigger changes nothing that target_table_touch could see. */
static int count_triggers(const struct sql_writer *w, const struct target_table *t, uint64_t *out, struct err *err)
{
    struct buf sql = {0};
    buf_put_str(&sql, "SELECT COUNT(*) FROM information_schema.TRIGGERS WHERE EVENT_OBJECT_SCHEMA = ");
    db_put_string(&sql, t->def->db);
    buf_put_str(&sql, " AND EVENT_OBJECT_TABLE = ");
    db_put_string(&sql, t->def->name);
    int rc = db_query_u64(w->db, out, buf_cstr(&sql), err);
    buf_free(&sql);
    return rc;
}

static int check_permission(struct sql_writer *w, const struct target_table *t, struct err *err)
{
    struct buf key = {0};
    buf_put_span(&key, t->def->db);
    buf_put_u8(&key, 0);
    buf_put_span(&key, t->def->name);
    int rc = 0;
    if (!map_get(&w->permitted, buf_span(&key))) {
        rc = sql_run_permitted(w->run, t, err);
        if (rc == 0)
            *map_ref(&w->permitted, buf_span(&key)) = w;
    }
    buf_free(&key);
    return rc;
}

static int sql_admit(struct rows_writer *base, const struct target_table *t, const uint8_t *present, struct buf *why,
                     struct err *err)
{
    (void)present;
    struct sql_writer *w = of(base);
    uint64_t triggers;
    if (count_triggers(w, t, &triggers, err) || check_permission(w, t, err))
        return -1;
    if (triggers == 0)
        return 1;
    buf_put_str(why, "it has triggers at the target, which plain SQL would run although their effects come from the "
                     "source already: drop them there, or let the link write by BINLOG (apply.writer: binlog)");
    return 0;
}

static const struct rows_writer_ops sql_ops = {
    .admit = sql_admit,
    .put = sql_put,
    .flush = sql_flush,
    .drop = sql_drop,
    .close = sql_close,
};

size_t rows_writer_sql_needed(const struct rows_writer *w)
{
    return sql_run_needed(((const struct sql_writer *)(const void *)w)->run);
}

/* MySQL keeps 1024 warnings, and lets few accounts change that; MariaDB 64. */
static int set_session(struct db *db, struct err *err)
{
    static const char mariadb[] = "SET SESSION check_constraint_checks = 0, max_error_count = 65535";
    if (db_flavor(db) == FLAVOR_MARIADB && db_exec(db, mariadb, err))
        return -1;
    return db_exec(db, "SET SESSION sql_mode = 'NO_AUTO_VALUE_ON_ZERO'", err);
}

int rows_writer_open_sql(struct rows_writer **out, struct db *db, struct err *err)
{
    struct sql_run *run;
    if (set_session(db, err) || sql_run_open(&run, db, err))
        return -1;
    struct sql_writer *w = xcalloc(1, sizeof *w);
    w->base.ops = &sql_ops;
    w->db = db;
    w->run = run;
    *out = &w->base;
    return 0;
}
