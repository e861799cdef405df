/* Reading rows of the target by the binary protocol into cells. */
#include <mysql.h>

#include "common/model/json_text.h"
#include "common/target/cell_encode.h"
#include "common/target/local_row.h"

#define INLINE_BYTES 256 /* of a column, before a second fetch of the whole value */

/* Where one column of the row at hand lands. */
union landing {
    uint64_t integer;
    float single;
    double twice;
    MYSQL_TIME time;
    uint8_t bytes[INLINE_BYTES];
};

struct reading {
    struct db *db;
    MYSQL_STMT *stmt;
    MYSQL_BIND *binds;
    union landing *values;
    unsigned long *lengths;
    my_bool *nulls;
    struct buf scratch;
};

static enum enum_field_types bind_type(const struct column *c, const struct target_column *tc)
{
    if (tc->form == READ_NUMBER)
        return MYSQL_TYPE_LONGLONG;
    switch (c->type) {
    case COLUMN_TINY:
    case COLUMN_SHORT:
    case COLUMN_INT24:
    case COLUMN_LONG:
    case COLUMN_LONGLONG:
    case COLUMN_YEAR:
        return MYSQL_TYPE_LONGLONG;
    case COLUMN_FLOAT:
        return MYSQL_TYPE_FLOAT;
    case COLUMN_DOUBLE:
        return MYSQL_TYPE_DOUBLE;
    case COLUMN_NEWDECIMAL:
        return MYSQL_TYPE_STRING;
    case COLUMN_DATE:
    case COLUMN_NEWDATE:
        return MYSQL_TYPE_DATE;
    case COLUMN_TIME:
    case COLUMN_TIME2:
        return MYSQL_TYPE_TIME;
    case COLUMN_DATETIME:
    case COLUMN_DATETIME2:
    case COLUMN_TIMESTAMP:
    case COLUMN_TIMESTAMP2:
        return MYSQL_TYPE_DATETIME;
    default:
        return MYSQL_TYPE_BLOB;
    }
}

/* An error in the middle of a result stands on the connection only, not on the statement. */
static int stmt_error(const struct reading *r, struct err *err)
{
    bool own = mysql_stmt_errno(r->stmt) != 0;
    return db_error_of(r->db, own ? mysql_stmt_errno(r->stmt) : mysql_errno(r->stmt->mysql),
                       own ? mysql_stmt_error(r->stmt) : mysql_error(r->stmt->mysql), err,
                       "reading rows of the target");
}

static int start_reading(struct reading *r, struct db *db, const struct target_table *t, const struct buf *sql,
                         struct arena *a, struct err *err)
{
    uint16_t n = t->def->column_count;
    r->db = db;
    r->stmt = mysql_stmt_init(db_handle(db));
    if (!r->stmt)
        return err_fatal(err, EXIT_BUG, "no memory for a statement");
    db_beat(db);
    if (mariadb_stmt_execute_direct(r->stmt, (const char *)sql->data, sql->len))
        return stmt_error(r, err);
    r->binds = arena_zalloc(a, n * sizeof *r->binds);
    r->values = arena_zalloc(a, n * sizeof *r->values);
    r->lengths = arena_zalloc(a, n * sizeof *r->lengths);
    r->nulls = arena_zalloc(a, n * sizeof *r->nulls);
    for (uint16_t i = 0; i < n; i++) {
        MYSQL_BIND *b = &r->binds[i];
        b->buffer_type = bind_type(&t->def->columns[i], &t->columns[i]);
        b->buffer = &r->values[i];
        b->buffer_length = sizeof r->values[i];
        b->length = &r->lengths[i];
        b->is_null = &r->nulls[i];
        b->is_unsigned = t->def->columns[i].is_unsigned || t->columns[i].form == READ_NUMBER;
    }
    if (mysql_stmt_bind_result(r->stmt, r->binds))
        return stmt_error(r, err);
    return 0;
}

