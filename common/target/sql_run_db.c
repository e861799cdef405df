/* Preparing, executing and checking the statements of the SQL writer. */
#include "common/target/sql_run.h"

#include <inttypes.h>
#include <stdlib.h>

#include "common/base/map.h"
#include "common/base/mem.h"
#include "common/target/packet.h"
#include "common/target/rows_writer.h"
#include "common/target/sql_bind_db.h"
#include "common/target/sql_json.h"
#include "common/target/sql_value.h"

#define PACKET_ROOM 1024       /* of a packet, for all that is not parameters */
#define MOST_PREPARED 500      /* statements kept; the servers allow 16382 for all sessions */
#define MOST_PARAMS 65535      /* of one statement */
#define LONG_VALUE (16u << 10) /* a row that is sent apart: values above this one by one, ... */
#define LONG_PIECE (1u << 20)  /* ... in pieces */
#define HAS_CHILDREN 1451u     /* foreign key; the older number of the same, without its name */
#define HAS_CHILDREN_UNNAMED 1217u
#define LOSSY_MEMBER 1265u /* data truncated: also said of a 0 that goes into an ENUM */

struct sql_run {
    struct db *db;
    size_t max_packet;
    size_t needed;       /* where that was too small */
    bool arrays;         /* MariaDB */
    struct map prepared; /* text -> MYSQL_STMT * */
    struct arena arena;  /* of the statement at hand */
};

/* One statement at hand. */
struct call {
    struct sql_run *run;
    const struct target_table *table;
    const struct rows *shape;
    bool moves;
    bool many; /* several rows in one statement's text */
};

/* ---- prepared statements ---- */

static int stmt_error(const struct sql_run *s, MYSQL_STMT *stmt, struct err *err)
{
    return db_error_of(s->db, mysql_stmt_errno(stmt), mysql_stmt_error(stmt), err, "writing rows by SQL");
}

static void forget_prepared(struct sql_run *s)
{
    size_t i = 0;
    struct span key;
    void *stmt;
    while (map_next(&s->prepared, &i, &key, &stmt))
        (void)mysql_stmt_close(stmt);
    map_free(&s->prepared);
}

static int prepare_new(struct sql_run *s, MYSQL_STMT **out, const struct buf *text, struct err *err)
{
    *out = mysql_stmt_init(db_handle(s->db));
    if (!*out)
        return err_retry(err, "no memory for a statement");
    if (mysql_stmt_prepare(*out, (const char *)text->data, (unsigned long)text->len) == 0)
        return 0;
    (void)stmt_error(s, *out, err);
    (void)mysql_stmt_close(*out);
    return -1;
}

/* The text names everything that the statement depends on: a table that was changed has another one, or the server
 * prepares it again by itself. */
static int prepare(struct sql_run *s, MYSQL_STMT **out, const struct buf *text, struct err *err)
{
    *out = map_get(&s->prepared, buf_span(text));
    if (*out)
        return 0;
    if (s->prepared.count >= MOST_PREPARED)
        forget_prepared(s);
    if (prepare_new(s, out, text, err))
        return -1;
    *map_ref(&s->prepared, buf_span(text)) = *out;
    return 0;
}

static void make_statement(const struct call *c, struct sql_statement *out, size_t rows, const bool *leave)
{
    const struct sql_statement_setup setup = {
        .table = c->table, .shape = c->shape, .rows = rows, .moves = c->moves, .leave = leave};
    sql_statement_make(out, &setup, &c->run->arena);
}

/* ---- what the server answers ---- */

static int check_count(const struct call *c, MYSQL_STMT *stmt, size_t n, struct err *err)
{
    uint64_t found = mysql_stmt_affected_rows(stmt);
    if (found == n)
        return 0;
    (void)err_data(err, "Can't find record in '%.*s': %" PRIu64 " of %zu rows are there", SPAN_ARG(c->table->def->name),
                   found, n);
    if (err)
        err->code = SERVER_NO_SUCH_ROW;
    return -1;
}

/* Warnings that say that a value is not what was sent. Each 0 of an ENUM, which is a value like others, makes one. */
static int check_warnings(const struct call *c, MYSQL_STMT *stmt, size_t members, struct err *err)
{
    struct arena a = {0};
    struct db_rows rows;
    size_t lossy = 0, last = 0;
    int rc = 0;
    if ((size_t)mysql_stmt_warning_count(stmt) <= members)
        return 0;
    if (db_query(c->run->db, &rows, &a, "SHOW WARNINGS", err))
        rc = -1;
    for (size_t i = 0; rc == 0 && i < rows.row_count; i++) {
        struct err warning = {0};
        struct span code = db_cell(&rows, i, 1);
        unsigned number = (unsigned)strtoul((const char *)code.p, NULL, 10);
        (void)db_error_of(NULL, number, "", &warning, "");
        if (warning.class == ERR_DATA && !span_is(db_cell(&rows, i, 0), "Note")) {
            lossy++;
            last = i;
        }
    }
    if (rc == 0 && lossy > members) {
        rc = err_data(err, "a value does not arrive at the target as it was sent: %.*s",
                      SPAN_ARG(db_cell(&rows, last, 2)));
        if (err)
            err->code = (int)strtoul((const char *)db_cell(&rows, last, 1).p, NULL, 10);
    }
    arena_free(&a);
    return rc;
}

