/* The pair file as the programs see it: read, checked, complete with defaults. Immutable once the passwords are in.
 *
 * One table in config_keys*.c describes every key (type, default, range, help); the reader, --help-config and
 * docs/configuration.md come out of it. */
#ifndef DRC_LINK_CONFIG_H
#define DRC_LINK_CONFIG_H

#include <stdint.h>
#include <stdio.h>

#include "common/base/err.h"
#include "common/model/ddl_plan.h"
#include "common/model/filter.h"
#include "common/model/gtid.h"
#include "common/model/mask.h"
#include "common/model/policy.h"

#define CONFIG_DEFAULT_PATH "/etc/drc/drc.yaml"

enum start_kind { START_BEGINNING, START_NOW, START_GTID };

struct start_config {
    enum start_kind kind;
    char *gtid; /* START_GTID: its text */
};

enum tls_mode { TLS_OFF, TLS_REQUIRED, TLS_VERIFY_CA, TLS_VERIFY_FULL };

struct tls_config {
    enum tls_mode mode;
    char *ca; /* files; relative paths are relative to the pair file */
    char *cert;
    char *key;
};

struct property {
    char *name;
    char *value;
};

/* Where a password comes from; at most one is set, none means the environment. */
struct secret_config {
    char *file;       /* relative paths are relative to the pair file */
    char *credential; /* name in $CREDENTIALS_DIRECTORY */
    int line;         /* where the pair file says so, else where its owner begins */
    int column;
};

/* A Kafka cluster; a region's own overrides the global one key by key. */
struct kafka_config {
    char *bootstrap;             /* "host:port,host:port" */
    struct secret_config secret; /* of sasl.password; see config_kafka_password */
    struct property *properties;
    size_t property_count;
    bool single;   /* durability: single: one broker is known and accepted */
    bool insecure; /* connections that others can read or answer are accepted */
    uint32_t replication_factor;
    uint32_t min_insync_replicas;
    uint64_t retention_ms;
};

struct host_config {
    char *name;
    uint16_t port;
};

/* When writing to a region has to wait; nothing set: never. */
struct throttle_config {
    struct host_config *replicas; /* of the region's server, whose lag counts */
    size_t replica_count;
    uint64_t max_lag_ms;
    char **max_load; /* "Threads_running=50": names and limits of SHOW GLOBAL STATUS */
    size_t max_load_count;
    char *flag_file;
};

struct region_config {
    char *name;
    enum flavor flavor; /* FLAVOR_NONE: auto, taken from the server */
    uint32_t replica_id;
    uint32_t id_tag;           /* of ids made by drc.next_id(); unique */
    struct host_config *hosts; /* the servers that may have the region's data, the usual one first */
    size_t host_count;
    char *socket; /* instead of host and port */
    char *user;
    struct secret_config secret;
    char *password; /* NULL until config_password; never printed */
    struct tls_config tls;
    struct start_config start;
    char **gtid_domains; /* that its binlog may have, as texts; none: any */
    size_t gtid_domain_count;
    char **gtid_tags; /* the same of MySQL's tags; "-": none */
    size_t gtid_tag_count;
    struct kafka_config kafka; /* complete: merged with the global one */
    int line;
    uint16_t port;  /* of hosts that say none */
    bool insecure;  /* a connection without TLS is accepted */
    bool relaxed;   /* durability: relaxed */
    bool semi_sync; /* acknowledge to the source what Kafka has */
    bool standby;   /* a link to it says so: written to while it is read_only */
    struct throttle_config throttle;
    struct host_config metrics; /* where its capture listens for HTTP; no name: nowhere */
};

/* How rows are written to a link's target. */
enum apply_writer { APPLY_WRITER_BINLOG, APPLY_WRITER_SQL };

