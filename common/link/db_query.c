/* Running SQL on a connection: statements, small results, quoting, the server's own position. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/mem.h"
#include "common/link/db_private.h"
#include "common/model/position.h"

/* Read and drop whatever results the statement left. */
static int drop_results(struct db *db, const char *what, struct err *err)
{
    int more;
    do {
        MYSQL_RES *res = mysql_use_result(db->handle);
        if (res) {
            while (mysql_fetch_row(res))
                ;
            mysql_free_result(res);
        }
        if (mysql_errno(db->handle))
            return db_error(db, err, what);
        more = mysql_next_result(db->handle);
    } while (more == 0);
    return more > 0 ? db_error(db, err, what) : 0;
}

/* The beginning of a statement, for an error text. */
static void statement_head(char out[64], const char *sql)
{
    size_t n = strcspn(sql, "\n");
    (void)snprintf(out, 64, n > 60 ? "%.57s..." : "%.60s", sql);
}

int db_exec(struct db *db, const char *sql, struct err *err)
{
    char what[64];
    statement_head(what, sql);
    db_beat(db);
    if (mysql_real_query(db->handle, sql, strlen(sql)))
        return db_error(db, err, what);
    if (mysql_field_count(db->handle) == 0) {
        my_ulonglong n = mysql_affected_rows(db->handle);
        db->affected = n == (my_ulonglong)-1 ? 0 : n;
    }
    return drop_results(db, what, err);
}

int db_execf(struct db *db, struct err *err, const char *fmt, ...)
{
    va_list ap;
    char *sql = NULL;
    va_start(ap, fmt);
    int n = vasprintf(&sql, fmt, ap);
    va_end(ap);
    if (n < 0)
        abort();
    int rc = db_exec(db, sql, err);
    free(sql);
    return rc;
}

void db_rollback(struct db *db)
{
    if (db_exec(db, "ROLLBACK", NULL))
        db_interrupt(db);
}

uint64_t db_affected(const struct db *db)
{
    return db->affected;
}

static void copy_row(struct span *cells, MYSQL_RES *res, MYSQL_ROW row, struct arena *a, size_t columns)
{
    const unsigned long *lengths = mysql_fetch_lengths(res);
    for (size_t c = 0; c < columns; c++) {
        if (row[c])
            cells[c] = (struct span){(const uint8_t *)arena_strdup(a, span_of(row[c], lengths[c])), lengths[c]};
    }
}

int db_query(struct db *db, struct db_rows *out, struct arena *a, const char *sql, struct err *err)
{
    char what[64];
    statement_head(what, sql);
    *out = (struct db_rows){0};
    db_beat(db);
    if (mysql_real_query(db->handle, sql, strlen(sql)))
        return db_error(db, err, what);
    MYSQL_RES *res = mysql_store_result(db->handle);
    if (!res)
        return mysql_errno(db->handle) ? db_error(db, err, what)
                                       : err_fatal(err, EXIT_BUG, "%s: a statement without a result", what);
    out->row_count = (size_t)mysql_num_rows(res);
    out->column_count = mysql_num_fields(res);
    out->cells = arena_zalloc(a, (out->row_count * out->column_count + 1) * sizeof *out->cells);
    for (size_t r = 0; r < out->row_count; r++)
        copy_row(out->cells + r * out->column_count, res, mysql_fetch_row(res), a, out->column_count);
    mysql_free_result(res);
    return 0;
}

int db_query_text(struct db *db, char *out, size_t size, const char *sql, struct err *err)
{
    struct arena a = {0};
    struct db_rows rows;
    out[0] = '\0';
    int rc = db_query(db, &rows, &a, sql, err);
    if (rc == 0 && rows.row_count > 0 && rows.column_count > 0) {
        struct span cell = db_cell(&rows, 0, 0);
        if (cell.n >= size)
            rc = err_fatal(err, EXIT_BUG, "the answer to %.60s is longer than %zu bytes", sql, size);
        else if (cell.p)
            (void)snprintf(out, size, "%.*s", SPAN_ARG(cell));
    }
    arena_free(&a);
    return rc;
}