static int check(const struct call *c, MYSQL_STMT *stmt, size_t n, size_t members, struct err *err)
{
    return check_count(c, stmt, n, err) || check_warnings(c, stmt, members, err) ? -1 : 0;
}

/* ---- a row that goes alone ---- */

/* Documents of MySQL whose text is not all of them stand in the statement. */
static int write_documents(const struct call *c, struct span **out, const struct cell *image, bool *any,
                           struct err *err)
{
    const struct table_def *def = c->table->def;
    struct arena *a = &c->run->arena;
    *out = NULL;
    for (uint16_t i = 0; image && i < def->column_count; i++) {
        if (def->columns[i].type != COLUMN_JSON || image[i].null || image[i].absent ||
            !sql_json_is_opaque(cell_payload(&def->columns[i], &image[i]), a))
            continue;
        struct buf text = {0};
        bool good = sql_json_put(&text, cell_payload(&def->columns[i], &image[i]), a);
        if (!*out)
            *out = arena_zalloc(a, def->column_count * sizeof **out);
        (*out)[i] = arena_copy(a, buf_span(&text));
        *any = true;
        buf_free(&text);
        if (!good)
            return err_fatal(err, EXIT_BUG, "a document of column `%.*s` is malformed", SPAN_ARG(def->columns[i].name));
    }
    return 0;
}

/* A large value that is as it was need not be sent. */
static const bool *unchanged_values(const struct call *c, const struct sql_row *row)
{
    const struct table_def *def = c->table->def;
    bool *leave = arena_zalloc(&c->run->arena, def->column_count);
    for (uint16_t i = 0; c->shape->op == ROWS_UPDATE && i < def->column_count; i++)
        leave[i] = !row->before[i].absent && row->after[i].data.n > LONG_VALUE &&
                   span_eq(row->after[i].data, row->before[i].data);
    return leave;
}

static int send_long(const struct call *c, MYSQL_STMT *stmt, unsigned param, struct span v, struct err *err)
{
    for (size_t done = 0; done < v.n; done += LONG_PIECE) {
        size_t n = v.n - done < LONG_PIECE ? v.n - done : LONG_PIECE;
        if (mysql_stmt_send_long_data(stmt, param, (const char *)v.p + done, (unsigned long)n))
            return stmt_error(c->run, stmt, err);
    }
    return 0;
}

static bool is_long(const MYSQL_BIND *b)
{
    return b->buffer_length > LONG_VALUE && (b->buffer_type == MYSQL_TYPE_STRING || b->buffer_type == MYSQL_TYPE_BLOB);
}

/* Bytes that max_allowed_packet must allow: the server bounds each long value by it, as it does a packet. */
static size_t packet_needed(const struct sql_bind *b)
{
    size_t rest = b->bytes + PACKET_ROOM, longest = b->statement->text.len + PACKET_ROOM;
    for (size_t i = 0; i < b->statement->param_count; i++) {
        if (!is_long(&b->binds[i]))
            continue;
        rest -= b->binds[i].buffer_length;
        longest = b->binds[i].buffer_length > longest ? b->binds[i].buffer_length : longest;
    }
    return rest > longest ? rest : longest;
}

static int execute_long(const struct call *c, const struct sql_bind *b, MYSQL_STMT *stmt, struct err *err)
{
    const unsigned one_by_one = 0;
    if (mysql_stmt_attr_set(stmt, STMT_ATTR_ARRAY_SIZE, &one_by_one) || mysql_stmt_bind_param(stmt, b->binds))
        return stmt_error(c->run, stmt, err);
    for (unsigned i = 0; i < b->statement->param_count; i++)
        if (is_long(&b->binds[i]) && send_long(c, stmt, i, b->values[i].bytes, err))
            return -1;
    db_beat(c->run->db);
    return mysql_stmt_execute(stmt) ? stmt_error(c->run, stmt, err) : check(c, stmt, 1, b->members, err);
}

