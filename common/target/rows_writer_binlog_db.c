/* The rows writer by BINLOG statements: gathers TABLE_MAPs and ROWS events, and hands them to the server as base64.
 *
 * docs/binlog-statement.md tells what the servers make of it: all TABLE_MAPs come before all ROWS events, and there is
 * one STMT_END at the very end, so that an error undoes the whole statement. */
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <mysql.h>

#include "common/base/mem.h"
#include "common/binlog/base64.h"
#include "common/binlog/rows_encode.h"
#include "common/target/packet.h"
#include "common/target/rows_writer_private.h"

#define MOST_BYTES (1u << 20) /* of events in one statement; a single row may be bigger */
#define LEAST_PACKET (64u << 10)
#define LONG_PIECE (1u << 20)
#define UNKNOWN_ERROR 1105
#define COMMAND_DENIED 1142

/* The ROWS event under construction. */
struct open_event {
    struct rows_encode_open place;
    struct rows shape; /* table NULL: none is open */
};

struct binlog_writer {
    struct rows_writer base;
    struct db *db;
    size_t max_packet; /* of the server */
    struct rows_encoder encoder;
    MYSQL_STMT *set;         /* MariaDB: SET @drc_a=?, @drc_b=? */
    size_t limit;            /* bytes of events in one statement, where rows allow */
    size_t most;             /* bytes of a row that a statement can carry */
    struct rows_writer *sql; /* for rows above that, and those of `computed`; NULL until there is one */
    bool computed;           /* rows are gathered there, since they lack what the server computes of statements */
    struct buf maps;
    struct buf events;
    struct buf text;
    struct open_event open;
    size_t searched;                  /* rows of this statement that the server searches for … */
    const struct table_def *haystack; /* … in this table */
    const struct table_def **tables;  /* of this statement; the id is the place, from 1 */
    size_t table_count;
    size_t table_cap;
};

static struct binlog_writer *of(struct rows_writer *base)
{
    return (struct binlog_writer *)(void *)base; /* its first member */
}

/* ---- sending ---- */

/* Rows that are too large have been given to plain SQL before. */
static int too_big(const struct binlog_writer *w, struct err *err)
{
    return err_fatal(err, EXIT_BUG, "%zu bytes of BINLOG text were gathered, more than the target's packets hold (%zu)",
                     w->text.len, w->max_packet);
}

static int set_error(struct binlog_writer *w, struct err *err)
{
    return db_error_of(w->db, mysql_stmt_errno(w->set), mysql_stmt_error(w->set), err, "handing rows to the target");
}

static int send_long(struct binlog_writer *w, unsigned parameter, struct span v, struct err *err)
{
    for (size_t done = 0; done < v.n;) {
        size_t n = v.n - done < LONG_PIECE ? v.n - done : LONG_PIECE;
        if (mysql_stmt_send_long_data(w->set, parameter, (const char *)v.p + done, (unsigned long)n))
            return set_error(w, err);
        done += n;
    }
    return 0;
}

/* SET @drc_a, @drc_b to the two halves of w->text, cut where packets need it. */
static int set_variables(struct binlog_writer *w, struct err *err)
{
    size_t packet = w->max_packet - PACKET_STATEMENT_ROOM;
    bool is_long = w->text.len > packet;
    size_t cut = is_long ? packet : w->text.len;
    struct span halves[2] = {
        {w->text.data,       cut              },
        {w->text.data + cut, w->text.len - cut}
    };
    MYSQL_BIND bind[2] = {0};
    if (halves[1].n > packet)
        return too_big(w, err);
    for (unsigned i = 0; i < 2; i++) {
        bind[i].buffer_type = MYSQL_TYPE_LONG_BLOB;
        bind[i].buffer = (void *)(uintptr_t)halves[i].p;
        bind[i].buffer_length = (unsigned long)halves[i].n;
    }
    if (mysql_stmt_bind_param(w->set, bind))
        return set_error(w, err);
    for (unsigned i = 0; is_long && i < 2; i++) {
        if (send_long(w, i, halves[i], err))
            return -1;
    }
    db_beat(w->db);
    return mysql_stmt_execute(w->set) ? set_error(w, err) : 0;
}

static int send_variables(struct binlog_writer *w, struct err *err)
{
    buf_clear(&w->text);
    base64_put(&w->text, buf_span(&w->maps));
    base64_put(&w->text, buf_span(&w->events));
    if (set_variables(w, err))
        return -1;
    return db_exec(w->db, "BINLOG @drc_a, @drc_b", err);
}

