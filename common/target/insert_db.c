/* Binding and sending the values of one statement. */
#include "common/target/insert_db.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <mysql.h>

#include "common/base/mem.h"
#include "common/target/packet.h"
#include "common/target/rows_writer.h"

#define LONG_DATA_FROM (64u << 10)
#define LONG_DATA_PIECE (1u << 20)
#define MOST_VALUES 32
#define PACKET_ROOM (1u << 20)  /* for the values that are not sent in pieces */
#define UNKNOWN_ERROR_CODE 1105 /* of both servers, where a value in pieces is above max_allowed_packet */

static int statement_error(struct db *db, MYSQL_STMT *s, const struct insert_value *v, unsigned count, const char *what,
                           struct err *err)
{
    size_t most = 0;
    for (unsigned i = 0; i < count; i++)
        most = v[i].value.len > most ? v[i].value.len : most;
    unsigned code = mysql_stmt_errno(s);
    if (code == SERVER_PACKET_TOO_LARGE || (code == UNKNOWN_ERROR_CODE && most > LONG_DATA_FROM)) {
        char *value = xasprintf("a value of %zu bytes (%s)", most, what);
        int rc = packet_too_small_for(db, value, most + PACKET_ROOM, err);
        free(value);
        return rc;
    }
    return db_error_of(db, code, mysql_stmt_error(s), err, what);
}

static int send_long(MYSQL_STMT *s, unsigned i, struct span v)
{
    for (size_t done = 0; done < v.n;) {
        size_t n = v.n - done < LONG_DATA_PIECE ? v.n - done : LONG_DATA_PIECE;
        if (mysql_stmt_send_long_data(s, i, (const char *)v.p + done, (unsigned long)n))
            return -1;
        done += n;
    }
    return 0;
}

static int execute(MYSQL_STMT *s, struct insert_value *v, unsigned count)
{
    MYSQL_BIND bind[MOST_VALUES] = {0};
    unsigned long lengths[MOST_VALUES];
    for (unsigned i = 0; i < count; i++) {
        MYSQL_BIND *b = &bind[i];
        b->buffer_type = v[i].null ? MYSQL_TYPE_NULL : v[i].binary ? MYSQL_TYPE_BLOB : MYSQL_TYPE_STRING;
        (void)buf_reserve(&v[i].value, 1); /* without a buffer an empty value would be NULL */
        b->buffer = v[i].value.data;
        b->buffer_length = lengths[i] = (unsigned long)v[i].value.len;
        b->length = &lengths[i];
    }
    if (mysql_stmt_bind_param(s, bind))
        return -1;
    for (unsigned i = 0; i < count; i++)
        if (v[i].value.len > LONG_DATA_FROM && send_long(s, i, buf_span(&v[i].value)))
            return -1;
    return mysql_stmt_execute(s) ? -1 : 0;
}

int insert_run(struct db *db, const char *sql, struct insert_value *values, unsigned count, const char *what,
               struct err *err)
{
    MYSQL_STMT *s = mysql_stmt_init(db_handle(db));
    int rc = 0;
    assert(count <= MOST_VALUES);
    if (!s)
        rc = err_retry(err, "no memory for a statement");
    else if (mysql_stmt_prepare(s, sql, (unsigned long)strlen(sql)) || execute(s, values, count))
        rc = statement_error(db, s, values, count, what, err);
    if (s)
        mysql_stmt_close(s);
    for (unsigned i = 0; i < count; i++)
        buf_free(&values[i].value);
    return rc;
}
