/* Connecting to a database as the pair file says: TLS, LOCAL INFILE off, charset, identity of the server. */
#include "common/link/db.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/mem.h"
#include "common/link/db_grant.h"
#include "common/link/db_private.h"

/* Methods that never show the password itself to the server; asked for where the server has not proved who it is. */
#define SAFE_AUTHENTICATION "mysql_native_password,client_ed25519,caching_sha2_password,sha256_password"

static void library_init(void)
{
    (void)mysql_library_init(0, NULL, NULL);
}

/* libmariadb's own initialisation is not safe against two threads that connect at once. */
static void library_start(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    (void)pthread_once(&once, library_init);
}

/* libmariadb checks the chain whenever it is given a CA, the host name only by MYSQL_OPT_SSL_VERIFY_SERVER_CERT. */
static void set_tls(MYSQL *handle, const struct tls_config *tls)
{
    my_bool on = 1;
    my_bool host_too = tls->mode == TLS_VERIFY_FULL;
    if (tls->mode == TLS_OFF)
        return;
    mysql_optionsv(handle, MYSQL_OPT_SSL_ENFORCE, &on);
    mysql_optionsv(handle, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &host_too);
    mysql_optionsv(handle, MYSQL_OPT_TLS_VERSION, "TLSv1.2,TLSv1.3");
    if (tls->ca && tls->mode != TLS_REQUIRED)
        mysql_optionsv(handle, MYSQL_OPT_SSL_CA, tls->ca);
    if (tls->cert)
        mysql_optionsv(handle, MYSQL_OPT_SSL_CERT, tls->cert);
    if (tls->key)
        mysql_optionsv(handle, MYSQL_OPT_SSL_KEY, tls->key);
}

static void set_options(MYSQL *handle, const struct region_config *region, const struct db_options *options)
{
    unsigned connect_timeout = options->connect_timeout_s ? options->connect_timeout_s : 10;
    unsigned long no_infile = 0;
    my_bool off = 0;

    mysql_optionsv(handle, MYSQL_OPT_CONNECT_TIMEOUT, &connect_timeout);
    if (options->read_timeout_s)
        mysql_optionsv(handle, MYSQL_OPT_READ_TIMEOUT, &options->read_timeout_s);
    if (options->write_timeout_s)
        mysql_optionsv(handle, MYSQL_OPT_WRITE_TIMEOUT, &options->write_timeout_s);
    mysql_optionsv(handle, MYSQL_OPT_LOCAL_INFILE, &no_infile);
    mysql_optionsv(handle, MYSQL_OPT_RECONNECT, &off);
    mysql_optionsv(handle, MYSQL_SET_CHARSET_NAME, "utf8mb4");
    if (options->program)
        mysql_optionsv(handle, MYSQL_OPT_CONNECT_ATTR_ADD, "program_name", options->program);
    if (region->tls.mode != TLS_VERIFY_FULL && region->tls.mode != TLS_VERIFY_CA && !region->socket)
        mysql_optionsv(handle, MARIADB_OPT_RESTRICTED_AUTH, SAFE_AUTHENTICATION);
    set_tls(handle, &region->tls);
}

static int read_account(struct db *db, struct err *err)
{
    struct arena a = {0};
    struct db_rows rows;
    struct buf account = {0};
    int rc = db_query(db, &rows, &a, "SELECT CURRENT_USER()", err);
    if (rc == 0 && rows.row_count > 0) {
        db_put_account(&account, db_cell(&rows, 0, 0));
        (void)snprintf(db->account, sizeof db->account, "%s", buf_cstr(&account));
    }
    buf_free(&account);
    arena_free(&a);
    return rc;
}

static int read_identity(struct db *db, const struct region_config *region, struct err *err)
{
    db->version = (uint32_t)mysql_get_server_version(db->handle);
    db->flavor = strstr(mysql_get_server_info(db->handle), "MariaDB") ? FLAVOR_MARIADB : FLAVOR_MYSQL;
    if (region->flavor != FLAVOR_NONE && region->flavor != db->flavor)
        return err_fatal(err, EXIT_BAD_CONFIG, "regions.%s.flavor is %s, but the server there is %s", region->name,
                         flavor_name(region->flavor), db_version_text(db));
    /* What the server says is looked at for what it misses. */
    return db_exec(db, "SET character_set_results = NULL, lc_messages = 'en_US'", err) || read_account(db, err) ? -1
                                                                                                                : 0;
}

