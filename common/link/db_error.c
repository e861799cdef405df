/* What a server's error number means for us: one table from numbers to classes. */
#include <stdlib.h>
#include <string.h>

#include <errmsg.h>

#include "common/base/clock.h"
#include "common/link/db_grant.h"
#include "common/link/db_private.h"

#define BINLOG_IMPOSSIBLE 1598u

struct error_rule {
    unsigned code;
    enum err_class class;
    enum exit_code exit_code; /* of ERR_FATAL */
};

/* Sorted by number. Numbers as in the servers' own lists; those of MySQL only are above 3000, of MariaDB only 1900–1999
 * and above 4000; below 1000 they are those of the servers' file layer. */
static const struct error_rule rules[] = {
    {1,    ERR_RETRY, 0              }, /* cannot create a file, as on a full disk */
    {2,    ERR_RETRY, 0              }, /* cannot read a file */
    {3,    ERR_RETRY, 0              }, /* cannot write a file, as on a full disk */
    {4,    ERR_RETRY, 0              }, /* cannot close a file, as on a full disk */
    {5,    ERR_RETRY, 0              }, /* out of memory */
    {14,   ERR_RETRY, 0              }, /* cannot change the size of a file, as on a full disk */
    {20,   ERR_RETRY, 0              }, /* disk full */
    {23,   ERR_RETRY, 0              }, /* too many open files */
    {27,   ERR_RETRY, 0              }, /* cannot bring a file to the disk */
    {1004, ERR_RETRY, 0              }, /* cannot create a file, as on a full disk */
    {1015, ERR_RETRY, 0              }, /* cannot lock file */
    {1020, ERR_RETRY, 0              }, /* record changed since last read */
    {1021, ERR_RETRY, 0              }, /* disk full */
    {1022, ERR_DATA,  0              }, /* duplicate key on write */
    {1023, ERR_RETRY, 0              }, /* cannot close a file, as on a full disk */
    {1024, ERR_RETRY, 0              }, /* cannot read a file */
    {1026, ERR_RETRY, 0              }, /* cannot write a file, as on a full disk */
    {1030, ERR_RETRY, 0              }, /* error from the storage engine */
    {1032, ERR_DATA,  0              }, /* row not found */
    {1037, ERR_RETRY, 0              }, /* out of memory */
    {1038, ERR_RETRY, 0              }, /* out of sort memory */
    {1040, ERR_RETRY, 0              }, /* too many connections */
    {1041, ERR_RETRY, 0              }, /* out of resources */
    {1043, ERR_RETRY, 0              }, /* bad handshake */
    {1044, ERR_FATAL, EXIT_DENIED    }, /* access denied to the database */
    {1045, ERR_FATAL, EXIT_DENIED    }, /* access denied for the user */
    {1047, ERR_RETRY, 0              }, /* this node of a cluster is not ready */
    {1048, ERR_DATA,  0              }, /* column cannot be null */
    {1049, ERR_DATA,  0              }, /* unknown database */
    {1053, ERR_RETRY, 0              }, /* server shutdown */
    {1054, ERR_DATA,  0              }, /* unknown column */
    {1062, ERR_DATA,  0              }, /* duplicate entry */
    {1077, ERR_RETRY, 0              }, /* normal shutdown */
    {1078, ERR_RETRY, 0              }, /* got signal */
    {1079, ERR_RETRY, 0              }, /* shutdown complete */
    {1080, ERR_RETRY, 0              }, /* forcing close of thread */
    {1095, ERR_FATAL, EXIT_DENIED    }, /* another account's connection may not be killed */
    {1105, ERR_RETRY, 0              }, /* unknown error */
    {1114, ERR_RETRY, 0              }, /* table is full */
    {1129, ERR_RETRY, 0              }, /* host is blocked */
    {1130, ERR_FATAL, EXIT_DENIED    }, /* host is not allowed */
    {1135, ERR_RETRY, 0              }, /* cannot create a thread */
    {1142, ERR_FATAL, EXIT_DENIED    }, /* command denied on the table */
    {1143, ERR_FATAL, EXIT_DENIED    }, /* command denied on the column */
    {1146, ERR_DATA,  0              }, /* no such table */
    {1152, ERR_RETRY, 0              }, /* aborted connection */
    {1158, ERR_RETRY, 0              }, /* network: read */
    {1159, ERR_RETRY, 0              }, /* network: read timeout */
    {1160, ERR_RETRY, 0              }, /* network: write */
    {1161, ERR_RETRY, 0              }, /* network: write timeout */
    {1169, ERR_DATA,  0              }, /* unique constraint */
    {1180, ERR_RETRY, 0              }, /* error during COMMIT */
    {1181, ERR_RETRY, 0              }, /* error during ROLLBACK */
    {1184, ERR_RETRY, 0              }, /* new aborted connection */
    {1192, ERR_RETRY, 0              }, /* locked tables or active transaction */
    {1197, ERR_FATAL, EXIT_BAD_CONFIG}, /* the transaction is above max_binlog_cache_size */
    {1203, ERR_RETRY, 0              }, /* the user has too many connections */
    {1205, ERR_RETRY, 0              }, /* lock wait timeout */
    {1206, ERR_RETRY, 0              }, /* lock table full */
    {1213, ERR_RETRY, 0              }, /* deadlock */
    {1216, ERR_DATA,  0              }, /* foreign key: no parent */
    {1217, ERR_DATA,  0              }, /* foreign key: has children */
    {1223, ERR_RETRY, 0              }, /* conflicting read lock */
    {1226, ERR_RETRY, 0              }, /* the user exceeded a resource */
    {1227, ERR_FATAL, EXIT_DENIED    }, /* a privilege is missing */
    {1251, ERR_FATAL, EXIT_DENIED    }, /* authentication protocol */
    {1264, ERR_DATA,  0              }, /* out of range */
    {1265, ERR_DATA,  0              }, /* data truncated */
    {1290, ERR_RETRY, 0              }, /* running with --read-only */
    {1292, ERR_DATA,  0              }, /* truncated wrong value */
    {1317, ERR_RETRY, 0              }, /* query interrupted */
    {1364, ERR_DATA,  0              }, /* no default value */
    {1366, ERR_DATA,  0              }, /* incorrect value */
    {1370, ERR_FATAL, EXIT_DENIED    }, /* routine denied */
    {1406, ERR_DATA,  0              }, /* data too long */
    {1412, ERR_RETRY, 0              }, /* table definition changed */
    {1416, ERR_DATA,  0              }, /* no geometry */
    {1451, ERR_DATA,  0              }, /* foreign key: row is referenced */
    {1452, ERR_DATA,  0              }, /* foreign key: no parent row */
    {1461, ERR_RETRY, 0              }, /* max_prepared_stmt_count reached */
    {1526, ERR_DATA,  0              }, /* no partition for the value */
    {1535, ERR_DATA,  0              }, /* table definitions do not match */
    {1586, ERR_DATA,  0              }, /* duplicate entry, with the key's name */
    {1598, ERR_FATAL, EXIT_BAD_CONFIG}, /* BINLOG_IMPOSSIBLE: it cannot be put into the binlog */
    {1614, ERR_RETRY, 0              }, /* deadlock in an XA transaction */
    {1615, ERR_RETRY, 0              }, /* a statement has to be prepared again */
    {1637, ERR_RETRY, 0              }, /* too many concurrent transactions */
    {1677, ERR_DATA,  0              }, /* column type cannot be converted */
    {1689, ERR_RETRY, 0              }, /* wait for a lock aborted */
    {1690, ERR_DATA,  0              }, /* value out of range */
    {1698, ERR_FATAL, EXIT_DENIED    }, /* access denied, no password asked */
    {1705, ERR_FATAL, EXIT_BAD_CONFIG}, /* the statement is above max_binlog_stmt_cache_size */
    {1732, ERR_DATA,  0              }, /* row does not match the partition */
    {1748, ERR_DATA,  0              }, /* row does not match the partition set */
    {1761, ERR_DATA,  0              }, /* foreign key: duplicate in a child */
    {1762, ERR_DATA,  0              }, /* foreign key: duplicate in a child, unnamed */
    {1792, ERR_RETRY, 0              }, /* read-only transaction */
    {1820, ERR_FATAL, EXIT_DENIED    }, /* password must be changed */
    {1836, ERR_RETRY, 0              }, /* read-only mode */
    {1862, ERR_FATAL, EXIT_DENIED    }, /* password expired */
    {1863, ERR_DATA,  0              }, /* row in the wrong partition */
    {1878, ERR_RETRY, 0              }, /* cannot write a temporary file */
    {1927, ERR_RETRY, 0              }, /* connection was killed */
    {1950, ERR_DATA,  0              }, /* GTID out of order in strict mode */
    {1969, ERR_RETRY, 0              }, /* max_statement_time exceeded */
    {3019, ERR_RETRY, 0              }, /* undo log full */
    {3024, ERR_RETRY, 0              }, /* max_execution_time exceeded */
    {3032, ERR_RETRY, 0              }, /* server offline for us */
    {3058, ERR_RETRY, 0              }, /* deadlock of named locks */
    {3100, ERR_RETRY, 0              }, /* error on before_commit hook (group replication) */
    {3101, ERR_RETRY, 0              }, /* a plugin rolled the transaction back (group replication) */
    {3118, ERR_FATAL, EXIT_DENIED    }, /* account is locked */
    {3168, ERR_RETRY, 0              }, /* server is not available */
    {3169, ERR_RETRY, 0              }, /* session was killed */
    {3572, ERR_RETRY, 0              }, /* NOWAIT */
    {3675, ERR_RETRY, 0              }, /* disk full (MySQL) */
    {3819, ERR_DATA,  0              }, /* check constraint */
    {3955, ERR_FATAL, EXIT_DENIED    }, /* account is blocked for now */
    {4025, ERR_DATA,  0              }, /* constraint failed */
    {4031, ERR_RETRY, 0              }, /* disconnected by the server: inactivity (MySQL) */
    {4151, ERR_FATAL, EXIT_DENIED    }, /* account is locked */
    {6038, ERR_FATAL, EXIT_DENIED    }, /* a privilege is missing: TRANSACTION_GTID_TAG */
};

