/* Pinning a writer's session, and the server settings under which it would not be safe to write: two tables. */
#include "common/target/session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/base/log.h"
#include "common/target/standby.h"

#define WRITE_TIMEOUT_S 60

enum { MARIA = 1, MYSQL = 2, BOTH = MARIA | MYSQL };

/* Lock waits are short: while we wait, we hold locks that local writers want. A session whose client died is to be
 * closed soon, with what it holds. */
static const struct {
    int flavors;
    const char *sql;
} pins[] = {
    {BOTH,  "SET SESSION sql_mode = ''"                                           },
    {BOTH,  "SET SESSION time_zone = '+00:00'"                                    },
    {BOTH,  "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED"              },
    {BOTH,  "SET SESSION TRANSACTION READ WRITE"                                  },
    {BOTH,  "SET SESSION autocommit = 1, completion_type = 'NO_CHAIN'"            },
    {BOTH,  "SET SESSION foreign_key_checks = 1, unique_checks = 1"               },
    {BOTH,  "SET SESSION sql_safe_updates = 0, sql_select_limit = DEFAULT"        },
    {BOTH,  "SET SESSION sql_auto_is_null = 0, sql_big_selects = 1"               },
    {BOTH,  "SET SESSION innodb_lock_wait_timeout = 5, lock_wait_timeout = 5"     },
    {BOTH,  "SET SESSION wait_timeout = 60"                                       },
    {BOTH,  "SET SESSION sql_quote_show_create = 1"                               },
    {BOTH,  "SET SESSION eq_range_index_dive_limit = 1"                           },
    {MARIA, "SET SESSION idle_transaction_timeout = 60"                           },
    {MARIA, "SET SESSION max_statement_time = 0, check_constraint_checks = 1"     },
    {MARIA, "SET SESSION in_predicate_conversion_threshold = 0"                   },
    {MYSQL, "SET SESSION max_execution_time = 0, range_optimizer_max_mem_size = 0"},
    {MYSQL, "SET SESSION show_gipk_in_create_table_and_information_schema = 1"    },
};

/* Pins that need a privilege, hence only set where they are not as wanted already. Of those that are not `needed`, what
 * it costs that they cannot be set is told by target_session_check. */
static const struct {
    int flavors;
    bool needed;
    const char *name;
    const char *wanted;
    const char *sql;
} privileged_pins[] = {
    {BOTH,  true,  "sql_log_bin",                        "1",    "SET SESSION sql_log_bin = 1"                       },
    {BOTH,  true,  "binlog_format",                      "ROW",  "SET SESSION binlog_format = 'ROW'"                 },
    {BOTH,  true,  "binlog_row_image",                   "FULL", "SET SESSION binlog_row_image = 'FULL'"             },
    {MYSQL, false, "sql_require_primary_key",            "0",    "SET SESSION sql_require_primary_key = 0"           },
    {MYSQL, false, "sql_generate_invisible_primary_key", "0",    "SET SESSION sql_generate_invisible_primary_key = 0"},
    {MYSQL, false, "binlog_rows_query_log_events",       "0",    "SET SESSION binlog_rows_query_log_events = 0"      },
};

static int pin_privileged(struct db *db, size_t i, struct err *err)
{
    char sql[64];
    char value[64];
    struct err why = {0};
    (void)snprintf(sql, sizeof sql, "SELECT @@SESSION.%s", privileged_pins[i].name);
    if (db_query_text(db, value, sizeof value, sql, err))
        return -1;
    if (strcasecmp(value, privileged_pins[i].wanted) == 0 || db_exec(db, privileged_pins[i].sql, &why) == 0)
        return 0;
    if (!privileged_pins[i].needed && why.class == ERR_FATAL && why.exit_code == EXIT_DENIED)
        return 0;
    if (err)
        *err = why;
    return err_prefix(err, "%s must be %s at the target: SET GLOBAL it, or let the session set it",
                      privileged_pins[i].name, privileged_pins[i].wanted);
}

/* What is other than pinned all the same would change what reading under lock means. */
static int check_isolation(struct db *db, struct err *err)
{
    char level[40];
    const char *sql = db_flavor(db) == FLAVOR_MYSQL ? "SELECT @@transaction_isolation" : "SELECT @@tx_isolation";
    if (db_query_text(db, level, sizeof level, sql, err))
        return -1;
    if (strcasecmp(level, "READ-COMMITTED") == 0)
        return 0;
    return err_fatal(
        err, EXIT_BAD_CONFIG,
        "the session's isolation is %s, though READ COMMITTED was set: look for a proxy between us and the "
        "server that changes statements",
        level);
}

int target_session_pin(struct db *db, struct err *err)
{
    int flavor = db_flavor(db) == FLAVOR_MARIADB ? MARIA : MYSQL;
    for (size_t i = 0; i < sizeof pins / sizeof pins[0]; i++) {
        if ((pins[i].flavors & flavor) && db_exec(db, pins[i].sql, err))
            return -1;
    }
    for (size_t i = 0; i < sizeof privileged_pins / sizeof privileged_pins[0]; i++) {
        if ((privileged_pins[i].flavors & flavor) && pin_privileged(db, i, err))
            return -1;
    }
    return check_isolation(db, err);
}

int target_session_open_patient(struct db **out, const struct region_config *region, const char *program,
                                unsigned read_timeout_s, struct err *err)
{
    const struct db_options options = {
        .program = program,
        .read_timeout_s = read_timeout_s,
        .write_timeout_s = WRITE_TIMEOUT_S,
        .found_rows = true,
        .to_write = true,
    };
    if (db_connect(out, region, &options, err))
        return -1;
    if ((region->standby && standby_check(*out, err)) || target_session_pin(*out, err)) {
        db_close(out);
        return -1;
    }
    return 0;
}

/* A COMMIT of a big transaction takes its time. */
int target_session_open(struct db **out, const struct region_config *region, const char *program, struct err *err)
{
    return target_session_open_patient(out, region, program, DB_ORDINARY_WAIT_S, err);
}

int target_session_keep(struct db *db, struct err *err)
{
    return db_exec(db, "DO 1", err);
}

int target_session_now(struct db *db, struct err *err)
{
    return db_exec(db, "SET SESSION timestamp = DEFAULT", err);
}

int target_session_begin(struct db *db, struct err *err)
{
    return target_session_now(db, err) ? -1 : db_exec(db, "BEGIN", err);
}
