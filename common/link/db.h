/* A connection to one of the databases: connect as the pair file says, run SQL, classify what the server answers.
 *
 * One thread at a time a connection. libmariadb's handle is reachable for *_db.c and *_net.c files by db_handle. LOCAL
 * INFILE is off, TLS and certificate checks are as configured, no password ever reaches an error text. Result bytes are
 * as the server stores them (character_set_results is binary/NULL), names and messages UTF-8. */
#ifndef DRC_LINK_DB_H
#define DRC_LINK_DB_H

#include "common/base/arena.h"
#include "common/base/err.h"
#include "common/base/pulse.h"
#include "common/link/config.h"

struct db;

struct db_options {
    const char *program;        /* connection attribute and log name: "drc-applier eu:us" */
    unsigned connect_timeout_s; /* 0: 10 */
    unsigned read_timeout_s;    /* 0: none */
    unsigned write_timeout_s;   /* 0: none */
    size_t server;              /* 0: choose among the region's hosts; n: its n-th and no other */
    bool read_only_too;         /* choosing, take the first that answers, though it cannot be written to */
    bool found_rows;            /* an UPDATE counts the rows that it finds, also those that it leaves as they are */
    bool to_write;              /* choosing, also where there is one host only, take none that we may not write to */
};

/* Where a region has several hosts, the first that can be reached and written to (read_only off; in a standby region
 * also the one that drc.meta names) is taken, and which one that is may change from one connection to the next. Errors:
 * authentication, unknown host key or missing grant: fatal 77; bad TLS set-up: fatal 78; not reachable: retry.
 */
MUST_CHECK int db_connect(struct db **out, const struct region_config *region, const struct db_options *options,
                          struct err *err);
void db_close(struct db **db);

/* Which of the region's hosts it is connected to, from 1 on, and its name for messages: "db1:3306", or its socket. */
size_t db_server(const struct db *db);
const char *db_server_name(const struct db *db);
/* Which server it is, for life and different from that of its replicas: "mysql server_uuid …", "mariadb server_id …"
 * (MariaDB has no other; replication demands that it be different). */
#define DB_IDENTITY_LEN 80
MUST_CHECK int db_identity(struct db *db, char out[DB_IDENTITY_LEN], struct err *err);
/* Which server the row DB_STANDBY_SERVER of its drc.meta names; "" when there is none. */
#define DB_STANDBY_SERVER "standby_server"
MUST_CHECK int db_standby_recorded(struct db *db, char out[DB_IDENTITY_LEN], struct err *err);
MUST_CHECK int db_is_read_only(struct db *db, bool *out, struct err *err);
enum flavor db_flavor(const struct db *db);
/* 101119 for 10.11.19, 90704 for 9.7.4. */
uint32_t db_version(const struct db *db);
const char *db_version_text(const struct db *db);
uint64_t db_connection_id(const struct db *db);
/* The account that the server took us for, as GRANT takes it: 'drc'@'%'. */
const char *db_account(const struct db *db);
/* MYSQL * of libmariadb, for files named *_db.c and *_net.c. */
void *db_handle(const struct db *db);
/* Make a blocked call in another thread return soon (shutdown of the socket). Any thread. */
void db_interrupt(struct db *db);

/* Each statement from now on is a sign that the connection's thread gets on: db_exec, db_query and db_beat beat. NULL:
 * no more. Where read_timeout_s is longer than DB_ORDINARY_WAIT_S, a thread that waits for an answer so long gets on.
 */
#define DB_ORDINARY_WAIT_S 120u
void db_watch(struct db *db, struct beat *beat);
void db_beat(struct db *db);
/* Has an answer not come within read_timeout_s? The error, a retry, says so as well. */
bool db_gave_up(const struct db *db);

/* Run one statement without a result (one that has one: it is read and dropped). */
MUST_CHECK int db_exec(struct db *db, const char *sql, struct err *err);
MUST_CHECK int db_execf(struct db *db, struct err *err, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* Undo what is open. Never fails: a connection on which it does not succeed is cut, so that nothing can commit it
 * later. */
void db_rollback(struct db *db);
uint64_t db_affected(const struct db *db); /* rows changed by the last db_exec */

/* A whole result in an arena: for small results. NULL cells have p == NULL. */
struct db_rows {
    size_t row_count;
    size_t column_count;
    struct span *cells; /* row by row */
};
MUST_CHECK int db_query(struct db *db, struct db_rows *out, struct arena *a, const char *sql, struct err *err);
static inline struct span db_cell(const struct db_rows *r, size_t row, size_t column)
{
    return r->cells[row * r->column_count + column];
}
/* One text cell; 0 rows or NULL give "". */
MUST_CHECK int db_query_text(struct db *db, char *out, size_t size, const char *sql, struct err *err);
MUST_CHECK int db_query_u64(struct db *db, uint64_t *out, const char *sql, struct err *err);

/* Quoting. */
void db_put_name(struct buf *out, struct span name); /* `na``me` */
void db_put_string(struct buf *out, struct span s);  /* X'…' for anything but plain ASCII, else '…' */

/* Fill err from the connection's last error with the right class: deadlock, lock wait, lost or killed connection,
 * server shutdown, read-only, disk full: retry; duplicate key, missing row, foreign key, bad data: data; grants: fatal
 * 77, with the GRANT that mends it where the server tells what is missing; our own bad SQL: fatal 70. err->code is the
 * server's number. Returns -1. */
int db_error(struct db *db, struct err *err, const char *what);
/* The same for a number and text that came otherwise (prepared statements). `db` may be NULL: then no GRANT is told. */
int db_error_of(struct db *db, unsigned code, const char *text, struct err *err, const char *what);
/* Complete an error about one of the schema's tables: MySQL refuses without saying which schema it was, so that
 * db_error cannot tell the GRANT. Does nothing to other errors. Returns -1. */
int db_error_in(const struct db *db, struct span schema, struct err *err);

/* The server does not take writes any more: another of the region's hosts may, so that it is time to connect anew. */
#define DB_READ_ONLY 1290 /* err->code of such errors that are not the server's own */
bool db_says_read_only(const struct err *err);
/* There is no such table, or no such database. */
bool db_says_absent(const struct err *err);

/* Where the server's own binlog stands now (what has been committed): MariaDB's @@gtid_binlog_pos, MySQL's
 * @@gtid_executed. */
struct position;
MUST_CHECK int db_source_position(struct db *db, struct position *out, struct err *err);
/* After what its oldest binlog file begins: nothing up to there can be had from it any more. MariaDB asks BINLOG
 * MONITOR for it (fatal 77). */
MUST_CHECK int db_oldest_position(struct db *db, struct position *out, struct err *err);
/* MySQL: what has got a GTID and is not in @@gtid_executed yet, such as what is in the binlog and about to be committed
 * by the engine, or has been a moment ago. MariaDB, where a transaction is in gtid_binlog_pos before that: empty. */
MUST_CHECK int db_owned_position(struct db *db, struct position *out, struct err *err);
/* The two together: every transaction whose row locks have been released by now is in it. */
MUST_CHECK int db_logged_position(struct db *db, struct position *out, struct err *err);

#endif