static int by_code(const void *key, const void *rule)
{
    unsigned code = *(const unsigned *)key;
    unsigned other = ((const struct error_rule *)rule)->code;
    return code < other ? -1 : code > other;
}

/* A handshake that the network cut looks like a TLS error, but is worth another try. */
static bool tls_was_cut(const char *text)
{
    static const char *const cuts[] = {"reset", "eof", "timed out", "broken pipe", "Broken pipe", "Lost connection"};
    for (size_t i = 0; i < sizeof cuts / sizeof cuts[0]; i++) {
        if (strstr(text, cuts[i]))
            return true;
    }
    return false;
}

/* A full disk goes by many numbers, and some of these have other causes as well: the text tells. MySQL that cannot
 * write its binlog says 1598, then ends itself. */
static bool will_pass(unsigned code, const struct error_rule *rule, const char *text)
{
    static const char *const words[] = {"No space left on device", "disk is full", "Too many open files",
                                        "Aborting the server", "erver is being stopped"};
    if (rule && code != BINLOG_IMPOSSIBLE)
        return false;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strstr(text, words[i]))
            return true;
    }
    return false;
}

static int client_error(unsigned code, const char *text, struct err *err, const char *what)
{
    switch (code) {
    case CR_SSL_CONNECTION_ERROR:
        if (tls_was_cut(text))
            break;
        return err_fatal(err, EXIT_BAD_CONFIG, "%s: TLS: %s", what, text);
    case CR_AUTH_PLUGIN_CANNOT_LOAD:
    case CR_AUTH_PLUGIN_ERR:
        return err_fatal(err, EXIT_DENIED, "%s: authentication: %s", what, text);
    case CR_COMMANDS_OUT_OF_SYNC:
    case CR_NET_PACKET_TOO_LARGE:
    case CR_PARAMS_NOT_BOUND:
    case CR_INVALID_PARAMETER_NO:
    case CR_NO_PREPARE_STMT:
        return err_fatal(err, EXIT_BUG, "%s: %s (%u)", what, text, code);
    default:
        break;
    }
    return err_retry(err, "%s: %s (%u)", what, text, code);
}

