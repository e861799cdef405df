/* The table of rules but those about single variables; looking them up, and findings of them. */
#include "common/check/rules.h"

#include <assert.h>
#include <string.h>

#include "common/base/mem.h"

#define REACH(s) .area = CHECK_AREA_REACH, .severity = FINDING_##s
#define SETTINGS(s) .area = CHECK_AREA_SETTINGS, .severity = FINDING_##s
#define ACCOUNT(s) .area = CHECK_AREA_ACCOUNT, .severity = FINDING_##s
#define REGIONS(s) .area = CHECK_AREA_REGIONS, .severity = FINDING_##s
#define TABLES(s) .area = CHECK_AREA_TABLES, .severity = FINDING_##s
#define IDS(s) .area = CHECK_AREA_IDS, .severity = FINDING_##s
#define KAFKA(s) .area = CHECK_AREA_KAFKA, .severity = FINDING_##s
#define HOST(s) .area = CHECK_AREA_HOST, .severity = FINDING_##s

/* clang-format off */
const struct check_rule check_rules_other[] = {
    {.id = "server_unreachable", REACH(ERROR), .what = "no server of the region answers",
     .why = "daemons wait for it, and nothing else about it can be checked",
     .cure = "start the server, or mend host, port or socket in the pair file"},
    {.id = "server_denied", REACH(ERROR), .what = "the server does not let the account in",
     .why = "every daemon that connects to it ends with 77",
     .cure = "`ALTER USER … IDENTIFIED BY …;` with the password that the pair file names, or mend that"},
    {.id = "password", REACH(WARNING), .what = "the region's password is not to be had on this host",
     .why = "what runs on this host cannot connect to it, and nothing else about it can be checked from here",
     .cure = "put it where the pair file says, readable by its owner only; or run the check on a host of that region as well"},
    {.id = "server_release", REACH(WARNING), .what = "the server's release is older than those that are tested",
     .why = "nobody has tried whether its binlog is understood and its BINLOG statement exact",
     .cure = "upgrade it to MariaDB 10.11 or MySQL 8.4, or later"},
    {.id = "transport", REACH(WARNING), .what = "a connection that leaves this host is not encrypted, or nobody looks at the other end's certificate",
     .why = "who sits on the way can read the rows, or play the other end and change them",
     .cure = "`regions.R.tls.mode: verify-full`; for brokers `security.protocol: ssl` (`sasl_ssl`), and the properties that take verification off left out; then `insecure` away"},

    {.id = "binlog_retention", SETTINGS(WARNING), .what = "the source deletes its binlogs sooner than `capture.outage`",
     .why = "a capture that is away for longer cannot go on, and its stream has to be led out of a stop",
     .cure = "`SET GLOBAL binlog_expire_logs_seconds = …;`"},
    {.id = "binlog_unbounded", SETTINGS(NOTE), .what = "the source never deletes its binlogs",
     .why = "one day they fill its disk, and then it takes no writes",
     .cure = "`SET GLOBAL binlog_expire_logs_seconds = …;`, above `capture.outage`"},
    {.id = "read_only", SETTINGS(WARNING), .what = "the target is read-only, and no link says `standby: true`",
     .why = "the link waits until it can be written to",
     .cure = "`SET GLOBAL read_only = OFF;`, or `standby: true` for the link"},
    {.id = "standby_writable", SETTINGS(WARNING), .what = "the target of a standby link is not read-only",
     .why = "anybody may write to it, and what they write conflicts with the stream",
     .cure = "`SET GLOBAL read_only = ON;`"},
    {.id = "max_load", SETTINGS(WARNING), .what = "the server has no status variable of a name in `throttle.max_load`",
     .why = "that limit holds nothing back, however busy the server is",
     .cure = "`regions.R.throttle.max_load` with a name that `SHOW GLOBAL STATUS` lists"},
    {.id = "server_disk", SETTINGS(WARNING), .what = "the server is on this host, and its data or binlogs have less than a GiB left",
     .why = "on a full disk it takes no writes, those of the pair and all others", .cure = "room"},

    {.id = "replica_id_own", ACCOUNT(ERROR), .stops = EXIT_BAD_CONFIG, .what = "`replica_id` is the server_id of one of the pair's servers",
     .why = "a server sends nothing to a replica of its own id, and drops what it sees come back",
     .cure = "`regions.R.replica_id: …`, as printed"},
    {.id = "replica_id_taken", ACCOUNT(ERROR), .stops = EXIT_BAD_CONFIG, .what = "another replica has registered under `replica_id`",
     .why = "the source ends the connection of the one when the other comes",
     .cure = "`regions.R.replica_id: …`, as printed"},
    {.id = "grant_missing", ACCOUNT(ERROR), .what = "the account lacks a privilege of those that `drcctl grants` prints",
     .why = "something that the pair file asks for is refused by the server",
     .cure = "the `GRANT` that is printed"},
    {.id = "grant_surplus", ACCOUNT(WARNING), .what = "the account has a privilege that `drcctl grants` does not print",
     .why = "whoever gets hold of its password can do more than replicate",
     .cure = "the `REVOKE` that is printed, behind what it would take away too much of"},
    {.id = "trigger_unseen", ACCOUNT(NOTE), .what = "the account may not see the triggers of the pair's tables",
     .why = "those of two regions cannot be compared", .cure = "`GRANT TRIGGER ON … TO …;`, which `drcctl grants --role operator` prints as well; or none"},

    {.id = "server_id", REGIONS(ERROR), .what = "servers of two regions have the same server_id (MySQL: server_uuid)",
     .why = "their transactions get GTIDs that cannot be told apart",
     .cure = "another `server_id` in the option file of one of them, and a restart; MySQL: remove its `auto.cnf`"},
    {.id = "clock_skew", REGIONS(WARNING), .what = "the clocks of two regions are apart by more than a second",
     .why = "where the later change wins, the one whose clock is ahead wins too often; lag is measured wrong",
     .cure = "synchronise both clocks (chrony, systemd-timesyncd)"},
    {.id = "time_zone", REGIONS(WARNING), .what = "two regions have other time zones",
     .why = "a DATETIME that is filled with the local time means another moment at each side",
     .cure = "`SET GLOBAL time_zone = …;`"},
    {.id = "lower_case_table_names", REGIONS(ERROR), .what = "two regions store the names of tables in other cases",
     .why = "a table of one side is not found at the other",
     .cure = "the same `lower_case_table_names` in the option files, and a restart; MySQL: with a new data directory"},
    {.id = "character_set", REGIONS(WARNING), .what = "two regions of the same flavour have other default character sets or collations",
     .why = "a table or column that is made without one differs: its keys compare otherwise",
     .cure = "`SET GLOBAL character_set_server = …, collation_server = …;`"},

    {.id = "table_missing", TABLES(ERROR), .what = "a table of the pair is at the source and not at the target",
     .why = "the link waits at its first row", .cure = "the source's `CREATE TABLE`, as printed"},
    {.id = "table_refused", TABLES(ERROR), .what = "rows of a table of the source cannot be written to the target's",
     .why = "the link waits at its first row", .cure = "`ALTER TABLE` at the target, so that it takes the source's rows"},
    {.id = "column_missing", TABLES(WARNING), .what = "a column of the source's table is not at the target",
     .why = "its values do not arrive", .cure = "`ALTER TABLE … ADD COLUMN …`, as printed"},
    {.id = "column_extra", TABLES(NOTE), .what = "a column is at the target only",
     .why = "rows that arrive leave it to its default", .cure = "`ALTER TABLE … DROP COLUMN …`, unless it is meant"},
    {.id = "column_differs", TABLES(WARNING), .what = "a column is defined otherwise at the two sides",
     .why = "values are converted, and one that does not fit parks its transaction",
     .cure = "`ALTER TABLE … MODIFY COLUMN …`, as printed"},
    {.id = "table_collation", TABLES(WARNING), .what = "a table's character set or collation is another at the two sides",
     .why = "what is one key at one side may be two at the other", .cure = "`ALTER TABLE … CONVERT TO CHARACTER SET …`, as printed"},
    {.id = "key_missing", TABLES(WARNING), .what = "a key of the source's table is not at the target",
     .why = "rows are looked for without it; without a unique one the target takes what the source refuses",
     .cure = "`ALTER TABLE … ADD …`, as printed"},
    {.id = "key_extra", TABLES(WARNING), .what = "a unique key is at the target only",
     .why = "the target refuses rows that the source takes: their transactions are parked",
     .cure = "`ALTER TABLE … DROP …`, as printed"},
    {.id = "foreign_key", TABLES(WARNING), .what = "a foreign key is at one side only",
     .why = "one side refuses or changes rows that the other leaves as they are",
     .cure = "`ALTER TABLE … ADD CONSTRAINT …` or `DROP FOREIGN KEY …`, as printed"},
    {.id = "cascade", TABLES(ERROR), .stops = EXIT_BAD_CONFIG, .what = "a foreign key changes rows along with their parents, below the binlog, in a region of two that both write (MariaDB, MySQL before 9.6; a note with `allow_divergence: true`)",
     .why = "where the parent's change loses a conflict, or comes back, its children are gone at one side only",
     .cure = "`ALTER TABLE … DROP FOREIGN KEY …` and `ADD CONSTRAINT …` without it, as printed; or `allow_divergence: true`"},
    {.id = "check_constraint", TABLES(WARNING), .what = "a CHECK constraint is at one side only, or another one there",
     .why = "one side refuses rows that the other takes",
     .cure = "`ALTER TABLE … ADD CONSTRAINT …` or `DROP CONSTRAINT …`, as printed"},
    {.id = "trigger_differs", TABLES(WARNING), .what = "a trigger is at one side only, or another one there (a note, where only one side is written to)",
     .why = "what is written at one side has other effects than at the other; rows that arrive fire none",
     .cure = "`CREATE TRIGGER …` or `DROP TRIGGER …`, as printed: the one who runs it becomes its definer"},
    {.id = "table_keyless", TABLES(WARNING), .what = "a table has no primary key",
     .why = "its rows are searched by all of their columns, its transactions go one by one, and conflicts cannot be told",
     .cure = "`ALTER TABLE … ADD PRIMARY KEY …`, as printed"},
    {.id = "engine", TABLES(WARNING), .what = "a table's engine is not transactional",
     .why = "rows for it are refused and the link waits", .cure = "`ALTER TABLE … ENGINE = InnoDB`"},
    {.id = "trigger", TABLES(WARNING), .what = "a table has a trigger at a target that is written to by SQL",
     .why = "it would fire on rows whose effects come from the source already: the link waits at them",
     .cure = "`DROP TRIGGER …`; or `apply.writer: binlog`, which fires none"},
    {.id = "rule", TABLES(ERROR), .stops = EXIT_BAD_CONFIG, .what = "the conflict rule of a table names a column that is not there, or of a type that its policy cannot work with",
     .why = "no conflict in it could be decided; by the default rule the link stops at its first one", .cure = "mend the rule in `conflicts`, or the table"},

    {.id = "convergence", TABLES(ERROR), .what = "a conflict rule can leave regions different that are linked both ways",
     .why = "daemons refuse the pair file with 78", .cure = "another policy, or `allow_divergence: true`"},

    {.id = "auto_increment", IDS(ERROR), .what = "regions that both write give the same AUTO_INCREMENT ids",
     .why = "rows that have nothing to do with each other get the same key", .cure = "`SET GLOBAL auto_increment_increment = …, auto_increment_offset = …;`"},
    {.id = "auto_increment_host", IDS(WARNING), .what = "another host of a region gives ids of another class",
     .why = "after a failover to it the region's ids change their class", .cure = "the same, at that host"},
    {.id = "class", IDS(ERROR), .what = "another region holds ids that a region is still going to give",
     .why = "they will be given again, each a conflict insert/exists", .cure = "`ALTER TABLE … AUTO_INCREMENT = …;`"},
    {.id = "headroom", IDS(WARNING), .what = "few of a table's ids are left",
     .why = "once they are used up every insert fails", .cure = "a greater type, as printed"},
    {.id = "sequence", IDS(ERROR), .what = "SEQUENCEs of two regions give the same values",
     .why = "a sequence is not replicated: each region counts by itself", .cure = "`ALTER SEQUENCE …`, as printed"},
    {.id = "cycle", IDS(WARNING), .what = "a SEQUENCE begins again at its end", .why = "with values that rows may have",
     .cure = "`ALTER SEQUENCE … NOCYCLE;`"},
    {.id = "sequence_headroom", IDS(WARNING), .what = "few values of a SEQUENCE are left",
     .why = "once they are used up NEXTVAL fails", .cure = "`ALTER SEQUENCE … NOMAXVALUE;`"},
    {.id = "generator", IDS(ERROR), .what = "`drc.next_id()` is not the one that the pair file asks for, or its counter is gone",
     .why = "another region may give the same ids; without its counter every call fails", .cure = "`drcctl ids install --region …`"},

    {.id = "kafka_unreachable", KAFKA(ERROR), .what = "no broker answers",
     .why = "capture and applier wait for it", .cure = "start the brokers, or mend kafka.bootstrap"},
    {.id = "kafka_denied", KAFKA(ERROR), .what = "the brokers refuse the account, or a question of it",
     .why = "every daemon of the region ends with 77", .cure = "mend the account; or the `kafka-acls.sh --add …` that is printed"},
    {.id = "topic_missing", KAFKA(NOTE), .what = "a region's topic is not there", .why = "capture makes it at its first start",
     .cure = "none, before the first start; after it the topic was lost: see docs/stops.md"},
    {.id = "topic_partitions", KAFKA(ERROR), .what = "the topic has more partitions than one",
     .why = "a stream has one order", .cure = "another topic, or this one made anew with one partition"},
    {.id = "topic_replication", KAFKA(ERROR), .what = "the topic is kept on fewer brokers than `kafka.topic.replication_factor`",
     .why = "the loss of brokers loses the stream", .cure = "`kafka-reassign-partitions.sh`, or `kafka.durability: single`"},
    {.id = "topic_cleanup", KAFKA(ERROR), .what = "the topic's cleanup.policy is not delete", .why = "records of the stream are lost",
     .cure = "`kafka-configs.sh … --add-config cleanup.policy=delete`"},
    {.id = "topic_min_insync", KAFKA(ERROR), .what = "the topic's min.insync.replicas is below `kafka.topic.min_insync_replicas`",
     .why = "what is acknowledged may be on too few brokers", .cure = "`kafka-configs.sh … --add-config min.insync.replicas=…`"},
    {.id = "topic_unclean", KAFKA(ERROR), .what = "the topic may elect a leader that lacks records", .why = "acknowledged records can be lost",
     .cure = "`kafka-configs.sh … --add-config unclean.leader.election.enable=false`"},
    {.id = "topic_retention", KAFKA(WARNING), .what = "the topic keeps records for less than `kafka.topic.retention`, or only so many bytes",
     .why = "a target that is away for longer than the topic remembers cannot go on",
     .cure = "`kafka-configs.sh … --add-config retention.ms=…`"},
    {.id = "topic_acl", KAFKA(WARNING), .what = "the brokers let everybody write to the topic, or do not say who may, or not to this account",
     .why = "whoever writes to the topic writes to the tables of the pair",
     .cure = "an authorizer, and `kafka-acls.sh --add … --operation Write --topic …` for the account of the daemons only; `--operation Describe --cluster` lets it see that"},

    {.id = "control_directory", HOST(WARNING), .what = "the directory of `control.socket` is not there, or not writable",
     .why = "daemons do not start, and drcctl does not find them", .cure = "`install -d …`"},
    {.id = "spill_directory", HOST(WARNING), .what = "$TMPDIR (else /var/tmp) cannot be written to, or has less than a GiB left",
     .why = "an applier keeps there what of the versions does not fit into memory",
     .cure = "room, or another $TMPDIR for the daemons"},
    {.id = NULL},
};
/* clang-format on */

