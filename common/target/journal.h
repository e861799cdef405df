/* The conflict journal drc.conflicts: every row that was skipped, overwritten or decided about, with all its images.
 *
 * Written in the same target transaction as the decision. Columns (also the keys of `drcctl conflicts list --json`):
 * id, at (UTC, µs), link ("eu:us"), gtid, seq, db, tbl, row_key (JSON object column -> value), kind, cause, policy,
 * verdict, why, before_image, incoming_image, local_image, result_image (JSON objects, readable; NULL where there is
 * none), images (lossless: the cells' own bytes with the table definition, see journal_images.h), result_hash
 * (hexadecimal journal_row_hash of the row after the decision; NULL where there is none), state, changed (JSON list of
 * the columns that the incoming update changes; NULL for inserts and deletes), and what an operator made of it:
 * resolved_at, resolved_by, resolved_why, resolution (JSON object), undo_images (lossless: the row before and after
 * it).
 *
 * Reading: journal_read.h; what operators do with an entry: journal_resolve.h; how long entries stay: journal_purge.h.
 */
#ifndef DRC_TARGET_JOURNAL_H
#define DRC_TARGET_JOURNAL_H

#include "common/link/db.h"
#include "common/model/mask.h"
#include "conflict/judge.h"

/* States of an entry. */
#define JOURNAL_OPEN "open"         /* as the rule left it */
#define JOURNAL_NOTED "noted"       /* nothing lost: no one has to look at it */
#define JOURNAL_RESOLVED "resolved" /* an operator decided otherwise, or that it is well so */
#define JOURNAL_UNDONE "undone"     /* that was taken back: the row is as the rule left it */

struct journal_entry {
    const char *link;
    const struct gtid *gtid;
    uint64_t seq;
    const struct conflict_case *conflict;
    const struct conflict_outcome *outcome;
    const struct cell *result; /* the row after the decision; NULL: none */
    const struct mask *mask;   /* kept out of all that people read; NULL: nothing */
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
#define JOURNAL_SKIPPED "skipped"

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
    bool skipped;    /* an operator had it skipped: kind "skipped", verdict "skipped" */
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

/* For schema_ensure: CREATE TABLE IF NOT EXISTS as it was at first, and what was added. */
const char *journal_create_sql(void);
const char *journal_add_states_sql(void);
const char *journal_note_states_sql(void);
const char *journal_add_cause_sql(void);

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
    JOURNAL_CAUSE,
    JOURNAL_POLICY,
    JOURNAL_VERDICT,
    JOURNAL_WHY,
    JOURNAL_BEFORE_IMAGE,
    JOURNAL_INCOMING_IMAGE,
    JOURNAL_LOCAL_IMAGE,
    JOURNAL_RESULT_IMAGE,
    JOURNAL_IMAGES_COLUMN,
    JOURNAL_RESULT_HASH,
    JOURNAL_STATE,
    JOURNAL_CHANGED,
    JOURNAL_WRITTEN_COUNT, /* the applier writes those before it */
    JOURNAL_RESOLVED_AT = JOURNAL_WRITTEN_COUNT,
    JOURNAL_RESOLVED_BY,
    JOURNAL_RESOLVED_WHY,
    JOURNAL_RESOLUTION,
    JOURNAL_UNDO_IMAGES,
    JOURNAL_COLUMN_COUNT,
};

#endif
