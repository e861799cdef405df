/* The conflict journal drc.conflicts: every row that was skipped, overwritten or decided about, with all its images.
 *
 * Written in the same target transaction as the decision. Columns (also the keys of `drcctl conflicts list --json`):
 * id, at (UTC, µs), link ("eu:us"), gtid, seq, db, tbl, row_key (JSON object column -> value), kind, policy, verdict,
 * why, before_image, incoming_image, local_image, result_image (JSON objects, readable; NULL where there is none),
 * images (lossless: the cells' own bytes with the table definition, see journal_images.h), result_hash (hexadecimal
 * journal_row_hash of the row after the decision; NULL where there is none). */
#ifndef DRC_TARGET_JOURNAL_H
#define DRC_TARGET_JOURNAL_H

#include "common/link/db.h"
#include "conflict/judge.h"

struct journal_entry {
    const char *link;
    const struct gtid *gtid;
    uint64_t seq;
    const struct conflict_case *conflict;
    const struct conflict_outcome *outcome;
    const struct cell *result; /* the row after the decision; NULL: none */
};

struct act;

#define JOURNAL_OPERATOR_ACT "operator_act" /* its kind */

/* An operator's act about the stream, which every target writes down: kind "operator_act", policy the act's own kind,
 * db and tbl empty, row_key who did it and when, incoming_image its details. */
struct journal_act {
    const char *link;
    const struct gtid *gtid; /* of the last transaction before it */
    uint64_t seq;
    const struct act *act;
};

#define JOURNAL_PARKED "parked" /* its kind */

/* A whole transaction that was put aside: kind "parked", verdict "park"; db and tbl empty, incoming_image tells the
 * rest. Its rows with all images are in drc.parked. */
struct journal_parked {
    const char *link;
    const struct gtid *gtid;
    uint64_t seq;
    const char *why;
    const char *tables;
    uint64_t rows;
    uint64_t behind; /* seq of the parked transaction that it has to wait for; 0: none */
};
MUST_CHECK int journal_write_parked(struct db *db, const struct journal_parked *entry, struct err *err);

#define JOURNAL_DDL "ddl" /* its kind */

/* A DDL statement that was not run: kind "ddl", policy the link's own, db and tbl of the first table that it names,
 * row_key its class, default database and all its tables, incoming_image the statement. */
struct journal_ddl {
    const char *link;
    const struct gtid *gtid;
    uint64_t seq;
    const struct ddl *ddl; /* each table with its database */
    const char *policy;
    const char *verdict; /* "ignored", "passed" */
    const char *why;
};
MUST_CHECK int journal_write_ddl(struct db *db, const struct journal_ddl *entry, struct err *err);

/* Inside the caller's transaction, as journal_write. */
MUST_CHECK int journal_write_act(struct db *db, const struct journal_act *entry, struct err *err);

/* Inside the caller's transaction. A row that no packet of the server can carry: fatal 78 with the setting to raise. */
MUST_CHECK int journal_write(struct db *db, const struct journal_entry *entry, struct err *err);

/* Many entries, written in few statements, in the order in which they were put. */
struct journal_batch;
struct journal_batch *journal_batch_new(void);
void journal_batch_free(struct journal_batch **b);
/* What the entry points to may go after this. */
void journal_batch_put(struct journal_batch *b, const struct journal_entry *entry);
/* Is it time to send? */
bool journal_batch_is_full(const struct journal_batch *b);
/* Inside the caller's transaction, as journal_write; leaves the batch empty. */
MUST_CHECK int journal_batch_send(struct journal_batch *b, struct db *db, struct err *err);

/* Does the journal hold this stop already: the same change of the same row, with the verdict stop? 1, 0, or -1: error.
 */
MUST_CHECK int journal_has_stop(struct db *db, const struct journal_entry *entry, struct err *err);

/* CREATE TABLE IF NOT EXISTS of the journal, for schema_ensure. */
const char *journal_create_sql(void);

/* ---- reading it ---- */

enum journal_column_kind {
    JOURNAL_NUMBER,
    JOURNAL_TEXT,
    JOURNAL_JSON,
    JOURNAL_BYTES,
};

struct journal_column {
    const char *name;
    enum journal_column_kind kind;
};

/* In the table's own order; the last has a NULL name. */
extern const struct journal_column journal_columns[];

enum journal_column_place {
    JOURNAL_ID,
    JOURNAL_AT,
    JOURNAL_LINK,
    JOURNAL_GTID,
    JOURNAL_SEQ,
    JOURNAL_DB,
    JOURNAL_TBL,
    JOURNAL_ROW_KEY,
    JOURNAL_KIND,
    JOURNAL_POLICY,
    JOURNAL_VERDICT,
    JOURNAL_WHY,
    JOURNAL_BEFORE_IMAGE,
    JOURNAL_INCOMING_IMAGE,
    JOURNAL_LOCAL_IMAGE,
    JOURNAL_RESULT_IMAGE,
    JOURNAL_IMAGES_COLUMN,
    JOURNAL_RESULT_HASH,
    JOURNAL_COLUMN_COUNT,
};

struct journal_query {
    uint64_t id;                 /* that entry only; 0: all */
    uint64_t since_us;           /* not older than that (µs since 1970); 0: all */
    const struct filter *tables; /* NULL: all */
    uint64_t limit;              /* 0: none */
};

/* One entry: JOURNAL_COLUMN_COUNT cells, NULL has p == NULL; valid during the call. -1 with err set ends the walk. */
typedef int journal_each_fn(void *context, const struct span *cells, struct err *err);

/* Walk the entries, newest first, page by page. A target without a journal yet has no entries. */
MUST_CHECK int journal_read(struct db *db, const struct journal_query *query, journal_each_fn *each, void *context,
                            struct err *err);

#endif
