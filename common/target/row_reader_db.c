/* Reading rows into images: kept statements, and the server's binary rows taken apart by the column types it tells. */
#include <stdlib.h>

#include <mysql.h>

#include "common/base/map.h"
#include "common/base/mem.h"
#include "common/model/json_text.h"
#include "common/target/cell_encode.h"
#include "common/target/local_row.h"
#include "common/target/row_reader.h"

#define SIZES 3
#define MOST_PARTS 4      /* key columns of a statement with parameters */
#define MOST_PREPARED 250 /* statements kept; the servers allow 16382 for all sessions */

static const size_t sizes[SIZES] = {4, 48, ROW_READER_MOST};

/* Kept statements of one table. */
struct kept {
    MYSQL_STMT *by_size[SIZES];
};

struct row_reader {
    struct db *db;
    struct map kept;                  /* address of a table -> struct kept * */
    size_t prepared;                  /* statements in it */
    const struct target_table *table; /* at hand */
    MYSQL_STMT *stmt;                 /* that is being read; NULL: none */
    bool is_kept;                     /* it belongs to `kept` */
    MYSQL_ROWS *row;                  /* the next one */
    struct buf image;
    struct buf sql;
    MYSQL_BIND binds[ROW_READER_MOST * MOST_PARTS];
    uint64_t values[ROW_READER_MOST * MOST_PARTS];
};

struct row_reader *row_reader_new(struct db *db)
{
    struct row_reader *r = xcalloc(1, sizeof *r);
    r->db = db;
    return r;
}

static void end_reading(struct row_reader *r)
{
    if (r->stmt && r->is_kept)
        (void)mysql_stmt_free_result(r->stmt);
    else if (r->stmt)
        (void)mysql_stmt_close(r->stmt);
    r->stmt = NULL;
    r->row = NULL;
}

static void forget_kept(struct row_reader *r)
{
    size_t i = 0;
    struct span table;
    void *value;
    while (map_next(&r->kept, &i, &table, &value)) {
        struct kept *k = value;
        for (size_t size = 0; size < SIZES; size++)
            if (k->by_size[size])
                (void)mysql_stmt_close(k->by_size[size]);
        free(k);
    }
    map_free(&r->kept);
    r->prepared = 0;
}

void row_reader_free(struct row_reader **r)
{
    if (!*r)
        return;
    end_reading(*r);
    forget_kept(*r);
    buf_free(&(*r)->image);
    buf_free(&(*r)->sql);
    free(*r);
    *r = NULL;
}

static int reader_error(const struct row_reader *r, struct err *err)
{
    bool own = mysql_stmt_errno(r->stmt) != 0;
    return db_error_of(r->db, own ? mysql_stmt_errno(r->stmt) : mysql_errno(r->stmt->mysql),
                       own ? mysql_stmt_error(r->stmt) : mysql_error(r->stmt->mysql), err,
                       "reading rows of the target");
}

static int new_statement(struct row_reader *r, struct err *err)
{
    r->stmt = mysql_stmt_init(db_handle(r->db));
    return r->stmt ? 0 : err_fatal(err, EXIT_BUG, "no memory for a statement");
}

/* ---- the statements ---- */

static bool is_integer(const struct target_table *t, uint16_t column)
{
    uint8_t type = t->def->columns[column].type;
    return t->columns[column].form == READ_PLAIN &&
           (type == COLUMN_TINY || type == COLUMN_SHORT || type == COLUMN_INT24 || type == COLUMN_LONG ||
            type == COLUMN_LONGLONG);
}

static bool has_integer_key(const struct target_table *t)
{
    for (uint16_t p = 0; p < t->def->key_count; p++)
        if (!is_integer(t, t->def->key[p]))
            return false;
    return t->def->key_count <= MOST_PARTS;
}

/* One column without a prefix: IN (…), which the servers turn into ranges best. Otherwise one AND list a key. */
static bool is_one_column(const struct table_def *def)
{
    const struct column *c = &def->columns[def->key[0]];
    return def->key_count == 1 && !c->key_prefix && c->type != COLUMN_FLOAT;
}