/* 0, or -1 when the server would not let us write to the table by SQL either. The statements concern no row. */
static int try_table(struct binlog_writer *w, const struct table_def *t, struct err *err)
{
    struct buf table = {0}, column = {0}, sql[3] = {{0}};
    int rc = 0;
    db_put_name(&table, t->db);
    buf_put_u8(&table, '.');
    db_put_name(&table, t->name);
    db_put_name(&column, t->columns[0].name);
    buf_printf(&sql[0], "INSERT INTO %s SELECT * FROM %s WHERE FALSE", buf_cstr(&table), buf_cstr(&table));
    buf_printf(&sql[1], "UPDATE %s SET %s = %s WHERE FALSE", buf_cstr(&table), buf_cstr(&column), buf_cstr(&column));
    buf_printf(&sql[2], "DELETE FROM %s WHERE FALSE", buf_cstr(&table));
    for (size_t i = 0; i < 3; i++) {
        struct err why = {0};
        if (rc == 0 && db_exec(w->db, buf_cstr(&sql[i]), &why) && why.code == COMMAND_DENIED) {
            rc = db_error_in(w->db, t->db, &why);
            *err = why;
        }
        buf_free(&sql[i]);
    }
    buf_free(&table);
    buf_free(&column);
    return rc;
}

/* MySQL answers "unknown error" to rows of a table that we may not write to, and the reason is in its own log only. */
static void find_reason(struct binlog_writer *w, struct err *err)
{
    for (size_t i = 0; i < w->table_count; i++)
        if (try_table(w, w->tables[i], err))
            return;
}

static int refused(struct binlog_writer *w, struct err *err)
{
    struct err found = {0};
    (void)db_error(w->db, &found, "handing rows to the target"); /* the statement's own beginning would tell nothing */
    if (found.code == UNKNOWN_ERROR)
        find_reason(w, &found);
    if (err)
        *err = found;
    return -1;
}

static int send_literal(struct binlog_writer *w, struct err *err)
{
    buf_clear(&w->text);
    buf_put_str(&w->text, "BINLOG '");
    base64_put_joined(&w->text, buf_span(&w->maps), buf_span(&w->events));
    buf_put_str(&w->text, "'");
    if (w->text.len > w->max_packet - PACKET_STATEMENT_ROOM)
        return too_big(w, err);
    db_beat(w->db);
    if (mysql_real_query(db_handle(w->db), (const char *)w->text.data, (unsigned long)w->text.len))
        return refused(w, err);
    return 0;
}

static int send_events(struct binlog_writer *w, struct err *err)
{
    return w->set ? send_variables(w, err) : send_literal(w, err);
}

/* ---- gathering ---- */

static uint64_t table_id(struct binlog_writer *w, const struct table_def *t)
{
    for (size_t i = w->table_count; i > 0; i--) {
        if (w->tables[i - 1] == t)
            return i;
    }
    if (w->table_count == w->table_cap) {
        w->table_cap = w->table_cap ? 2 * w->table_cap : 16;
        w->tables = xreallocarray(w->tables, w->table_cap, sizeof(struct table_def *));
    }
    if (w->table_count == 0)
        w->encoder.timestamp = (uint32_t)time(NULL);
    w->tables[w->table_count++] = t;
    rows_encode_table_map(&w->maps, &w->encoder, t, w->table_count);
    return w->table_count;
}

static void close_event(struct binlog_writer *w, bool last)
{
    const struct rows *open = &w->open.shape;
    if (!open->table)
        return;
    rows_encode_finish(&w->events, &w->open.place, open->table, (uint16_t)(open->flags | (last ? ROWS_STMT_END : 0)));
    w->open.shape.table = NULL;
}

/* `shape`: all of struct rows but count and images. */
static void open_event(struct binlog_writer *w, const struct rows *shape)
{
    if (rows_writer_alike(&w->open.shape, shape))
        return;
    close_event(w, false);
    uint64_t id = table_id(w, shape->table);
    w->open.shape = *shape;
    w->open.place = rows_encode_start(&w->events, &w->encoder, shape, id);
}

static void drop(struct binlog_writer *w)
{
    w->open.shape.table = NULL;
    w->searched = w->table_count = 0;
    buf_clear(&w->maps);
    buf_clear(&w->events);
    if (w->text.cap > 4 * (size_t)MOST_BYTES) { /* a giant row went through: its memory is not kept */
        buf_free(&w->text);
        buf_free(&w->events);
    }
}

static int flush(struct binlog_writer *w, struct err *err)
{
    if (w->table_count == 0)
        return 0;
    close_event(w, true);
    int rc = send_events(w, err);
    if (rc && w->searched)
        (void)target_search_error(w->db, w->haystack, err);
    drop(w);
    return rc;
}

static size_t gathered(const struct binlog_writer *w)
{
    return w->maps.len + w->events.len;
}