static size_t count_of(const struct check_rule *rules)
{
    size_t n = 0;
    while (rules[n].id)
        n++;
    return n;
}

const struct check_rule *check_rule_at(size_t i)
{
    size_t settings = count_of(check_rules_settings);
    if (i < settings)
        return &check_rules_settings[i];
    return i - settings < count_of(check_rules_other) ? &check_rules_other[i - settings] : NULL;
}

const struct check_rule *check_rule_find(const char *id)
{
    const struct check_rule *rule;
    for (size_t i = 0; (rule = check_rule_at(i)); i++)
        if (strcmp(rule->id, id) == 0)
            return rule;
    assert(!"a rule that the table does not have");
    return NULL;
}

static void add(struct findings *out, const struct check_rule *rule, enum finding_severity severity,
                enum exit_code stops, const char *where, char *what, char *fix)
{
    findings_add(out, (struct finding){.severity = severity,
                                       .stops = stops,
                                       .check = rule->id,
                                       .where = xstrdup(where),
                                       .what = what,
                                       .why = xstrdup(rule->why),
                                       .fix = fix});
}

void check_found(struct findings *out, const char *id, const char *where, char *what, char *fix)
{
    const struct check_rule *rule = check_rule_find(id);
    add(out, rule, rule->severity, rule->stops, where, what, fix);
}

void check_found_as(struct findings *out, enum finding_severity severity, const char *id, const char *where, char *what,
                    char *fix)
{
    add(out, check_rule_find(id), severity, EXIT_DONE, where, what, fix);
}