/* The key says where the rows are; statistics, which may be of an emptier table, are not asked. */
static void put_select(struct buf *sql, const struct target_table *t)
{
    buf_clear(sql);
    buf_put_str(sql, "SELECT ");
    target_table_put_columns(t, sql);
    buf_put_str(sql, " FROM ");
    target_table_put_name(t, sql);
    buf_put_str(sql, " FORCE INDEX (PRIMARY) WHERE ");
}

/* The cell of the key's next part. */
static struct cell key_part(struct bytes *key)
{
    uint64_t n = bytes_varint(key);
    return n == 0 ? (struct cell){.null = true} : (struct cell){.data = bytes_take(key, (size_t)n - 1)};
}

static void put_key(struct buf *sql, const struct target_table *t, struct span key)
{
    struct bytes r = bytes_of(key);
    for (uint16_t p = 0; p < t->def->key_count; p++) {
        uint16_t k = t->def->key[p];
        const struct column *c = &t->def->columns[k];
        struct cell v = key_part(&r);
        buf_put_str(sql, p ? " AND " : "");
        local_put_equals(sql, c, &t->columns[k], c->key_prefix, &v);
    }
}

static void put_literals(struct buf *sql, const struct target_table *t, const struct span *keys, size_t n)
{
    put_select(sql, t);
    if (is_one_column(t->def))
        db_put_name(sql, t->def->columns[t->def->key[0]].name);
    for (size_t i = 0; i < n; i++) {
        if (is_one_column(t->def)) {
            struct bytes r = bytes_of(keys[i]);
            struct cell v = key_part(&r);
            uint16_t k = t->def->key[0];
            buf_put_str(sql, i ? "," : " IN (");
            local_put_value(sql, &t->def->columns[k], &t->columns[k], &v);
        } else {
            buf_put_str(sql, i ? ") OR (" : "(");
            put_key(sql, t, keys[i]);
        }
    }
    buf_put_str(sql, ") FOR UPDATE");
}

static void put_parameters(struct buf *sql, const struct target_table *t, size_t n)
{
    const struct table_def *def = t->def;
    put_select(sql, t);
    if (is_one_column(def))
        db_put_name(sql, def->columns[def->key[0]].name);
    for (size_t i = 0; i < n; i++) {
        if (is_one_column(def)) {
            buf_put_str(sql, i ? ",?" : " IN (?");
            continue;
        }
        buf_put_str(sql, i ? ") OR (" : "(");
        for (uint16_t p = 0; p < def->key_count; p++) {
            buf_put_str(sql, p ? " AND " : "");
            db_put_name(sql, def->columns[def->key[p]].name);
            buf_put_str(sql, " = ?");
        }
    }
    buf_put_str(sql, ") FOR UPDATE");
}

static int prepare(struct row_reader *r, const struct target_table *t, size_t n, struct err *err)
{
    put_parameters(&r->sql, t, n);
    if (mysql_stmt_prepare(r->stmt, (const char *)r->sql.data, (unsigned long)r->sql.len))
        return reader_error(r, err);
    for (size_t i = 0; i < n * t->def->key_count; i++)
        r->binds[i] = (MYSQL_BIND){
            .buffer_type = MYSQL_TYPE_LONGLONG,
            .buffer = &r->values[i],
            .is_unsigned = t->def->columns[t->def->key[i % t->def->key_count]].is_unsigned,
        };
    return mysql_stmt_bind_param(r->stmt, r->binds) ? reader_error(r, err) : 0;
}

/* The kept statement of that size; NULL: there is none yet. */
static MYSQL_STMT *find_statement(const struct row_reader *r, const struct target_table *t, size_t size)
{
    const struct kept *k = map_get(&r->kept, span_of(&t, sizeof t));
    return k ? k->by_size[size] : NULL;
}

