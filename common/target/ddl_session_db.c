/* Running a statement as the source ran it, with libmariadb's half calls: send, and read the answer when it is there.
 */
#include "common/target/ddl_session.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mysql.h>

#include "common/base/hash.h"
#include "common/base/mem.h"
#include "common/model/collation.h"
#include "common/target/session.h"

#define LOCK_WAIT_S 10 /* for metadata locks: while we wait, everybody else queues behind us */
#define CLIENT_ERRORS 2000
#define CLIENT_ERRORS_END 3000
#define ER_NO_SUCH_THREAD 1094
#define ER_NO_SUCH_DB 1049
#define ER_DB_ACCESS_DENIED 1044
#define ER_UNKNOWN_CHARACTER_SET 1115
#define ER_UNKNOWN_COLLATION 1273
#define MYSQL_WITH_TAGS 80300u

/* Bits of sql_mode that mean the same to both flavours. */
#define MODES_OF_BOTH UINT64_C(0xeffc00ef)

struct ddl_session {
    struct db *db;
    char mark[DDL_MARK_LEN];
};

/* ---- the lock ---- */

static char *lock_name(const char *topic, uint32_t part)
{
    return xasprintf("drc.ddl.%016" PRIx64 ".%" PRIu32, hash64(span_str(topic), 0), part);
}

/* Whoever idles with the lock has lost its link: it was frozen, or its host is gone. */
static int end_idle_holder(struct db *db, uint64_t id, struct err *err)
{
    char sql[160];
    char command[32];
    struct err why = {0};
    (void)snprintf(sql, sizeof sql, "SELECT COMMAND FROM information_schema.PROCESSLIST WHERE ID = %" PRIu64, id);
    if (db_query_text(db, command, sizeof command, sql, err))
        return -1;
    if (strcmp(command, "Sleep") == 0) {
        (void)snprintf(sql, sizeof sql, "KILL %" PRIu64, id);
        if (db_exec(db, sql, &why) && why.code != ER_NO_SUCH_THREAD) {
            *err = why;
            return -1;
        }
    }
    return err_retry(err, "connection %" PRIu64 " of a former applier is not through with its DDL statement", id);
}

static int take_lock(struct db *db, const struct ddl_session_setup *setup, struct err *err)
{
    char sql[160];
    uint64_t got = 0, holder = 0;
    char *name = lock_name(setup->topic, setup->part);
    (void)snprintf(sql, sizeof sql, "SELECT GET_LOCK('%s', 0)", name);
    int rc = db_query_u64(db, &got, sql, err);
    if (rc == 0 && got != 1) {
        (void)snprintf(sql, sizeof sql, "SELECT IS_USED_LOCK('%s')", name);
        rc = db_query_u64(db, &holder, sql, err) || end_idle_holder(db, holder, err) ? -1 : 0;
    }
    free(name);
    return rc;
}

/* ---- the mark ---- */

static int mark_mariadb(struct ddl_session *s, const struct region_config *region, struct err *err)
{
    (void)snprintf(s->mark, sizeof s->mark, "%" PRIu32, region->replica_id);
    return db_execf(s->db, err, "SET SESSION server_id = %" PRIu32, region->replica_id);
}

static int mark_mysql(struct ddl_session *s, struct err *err)
{
    char mode[32];
    if (db_version(s->db) < MYSQL_WITH_TAGS)
        return 0;
    if (db_query_text(s->db, mode, sizeof mode, "SELECT @@GLOBAL.gtid_mode", err))
        return -1;
    if (strcmp(mode, "ON") != 0)
        return 0;
    (void)snprintf(s->mark, sizeof s->mark, DDL_MARK_TAG);
    if (db_exec(s->db, "SET SESSION gtid_next = 'AUTOMATIC:" DDL_MARK_TAG "'", err) == 0)
        return 0;
    if (err && err->class == ERR_FATAL && err->exit_code == EXIT_DENIED)
        return err_fatal(err, EXIT_DENIED,
                         "what links[].ddl: apply runs at the target cannot be marked (%d). Run: "
                         "GRANT TRANSACTION_GTID_TAG ON *.* TO %s;",
                         err->code, db_account(s->db));
    return -1;
}

const char *ddl_session_mark(const struct ddl_session *s)
{
    return s->mark;
}

/* ---- opening ---- */

int ddl_session_open(struct ddl_session **out, const struct ddl_session_setup *setup, struct err *err)
{
    const struct db_options options = {.program = setup->program, .server = setup->server};
    struct ddl_session *s = xcalloc(1, sizeof *s);
    *out = NULL;
    if (db_connect(&s->db, setup->region, &options, err) || target_session_pin(s->db, err) ||
        db_execf(s->db, err, "SET SESSION lock_wait_timeout = %d", LOCK_WAIT_S) || take_lock(s->db, setup, err))
        goto fail;
    if (db_flavor(s->db) == FLAVOR_MARIADB ? mark_mariadb(s, setup->region, err) : mark_mysql(s, err))
        goto fail;
    *out = s;
    return 0;
fail:
    ddl_session_close(&s);
    return -1;
}

