/* The part of the table that is about variables of servers. */
#include "common/check/rules.h"

#define WHY_STATEMENTS "statements cannot be replayed exactly"
#define WHY_IMAGE "a row's before and after image must have every column"
#define WHY_METADATA "column names and types must be in the binlog itself"
#define WHY_DURABLE "a power cut could undo transactions here that the target has"
#define OR_RELAXED " -- or say durability: relaxed for the region"
#define WHY_NO_BINLOG "there is no binlog to capture from"
#define LOG_BIN_FIX "set log_bin=binlog under [mysqld] in the server's option file and restart it"
#define WHY_WAIT_POINT "a commit would be seen by others before it is in the topic"
#define WHY_TIMEOUT "a commit that has waited so many ms returns without being in the topic"
#define WHY_NOBODY "while capture is away commits would return without being in the topic"
#define WHY_ENABLED "semi_sync is asked for"
#define WHY_IDEMPOTENT "it would hide duplicate and missing rows"
#define MYSQL_PLUGIN "INSTALL PLUGIN rpl_semi_sync_source SONAME 'semisync_source.so'; "
#define OLD_MYSQL_PLUGIN "INSTALL PLUGIN rpl_semi_sync_master SONAME 'semisync_master.so'; "

#define ALL_FLAVORS (CHECK_MARIADB | CHECK_ANY_MYSQL)
#define MUST .area = CHECK_AREA_SETTINGS, .severity = FINDING_ERROR, .stops = EXIT_BAD_CONFIG
#define SHOULD .area = CHECK_AREA_SETTINGS, .severity = FINDING_WARNING
#define OF_SOURCE(f) .roles = CHECK_SOURCE, .flavors = (f)
#define OF_TARGET(f) .roles = CHECK_TARGET, .flavors = (f)
#define OF_WAITING(f) .roles = CHECK_SEMI_SYNC, .flavors = (f)

