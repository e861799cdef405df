/* What servers, tables, topics and hosts of a pair have to be like: one table, by which drcctl check and the daemons
 * judge, and out of which docs/check.md comes. */
#ifndef DRC_CHECK_RULES_H
#define DRC_CHECK_RULES_H

#include "common/check/finding.h"
#include "common/link/config.h"

/* What a server is to the pair; may be added. */
enum check_role {
    CHECK_SOURCE = 1,    /* a capture reads its binlog */
    CHECK_TARGET = 2,    /* an applier writes to it */
    CHECK_FED = 4,       /* both: what is written there is read from its binlog */
    CHECK_SEMI_SYNC = 8, /* its commits wait for capture */
};

enum check_flavor {
    CHECK_MARIADB = 1,
    CHECK_MYSQL = 2,
    CHECK_OLD_MYSQL = 4, /* before 8.0.26, which renamed variables */
    CHECK_ANY_MYSQL = CHECK_MYSQL | CHECK_OLD_MYSQL,
};

enum check_area {
    CHECK_AREA_REACH,
    CHECK_AREA_SETTINGS,
    CHECK_AREA_ACCOUNT,
    CHECK_AREA_REGIONS,
    CHECK_AREA_TABLES,
    CHECK_AREA_IDS,
    CHECK_AREA_KAFKA,
    CHECK_AREA_HOST,
    CHECK_AREA_COUNT,
};

struct check_rule {
    const char *id; /* of its findings, for good; of a setting: the variable's name */
    enum check_area area;
    enum finding_severity severity; /* the usual one */
    enum exit_code stops;           /* with which a daemon ends that finds it at its start; 0: it goes on */
    unsigned roles;                 /* of a setting: of servers for which it counts */
    const char *what;               /* in a document; NULL: a setting that is not as wanted */
    const char *why;
    const char *cure;       /* in a document; of a setting: the very statement */
    const char *cure_mysql; /* where MySQL's is another */
    /* Settings only: */
    const char *wanted; /* "1" is ON as well; ">=N": a number; "!X": anything else */
    unsigned flavors;
    bool may_lack; /* a server that does not know it is as it should be */
    bool durable;  /* a warning where durability: relaxed says so */
};

/* The rule number i; NULL past the last. */
const struct check_rule *check_rule_at(size_t i);
/* It must be there. */
const struct check_rule *check_rule_find(const char *id);

/* One finding of a rule, with its severity, reason and stop; takes `what` and `fix`. */
void check_found(struct findings *out, const char *id, const char *where, char *what, char *fix);
/* The same with another severity, which stops nothing. */
void check_found_as(struct findings *out, enum finding_severity severity, const char *id, const char *where, char *what,
                    char *fix);

/* docs/check.md. */
void check_print_markdown(FILE *out);

/* Private to the files of the table: it ends with a NULL id. */
extern const struct check_rule check_rules_settings[];
extern const struct check_rule check_rules_other[];

#endif