int db_query_u64(struct db *db, uint64_t *out, const char *sql, struct err *err)
{
    char text[64];
    *out = 0;
    if (db_query_text(db, text, sizeof text, sql, err))
        return -1;
    *out = strtoull(text, NULL, 10);
    return 0;
}

void db_put_name(struct buf *out, struct span name)
{
    buf_put_u8(out, '`');
    for (size_t i = 0; i < name.n; i++) {
        if (name.p[i] == '`')
            buf_put_u8(out, '`');
        buf_put_u8(out, name.p[i]);
    }
    buf_put_u8(out, '`');
}

/* Nothing in it that any sql_mode or character set could read in another way. */
static bool is_plain(struct span s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] < ' ' || s.p[i] > '~' || s.p[i] == '\'' || s.p[i] == '\\')
            return false;
    }
    return true;
}

void db_put_string(struct buf *out, struct span s)
{
    bool plain = is_plain(s);
    buf_put_str(out, plain ? "'" : "X'");
    if (plain)
        buf_put_span(out, s);
    else
        buf_put_hex(out, s);
    buf_put_u8(out, '\'');
}

int db_source_position(struct db *db, struct position *out, struct err *err)
{
    struct arena a = {0};
    struct db_rows rows;
    bool maria = db->flavor == FLAVOR_MARIADB;
    int rc = db_query(db, &rows, &a, maria ? "SELECT @@GLOBAL.gtid_binlog_pos" : "SELECT @@GLOBAL.gtid_executed", err);
    if (rc == 0) {
        struct span text = rows.row_count ? db_cell(&rows, 0, 0) : span_str("");
        rc = position_parse(out, db->flavor, text, err);
    }
    arena_free(&a);
    return rc;
}

/* @@gtid_owned as a set: "uuid:number#connection:…", of which the connections are left out. */
static int read_owned(struct position *out, struct span text, struct err *err)
{
    struct buf set = {0};
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] != '#') {
            buf_put_u8(&set, text.p[i]);
            continue;
        }
        while (i + 1 < text.n && text.p[i + 1] >= '0' && text.p[i + 1] <= '9')
            i++;
    }
    int rc = position_parse(out, FLAVOR_MYSQL, buf_span(&set), err);
    buf_free(&set);
    return rc;
}

int db_owned_position(struct db *db, struct position *out, struct err *err)
{
    struct arena a = {0};
    struct db_rows rows;
    if (db->flavor != FLAVOR_MYSQL) {
        position_free(out);
        return 0;
    }
    int rc = db_query(db, &rows, &a, "SELECT @@GLOBAL.gtid_owned", err);
    if (rc == 0)
        rc = read_owned(out, rows.row_count ? db_cell(&rows, 0, 0) : span_str(""), err);
    arena_free(&a);
    return rc;
}

/* A transaction goes from "owned" to "executed", so they are read in this order. */
int db_logged_position(struct db *db, struct position *out, struct err *err)
{
    struct position owned = {0};
    int rc = db_owned_position(db, &owned, err);
    if (rc == 0)
        rc = db_source_position(db, out, err);
    if (rc == 0)
        position_union(out, &owned);
    position_free(&owned);
    return rc;
}

int db_oldest_position(struct db *db, struct position *out, struct err *err)
{
    enum flavor flavor = db_flavor(db);
    struct arena arena = {0};
    struct db_rows rows;
    struct buf sql = {0};
    int rc = -1;
    if (flavor == FLAVOR_MARIADB) {
        if (db_query(db, &rows, &arena, "SHOW BINARY LOGS", err))
            goto out;
        if (rows.row_count == 0) {
            err_fatal(err, EXIT_BAD_CONFIG, "%s has no binlog", db_server_name(db));
            goto out;
        }
        buf_put_str(&sql, "SELECT BINLOG_GTID_POS(");
        db_put_string(&sql, db_cell(&rows, 0, 0));
        buf_put_str(&sql, ", 4)");
    } else {
        buf_put_str(&sql, "SELECT @@GLOBAL.gtid_purged");
    }
    if (db_query(db, &rows, &arena, buf_cstr(&sql), err))
        goto out;
    rc = position_parse(out, flavor, rows.row_count == 1 ? db_cell(&rows, 0, 0) : (struct span){0}, err);
out:
    buf_free(&sql);
    arena_free(&arena);
    return rc;
}