/* The same; made when there is none yet. A schema may have any number of tables: then those kept go, all at once. */
static int keep_statement(struct row_reader *r, const struct target_table *t, size_t size, struct err *err)
{
    r->stmt = find_statement(r, t, size);
    r->is_kept = r->stmt != NULL;
    if (r->stmt)
        return 0;
    if (r->prepared >= MOST_PREPARED)
        forget_kept(r);
    if (new_statement(r, err) || prepare(r, t, sizes[size], err))
        return -1;
    void **place = map_ref(&r->kept, span_of(&t, sizeof t));
    if (!*place)
        *place = xcalloc(1, sizeof(struct kept));
    ((struct kept *)*place)->by_size[size] = r->stmt;
    r->prepared++;
    r->is_kept = true;
    return 0;
}

static uint64_t integer_of(const struct column *c, const struct cell *v)
{
    struct bytes r = bytes_of(v->data);
    unsigned spare = 64 - 8 * (unsigned)v->data.n;
    uint64_t n = bytes_le(&r, v->data.n);
    return c->is_unsigned || spare == 0 ? n : (uint64_t)((int64_t)(n << spare) >> spare);
}

static void set_values(struct row_reader *r, const struct target_table *t, const struct span *keys, size_t n,
                       size_t size)
{
    const struct table_def *def = t->def;
    for (size_t i = 0; i < size; i++) {
        struct bytes key = bytes_of(keys[i < n ? i : n - 1]);
        for (uint16_t p = 0; p < def->key_count; p++) {
            struct cell v = key_part(&key);
            r->values[i * def->key_count + p] = integer_of(&def->columns[def->key[p]], &v);
        }
    }
}

static int execute(struct row_reader *r, const struct target_table *t, const struct span *keys, size_t n,
                   struct err *err)
{
    size_t size = 0;
    if (!has_integer_key(t)) {
        put_literals(&r->sql, t, keys, n);
        r->is_kept = false;
        if (new_statement(r, err))
            return -1;
        db_beat(r->db);
        return mariadb_stmt_execute_direct(r->stmt, (const char *)r->sql.data, r->sql.len) ? reader_error(r, err) : 0;
    }
    while (sizes[size] < n)
        size++;
    if (keep_statement(r, t, size, err))
        return -1;
    set_values(r, t, keys, n, sizes[size]);
    db_beat(r->db);
    return mysql_stmt_execute(r->stmt) ? reader_error(r, err) : 0;
}

int row_reader_start(struct row_reader *r, const struct target_table *t, const struct span *keys, size_t n,
                     struct err *err)
{
    end_reading(r);
    r->table = t;
    if (n == 0)
        return 0;
    int rc = execute(r, t, keys, n, err);
    if (rc == 0 && mysql_stmt_store_result(r->stmt))
        rc = reader_error(r, err);
    if (rc)
        end_reading(r);
    else
        r->row = r->stmt->result.data;
    return rc;
}

/* ---- a row ---- */

static void put_integer(struct buf *out, const struct column *c, const MYSQL_FIELD *f, size_t n, struct bytes *r)
{
    uint64_t v = bytes_le(r, n);
    unsigned spare = 64 - 8 * (unsigned)n;
    if (spare && !(f->flags & UNSIGNED_FLAG))
        v = (uint64_t)((int64_t)(v << spare) >> spare);
    cell_encode_integer(out, c, v);
}

static void put_date(struct buf *out, const struct column *c, struct bytes *r)
{
    struct bytes v = bytes_of(bytes_take(r, bytes_u8(r)));
    struct cell_time t = {0};
    if (bytes_left(&v) >= 4) {
        t.year = bytes_u16(&v);
        t.month = bytes_u8(&v);
        t.day = bytes_u8(&v);
    }
    if (bytes_left(&v) >= 3) {
        t.hour = bytes_u8(&v);
        t.minute = bytes_u8(&v);
        t.second = bytes_u8(&v);
    }
    if (bytes_left(&v) >= 4)
        t.microsecond = bytes_u32(&v);
    cell_encode_time(out, c, &t);
}

static void put_time(struct buf *out, const struct column *c, struct bytes *r)
{
    struct bytes v = bytes_of(bytes_take(r, bytes_u8(r)));
    struct cell_time t = {0};
    if (bytes_left(&v) >= 8) {
        t.negative = bytes_u8(&v) != 0;
        t.hour = bytes_u32(&v) * 24;
        t.hour += bytes_u8(&v);
        t.minute = bytes_u8(&v);
        t.second = bytes_u8(&v);
    }
    if (bytes_left(&v) >= 4)
        t.microsecond = bytes_u32(&v);
    cell_encode_time(out, c, &t);
}

