/* QUERY events (also MariaDB's compressed ones): a statement and the session settings under which it ran. Pure. */
#ifndef DRC_BINLOG_EVENT_QUERY_H
#define DRC_BINLOG_EVENT_QUERY_H

#include "common/base/buf.h"
#include "common/binlog/event.h"

/* Bits of flags2, the same in both flavours. */
#define QUERY_NO_FOREIGN_KEYS (UINT32_C(1) << 26)
#define QUERY_NO_UNIQUE_CHECKS (UINT32_C(1) << 27)

struct event_query {
    uint32_t thread_id;
    uint32_t exec_seconds;
    uint16_t error_code; /* with which the statement ended at the source; 0: none */
    struct span db;      /* the session's default database */
    struct span sql;     /* in charset_client */
    /* Status variables; 0 where the event does not say them. */
    uint32_t flags2; /* of the session: foreign keys, autocommit … */
    uint64_t sql_mode;
    uint16_t charset_client;
    uint16_t collation_connection;
    uint16_t collation_server;
    uint32_t microseconds;
    struct span time_zone;
    uint64_t xid; /* of an atomic DDL; 0: none */
};

/* Read a QUERY or QUERY_COMPRESSED event. The latter's text is put into `scratch` (cleared first), else spans point
 * into the event. Fails (fatal, 69) when malformed. */
MUST_CHECK int event_read_query(struct event_query *out, const struct event *e, const struct event_format *f,
                                struct buf *scratch, struct err *err);

/* What the statement does to its group. */
enum query_kind {
    QUERY_OTHER, /* other DDL, or administration that both servers log: GRANT, FLUSH, ANALYZE … */
    QUERY_DML, /* a change of rows as a statement: INSERT, UPDATE, DELETE, REPLACE, LOAD, CALL, WITH, SELECT, DO … */
    QUERY_BEGIN,
    QUERY_COMMIT,
    QUERY_ROLLBACK,
    QUERY_SAVEPOINT,
    QUERY_ROLLBACK_TO,
    QUERY_RELEASE,
    QUERY_TEMPORARY,    /* creates or drops temporary tables: nothing that lasts */
    QUERY_CREATE_TABLE, /* may stand inside a group: CREATE TABLE … SELECT */
    QUERY_XA_START,
    QUERY_XA_END,
    QUERY_XA_PREPARE,
    QUERY_XA_COMMIT,
    QUERY_XA_ROLLBACK,
};

/* Told by the statement's first words, comments skipped; for savepoints `name` (may be NULL) is the identifier without
 * its quotes. */
enum query_kind query_classify(struct span sql, struct span *name);

#endif
