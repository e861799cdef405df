/* Events that open a group: MariaDB's GTID (162) and MySQL's GTID, ANONYMOUS_GTID and tagged GTID (33, 34, 42). Pure.
 */
#ifndef DRC_BINLOG_EVENT_GTID_H
#define DRC_BINLOG_EVENT_GTID_H

#include "common/binlog/event.h"

enum group_flags {
    GROUP_STANDALONE = 1,     /* one statement without BEGIN and COMMIT (MariaDB) */
    GROUP_TRANSACTIONAL = 2,  /* only transactional tables, so it could be rolled back (MariaDB) */
    GROUP_DDL = 4,            /* MariaDB: the server says that it holds DDL */
    GROUP_XA_PREPARED = 8,    /* body of an XA transaction; ends by XA_PREPARE */
    GROUP_XA_COMPLETED = 16,  /* XA COMMIT or ROLLBACK of one prepared before */
    GROUP_ALTER_STARTED = 32, /* MariaDB: first half of a two-phase ALTER, takes no effect by itself */
    GROUP_ALTER_COMMITTED = 64,
    GROUP_ALTER_ROLLED_BACK = 128,
    GROUP_COMMIT_ID = 256,  /* commit_id is there */
    GROUP_STATEMENTS = 512, /* MySQL: may hold statements (its "SBR" flag); said of DDL and of BEGIN without rows too */
};

struct event_gtid {
    struct gtid gtid;       /* FLAVOR_NONE: an anonymous one */
    uint32_t flags;         /* enum group_flags */
    uint64_t commit_us;     /* commit time, µs since 1970; MariaDB knows whole seconds of the statement's start only */
    uint64_t original_us;   /* at the server where it was made first; 0 when not said */
    uint64_t commit_id;     /* MariaDB: equal for transactions that were committed as one group */
    uint64_t alter_seq;     /* MariaDB: the seq that the first half of this ALTER had; 0: none */
    int64_t last_committed; /* MySQL's logical clock; 0 when not said */
    int64_t sequence_number;
    uint64_t length; /* MySQL: bytes of the whole group, 0 when not said */
    struct span xid; /* XID of GROUP_XA_*, in the form of xid.h; points into the event; empty in MySQL's */
};

MUST_CHECK int event_read_gtid_mariadb(struct event_gtid *out, const struct event *e, struct err *err);
/* GTID and ANONYMOUS_GTID. */
MUST_CHECK int event_read_gtid_mysql(struct event_gtid *out, const struct event *e, struct err *err);
MUST_CHECK int event_read_gtid_tagged(struct event_gtid *out, const struct event *e, struct err *err);

#endif