/* Length of the next row (for updates: of both images). */
static size_t row_length(const struct rows *shape, struct bytes *r)
{
    const uint8_t *start = r->p;
    if (shape->op != ROWS_INSERT)
        image_skip(shape->table, shape->present_before, r);
    if (shape->op != ROWS_DELETE)
        image_skip(shape->table, shape->present_after, r);
    return (size_t)(r->p - start);
}

/* ---- rows too large ---- */

/* The max_allowed_packet by which a statement could carry that many bytes of a row. */
static size_t packet_for(const struct binlog_writer *w, size_t length)
{
    size_t text = (length + PACKET_ROWS_ROOM) / 3 * 4 + 4;
    return (w->set ? text / 2 : text) + PACKET_STATEMENT_ROOM;
}

static size_t row_room(const struct binlog_writer *w)
{
    size_t text = (w->max_packet - PACKET_STATEMENT_ROOM) * (w->set ? 2 : 1);
    return text / 4 * 3 - PACKET_ROWS_ROOM;
}

/* The link waits for the packet size by which one of the two ways would do. */
static int cannot_carry(struct binlog_writer *w, const struct target_table *t, size_t need, const char *why,
                        struct err *err)
{
    (void)packet_too_small(w->db, t, need, err);
    return *why ? err_prefix(err, "BINLOG cannot carry a row, and plain SQL may not (%s)", why) : -1;
}

static int open_sql(struct binlog_writer *w, struct err *err)
{
    return w->sql ? 0 : rows_writer_open_sql(&w->sql, w->db, err);
}

/* Plain SQL sends large values apart from each other. */
static int put_by_sql(struct binlog_writer *w, const struct target_table *t, const struct rows *row, struct err *err)
{
    size_t need = packet_for(w, row->images.n);
    struct buf why = {0};
    struct err found = {0};
    int rc = -1;
    if (open_sql(w, err))
        return -1;
    int admitted = rows_writer_admit(w->sql, t, NULL, &why, &found);
    if (admitted == 1)
        rc = rows_writer_put(w->sql, t, row, &found) || rows_writer_flush(w->sql, &found) ? -1 : 0;
    size_t less = rows_writer_sql_needed(w->sql);
    if (admitted == 0)
        (void)cannot_carry(w, t, need, buf_cstr(&why), err);
    else if (rc && found.exit_code == EXIT_DENIED)
        (void)cannot_carry(w, t, need, found.text, err);
    else if (rc && found.code == (int)SERVER_PACKET_TOO_LARGE && less > need)
        (void)cannot_carry(w, t, need, "", err);
    else if (rc && err)
        *err = found;
    buf_free(&why);
    return rc;
}

/* ---- rows that lack what the server computes of statements only ---- */

/* 1: plain SQL may write them; 0: not now, `why` says what mends it; -1. A MySQL account of a link that writes by
 * BINLOG sees no triggers, so that none can be known to be there. */
static int admit_computed(struct binlog_writer *w, const struct target_table *t, int column, struct buf *why,
                          struct err *err)
{
    buf_printf(
        why, "rows lack `%.*s`, without which only plain SQL can write them: ", SPAN_ARG(t->def->columns[column].name));
    if (w->encoder.flavor == FLAVOR_MYSQL) {
        buf_put_str(why, "let the link write by it (apply.writer: sql), or give the column a constant default");
        return 0;
    }
    if (open_sql(w, err))
        return -1;
    int admitted = rows_writer_admit(w->sql, t, NULL, why, err);
    if (admitted >= 0 || err->exit_code != EXIT_DENIED)
        return admitted;
    buf_put_str(why, err->text);
    return 0;
}

static int put_computed(struct binlog_writer *w, const struct target_table *t, const struct rows *rows, struct err *err)
{
    if (flush(w, err) || open_sql(w, err))
        return -1;
    w->computed = true;
    return rows_writer_put(w->sql, t, rows, err);
}

static int flush_computed(struct binlog_writer *w, struct err *err)
{
    const bool any = w->computed;
    w->computed = false;
    return any ? rows_writer_flush(w->sql, err) : 0;
}

/* ---- operations ---- */

static int binlog_admit(struct rows_writer *base, const struct target_table *t, const uint8_t *present, struct buf *why,
                        struct err *err)
{
    int column = target_table_ever_lacks(t, present);
    return column < 0 ? 1 : admit_computed(of(base), t, column, why, err);
}

