/* The kinds of values that keys of the pair file have. Private to the configuration. */
#ifndef DRC_LINK_CONFIG_VALUE_H
#define DRC_LINK_CONFIG_VALUE_H

#include "common/link/config_keys.h"

/* Mappings and lists of mappings. */
extern const struct config_type config_map;
extern const struct config_type config_named;
extern const struct config_type config_list;

/* One text: into a char * of its own. */
extern const struct config_type config_text;
extern const struct config_type
    config_file; /* a path, relative to the pair file; stored as config_file_path gives it */
extern const struct config_type config_secret_file; /* the same, into a struct secret_config */
extern const struct config_type config_credential;  /* a name, into a struct secret_config */

/* Numbers of any width, stored in units of 1, bytes and milliseconds. */
extern const struct config_type config_number;
extern const struct config_type config_size;
extern const struct config_type config_duration;

extern const struct config_type config_flag;   /* true or false, into a bool */
extern const struct config_type config_choice; /* one of key->words, into an int, enum or bool */

/* Lists and mappings that are one value. */
extern const struct config_type
    config_hosts; /* one text or a list, into a struct host_config * and the count beside it */
extern const struct config_type config_listen;  /* [address:]port, into a struct host_config */
extern const struct config_type config_names;   /* list of text, into a char ** and the count beside it */
extern const struct config_type config_domains; /* the same of MariaDB's GTID domains, as their numbers' texts */
extern const struct config_type config_tags;    /* the same of MySQL's GTID tags; "-": none */
extern const struct config_type config_loads;   /* the same of limits such as Threads_running=50 */
extern const struct config_type config_include; /* list of patterns, into a struct filter */
extern const struct config_type config_exclude;
extern const struct config_type config_start;      /* a word or {gtid: text}, into a struct start_config */
extern const struct config_type config_bootstrap;  /* list of host:port, into a struct kafka_config */
extern const struct config_type config_kinds;      /* policies of kinds of conflicts, into the rule's by_kind */
extern const struct config_type config_properties; /* names and values for librdkafka, into a struct kafka_config */

/* Refuse a node that is not text (whatever `key` wants), or that is empty text. */
MUST_CHECK int config_want_text(const struct config_reader *r, const struct config_key *key,
                                const struct yaml_node *node, struct err *err);
/* "path: `what` is wrong; give …" with what the key's type wants. */
int config_fail_value(const struct config_reader *r, const struct config_key *key, const struct yaml_node *node,
                      struct err *err, const char *fmt, ...) __attribute__((format(printf, 5, 6)));

#endif
