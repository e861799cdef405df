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
/* clang-format on */

#define COUNT(a) (sizeof(a) / sizeof *(a))

static const struct source_rules mariadb = {mariadb_settings, COUNT(mariadb_settings), "SHOW SLAVE HOSTS",
                                            "REPLICATION MASTER ADMIN"};
static const struct source_rules mysql = {mysql_settings, COUNT(mysql_settings), "SHOW REPLICAS", "REPLICATION SLAVE"};
static const struct source_rules old_mysql = {mysql_settings, COUNT(mysql_settings), "SHOW SLAVE HOSTS",
                                              "REPLICATION SLAVE"};

#define SHOW_REPLICAS_SINCE 80022u

const struct source_rules *source_rules_of(enum flavor flavor, uint32_t version)
{
    if (flavor != FLAVOR_MYSQL)
        return &mariadb;
    return version >= SHOW_REPLICAS_SINCE ? &mysql : &old_mysql;
}