/* MySQL hands its JSON out as text. */
static bool put_json(struct buf *out, const struct column *c, struct span text)
{
    struct buf doc = {0};
    const char *why;
    bool good = json_printed_to_binary(text, &doc, &why);
    if (good)
        cell_encode_bytes(out, c, buf_span(&doc));
    buf_free(&doc);
    return good;
}

static bool put_text(struct buf *out, const struct column *c, struct bytes *r)
{
    uint64_t n = bytes_lenenc(r);
    struct span v = bytes_take(r, n > bytes_left(r) ? bytes_left(r) + 1 : (size_t)n);
    if (c->type == COLUMN_NEWDECIMAL)
        return cell_encode_decimal(out, c, v);
    if (c->type == COLUMN_JSON)
        return put_json(out, c, v);
    cell_encode_bytes(out, c, v);
    return true;
}

/* One value that is not NULL, of the type that the server says it sends. False: not what the column can hold. */
static bool put_value(struct buf *out, const struct column *c, const MYSQL_FIELD *f, struct bytes *r)
{
    switch (f->type) {
    case MYSQL_TYPE_TINY:
        put_integer(out, c, f, 1, r);
        return true;
    case MYSQL_TYPE_SHORT:
    case MYSQL_TYPE_YEAR:
        put_integer(out, c, f, 2, r);
        return true;
    case MYSQL_TYPE_LONG:
    case MYSQL_TYPE_INT24:
        put_integer(out, c, f, 4, r);
        return true;
    case MYSQL_TYPE_LONGLONG:
        put_integer(out, c, f, 8, r);
        return true;
    case MYSQL_TYPE_FLOAT:
        buf_put_span(out, bytes_take(r, 4));
        return true;
    case MYSQL_TYPE_DOUBLE:
        buf_put_span(out, bytes_take(r, 8));
        return true;
    case MYSQL_TYPE_DATE:
    case MYSQL_TYPE_DATETIME:
    case MYSQL_TYPE_TIMESTAMP:
        put_date(out, c, r);
        return true;
    case MYSQL_TYPE_TIME:
        put_time(out, c, r);
        return true;
    default:
        return put_text(out, c, r);
    }
}

/* Header byte, NULL bitmap from bit 2 on, values of the columns that are not NULL. */
static int put_row(struct row_reader *r, struct bytes *row, struct err *err)
{
    const struct table_def *def = r->table->def;
    size_t bitmap = (def->column_count + 7u) / 8;
    bool fits = true;
    buf_clear(&r->image);
    memset(buf_grow(&r->image, bitmap), 0xff, bitmap);
    bytes_skip(row, 1);
    struct span nulls = bytes_take(row, (def->column_count + 9u) / 8);
    for (size_t i = 0; fits && i < def->column_count && !row->bad; i++) {
        if (nulls.p[(i + 2) / 8] >> (i + 2) % 8 & 1)
            continue;
        r->image.data[i / 8] &= (uint8_t) ~(1u << i % 8);
        fits = put_value(&r->image, &def->columns[i], &r->stmt->fields[i], row);
        if (!fits)
            return err_fatal(err, EXIT_BUG, "a value of column `%.*s` at the target is not of its type",
                             SPAN_ARG(def->columns[i].name));
    }
    if (row->bad || bytes_left(row) > 0)
        return err_fatal(err, EXIT_BUG, "a row of `%.*s`.`%.*s` at the target cannot be read", SPAN_ARG(def->db),
                         SPAN_ARG(def->name));
    return 0;
}

int row_reader_next(struct row_reader *r, struct span *image, struct err *err)
{
    if (!r->row) {
        end_reading(r);
        return 0;
    }
    struct bytes row = bytes_of(span_of(r->row->data, r->row->length));
    r->row = r->row->next;
    if (put_row(r, &row, err))
        return -1;
    *image = buf_span(&r->image);
    return 1;
}