struct link_config {
    char *from;
    char *to;
    struct start_config start;
    uint32_t workers;           /* connections that apply at once */
    uint64_t answer_timeout_ms; /* of the target, for a statement tried the first time */
    uint32_t group_rows;        /* most rows and bytes of one target transaction on the fast path */
    uint64_t group_bytes;
    bool standby;    /* the target is read_only, and written to all the same */
    bool exact_path; /* every transaction goes row by row */
    enum ddl_policy ddl;
    enum apply_writer writer;
    struct host_config metrics; /* where its applier listens for HTTP; no name: nowhere */
    int line;
};

struct config_facts;

struct config {
    char *path;
    char *pair;
    struct region_config *regions;
    size_t region_count;
    struct link_config *links;
    size_t link_count;
    struct filter tables;
    struct policy_set conflicts;
    struct mask conflict_mask;  /* columns whose values people are not to see */
    uint64_t journal_age_ms;    /* how long entries of drc.conflicts stay; 0: for ever */
    uint64_t journal_rows;      /* how many at most; 0: any number */
    uint64_t journal_bytes;     /* what they take at most, about; 0: any size */
    uint64_t tombstone_keep_ms; /* how long deleted keys are remembered */
    bool allow_divergence;      /* of every rule; the two say the same in two places of the file */
    bool allow_divergence_anywhere;
    /* capture */
    uint64_t fragment_bytes;
    uint32_t heartbeat_ms;
    uint32_t canary_ms;   /* 0: never */
    uint64_t outage_ms;   /* for which a source keeps its binlogs at least; 0: not looked at */
    uint64_t queue_bytes; /* bound of each queue between threads */
    /* apply */
    bool stop_on_data_error; /* else park */
    uint64_t park_max_rows;
    uint64_t park_max_bytes;
    uint32_t check_ms; /* between two looks of a daemon at its server */
    /* control */
    char *control_socket; /* template, see config_socket_path */
    int log_level;        /* enum log_level */
    int log_format;       /* enum log_format */
    /* what it was read from, and what that says key by key; see config_live.h */
    char *text;
    struct config_facts *facts;
};

/* Read and check. On error one line "file:line:column: what is wrong, what would be right", ERR_FATAL 78. Passwords are
 * not looked for: the pair file is the same on every host, the secrets need not be. */
MUST_CHECK int config_load(struct config **out, const char *path, struct err *err);
/* The same from memory; `path` names it in messages, and relative files are relative to its directory. */
MUST_CHECK int config_parse(struct config **out, const char *path, struct span text, struct err *err);
void config_free(struct config **c); /* wipes passwords */

/* Fill the region's password from its password_file, credential or environment (DRC_PASSWORD_<REGION>); exactly one
 * must be there. Once for each region whose database the program talks to, before its threads start. ERR_FATAL 64
 * or 78. */
MUST_CHECK int config_password(struct config *c, const char *region, struct err *err);
/* The same for the cluster that holds the region's stream: adds the property sasl.password when the pair file names a
 * password_file or credential for it, and does nothing when it names none. */
MUST_CHECK int config_kafka_password(struct config *c, const char *region, struct err *err);

/* ERR_FATAL (64) naming the known ones when it is not there. */
MUST_CHECK int config_region(const struct config *c, const char *name, const struct region_config **out,
                             struct err *err);
MUST_CHECK int config_link(const struct config *c, const char *from, const char *to, const struct link_config **out,
                           struct err *err);
/* Is that link the only one that writes at its target, and none leads back? */
bool config_one_way(const struct config *c, const char *from, const char *to);
/* Is there a link in the opposite direction too? */
bool config_two_way(const struct config *c, const char *from, const char *to);

/* Topic of a region's stream: "drc.<pair>.<region>". Caller frees. */
char *config_topic(const struct config *c, const char *region);
/* Socket of a daemon: `name` is "capture-eu" or "applier-eu-us"; "{name}" in control.socket is replaced by it, and a
 * path without "{name}" gets ".<name>" appended. Caller frees. */
char *config_socket_path(const struct config *c, const char *name);

/* The table of keys for people: --help-config, and as Markdown for docs/configuration.md. */
void config_print_help(FILE *out);
void config_print_markdown(FILE *out);

#endif