void ddl_session_close(struct ddl_session **s)
{
    if (!*s)
        return;
    db_close(&(*s)->db);
    free(*s);
    *s = NULL;
}

/* ---- the source's session ---- */

static bool all_qualified(const struct ddl *d)
{
    for (size_t i = 0; i < d->table_count; i++)
        if (d->tables[i].name.n > 0 && d->tables[i].db.n == 0)
            return false;
    return true;
}

/* A default database that is not here does not matter to a statement that names the database of each table. */
static int use_database(struct ddl_session *s, const struct ddl *d, struct err *err)
{
    struct buf sql = {0};
    struct err why = {0};
    if (d->db.n == 0)
        return 0;
    buf_put_str(&sql, "USE ");
    db_put_name(&sql, d->db);
    int rc = db_exec(s->db, buf_cstr(&sql), &why);
    buf_free(&sql);
    if (rc == 0 || ((why.code == ER_NO_SUCH_DB || why.code == ER_DB_ACCESS_DENIED) && all_qualified(d)))
        return 0;
    *err = why;
    return -1;
}

/* By its number; where the target does not know that, the default of its character set. */
static int set_collation(struct ddl_session *s, const char *variable, bool by_charset, uint16_t id, struct err *err)
{
    struct err why = {0};
    const char *charset = collation_charset(id);
    if (id == 0 || db_execf(s->db, &why, "SET SESSION %s = %u", variable, id) == 0)
        return 0;
    if (!charset || (why.code != ER_UNKNOWN_CHARACTER_SET && why.code != ER_UNKNOWN_COLLATION)) {
        *err = why;
        return -1;
    }
    if (by_charset)
        return db_execf(s->db, err, "SET SESSION %s = %s", variable, charset);
    return db_execf(s->db, err,
                    "SET SESSION %s = (SELECT DEFAULT_COLLATE_NAME FROM information_schema.CHARACTER_SETS WHERE "
                    "CHARACTER_SET_NAME = '%s')",
                    variable, charset);
}

static int set_time(struct ddl_session *s, const struct ddl *d, struct err *err)
{
    struct buf sql = {0};
    int rc = 0;
    if (d->at_us > 0)
        rc = db_execf(s->db, err, "SET SESSION timestamp = %" PRIu64 ".%06" PRIu64, d->at_us / 1000000,
                      d->at_us % 1000000);
    if (rc == 0 && d->time_zone.n > 0) {
        buf_put_str(&sql, "SET SESSION time_zone = ");
        db_put_string(&sql, d->time_zone);
        rc = db_exec(s->db, buf_cstr(&sql), err);
    }
    buf_free(&sql);
    return rc;
}

int ddl_session_set(struct ddl_session *s, const struct ddl *d, enum flavor from, struct err *err)
{
    uint64_t modes = from == db_flavor(s->db) ? d->sql_mode : d->sql_mode & MODES_OF_BOTH;
    if (use_database(s, d, err) || set_time(s, d, err) ||
        db_execf(s->db, err, "SET SESSION foreign_key_checks = %d, unique_checks = %d", !d->no_foreign_keys,
                 !d->no_unique_checks) ||
        set_collation(s, "collation_server", false, d->collation_server, err) ||
        set_collation(s, "collation_connection", false, d->collation_connection, err) ||
        set_collation(s, "character_set_client", true, d->charset_client, err) ||
        db_execf(s->db, err, "SET SESSION sql_mode = %" PRIu64, modes))
        return err->class == ERR_RETRY ? -1 : err_prefix(err, "its session cannot be made here");
    return 0;
}

/* ---- running ---- */

static int failed(struct ddl_session *s, struct err *err)
{
    return db_error(s->db, err, "the statement");
}

int ddl_session_start(struct ddl_session *s, struct span text, struct err *err)
{
    return mysql_send_query(db_handle(s->db), (const char *)text.p, (unsigned long)text.n) ? failed(s, err) : 0;
}

static int read_answer(struct ddl_session *s, struct err *err)
{
    MYSQL *mysql = db_handle(s->db);
    if (mysql_read_query_result(mysql))
        return failed(s, err);
    MYSQL_RES *result = mysql_store_result(mysql);
    mysql_free_result(result);
    return 1;
}

int ddl_session_wait(struct ddl_session *s, int timeout_ms, struct err *err)
{
    struct pollfd fd = {.fd = mysql_get_socket(db_handle(s->db)), .events = POLLIN};
    int ready = poll(&fd, 1, timeout_ms);
    if (ready == 0 || (ready < 0 && errno == EINTR))
        return 0;
    return read_answer(s, err);
}

bool ddl_session_answered(const struct err *err)
{
    return err->code > 0 && (err->code < CLIENT_ERRORS || err->code >= CLIENT_ERRORS_END);
}