/* The bytes of column i, fetched again whole when they are longer than the landing. */
static int read_bytes(struct span *out, struct reading *r, unsigned i, struct arena *a, struct err *err)
{
    unsigned long n = r->lengths[i];
    *out = span_of(r->values[i].bytes, n);
    if (n <= INLINE_BYTES)
        return 0;
    MYSQL_BIND whole = {
        .buffer_type = r->binds[i].buffer_type, .buffer = arena_alloc(a, n), .buffer_length = n, .length = &n};
    if (mysql_stmt_fetch_column(r->stmt, &whole, i, 0))
        return stmt_error(r, err);
    *out = span_of(whole.buffer, n);
    return 0;
}

static void encode_time(struct buf *out, const struct column *c, const MYSQL_TIME *from)
{
    bool is_time = c->type == COLUMN_TIME || c->type == COLUMN_TIME2;
    struct cell_time t = {
        .year = from->year,
        .month = from->month,
        .day = is_time ? 0 : from->day,
        .hour = from->hour + (is_time ? from->day * 24 : 0),
        .minute = from->minute,
        .second = from->second,
        .microsecond = (uint32_t)from->second_part,
        .negative = from->neg,
    };
    cell_encode_time(out, c, &t);
}

/* MySQL hands its JSON out as text. */
static int encode_json(struct buf *out, const struct column *c, struct span text, struct err *err)
{
    struct buf doc = {0};
    const char *why;
    bool good = json_printed_to_binary(text, &doc, &why);
    if (good)
        cell_encode_bytes(out, c, buf_span(&doc));
    buf_free(&doc);
    return good ? 0 : err_fatal(err, EXIT_BUG, "column `%.*s`: the server's JSON: %s", SPAN_ARG(c->name), why);
}

static int encode_column(struct reading *r, unsigned i, const struct column *c, struct arena *a, struct err *err)
{
    const union landing *v = &r->values[i];
    struct span bytes;
    switch (r->binds[i].buffer_type) {
    case MYSQL_TYPE_LONGLONG:
        cell_encode_integer(&r->scratch, c, v->integer);
        return 0;
    case MYSQL_TYPE_FLOAT:
        buf_put(&r->scratch, &v->single, sizeof v->single);
        return 0;
    case MYSQL_TYPE_DOUBLE:
        buf_put(&r->scratch, &v->twice, sizeof v->twice);
        return 0;
    case MYSQL_TYPE_DATE:
    case MYSQL_TYPE_TIME:
    case MYSQL_TYPE_DATETIME:
        encode_time(&r->scratch, c, &v->time);
        return 0;
    default:
        break;
    }
    if (read_bytes(&bytes, r, i, a, err))
        return -1;
    if (c->type == COLUMN_JSON)
        return encode_json(&r->scratch, c, bytes, err);
    if (c->type != COLUMN_NEWDECIMAL)
        cell_encode_bytes(&r->scratch, c, bytes);
    else if (!cell_encode_decimal(&r->scratch, c, bytes))
        return err_fatal(err, EXIT_BUG, "column `%.*s`: '%.*s' is not a decimal(%u,%u)", SPAN_ARG(c->name),
                         SPAN_ARG(bytes), c->meta >> 8, c->meta & 0xff);
    return 0;
}

static struct cell *encode_row(struct reading *r, const struct table_def *def, struct arena *a, struct err *err)
{
    struct cell *row = arena_zalloc(a, def->column_count * sizeof *row);
    for (uint16_t i = 0; i < def->column_count; i++) {
        if (r->nulls[i]) {
            row[i].null = true;
            continue;
        }
        buf_clear(&r->scratch);
        if (encode_column(r, i, &def->columns[i], a, err))
            return NULL;
        row[i].data = arena_copy(a, buf_span(&r->scratch));
    }
    return row;
}

static int read_all(struct local_rows *out, struct reading *r, const struct table_def *def, size_t room,
                    struct arena *a, struct err *err)
{
    out->count = 0;
    out->rows = arena_alloc(a, room * sizeof *out->rows);
    for (;;) {
        int rc = mysql_stmt_fetch(r->stmt);
        if (rc == MYSQL_NO_DATA)
            return 0;
        if (rc == 1)
            return stmt_error(r, err);
        struct cell *row = encode_row(r, def, a, err);
        if (!row)
            return -1;
        if (out->count == room) { /* a key prefix or a collation can match more rows than were asked for */
            struct cell **more = arena_alloc(a, 2 * room * sizeof *more);
            memcpy(more, out->rows, room * sizeof *more);
            out->rows = more;
            room *= 2;
        }
        out->rows[out->count++] = row;
    }
}

