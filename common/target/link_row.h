/* drc.links: what a link's standing in the target is beside its ledger: the DDL statement that was begun last, and
 * whether an operator has paused it.
 *
 * One row a (topic, part), as the ledger knows a link. It is written inside target transactions that begin with the
 * ledger's row, so that nobody writes it who has been fenced. A statement is put down before it runs, and put down as
 * done in the transaction that moves the ledger behind it: begun and not done means that nobody knows. */
#ifndef DRC_TARGET_LINK_ROW_H
#define DRC_TARGET_LINK_ROW_H

#include "common/link/db.h"
#include "common/model/record.h"

#define LINK_ROW_PAUSED_MAX 500

struct link_row {
    bool begun; /* a statement, and not done */
    uint8_t stream[STREAM_UUID_LEN];
    uint64_t seq;                         /* of the statement */
    struct buf before;                    /* what the caller put down about the time before it */
    char paused[LINK_ROW_PAUSED_MAX + 1]; /* by whom, when and why; "": it is not */
};
void link_row_free(struct link_row *r);

/* CREATE TABLE IF NOT EXISTS, for schema_ensure. */
const char *link_row_create_sql(void);

/* Zeroed when there is no row. No locks. */
MUST_CHECK int link_row_read(struct link_row *out, struct db *db, const char *topic, uint32_t part, struct err *err);

/* What is put down of a statement. */
struct link_ddl {
    const uint8_t *stream;
    uint64_t seq;
    const char *gtid;
    struct span text;   /* for people; the beginning of it is kept */
    struct span before; /* as link_row_read gives it back */
    const char *mark;   /* under which it is in the binlog, see link_row_put_mark_query; "": none */
};
/* The three inside the caller's transaction. */
MUST_CHECK int link_row_begin_ddl(struct db *db, const char *topic, uint32_t part, const struct link_ddl *ddl,
                                  struct err *err);
MUST_CHECK int link_row_end_ddl(struct db *db, const char *topic, uint32_t part, struct err *err);
/* `paused`: as in the row; "": go on. */
MUST_CHECK int link_row_pause(struct db *db, const char *topic, uint32_t part, const char *paused, struct err *err);

/* The query that has a row when a link has run DDL here under that mark (a server id or a GTID's tag, as text): so a
 * capture of this server tells what was replayed. The table may not be there. */
void link_row_put_mark_query(struct buf *sql, const char *mark);

#endif
