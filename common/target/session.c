/* Pinning a writer's session, and the server settings under which it would not be safe to write: two tables. */
#include "common/target/session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/base/log.h"
#include "common/target/standby.h"

#define READ_TIMEOUT_S 120 /* a COMMIT of a big transaction takes its time */
#define WRITE_TIMEOUT_S 60
#define LEAST_PACKET (1u << 20)

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
    return 0;
}

int target_session_open(struct db **out, const struct region_config *region, const char *program, struct err *err)
{
    const struct db_options options = {
        .program = program,
        .read_timeout_s = READ_TIMEOUT_S,
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

/* ---- the server's settings ---- */

static bool is_idempotent(const char *value)
{
    return strcasecmp(value, "IDEMPOTENT") == 0;
}

static bool runs_triggers(const char *value)
{
    return strcasecmp(value, "NO") != 0;
}

static bool is_too_small(const char *value)
{
    return strtoull(value, NULL, 10) < LEAST_PACKET;
}

static bool is_not_full(const char *value)
{
    return strcasecmp(value, "FULL") != 0;
}

static const struct {
    const char *name;
    bool (*is_wrong)(const char *value);
    const char *why;
    const char *fix;
    bool of_sources; /* matters only where a capture reads what we write */
} settings[] = {
    {"slave_exec_mode",            is_idempotent, "would hide duplicate and missing rows",                                 "SET GLOBAL slave_exec_mode = 'STRICT'",
     false                                                                                                                                                                  },
    {"replica_exec_mode",          is_idempotent, "would hide duplicate and missing rows",
     "SET GLOBAL replica_exec_mode = 'STRICT'",                                                                                                                        false},
    {"slave_run_triggers_for_rbr", runs_triggers, "would run triggers whose effects come from the source already",
     "SET GLOBAL slave_run_triggers_for_rbr = 'NO'",                                                                                                                   false},
    {"max_allowed_packet",         is_too_small,  "is less than 1 MiB",                                                    "SET GLOBAL max_allowed_packet = 67108864", false},
    {"binlog_row_metadata",        is_not_full,   "would put rows into its binlog that its own capture cannot read, ever",
     "SET GLOBAL binlog_row_metadata = 'FULL'",                                                                                                                        true },
};

/* What could not be pinned, and costs, but harms nothing. */
static int tell_costs(struct db *db, struct err *err)
{
    uint64_t logs_text = 0;
    if (db_flavor(db) != FLAVOR_MYSQL)
        return 0;
    if (db_query_u64(db, &logs_text, "SELECT @@SESSION.binlog_rows_query_log_events", err))
        return -1;
    if (logs_text)
        log_warn("target: binlog_rows_query_log_events = ON puts the text of every BINLOG statement into the target's "
                 "binlog, beside the rows; mend it by: SET GLOBAL binlog_rows_query_log_events = OFF; or let the "
                 "session do so: GRANT SESSION_VARIABLES_ADMIN ON *.* TO %s;",
                 db_account(db));
    return 0;
}

static int check_settings(struct db *db, bool is_source, struct err *err)
{
    struct arena a = {0};
    struct db_rows rows;
    int rc = db_query(db, &rows, &a,
                      "SHOW GLOBAL VARIABLES WHERE Variable_name IN ('slave_exec_mode', 'replica_exec_mode', "
                      "'slave_run_triggers_for_rbr', 'max_allowed_packet', 'binlog_row_metadata')",
                      err);
    for (size_t r = 0; rc <= 0 && r < rows.row_count; r++) {
        for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++) {
            const char *value = (const char *)db_cell(&rows, r, 1).p;
            if (!span_is(db_cell(&rows, r, 0), settings[i].name) || !settings[i].is_wrong(value))
                continue;
            if (settings[i].of_sources && !is_source)
                continue;
            log_error("target: %s = %s %s; mend it by: %s", settings[i].name, value, settings[i].why, settings[i].fix);
            if (rc == 0)
                rc = err_fatal(err, EXIT_BAD_CONFIG, "the target's %s = %s %s; mend it by: %s", settings[i].name, value,
                               settings[i].why, settings[i].fix);
        }
    }
    arena_free(&a);
    return rc;
}

int target_session_check(struct db *db, bool is_source, struct err *err)
{
    return check_settings(db, is_source, err) || tell_costs(db, err) ? -1 : 0;
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
