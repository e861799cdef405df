/* Definitions as the server shows them, hashed; and the signs that a target has got where a statement leads. */
#include "common/target/ddl_print.h"

#include "common/base/hash.h"

/* Behind the name: from the first bracket on, without "AUTO_INCREMENT=123", which rows move. */
uint64_t ddl_print_of(struct span create)
{
    static const char counter[] = " AUTO_INCREMENT=";
    struct span rest = create;
    uint64_t hash = 0;
    while (rest.n > 0 && *rest.p != '(')
        rest = span_of(rest.p + 1, rest.n - 1);
    const uint8_t *at = rest.n > 0 ? memmem(rest.p, rest.n, counter, sizeof counter - 1) : NULL;
    if (at) {
        hash = hash64(span_of(rest.p, (size_t)(at - rest.p)), hash);
        const uint8_t *end = rest.p + rest.n;
        for (at += sizeof counter - 1; at < end && *at >= '0' && *at <= '9'; at++)
            continue;
        rest = span_of(at, (size_t)(end - at));
    }
    hash = hash64(rest, hash);
    return hash ? hash : 1; /* 0 says that it is not there */
}

static void put_table(struct buf *sql, const struct ddl_table *t)
{
    db_put_name(sql, t->db);
    if (t->name.n > 0) {
        buf_put_str(sql, ".");
        db_put_name(sql, t->name);
    }
}

static int print_one(uint64_t *out, struct db *db, const struct ddl_table *t, struct arena *a, struct err *err)
{
    struct buf sql = {0};
    struct db_rows rows;
    struct err why = {0};
    *out = 0;
    buf_put_str(&sql, t->name.n > 0 ? "SHOW CREATE TABLE " : "SHOW CREATE DATABASE ");
    put_table(&sql, t);
    int rc = db_query(db, &rows, a, buf_cstr(&sql), &why);
    if (rc == 0 && rows.row_count > 0) {
        struct span text = db_cell(&rows, 0, 1);
        *out = t->name.n > 0 ? ddl_print_of(text) : hash64(text, 1);
    } else if (rc && db_says_absent(&why)) {
        rc = 0;
    } else if (rc && err) {
        *err = why;
    }
    buf_free(&sql);
    return rc;
}

int ddl_print(uint64_t **out, struct db *db, const struct ddl_plan *plan, struct arena *a, struct err *err)
{
    *out = arena_zalloc(a, plan->ddl.table_count * sizeof **out);
    for (size_t i = 0; i < plan->ddl.table_count; i++)
        if (print_one(&(*out)[i], db, &plan->ddl.tables[i], a, err))
            return -1;
    return 0;
}

/* ---- signs ---- */

/* 1: it has no row, or is not there; 0; -1. */
static int is_empty(struct db *db, const struct ddl_table *t, struct err *err)
{
    struct arena a = {0};
    struct buf sql = {0};
    struct db_rows rows;
    struct err why = {0};
    buf_put_str(&sql, "SELECT 1 FROM ");
    put_table(&sql, t);
    buf_put_str(&sql, " LIMIT 1");
    int rc = db_query(db, &rows, &a, buf_cstr(&sql), &why) == 0 ? rows.row_count == 0 : db_says_absent(&why) ? 1 : -1;
    if (rc < 0 && err)
        *err = why;
    buf_free(&sql);
    arena_free(&a);
    return rc;
}

/* How many of the database's tables and views are the pair's (`ours`) or are not; `name`: one of them. */
static int count_tables(uint64_t *out, struct buf *name, struct db *db, const struct ddl_table *base,
                        const struct filter *f, bool ours, struct err *err)
{
    struct arena a = {0};
    struct buf sql = {0};
    struct db_rows rows;
    *out = 0;
    buf_put_str(&sql, "SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = ");
    db_put_string(&sql, base->db);
    int rc = db_query(db, &rows, &a, buf_cstr(&sql), err);
    for (size_t i = 0; rc == 0 && i < rows.row_count; i++) {
        if (filter_match(f, base->db, db_cell(&rows, i, 0)) != ours)
            continue;
        if (name && *out == 0)
            buf_put_span(name, db_cell(&rows, i, 0));
        ++*out;
    }
    buf_free(&sql);
    arena_free(&a);
    return rc;
}

int ddl_print_database_has_others(struct buf *name, struct db *db, const struct ddl_plan *plan, const struct filter *f,
                                  struct err *err)
{
    uint64_t others;
    return count_tables(&others, name, db, &plan->ddl.tables[0], f, false, err) ? -1 : others > 0;
}

/* Names that it only moves from are free, names that it only moves to are there; both cannot be seen. */
static bool moved(const struct ddl_plan *plan, size_t i, uint64_t print)
{
    bool from = ddl_plan_moves_from(plan, i), to = ddl_plan_moves_to(plan, i);
    return !(from && to) && (print != 0) == to;
}

static int table_fits(struct db *db, const struct ddl_plan *plan, const struct filter *f, size_t i, uint64_t print,
                      struct err *err)
{
    uint64_t ours = 0;
    switch (plan->sign) {
    case DDL_SIGN_GONE:
        return print == 0;
    case DDL_SIGN_MADE:
        return i > 0 || print != 0;
    case DDL_SIGN_MOVED:
        return moved(plan, i, print);
    case DDL_SIGN_EMPTY:
        return is_empty(db, &plan->ddl.tables[i], err);
    case DDL_SIGN_NO_BASE:
        return count_tables(&ours, NULL, db, &plan->ddl.tables[i], f, true, err) ? -1 : ours == 0;
    case DDL_SIGN_NONE:
        break;
    }
    return 0;
}

int ddl_print_fits(struct db *db, const struct ddl_plan *plan, const struct filter *f, struct err *err)
{
    struct arena a = {0};
    uint64_t *prints;
    int fits = plan->sign == DDL_SIGN_NONE ? 0 : 1;
    if (fits && ddl_print(&prints, db, plan, &a, err))
        fits = -1;
    for (size_t i = 0; fits == 1 && i < plan->ddl.table_count; i++)
        if (ddl_plan_is_ours(plan, f, i))
            fits = table_fits(db, plan, f, i, prints[i], err);
    arena_free(&a);
    return fits;
}