static int binlog_put(struct rows_writer *base, const struct target_table *t, const struct rows *rows, struct err *err)
{
    struct binlog_writer *w = of(base);
    struct rows shape = *rows;
    struct bytes r = bytes_of(rows->images);
    assert(rows->table == t->def);
    const bool searched = rows_are_searched(t, rows->op);
    shape.flags &= ROWS_NO_FOREIGN_KEY_CHECKS;
    if (rows->count == 0)
        return 0;
    if (target_table_lacks(t, rows->op, rows_columns(rows)) >= 0)
        return put_computed(w, t, rows, err);
    if (flush_computed(w, err))
        return -1;
    if (!searched && gathered(w) + rows->images.n <= w->limit) {
        open_event(w, &shape);
        buf_put_span(&w->events, rows->images);
        return 0;
    }
    while (bytes_left(&r) > 0) {
        const uint8_t *row = r.p;
        size_t length = row_length(&shape, &r);
        if (r.bad)
            return err_fatal(err, EXIT_BUG, "malformed images of %.*s.%.*s", SPAN_ARG(shape.table->db),
                             SPAN_ARG(shape.table->name));
        bool full = gathered(w) + length > w->limit || (searched && w->searched >= ROWS_SEARCHED_MOST);
        if (full && flush(w, err))
            return -1;
        if (length > w->most) {
            shape.count = 1;
            shape.images = span_of(row, length);
            if (put_by_sql(w, t, &shape, err))
                return -1;
            continue;
        }
        open_event(w, &shape);
        buf_put(&w->events, row, length);
        w->searched += searched;
        w->haystack = searched ? t->def : w->haystack;
    }
    return 0;
}

static int binlog_flush(struct rows_writer *base, struct err *err)
{
    return flush(of(base), err) || flush_computed(of(base), err) ? -1 : 0;
}

static void binlog_drop(struct rows_writer *base)
{
    struct binlog_writer *w = of(base);
    if (w->sql)
        rows_writer_drop(w->sql);
    w->computed = false;
    drop(w);
}

static void binlog_close(struct rows_writer *base)
{
    struct binlog_writer *w = of(base);
    if (w->set)
        (void)mysql_stmt_close(w->set);
    rows_writer_free(&w->sql);
    buf_free(&w->maps);
    buf_free(&w->events);
    buf_free(&w->text);
    free(w->tables);
    free(w);
}

static const struct rows_writer_ops binlog_ops = {
    .admit = binlog_admit,
    .put = binlog_put,
    .flush = binlog_flush,
    .drop = binlog_drop,
    .close = binlog_close,
};

/* ---- opening ---- */

static int prepare_set(struct binlog_writer *w, struct err *err)
{
    static const char sql[] = "SET @drc_a = ?, @drc_b = ?";
    w->set = mysql_stmt_init(db_handle(w->db));
    if (!w->set)
        return err_retry(err, "no memory for a statement");
    return mysql_stmt_prepare(w->set, sql, sizeof sql - 1) ? set_error(w, err) : 0;
}

/* The server accepts rows only after it has been told their format, once a session. */
static int send_format(struct binlog_writer *w, struct err *err)
{
    bool maria = w->encoder.flavor == FLAVOR_MARIADB;
    rows_encode_format(&w->maps, &w->encoder);
    int rc = send_events(w, err);
    drop(w);
    if (rc)
        return err_prefix(err, "telling the target how rows will come");
    /* A MySQL session that has seen a format description wants to be told where GTIDs come from. */
    if (rc == 0 && !maria)
        rc = db_exec(w->db, "SET SESSION gtid_next = 'AUTOMATIC'", err);
    return rc;
}

int rows_writer_open_binlog(struct rows_writer **out, struct db *db, struct err *err)
{
    uint64_t packet;
    uint64_t server;
    if (db_query_u64(db, &packet, "SELECT @@SESSION.max_allowed_packet", err) ||
        db_query_u64(db, &server, "SELECT @@GLOBAL.server_id", err))
        return -1;
    if (packet < LEAST_PACKET)
        return err_fatal(err, EXIT_BAD_CONFIG,
                         "the target's max_allowed_packet is %" PRIu64 ": raise it to 16 MiB at least", packet);
    struct binlog_writer *w = xcalloc(1, sizeof *w);
    w->base.ops = &binlog_ops;
    w->db = db;
    w->max_packet = (size_t)packet;
    w->encoder = (struct rows_encoder){
        .flavor = db_flavor(db),
        .version = db_version(db),
        .server_id = (uint32_t)server,
        .timestamp = (uint32_t)time(NULL),
    };
    size_t fits = packet_rows(w->max_packet);
    w->limit = fits < MOST_BYTES ? fits : MOST_BYTES;
    if ((w->encoder.flavor == FLAVOR_MARIADB && prepare_set(w, err)) || send_format(w, err)) {
        binlog_close(&w->base);
        return -1;
    }
    w->most = row_room(w);
    *out = &w->base;
    return 0;
}
