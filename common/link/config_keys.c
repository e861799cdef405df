/* The table of every key of the pair file. A new key is a new row here; reader and documents follow. */
#include "common/link/config_keys.h"

#include "common/base/log.h"
#include "common/link/config_enter.h"
#include "common/link/config_value.h"

#define KIB ((uint64_t)1 << 10)
#define MIB ((uint64_t)1 << 20)
#define SECOND ((uint64_t)1000)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

/* Where a value goes: the object that the reader's `pointer_` points to, and its field. */
#define IN(pointer_, type_, field_)                                                                                    \
    .owner = offsetof(struct config_reader, pointer_), .offset = offsetof(type_, field_),                              \
    .size = sizeof(((type_ *)NULL)->field_)
#define CONFIG(field_) IN(config, struct config, field_)
#define REGION(field_) IN(region, struct region_config, field_)
#define LINK(field_) IN(link, struct link_config, field_)
#define RULE(field_) IN(rule, struct policy_rule, field_)
#define CLUSTER(field_) IN(cluster, struct kafka_config, field_)
#define WHOLE_CLUSTER .owner = offsetof(struct config_reader, cluster)

static const struct config_word flavors[] = {
    {"auto",    FLAVOR_NONE   },
    {"mariadb", FLAVOR_MARIADB},
    {"mysql",   FLAVOR_MYSQL  },
    {NULL,      0             }
};
static const struct config_word tls_modes[] = {
    {"off",         TLS_OFF        },
    {"required",    TLS_REQUIRED   },
    {"verify-ca",   TLS_VERIFY_CA  },
    {"verify-full", TLS_VERIFY_FULL},
    {NULL,          0              }
};
static const struct config_word source_durability[] = {
    {"strict",  0},
    {"relaxed", 1},
    {NULL,      0}
};
static const struct config_word kafka_durability[] = {
    {"replicated", 0},
    {"single",     1},
    {NULL,         0}
};
static const struct config_word capture_starts[] = {
    {"now", START_NOW},
    {NULL,  0        }
};
static const struct config_word link_starts[] = {
    {"beginning", START_BEGINNING},
    {"now",       START_NOW      },
    {NULL,        0              }
};
static const struct config_word paths[] = {
    {"auto",  0},
    {"exact", 1},
    {NULL,    0}
};
static const struct config_word ddl_policies[] = {
    {"pause",  DDL_PAUSE },
    {"apply",  DDL_APPLY },
    {"ignore", DDL_IGNORE},
    {NULL,     0         }
};
static const struct config_word writers[] = {
    {"binlog", APPLY_WRITER_BINLOG},
    {"sql",    APPLY_WRITER_SQL   },
    {NULL,     0                  }
};
static const struct config_word policies[] = {
    {"latest",      POLICY_LATEST     },
    {"source_wins", POLICY_SOURCE_WINS},
    {"target_wins", POLICY_TARGET_WINS},
    {"stop",        POLICY_STOP       },
    {NULL,          0                 }
};
static const struct config_word data_errors[] = {
    {"park", 0},
    {"stop", 1},
    {NULL,   0}
};
static const struct config_word log_levels[] = {
    {"error",   LOG_ERROR },
    {"warning", LOG_WARN  },
    {"notice",  LOG_NOTICE},
    {"info",    LOG_INFO  },
    {"debug",   LOG_DEBUG },
    {NULL,      0         }
};