static int denied(const struct db *db, unsigned code, const char *text, enum exit_code exit_code, struct err *err,
                  const char *what)
{
    struct buf grant = {0};
    if (db && db->account[0] && db_put_grant(&grant, code, text, db->account))
        (void)err_fatal(err, exit_code, "%s: %s (%u). Run: %s", what, text, code, buf_cstr(&grant));
    else
        (void)err_fatal(err, exit_code, "%s: %s (%u)", what, text, code);
    buf_free(&grant);
    return -1;
}

/* The library tells a lost connection and an answer that did not come in time alike. */
static void note_silence(struct db *db, unsigned code, struct err *err)
{
    if (!db || code != CR_SERVER_LOST || db->read_timeout_s == 0 || db->asked_ms == 0 ||
        clock_mono_ms() - db->asked_ms < 1000ull * db->read_timeout_s)
        return;
    db->gave_up = true;
    (void)err_hint(err, "no answer came within %u s", db->read_timeout_s);
}

int db_error_of(struct db *db, unsigned code, const char *text, struct err *err, const char *what)
{
    const struct error_rule *rule = bsearch(&code, rules, sizeof rules / sizeof rules[0], sizeof rules[0], by_code);
    if (code >= CR_MIN_ERROR && code < 3000 && !rule)
        (void)client_error(code, text, err, what);
    else if (will_pass(code, rule, text))
        (void)err_retry(err, "%s: %s (%u)", what, text, code);
    else if (!rule)
        (void)err_fatal(err, EXIT_BUG, "%s: %s (%u)", what, text, code);
    else if (rule->class == ERR_FATAL)
        (void)denied(db, code, text, rule->exit_code, err, what);
    else if (rule->class == ERR_DATA)
        (void)err_data(err, "%s: %s (%u)", what, text, code);
    else
        (void)err_retry(err, "%s: %s (%u)", what, text, code);
    if (err)
        err->code = (int)code;
    note_silence(db, code, err);
    return -1;
}

int db_error(struct db *db, struct err *err, const char *what)
{
    return db_error_of(db, mysql_errno(db->handle), mysql_error(db->handle), err, what);
}

bool db_says_read_only(const struct err *err)
{
    return err->code == DB_READ_ONLY || err->code == 1792 || err->code == 1836;
}

bool db_says_absent(const struct err *err)
{
    return err->code == 1049 || err->code == 1051 || err->code == 1146;
}