#define ACCESS_DENIED 1045

/* The server does not say that it wants TLS, or a certificate, of this account. */
static int hint_at_tls(const struct region_config *region, struct err *err)
{
    if (err->code != ACCESS_DENIED || region->tls.cert)
        return -1;
    if (region->tls.mode == TLS_OFF)
        return err_hint(err, "if the password is right, the account may want TLS: give regions.%s.tls", region->name);
    return err_hint(err,
                    "if the password is right, the account may want a client certificate: give regions.%s.tls.cert and "
                    "key",
                    region->name);
}

static int log_in(struct db *db, const struct region_config *region, const struct db_options *options, size_t n,
                  struct err *err)
{
    const struct host_config *host = region->socket ? NULL : &region->hosts[n - 1];
    if (host)
        (void)snprintf(db->where, sizeof db->where, "%s:%u", host->name, host->port);
    else
        (void)snprintf(db->where, sizeof db->where, "%s", region->socket);
    if (mysql_real_connect(db->handle, host ? host->name : NULL, region->user, region->password ? region->password : "",
                           NULL, host ? host->port : 0, region->socket, options->found_rows ? CLIENT_FOUND_ROWS : 0))
        return 0;
    char what[400];
    (void)snprintf(what, sizeof what, "connecting to region %s (%s)", region->name, db->where);
    (void)db_error(db, err, what);
    return hint_at_tls(region, err);
}

int db_connect_to(struct db **out, const struct region_config *region, const struct db_options *options, size_t n,
                  struct err *err)
{
    if (region->tls.mode == TLS_VERIFY_CA && !region->tls.ca)
        return err_fatal(err, EXIT_BAD_CONFIG, "regions.%s.tls: mode verify-ca needs ca: FILE", region->name);
    library_start();
    struct db *db = xcalloc(1, sizeof *db);
    db->socket = -1;
    (void)snprintf(db->region, sizeof db->region, "%s", region->name);
    db->handle = mysql_init(NULL);
    if (!db->handle) {
        (void)err_retry(err, "no memory for a connection");
        goto fail;
    }
    set_options(db->handle, region, options);
    db->server = n;
    db->read_timeout_s = options->read_timeout_s;
    if (log_in(db, region, options, n, err))
        goto fail;
    db->socket = dup((int)mysql_get_socket(db->handle));
    if (read_identity(db, region, err))
        goto fail;
    *out = db;
    return 0;
fail:
    db_close(&db);
    return -1;
}

void db_close(struct db **db)
{
    if (!*db)
        return;
    if ((*db)->handle)
        mysql_close((*db)->handle);
    if ((*db)->socket >= 0)
        (void)close((*db)->socket);
    free(*db);
    *db = NULL;
}

size_t db_server(const struct db *db)
{
    return db->server;
}

const char *db_server_name(const struct db *db)
{
    return db->where;
}

enum flavor db_flavor(const struct db *db)
{
    return db->flavor;
}

uint32_t db_version(const struct db *db)
{
    return db->version;
}

const char *db_version_text(const struct db *db)
{
    return mysql_get_server_info(db->handle);
}

uint64_t db_connection_id(const struct db *db)
{
    return mysql_thread_id(db->handle);
}

const char *db_account(const struct db *db)
{
    return db->account;
}

void *db_handle(const struct db *db)
{
    return db->handle;
}

void db_watch(struct db *db, struct beat *beat)
{
    db->beat = beat;
}

void db_beat(struct db *db)
{
    db->asked_ms = clock_mono_ms();
    if (db->read_timeout_s > DB_ORDINARY_WAIT_S)
        beat_rest(db->beat, 1000ull * db->read_timeout_s);
    else
        beat_on(db->beat);
}

bool db_gave_up(const struct db *db)
{
    return db->gave_up;
}

void db_interrupt(struct db *db)
{
    if (db->socket >= 0)
        (void)shutdown(db->socket, SHUT_RDWR);
}