const struct config_key config_keys[] = {
    {.path = "pair",
     .type = &config_text,
     .required = true,
     CONFIG(pair),
     .help = "the name of the pair, part of its topics' names: letters, digits, - and _, at most 64"},

    {.path = "kafka",
     .type = &config_map,
     .enter = config_enter_kafka,
     .help = "the Kafka cluster that holds the streams of all regions that name none of their own"},
    {.path = "kafka.bootstrap",
     .type = &config_bootstrap,
     WHOLE_CLUSTER, .help = "the brokers to begin with; required here or in each region's own `kafka`"},
    {.path = "kafka.properties",
     .type = &config_properties,
     WHOLE_CLUSTER, .help = "settings handed to librdkafka as they are, such as security.protocol; passwords and what exactly-once "
             "delivery depends on are refused here"},
    {.path = "kafka.password_file",
     .type = &config_secret_file,
     CLUSTER(secret),
     .help = "a file with the SASL password (sasl.password) that only its owner can read"},
    {.path = "kafka.credential",
     .type = &config_credential,
     CLUSTER(secret),
     .help = "the same as a systemd credential (LoadCredential=)"},
    {.path = "kafka.durability",
     .type = &config_choice,
     .words = kafka_durability,
     .fallback = "replicated",
     CLUSTER(single),
     .help = "`single` says that one broker is known and accepted: its loss loses the stream"},
    {.path = "kafka.topic",
     .type = &config_map,
     .help = "how capture creates a region's topic; an existing one is checked"},
    {.path = "kafka.topic.replication_factor",
     .type = &config_number,
     .min = 1,
     .max = 32,
     .fallback_note = "3; with durability single: 1",
     CLUSTER(replication_factor),
     .help = "copies of the topic; fewer than 3 only with durability single"},
    {.path = "kafka.topic.min_insync_replicas",
     .type = &config_number,
     .min = 1,
     .max = 32,
     .fallback_note = "2; with durability single: 1",
     CLUSTER(min_insync_replicas),
     .help = "copies that must have a record before it counts; fewer than 2 only with durability single"},
    {.path = "kafka.topic.retention",
     .type = &config_duration,
     .min = MINUTE,
     .max = 3650 * DAY,
     .fallback = "7d",
     CLUSTER(retention_ms),
     .help = "how long records are kept: the longest outage of a target that loses nothing"},

    {.path = "regions",                                                                                 .type = &config_named, .required = true, .help = "the databases of the pair, by region"},
    {.path = "regions.<region>",
     .type = &config_map,
     .enter = config_enter_region,
     .help = "one region; its name is letters, digits, - and _, at most 32"},
    {.path = "regions.<region>.flavor",
     .type = &config_choice,
     .words = flavors,
     .fallback = "auto",
     REGION(flavor),
     .help = "the kind of server; `auto` asks it"},
    {.path = "regions.<region>.host",
     .type = &config_hosts,
     REGION(hosts),
     .count_offset = offsetof(struct region_config, host_count),
     .help =
         "the server's name or address, or a list of those that may become the region's server, each with :port where "
         "it is another one; required unless socket is given. Capture takes the first that has all of its stream, "
         "everything else the first that can be written to"},
    {.path = "regions.<region>.port",
     .type = &config_number,
     .min = 1,
     .max = 65535,
     .fallback = "3306",
     REGION(port),
     .help = "its TCP port"},
    {.path = "regions.<region>.socket",
     .type = &config_file,
     REGION(socket),
     .help = "its unix socket, instead of host and port"},
    {.path = "regions.<region>.user",
     .type = &config_text,
     .required = true,
     REGION(user),
     .help = "the account to log in with"},
    {.path = "regions.<region>.password_file",
     .type = &config_secret_file,
     REGION(secret),
     .help =
         "a file with the account's password that only its owner can read; exactly one of password_file, credential "
         "and the environment variable DRC_PASSWORD_<REGION> must be there"},
    {.path = "regions.<region>.credential",
     .type = &config_credential,
     REGION(secret),
     .help = "the account's password as a systemd credential (LoadCredential=)"},
    {.path = "regions.<region>.tls",                                  .type = &config_map, .help = "encryption of connections to the server"},
    {.path = "regions.<region>.tls.mode",
     .type = &config_choice,
     .words = tls_modes,
     .fallback_note = "off over a socket or to a loopback address, else verify-full",
     REGION(tls.mode),
     .help = "`required` encrypts without checking whom it talks to; `verify-ca` checks the certificate, `verify-full` "
             "its host name too"},
    {.path = "regions.<region>.tls.ca",
     .type = &config_file,
     .fallback_note = "with verify-full the system's authorities",
     REGION(tls.ca),
     .help = "certificates of the authorities that may have signed the server's"},
    {.path = "regions.<region>.tls.cert",
     .type = &config_file,
     REGION(tls.cert),
     .help = "our own certificate, together with key"},
    {.path = "regions.<region>.tls.key",                                     .type = &config_file, REGION(tls.key), .help = "the private key of cert"},
    {.path = "regions.<region>.replica_id",
     .type = &config_number,
     .required = true,
     .min = 1,
     .max = UINT32_MAX,
     REGION(replica_id),
     .help = "the server id under which capture registers; used by no server and no other replica of the region"},
    {.path = "regions.<region>.start",
     .type = &config_start,
     .required = true,
     .words = capture_starts,
     REGION(start),
     .help = "where capture begins when its topic is empty; used at no other time"},
    {.path = "regions.<region>.durability",
     .type = &config_choice,
     .words = source_durability,
     .fallback = "strict",
     REGION(relaxed),
     .help = "`relaxed` waives sync_binlog=1 and innodb_flush_log_at_trx_commit=1: after a power cut of the source the "
             "targets may be ahead of it"},
    {.path = "regions.<region>.semi_sync",
     .type = &config_flag,
     .fallback = "false",
     REGION(semi_sync),
     .help =
         "capture registers as a semi-synchronous replica and acknowledges what the topic has, so that a commit that "
         "returned is not lost with the source; the server must have semi-synchronous replication switched on"},
    {.path = "regions.<region>.gtid_domains",
     .type = &config_domains,
     .fallback_note = "any",
     REGION(gtid_domains),
     .count_offset = offsetof(struct region_config, gtid_domain_count),
     .help = "MariaDB: the GTID domains that the binlog may have; a transaction of another one stops capture"},
    {.path = "regions.<region>.gtid_tags",
     .type = &config_tags,
     .fallback_note = "any",
     REGION(gtid_tags),
     .count_offset = offsetof(struct region_config, gtid_tag_count),
     .help = "MySQL: the GTID tags that the binlog may have, `-` for none; a transaction of another one stops capture"},
    {.path = "regions.<region>.throttle",
     .type = &config_map,
     .help = "when what is written to this region has to wait; positions and locks are kept meanwhile"},
    {.path = "regions.<region>.throttle.replicas",
     .type = &config_hosts,
     REGION(throttle.replicas),
     .count_offset = offsetof(struct region_config, throttle.replica_count),
     .help =
         "the server's own replicas whose lag counts, asked with the region's account: it is measured by drc.ledger, "
         "which the account may read"},
    {.path = "regions.<region>.throttle.max_lag",
     .type = &config_duration,
     .min = SECOND,
     .max = DAY,
     .fallback = "10s",
     REGION(throttle.max_lag_ms),
     .help = "how far the slowest of them may be behind; one that cannot be asked counts as behind"},
    {.path = "regions.<region>.throttle.max_load",
     .type = &config_loads,
     REGION(throttle.max_load),
     .count_offset = offsetof(struct region_config, throttle.max_load_count),
     .help = "values of the server's SHOW GLOBAL STATUS that may be reached and not passed"},
    {.path = "regions.<region>.throttle.flag_file",
     .type = &config_file,
     REGION(throttle.flag_file),
     .help = "a file on the applier's host; while it is there nothing is applied"},
    {.path = "regions.<region>.kafka",
     .type = &config_map,
     .like = "kafka",
     .enter = config_enter_region_kafka,
     .help = "the cluster that holds this region's stream, where it is another one; what is left out is taken from the "
             "global `kafka`"},

    {.path = "links",
     .type = &config_list,
     .required = true,
     .help = "who replicates to whom; two opposite links make a two-way pair; [] for capture only"},
    {.path = "links[]",                                                                           .type = &config_map, .enter = config_enter_link, .help = "one direction"},
    {.path = "links[].from",
     .type = &config_text,
     .required = true,
     LINK(from),
     .help = "the region whose changes are applied"},
    {.path = "links[].to",
     .type = &config_text,
     .required = true,
     LINK(to),
     .help = "the region in which they are applied"},
    {.path = "links[].start",
     .type = &config_start,
     .required = true,
     .words = link_starts,
     LINK(start),
     .help = "where the applier begins in the topic when the target's ledger has no row; used at no other time"},
    {.path = "links[].group_rows",
     .type = &config_number,
     .min = 1,
     .max = 100000,
     .fallback = "2000",
     LINK(group_rows),
     .help = "most row changes that are applied in one transaction of the target, unless one of the source has more"},
    {.path = "links[].group_bytes",
     .type = &config_size,
     .min = 64 * KIB,
     .max = 256 * MIB,
     .fallback = "4MiB",
     LINK(group_bytes),
     .help = "the same in bytes"},
    {.path = "links[].apply",                                                      .type = &config_map, .help = "how changes are written at the target"},
    {.path = "links[].apply.writer",
     .type = &config_choice,
     .words = writers,
     .noun = "writer",
     .fallback = "binlog",
     LINK(writer),
     .help = "`binlog` hands row events to the server's BINLOG statement, which needs BINLOG REPLAY (MySQL: "
             "REPLICATION_APPLIER); `sql` runs INSERT, UPDATE and DELETE, which need those grants on the tables, and "
             "refuses tables with triggers"},
    {.path = "links[].apply.path",
     .type = &config_choice,
     .words = paths,
     .fallback = "auto",
     LINK(exact_path),
     .help =
         "`auto` applies many transactions together and looks at single rows only where something is not as the source "
         "saw it; `exact` applies each by itself, row by row: slow, with the same result, to see what a link does"},
    {.path = "links[].apply.workers",
     .type = &config_number,
     .min = 1,
     .max = 64,
     .fallback = "1",
     LINK(workers),
     .help = "connections that apply at the same time what shares no key; keep 1 where tables have foreign keys"},
    {.path = "links[].ddl",
     .type = &config_choice,
     .words = ddl_policies,
     .fallback = "pause",
     LINK(ddl),
     .help =
         "what happens to a change of definition at the source: `apply` runs it at the target, in one-way links only; "
         "`pause` waits, before rows that the target's table cannot take and before statements that change rows "
         "without saying which, until the target fits or `drcctl resume`; `ignore` puts it into drc.conflicts and "
         "goes on"},

    {.path = "links[].standby",
     .type = &config_flag,
     .fallback = "false",
     LINK(standby),
     .help =
         "the target is kept read_only and written to all the same, as long as it is the server that drc.meta names; "
         "otherwise a target that is read-only is waited for"},

    {.path = "tables",
     .type = &config_map,
     .help = "which tables belong to the pair, also when they are created later"},
    {.path = "tables.include",
     .type = &config_include,
     .required = true,
     CONFIG(tables),
     .help = "patterns database.table, each part with * and ?; system schemas and `drc` never match"},
    {.path = "tables.exclude",                                                                                        .type = &config_exclude, CONFIG(tables), .help = "patterns of what is left out again"},

    {.path = "conflicts",                                                                                                .type = &config_map, .help = "what happens to a row that both sides changed"},
    {.path = "conflicts.default",
     .type = &config_map,
     .enter = config_enter_default_rule,
     .help = "for tables without a rule of their own"},
    {.path = "conflicts.default.policy",
     .type = &config_choice,
     .words = policies,
     .noun = "policy",
     .fallback = "stop",
     RULE(policy),
     .help =
         "`latest`: the greater version column wins; `source_wins`: the incoming change; `target_wins`: the row that "
         "is there; `stop`: the link stops. Losers are kept in drc.conflicts"},
    {.path = "conflicts.default.by",
     .type = &config_names,
     RULE(by),
     .count_offset = offsetof(struct policy_rule, by_count),
     .help = "for `latest`: version columns, the most significant first, which every update must raise"},
    {.path = "conflicts.default.tie",
     .type = &config_names,
     RULE(tie),
     .count_offset = offsetof(struct policy_rule, tie_count),
     .help = "for `latest`: all regions of the pair; the first of them wins between equal versions; required two-way"},
    {.path = "conflicts.default.allow_divergence",
     .type = &config_flag,
     .fallback = "false",
     RULE(allow_divergence),
     .help = "permit this rule in a two-way pair although it can leave the sides different for good"},
    {.path = "conflicts.tables",                                                                                                           .type = &config_named, .help = "rules of single tables"},
    {.path = "conflicts.tables.<table>",
     .type = &config_map,
     .like = "conflicts.default",
     .enter = config_enter_table_rule,
     .help = "the rule of the table database.table; a part in back quotes where the name holds a dot"},
    {.path = "conflicts.allow_divergence",
     .type = &config_flag,
     .fallback = "false",
     CONFIG(allow_divergence),
     .help = "permit that of every rule"},

    {.path = "allow_divergence",
     .type = &config_flag,
     .fallback = "false",
     CONFIG(allow_divergence_anywhere),
     .help = "the same as conflicts.allow_divergence"},

    {.path = "apply",                             .type = &config_map, .help = "how changes are applied"},
    {.path = "apply.on_data_error",
     .type = &config_choice,
     .words = data_errors,
     .fallback = "park",
     CONFIG(stop_on_data_error),
     .help =
         "what becomes of a transaction with a row that the target refuses (its unique value is another row's, its "
         "parent is missing): `park` puts it aside in drc.parked, with all later ones that touch the same keys, and "
         "goes on; `stop` stops the link"},
    {.path = "apply.park",                                                                           .type = &config_map, .help = "how much may be put aside; at the bound the link stops"},
    {.path = "apply.park.max_rows",
     .type = &config_number,
     .min = 1,
     .max = 10000000,
     .fallback = "10000",
     CONFIG(park_max_rows),
     .help = "row changes of all transactions that are parked"},
    {.path = "apply.park.max_bytes",
     .type = &config_size,
     .min = MIB,
     .max = 4096 * MIB,
     .fallback = "64MiB",
     CONFIG(park_max_bytes),
     .help = "their size"},

    {.path = "capture",                                                                         .type = &config_map, .help = "how changes are published"},
    {.path = "capture.fragment_bytes",
     .type = &config_size,
     .min = 16 * KIB,
     .max = 64 * MIB,
     .fallback = "512KiB",
     CONFIG(fragment_bytes),
     .help = "a transaction above this is published in several records of about this size"},
    {.path = "capture.heartbeat",
     .type = &config_duration,
     .min = 100,
     .max = MINUTE,
     .fallback = "1s",
     CONFIG(heartbeat_ms),
     .help = "how often a quiet stream says that it is alive and where it stands"},
    {.path = "capture.canary",
     .type = &config_duration,
     .min = 0,
     .max = DAY,
     .fallback = "1m",
     CONFIG(canary_ms),
     .help = "how often capture of a region that is a target too proves that the loop mark of its ledger reaches the "
             "binlog, by a transaction of its own; 0s for never"},

    {.path = "limits",                                                                          .type = &config_map, .help = "what the daemons may use"},
    {.path = "limits.queue_bytes",
     .type = &config_size,
     .min = MIB,
     .max = 4096 * MIB,
     .fallback = "32MiB",
     CONFIG(queue_bytes),
     .help = "bound of each queue between two threads; one larger transaction passes alone"},

    {.path = "control",                                                                                            .type = &config_map, .help = "how the daemons are asked and told"},
    {.path = "control.socket",
     .type = &config_file,
     .fallback = "/run/drc/{name}.sock",
     CONFIG(control_socket),
     .help =
         "the unix socket of each daemon; {name} stands for capture-<region> or applier-<from>-<to>, and is appended "
         "where it is missing"},

    {.path = "log", .type = &config_map, .help = "what the daemons write to stderr"},
    {.path = "log.level",
     .type = &config_choice,
     .words = log_levels,
     .noun = "level",
     .fallback = "info",
     CONFIG(log_level),
     .help = "the least important that is written"},
    {.path = NULL                                                                                           },
};