/* clang-format off */
const struct check_rule check_rules_settings[] = {
    {.id = "log_bin", MUST, OF_SOURCE(ALL_FLAVORS), .wanted = "1", .why = WHY_NO_BINLOG, .cure = LOG_BIN_FIX},
    {.id = "enforce_gtid_consistency", MUST, OF_SOURCE(CHECK_ANY_MYSQL), .wanted = "1",
     .why = "it must be before gtid_mode can", .cure = "SET PERSIST enforce_gtid_consistency = ON;"},
    {.id = "gtid_mode", MUST, OF_SOURCE(CHECK_ANY_MYSQL), .wanted = "ON",
     .why = "a transaction without GTID cannot be told from others",
     .cure = "SET PERSIST gtid_mode = OFF_PERMISSIVE; SET PERSIST gtid_mode = ON_PERMISSIVE; SET PERSIST gtid_mode = ON; "
             "-- from where it is now, step by step; before the last one wait until the status variable "
             "Ongoing_anonymous_transaction_count is 0"},
    {.id = "binlog_format", MUST, OF_SOURCE(ALL_FLAVORS), .wanted = "ROW", .may_lack = true, .why = WHY_STATEMENTS,
     .cure = "SET GLOBAL binlog_format = 'ROW';", .cure_mysql = "SET PERSIST binlog_format = 'ROW';"},
    {.id = "binlog_row_image", MUST, OF_SOURCE(ALL_FLAVORS), .wanted = "FULL", .why = WHY_IMAGE,
     .cure = "SET GLOBAL binlog_row_image = 'FULL';", .cure_mysql = "SET PERSIST binlog_row_image = 'FULL';"},
    {.id = "binlog_row_metadata", MUST, .roles = CHECK_SOURCE | CHECK_FED, .flavors = ALL_FLAVORS, .wanted = "FULL",
     .why = WHY_METADATA, .cure = "SET GLOBAL binlog_row_metadata = 'FULL';",
     .cure_mysql = "SET PERSIST binlog_row_metadata = 'FULL';"},
    {.id = "sync_binlog", MUST, OF_SOURCE(ALL_FLAVORS), .wanted = "1", .durable = true, .why = WHY_DURABLE,
     .cure = "SET GLOBAL sync_binlog = 1;" OR_RELAXED, .cure_mysql = "SET PERSIST sync_binlog = 1;" OR_RELAXED},
    {.id = "innodb_flush_log_at_trx_commit", MUST, OF_SOURCE(ALL_FLAVORS), .wanted = "1", .durable = true,
     .why = WHY_DURABLE, .cure = "SET GLOBAL innodb_flush_log_at_trx_commit = 1;" OR_RELAXED,
     .cure_mysql = "SET PERSIST innodb_flush_log_at_trx_commit = 1;" OR_RELAXED},
    {.id = "gtid_strict_mode", SHOULD, OF_SOURCE(CHECK_MARIADB), .wanted = "1",
     .why = "the server could use GTIDs out of order, which would stop the stream",
     .cure = "SET GLOBAL gtid_strict_mode = 1;"},
    {.id = "binlog_error_action", SHOULD, OF_SOURCE(CHECK_ANY_MYSQL), .wanted = "ABORT_SERVER", .may_lack = true,
     .why = "after a failed write the server would go on without a binlog",
     .cure = "SET PERSIST binlog_error_action = 'ABORT_SERVER';"},

    {.id = "rpl_semi_sync_source_enabled", MUST, OF_WAITING(CHECK_MYSQL), .wanted = "1", .why = WHY_ENABLED,
     .cure = MYSQL_PLUGIN "SET PERSIST rpl_semi_sync_source_enabled = ON;"},
    {.id = "rpl_semi_sync_source_wait_point", SHOULD, OF_WAITING(CHECK_MYSQL), .wanted = "AFTER_SYNC", .may_lack = true,
     .why = WHY_WAIT_POINT, .cure = "SET PERSIST rpl_semi_sync_source_wait_point = 'AFTER_SYNC';"},
    {.id = "rpl_semi_sync_source_timeout", SHOULD, OF_WAITING(CHECK_MYSQL), .wanted = ">=4294967295", .may_lack = true,
     .why = WHY_TIMEOUT, .cure = "SET PERSIST rpl_semi_sync_source_timeout = 4294967295;"},
    {.id = "rpl_semi_sync_source_wait_no_replica", SHOULD, OF_WAITING(CHECK_MYSQL), .wanted = "1", .may_lack = true,
     .why = WHY_NOBODY, .cure = "SET PERSIST rpl_semi_sync_source_wait_no_replica = ON;"},
    {.id = "rpl_semi_sync_master_enabled", MUST, OF_WAITING(CHECK_MARIADB | CHECK_OLD_MYSQL), .wanted = "1",
     .why = WHY_ENABLED, .cure = "SET GLOBAL rpl_semi_sync_master_enabled = ON;",
     .cure_mysql = OLD_MYSQL_PLUGIN "SET PERSIST rpl_semi_sync_master_enabled = ON;"},
    {.id = "rpl_semi_sync_master_wait_point", SHOULD, OF_WAITING(CHECK_MARIADB | CHECK_OLD_MYSQL),
     .wanted = "AFTER_SYNC", .may_lack = true, .why = WHY_WAIT_POINT,
     .cure = "SET GLOBAL rpl_semi_sync_master_wait_point = 'AFTER_SYNC';",
     .cure_mysql = "SET PERSIST rpl_semi_sync_master_wait_point = 'AFTER_SYNC';"},
    {.id = "rpl_semi_sync_master_timeout", SHOULD, OF_WAITING(CHECK_MARIADB | CHECK_OLD_MYSQL),
     .wanted = ">=4294967295", .may_lack = true, .why = WHY_TIMEOUT,
     .cure = "SET GLOBAL rpl_semi_sync_master_timeout = 4294967295;",
     .cure_mysql = "SET PERSIST rpl_semi_sync_master_timeout = 4294967295;"},
    {.id = "rpl_semi_sync_master_wait_no_slave", SHOULD, OF_WAITING(CHECK_MARIADB | CHECK_OLD_MYSQL), .wanted = "1",
     .may_lack = true, .why = WHY_NOBODY, .cure = "SET GLOBAL rpl_semi_sync_master_wait_no_slave = ON;",
     .cure_mysql = "SET PERSIST rpl_semi_sync_master_wait_no_slave = ON;"},

    {.id = "slave_exec_mode", MUST, OF_TARGET(CHECK_MARIADB | CHECK_OLD_MYSQL), .wanted = "!IDEMPOTENT",
     .may_lack = true, .why = WHY_IDEMPOTENT, .cure = "SET GLOBAL slave_exec_mode = 'STRICT';"},
    {.id = "replica_exec_mode", MUST, OF_TARGET(CHECK_ANY_MYSQL), .wanted = "!IDEMPOTENT", .may_lack = true,
     .why = WHY_IDEMPOTENT, .cure = "SET PERSIST replica_exec_mode = 'STRICT';"},
    {.id = "slave_run_triggers_for_rbr", MUST, OF_TARGET(CHECK_MARIADB), .wanted = "NO", .may_lack = true,
     .why = "triggers would run whose effects come from the source already",
     .cure = "SET GLOBAL slave_run_triggers_for_rbr = 'NO';"},
    {.id = "max_allowed_packet", MUST, OF_TARGET(ALL_FLAVORS), .wanted = ">=1048576",
     .why = "a row event has to fit into one statement", .cure = "SET GLOBAL max_allowed_packet = 67108864;",
     .cure_mysql = "SET PERSIST max_allowed_packet = 67108864;"},
    {.id = "binlog_rows_query_log_events", SHOULD, OF_TARGET(CHECK_ANY_MYSQL), .wanted = "!ON", .may_lack = true,
     .why = "the text of every BINLOG statement goes into the target's binlog, beside the rows",
     .cure = "SET PERSIST binlog_rows_query_log_events = OFF;"},
    {.id = NULL},
};
/* clang-format on */
