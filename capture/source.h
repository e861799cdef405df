/* The source server beside its binlog: is it set up as a stream needs it, where does it stand, what does its ledger
 * know?
 *
 * One connection with short timeouts, made again when it is lost. One thread. */
#ifndef DRC_CAPTURE_SOURCE_H
#define DRC_CAPTURE_SOURCE_H

#include "common/link/db.h"
#include "common/model/cut.h"
#include "common/model/position.h"
#include "common/model/table.h"

struct source;

struct source *source_new(const struct config *config, const struct region_config *region, const char *program);
void source_free(struct source **s);

/* Connect now, and from here on whenever a question finds no connection. */
MUST_CHECK int source_connect(struct source *s, struct err *err);

/* Check settings and grants by the rules of common/check. Each finding is one line of log with the SQL that mends it,
 * said once; the gravest that stops is also the error: fatal 78 for settings, 77 for grants. `own_host` is what
 * dump_options.host says: a replica of that name under our id is an earlier life of ours. */
MUST_CHECK int source_check(struct source *s, const char *own_host, struct err *err);

/* What is committed. */
/* Where the region has several hosts: stay with the first of them that has all of `tail`, checked as above, and name
 * those that have not; NULL, for a stream that begins: with the first that can be written to. Retry while one that
 * might have it cannot be reached; when all have answered and none has it, with the first, for the caller to say so. */
MUST_CHECK int source_settle(struct source *s, const struct position *tail, const char *own_host, struct err *err);
/* Which host it is connected to (db_server), for other connections to the same; 0: whichever. */
size_t source_server(const struct source *s);

MUST_CHECK int source_position(struct source *s, struct position *out, struct err *err);
/* The same, with everything that other sessions could see when it was called (waits up to 2 s for it): MySQL shows a
 * transaction first and counts it as executed a moment later. */
MUST_CHECK int source_settled(struct source *s, struct position *out, struct err *err);
/* What its binlog may hold: on MySQL also transactions that are written there and wait for their commit in the engine
 * (for a semi-synchronous replica, say), which a replica may have got already. */
MUST_CHECK int source_logged(struct source *s, struct position *out, struct err *err);
/* How far the source's clock is ahead of ours, in µs; sharper than half the way there and back. */
MUST_CHECK int source_skew(struct source *s, int64_t *out, struct err *err);
/* 1 when drc.ledger has a row of that stream, else 0. Asks the server only for a stream that it did not know before. */
MUST_CHECK int source_knows_stream(struct source *s, const uint8_t stream[16], struct err *err);
/* 1 when an applier has run DDL there under that mark (link_row.h), else 0. */
MUST_CHECK int source_knows_mark(struct source *s, const char *mark, struct err *err);
/* What drc.ledger says is in effect; empty where there is no ledger. */
MUST_CHECK int source_ledger_cut(struct source *s, struct cut *out, uint64_t *stamp, struct err *err);
/* MariaDB: has any column that is of an old temporal format here a fraction of a second in the table there? 1, 0, -1.
 */
MUST_CHECK int source_old_fractions(struct source *s, const struct table_def *t, struct err *err);
/* Does the source compute every column of the table that is not in `present`? 1, 0, -1. */
MUST_CHECK int source_computes(struct source *s, const struct table_def *t, const uint8_t *present, struct err *err);

#endif