/* `any`: the text holds values, and would not be used again. */
static int run_single(const struct call *c, const struct sql_row *row, const struct sql_statement *statement, bool any,
                      struct err *err)
{
    struct sql_run *s = c->run;
    struct sql_bind b = {.table = c->table, .statement = statement, .arena = &s->arena};
    MYSQL_STMT *stmt;
    int rc = -1;
    if (sql_bind_singly(&b, row, 1, err))
        goto out;
    if (packet_needed(&b) > s->max_packet) {
        s->needed = packet_needed(&b);
        (void)packet_too_small(s->db, c->table, s->needed, err);
        goto out;
    }
    if (any ? prepare_new(s, &stmt, &statement->text, err) : prepare(s, &stmt, &statement->text, err))
        goto out;
    rc = execute_long(c, &b, stmt, err);
    if (any)
        (void)mysql_stmt_close(stmt);
out:
    buf_free(&b.scratch);
    return rc;
}

static int run_alone(const struct call *c, const struct sql_row *row, struct err *err)
{
    struct sql_statement_setup setup = {
        .table = c->table, .shape = c->shape, .rows = 1, .moves = c->moves, .leave = unchanged_values(c, row)};
    struct sql_statement statement;
    struct span *before, *after;
    bool any = false;
    if (write_documents(c, &before, row->before, &any, err) || write_documents(c, &after, row->after, &any, err))
        return -1;
    setup.written_before = before;
    setup.written_after = after;
    sql_statement_make(&statement, &setup, &c->run->arena);
    int rc = run_single(c, row, &statement, any, err);
    buf_free(&statement.text);
    return rc;
}

/* ---- rows that fit ---- */

static int run_bound(const struct call *c, const struct sql_bind *b, size_t n, struct err *err)
{
    struct sql_run *s = c->run;
    MYSQL_STMT *stmt;
    const unsigned size = s->arrays && !c->many ? (unsigned)n : 0;
    if (prepare(s, &stmt, &b->statement->text, err))
        return -1;
    db_beat(s->db);
    if (mysql_stmt_attr_set(stmt, STMT_ATTR_ARRAY_SIZE, &size) || mysql_stmt_bind_param(stmt, b->binds) ||
        mysql_stmt_execute(stmt))
        return stmt_error(s, stmt, err);
    return check(c, stmt, n, b->members, err);
}

/* 1: written; 0: more than a packet holds, nothing was done; -1. */
static int run_together(const struct call *c, const struct sql_row *rows, size_t n, struct err *err)
{
    struct sql_run *s = c->run;
    struct sql_statement statement;
    arena_reset(&s->arena);
    make_statement(c, &statement, c->many ? n : 1, NULL);
    struct sql_bind b = {.table = c->table, .statement = &statement, .arena = &s->arena};
    int rc = s->arrays && !c->many ? sql_bind_arrays(&b, rows, n, err) : sql_bind_singly(&b, rows, n, err);
    if (rc == 0 && b.bytes + statement.text.len + PACKET_ROOM <= s->max_packet)
        rc = run_bound(c, &b, n, err) ? -1 : 1;
    buf_free(&statement.text);
    buf_free(&b.scratch);
    return rc;
}

static int run_rows(const struct call *c, const struct sql_row *rows, size_t n, struct err *err);

/* Children before parents, in one table that refers to itself: a DELETE of many takes them in the key's order. */
static int run_apart(const struct call *c, const struct sql_row *rows, size_t n, struct err *err)
{
    struct call one = *c;
    one.many = false;
    return run_rows(&one, rows, n, err);
}

static int run_some(const struct call *c, const struct sql_row *rows, size_t n, struct err *err)
{
    struct err found = {0};
    int rc = run_together(c, rows, n, &found);
    if (rc == 1)
        return 0;
    if (rc == 0 && n == 1)
        return run_alone(c, rows, err);
    if (rc == 0)
        return run_some(c, rows, n / 2, err) || run_some(c, rows + n / 2, n - n / 2, err) ? -1 : 0;
    if (c->many && c->shape->op == ROWS_DELETE && n > 1 &&
        (found.code == (int)HAS_CHILDREN || found.code == (int)HAS_CHILDREN_UNNAMED))
        return run_apart(c, rows, n, err);
    if (err)
        *err = found;
    return -1;
}

/* Few sizes, so that few statements are prepared for a table. */
static size_t size_of_many(const struct call *c, size_t n)
{
    static const size_t sizes[] = {256, 64, 16, 4};
    size_t params = c->shape->op == ROWS_INSERT ? c->table->def->column_count : c->table->def->key_count;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        if (sizes[i] <= n && sizes[i] * params <= MOST_PARAMS)
            return sizes[i];
    return 1;
}

