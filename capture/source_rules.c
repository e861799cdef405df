/* The settings that a source needs, by flavour. */
#include "capture/source_rules.h"

#define WHY_STATEMENTS "statements cannot be replayed exactly"
#define WHY_IMAGE "a row's before and after image must have every column"
#define WHY_METADATA "column names and types must be in the binlog itself"
#define WHY_DURABLE "a power cut could undo transactions here that the target has"
#define OR_RELAXED " (or say durability: relaxed for the region)"
#define LOG_BIN_FIX "set log_bin=binlog under [mysqld] in the server's option file and restart it"

/* clang-format off */
static const struct setting_rule mariadb_settings[] = {
    {"log_bin", "1", RULE_REQUIRED, false, "there is no binlog to capture from", LOG_BIN_FIX},
    {"binlog_format", "ROW", RULE_REQUIRED, false, WHY_STATEMENTS, "SET GLOBAL binlog_format = 'ROW';"},
    {"binlog_row_image", "FULL", RULE_REQUIRED, false, WHY_IMAGE, "SET GLOBAL binlog_row_image = 'FULL';"},
    {"binlog_row_metadata", "FULL", RULE_REQUIRED, false, WHY_METADATA,
     "SET GLOBAL binlog_row_metadata = 'FULL';"},
    {"sync_binlog", "1", RULE_DURABLE, false, WHY_DURABLE, "SET GLOBAL sync_binlog = 1;" OR_RELAXED},
    {"innodb_flush_log_at_trx_commit", "1", RULE_DURABLE, false, WHY_DURABLE,
     "SET GLOBAL innodb_flush_log_at_trx_commit = 1;" OR_RELAXED},
    {"gtid_strict_mode", "1", RULE_ADVISED, false,
     "the server could use GTIDs out of order, which would stop the stream", "SET GLOBAL gtid_strict_mode = 1;"},
};

/* binlog_row_value_options and binlog_transaction_compression may be as they like. */
static const struct setting_rule mysql_settings[] = {
    {"log_bin", "1", RULE_REQUIRED, false, "there is no binlog to capture from", LOG_BIN_FIX},
    {"enforce_gtid_consistency", "1", RULE_REQUIRED, false, "it must be before gtid_mode can",
     "SET PERSIST enforce_gtid_consistency = ON;"},
    {"gtid_mode", "ON", RULE_REQUIRED, false, "a transaction without GTID cannot be told from others",
     "SET PERSIST gtid_mode = OFF_PERMISSIVE; SET PERSIST gtid_mode = ON_PERMISSIVE; SET PERSIST gtid_mode = ON; (from "
     "where it is now, step by step; before the last one wait until the status variable "
     "Ongoing_anonymous_transaction_count is 0)"},
    {"binlog_format", "ROW", RULE_REQUIRED, true, WHY_STATEMENTS, "SET PERSIST binlog_format = 'ROW';"},
    {"binlog_row_image", "FULL", RULE_REQUIRED, false, WHY_IMAGE, "SET PERSIST binlog_row_image = 'FULL';"},
    {"binlog_row_metadata", "FULL", RULE_REQUIRED, false, WHY_METADATA,
     "SET PERSIST binlog_row_metadata = 'FULL';"},
    {"sync_binlog", "1", RULE_DURABLE, false, WHY_DURABLE, "SET PERSIST sync_binlog = 1;" OR_RELAXED},
    {"innodb_flush_log_at_trx_commit", "1", RULE_DURABLE, false, WHY_DURABLE,
     "SET PERSIST innodb_flush_log_at_trx_commit = 1;" OR_RELAXED},
    {"binlog_error_action", "ABORT_SERVER", RULE_ADVISED, true,
     "after a failed write the server would go on without a binlog", "SET PERSIST binlog_error_action = 'ABORT_SERVER';"},
};

#define WHY_WAIT_POINT "a commit would be seen by others before it is in the topic"
#define WHY_TIMEOUT "a commit that has waited so many ms returns without being in the topic"
#define WHY_NOBODY "while capture is away commits would return without being in the topic"
#define WHY_ENABLED "semi_sync is asked for"
#define MYSQL_PLUGIN "INSTALL PLUGIN rpl_semi_sync_source SONAME 'semisync_source.so'; "
#define OLD_MYSQL_PLUGIN "INSTALL PLUGIN rpl_semi_sync_master SONAME 'semisync_master.so'; "