static int run(struct local_rows *out, struct db *db, const struct target_table *t, const struct buf *sql, size_t room,
               struct arena *a, struct err *err)
{
    struct reading r = {0};
    int rc = start_reading(&r, db, t, sql, a, err);
    if (rc == 0)
        rc = read_all(out, &r, t->def, room, a, err);
    if (rc)
        (void)db_error_in(db, t->def->db, err);
    if (r.stmt)
        mysql_stmt_close(r.stmt);
    buf_free(&r.scratch);
    return rc;
}

static void put_select(struct buf *sql, const struct target_table *t)
{
    buf_put_str(sql, "SELECT ");
    target_table_put_columns(t, sql);
    buf_put_str(sql, " FROM ");
    target_table_put_name(t, sql);
    buf_put_str(sql, " WHERE ");
}

static void put_lock(struct buf *sql, enum local_lock lock)
{
    buf_put_str(sql, lock == LOCAL_FOR_UPDATE ? " FOR UPDATE" : "");
}

static bool simple_key(const struct table_def *def)
{
    const struct column *c = &def->columns[def->key[0]];
    return def->key_count == 1 && !c->key_prefix && c->type != COLUMN_FLOAT;
}

/* One column: IN (…), which the servers turn into ranges best. Otherwise one AND list a key. */
static void put_keys(struct buf *sql, const struct target_table *t, const struct cell *const *images, size_t n)
{
    const struct table_def *def = t->def;
    if (simple_key(def)) {
        uint16_t k = def->key[0];
        db_put_name(sql, def->columns[k].name);
        for (size_t i = 0; i < n; i++) {
            buf_put_str(sql, i ? "," : " IN (");
            local_put_value(sql, &def->columns[k], &t->columns[k], &images[i][k]);
        }
        buf_put_u8(sql, ')');
        return;
    }
    for (size_t i = 0; i < n; i++) {
        buf_put_str(sql, i ? " OR (" : "(");
        for (uint16_t p = 0; p < def->key_count; p++) {
            uint16_t k = def->key[p];
            buf_put_str(sql, p ? " AND " : "");
            local_put_equals(sql, &def->columns[k], &t->columns[k], def->columns[k].key_prefix, &images[i][k]);
        }
        buf_put_u8(sql, ')');
    }
}

int local_rows_by_key(struct local_rows *out, struct db *db, const struct target_table *t,
                      const struct cell *const *images, size_t n, enum local_lock lock, struct arena *a,
                      struct err *err)
{
    struct buf sql = {0};
    out->count = 0;
    if (n == 0)
        return 0;
    put_select(&sql, t);
    put_keys(&sql, t, images, n);
    put_lock(&sql, lock);
    int rc = run(out, db, t, &sql, n, a, err);
    buf_free(&sql);
    return rc;
}

int local_rows_where(struct local_rows *out, struct db *db, const struct target_table *t, const char *condition,
                     size_t most, enum local_lock lock, struct arena *a, struct err *err)
{
    struct buf sql = {0};
    put_select(&sql, t);
    buf_put_str(&sql, condition);
    buf_printf(&sql, " LIMIT %zu", most);
    put_lock(&sql, lock);
    int rc = run(out, db, t, &sql, most, a, err);
    buf_free(&sql);
    return rc;
}

int local_row_by_image(struct local_rows *out, struct db *db, const struct target_table *t, const struct cell *image,
                       enum local_lock lock, struct arena *a, struct err *err)
{
    struct buf sql = {0};
    bool more = false;
    put_select(&sql, t);
    for (uint16_t i = 0; i < t->def->column_count; i++) {
        if (image[i].absent)
            continue;
        buf_put_str(&sql, more ? " AND " : "");
        more = true;
        local_put_equals(&sql, &t->def->columns[i], &t->columns[i], 0, &image[i]);
    }
    buf_put_str(&sql, " LIMIT 1");
    put_lock(&sql, lock);
    int rc = run(out, db, t, &sql, 1, a, err);
    buf_free(&sql);
    return rc ? target_search_error(db, t->def, err) : 0;
}