static int run_rows(const struct call *c, const struct sql_row *rows, size_t n, struct err *err)
{
    for (size_t done = 0; done < n;) {
        size_t most =
            rows_are_searched(c->table, c->shape->op) && n - done > ROWS_SEARCHED_MOST ? ROWS_SEARCHED_MOST : n - done;
        size_t some = c->many ? size_of_many(c, most) : c->run->arrays ? most : 1;
        if (run_some(c, rows + done, some, err))
            return rows_are_searched(c->table, c->shape->op) ? target_search_error(c->run->db, c->table->def, err) : -1;
        done += some;
    }
    return 0;
}

/* Must the row go alone, since a document of it is more than its text? In `image` only what the statement names. */
static bool has_opaque(const struct call *c, const struct cell *image)
{
    const struct table_def *def = c->table->def;
    for (uint16_t i = 0; image && i < def->column_count; i++)
        if (def->columns[i].type == COLUMN_JSON && !image[i].null && !image[i].absent &&
            sql_json_is_opaque(cell_payload(&def->columns[i], &image[i]), &c->run->arena))
            return true;
    return false;
}

static bool goes_alone(const struct call *c, const struct sql_row *row)
{
    bool whole = c->table->def->key_count == 0; /* found by all of its columns */
    return has_opaque(c, row->after) || (whole && has_opaque(c, row->before));
}

static bool has_documents(const struct table_def *def)
{
    for (uint16_t i = 0; i < def->column_count; i++)
        if (def->columns[i].type == COLUMN_JSON)
            return true;
    return false;
}

/* Rows of one statement's kind. */
static int run_alike(const struct call *c, const struct sql_row *rows, size_t n, struct err *err)
{
    size_t some;
    if (!has_documents(c->table->def))
        return run_rows(c, rows, n, err);
    for (size_t done = 0; done < n; done += some + 1) {
        arena_reset(&c->run->arena);
        for (some = 0; done + some < n && !goes_alone(c, &rows[done + some]);)
            some++;
        if (some && run_rows(c, rows + done, some, err))
            return -1;
        arena_reset(&c->run->arena);
        if (done + some < n && run_alone(c, &rows[done + some], err))
            return -1;
    }
    return 0;
}

int sql_run_rows(struct sql_run *s, const struct target_table *t, const struct rows *shape, const struct sql_row *rows,
                 size_t n, struct err *err)
{
    const enum rows_op op = shape->op;
    struct call c = {.run = s, .table = t, .shape = shape};
    c.many = (op == ROWS_INSERT && !s->arrays) || (op == ROWS_DELETE && sql_deletes_many(t));
    for (size_t done = 0, some; done < n; done += some) {
        some = n - done;
        if (op == ROWS_UPDATE) {
            c.moves = sql_row_moves(t->def, rows[done].before, rows[done].after);
            for (some = 1; done + some < n; some++)
                if (sql_row_moves(t->def, rows[done + some].before, rows[done + some].after) != c.moves)
                    break;
        }
        if (run_alike(&c, rows + done, some, err))
            return -1;
    }
    return 0;
}

/* ---- beginning and end ---- */

int sql_run_permitted(struct sql_run *s, const struct target_table *t, struct err *err)
{
    static const enum rows_op ops[] = {ROWS_INSERT, ROWS_UPDATE, ROWS_DELETE};
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < sizeof ops / sizeof ops[0]; i++) {
        const struct rows shape = {.table = t->def, .op = ops[i]};
        struct call c = {.run = s, .table = t, .shape = &shape};
        struct sql_statement statement;
        MYSQL_STMT *stmt;
        arena_reset(&s->arena);
        make_statement(&c, &statement, 1, NULL);
        rc = prepare(s, &stmt, &statement.text, err);
        buf_free(&statement.text);
    }
    if (rc && err && err->exit_code == EXIT_DENIED)
        return err_fatal(err, EXIT_DENIED,
                         "plain SQL may not write `%.*s`.`%.*s` (%d). Run: GRANT SELECT, INSERT, UPDATE, DELETE ON "
                         "`%.*s`.`%.*s` TO %s;",
                         SPAN_ARG(t->def->db), SPAN_ARG(t->def->name), err->code, SPAN_ARG(t->def->db),
                         SPAN_ARG(t->def->name), db_account(s->db));
    return rc;
}

int sql_run_open(struct sql_run **out, struct db *db, struct err *err)
{
    uint64_t packet;
    if (db_query_u64(db, &packet, "SELECT @@SESSION.max_allowed_packet", err))
        return -1;
    struct sql_run *s = xcalloc(1, sizeof *s);
    s->db = db;
    s->max_packet = (size_t)packet;
    s->arrays = db_flavor(db) == FLAVOR_MARIADB;
    *out = s;
    return 0;
}

size_t sql_run_needed(const struct sql_run *s)
{
    return s->needed;
}

void sql_run_free(struct sql_run **s)
{
    if (!*s)
        return;
    forget_prepared(*s);
    arena_free(&(*s)->arena);
    free(*s);
    *s = NULL;
}