static const struct setting_rule mariadb_semi_sync[] = {
    {"rpl_semi_sync_master_enabled", "1", RULE_REQUIRED, false, WHY_ENABLED,
     "SET GLOBAL rpl_semi_sync_master_enabled = ON;"},
    {"rpl_semi_sync_master_wait_point", "AFTER_SYNC", RULE_ADVISED, false, WHY_WAIT_POINT,
     "SET GLOBAL rpl_semi_sync_master_wait_point = 'AFTER_SYNC';"},
    {"rpl_semi_sync_master_timeout", ">=4294967295", RULE_ADVISED, false, WHY_TIMEOUT,
     "SET GLOBAL rpl_semi_sync_master_timeout = 4294967295;"},
    {"rpl_semi_sync_master_wait_no_slave", "1", RULE_ADVISED, false, WHY_NOBODY,
     "SET GLOBAL rpl_semi_sync_master_wait_no_slave = ON;"},
};

static const struct setting_rule mysql_semi_sync[] = {
    {"rpl_semi_sync_source_enabled", "1", RULE_REQUIRED, false, WHY_ENABLED,
     MYSQL_PLUGIN "SET PERSIST rpl_semi_sync_source_enabled = ON;"},
    {"rpl_semi_sync_source_wait_point", "AFTER_SYNC", RULE_ADVISED, true, WHY_WAIT_POINT,
     "SET PERSIST rpl_semi_sync_source_wait_point = 'AFTER_SYNC';"},
    {"rpl_semi_sync_source_timeout", ">=4294967295", RULE_ADVISED, true, WHY_TIMEOUT,
     "SET PERSIST rpl_semi_sync_source_timeout = 4294967295;"},
    {"rpl_semi_sync_source_wait_no_replica", "1", RULE_ADVISED, true, WHY_NOBODY,
     "SET PERSIST rpl_semi_sync_source_wait_no_replica = ON;"},
};

static const struct setting_rule old_mysql_semi_sync[] = {
    {"rpl_semi_sync_master_enabled", "1", RULE_REQUIRED, false, WHY_ENABLED,
     OLD_MYSQL_PLUGIN "SET PERSIST rpl_semi_sync_master_enabled = ON;"},
    {"rpl_semi_sync_master_wait_point", "AFTER_SYNC", RULE_ADVISED, true, WHY_WAIT_POINT,
     "SET PERSIST rpl_semi_sync_master_wait_point = 'AFTER_SYNC';"},
    {"rpl_semi_sync_master_timeout", ">=4294967295", RULE_ADVISED, true, WHY_TIMEOUT,
     "SET PERSIST rpl_semi_sync_master_timeout = 4294967295;"},
    {"rpl_semi_sync_master_wait_no_slave", "1", RULE_ADVISED, true, WHY_NOBODY,
     "SET PERSIST rpl_semi_sync_master_wait_no_slave = ON;"},
};
/* clang-format on */

#define COUNT(a) (sizeof(a) / sizeof *(a))

static const struct source_rules mariadb = {
    .settings = mariadb_settings,
    .setting_count = COUNT(mariadb_settings),
    .semi_sync = mariadb_semi_sync,
    .semi_sync_count = COUNT(mariadb_semi_sync),
    .list_replicas = "SHOW SLAVE HOSTS",
    .list_grant = "REPLICATION MASTER ADMIN",
};
static const struct source_rules mysql = {
    .settings = mysql_settings,
    .setting_count = COUNT(mysql_settings),
    .semi_sync = mysql_semi_sync,
    .semi_sync_count = COUNT(mysql_semi_sync),
    .list_replicas = "SHOW REPLICAS",
    .list_grant = "REPLICATION SLAVE",
};
static const struct source_rules old_mysql = {
    .settings = mysql_settings,
    .setting_count = COUNT(mysql_settings),
    .semi_sync = old_mysql_semi_sync,
    .semi_sync_count = COUNT(old_mysql_semi_sync),
    .list_replicas = "SHOW SLAVE HOSTS",
    .list_grant = "REPLICATION SLAVE",
};

#define NEW_NAMES_SINCE 80026u /* of plugins; statements know them since 8.0.22 */

const struct source_rules *source_rules_of(enum flavor flavor, uint32_t version)
{
    if (flavor != FLAVOR_MYSQL)
        return &mariadb;
    return version >= NEW_NAMES_SINCE ? &mysql : &old_mysql;
}
