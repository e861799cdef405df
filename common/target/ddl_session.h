/* A connection of its own on which one DDL statement runs as it ran at the source: its database, sql_mode, character
 * sets, checks, time; and marked, so that a capture of the target knows it for replayed.
 *
 * A statement may run for hours: its end is asked for from time to time, so that its user can do other things
 * meanwhile. A connection that is closed before does not end it: the server goes on. As long as it does, the connection
 * holds a named lock of the link, so that nobody else begins before it is over. One thread. */
#ifndef DRC_TARGET_DDL_SESSION_H
#define DRC_TARGET_DDL_SESSION_H

#include "common/link/db.h"
#include "common/model/record.h"

#define DDL_MARK_LEN 41
#define DDL_MARK_TAG "drc" /* of MySQL's GTIDs */

struct ddl_session;

struct ddl_session_setup {
    const struct region_config *region;
    size_t server;       /* of its hosts: where the session that has the ledger is */
    const char *program; /* name of the connection */
    const char *topic;   /* topic and part name the lock */
    uint32_t part;
};

/* Connect, and take the lock. ERR_RETRY when another connection holds it, which is ended when it is idle: the text says
 * what runs there. */
MUST_CHECK int ddl_session_open(struct ddl_session **out, const struct ddl_session_setup *setup, struct err *err);
void ddl_session_close(struct ddl_session **s);

/* The mark of what will run, as drc.links has it: "" where the server cannot mark (no GTIDs, MySQL before 8.3). */
const char *ddl_session_mark(const struct ddl_session *s);

/* Set everything under which `d` ran, `from` being the source's flavour. ERR_DATA: the target cannot (a database, a
 * collation or time zone that is not there). */
MUST_CHECK int ddl_session_set(struct ddl_session *s, const struct ddl *d, enum flavor from, struct err *err);
/* Begin. -1: not even sent. */
MUST_CHECK int ddl_session_start(struct ddl_session *s, struct span text, struct err *err);
/* Wait for the end, at most so long. 1: it succeeded; 0: it still runs; -1: an error, see ddl_session_answered. */
MUST_CHECK int ddl_session_wait(struct ddl_session *s, int timeout_ms, struct err *err);
/* Was that error the server's answer, so that it is known that the statement failed? */
bool ddl_session_answered(const struct err *err);

#endif
