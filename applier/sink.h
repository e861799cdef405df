/* A worker's end of the link: its session at the target, its ledger slot, the tables that it knows. One thread.
 *
 * apply_fast and apply_exact work on it; the session loop opens and closes it. */
#ifndef DRC_APPLIER_SINK_H
#define DRC_APPLIER_SINK_H

#include "applier/causal.h"
#include "applier/ground.h"
#include "applier/schedule.h"
#include "common/base/map.h"
#include "common/link/config.h"
#include "common/model/conflict_kind.h"
#include "common/target/convert.h"
#include "common/target/ledger.h"
#include "common/target/rows_writer.h"

/* What the journal has beside conflicts is counted with them, behind their kinds. */
enum { SINK_KIND_PARKED = CONFLICT_KIND_COUNT, SINK_KIND_DDL, SINK_KIND_ACT, SINK_KINDS };

/* Conflicts and the like, counted for status; the session owns it. */
struct sink_counts {
    uint64_t transactions;
    uint64_t rows;
    uint64_t groups;                       /* target transactions of the fast path */
    uint64_t exact;                        /* source transactions that went the exact way */
    uint64_t conflicts;                    /* journal entries */
    uint64_t kinds[SINK_KINDS];            /* of them, by enum conflict_kind and the above */
    uint64_t causes[CONFLICT_CAUSE_COUNT]; /* likewise */
};

/* The name in the journal of what is counted under that number. */
const char *sink_kind_name(int kind);

static inline void sink_count_conflict(struct sink_counts *c, int kind, enum conflict_cause cause)
{
    c->conflicts++;
    c->kinds[kind]++;
    c->causes[cause]++;
}

/* Add the conflicts of `more`, which counts nothing else. */
void sink_add_conflicts(struct sink_counts *c, const struct sink_counts *more);

struct sink {
    const struct config *config;
    const char *from;
    const char *to;
    char *link;                  /* "eu:us" */
    bool exact_path;             /* every transaction goes row by row */
    const struct ground *ground; /* of the exact way */
    struct db *db;
    const char *standby; /* what drc.meta has to name, where the target is a standby; else NULL */
    struct rows_writer *writer;
    struct row_reader *reader; /* by sink_reader; knows `tables`, and goes with them */
    struct ledger_slot slot;
    uint8_t stream[STREAM_UUID_LEN];
    uint32_t part;
    unsigned patience_s;       /* how long its connection waits for an answer */
    struct schedule *schedule; /* knows what the ledger has to say */
    struct causal *causal;     /* by which conflicts are told; NULL: by images */
    struct map tables;         /* "db\0name" -> struct target_table * */
    struct map plans;      /* source's struct table_def *, columns -> struct convert_plan * into one of the tables */
    struct map columns;    /* source's struct table_def * -> bitmap, where rows have come that lack the others */
    uint64_t tables_as_of; /* schedule_table_changes */
    bool unsettled;        /* a COMMIT was not answered: what became of it is to be found out by the ledger … */
    size_t committing;     /* … of so many transactions, as sink_commit was given them */
    struct buf image;      /* of the row written last */
    struct map touched;    /* tables whose definition is locked by the open target transaction -> the plan by which rows
                            * were admitted last; emptied by sink_begin */
    bool one_way;          /* nobody else's stream writes at the target */
    bool buries;           /* deletes leave tombstones */
    struct shadow *shadow; /* of a forecast; else NULL */
    struct tombstone_batch *tombstones; /* of the open target transaction; made with the first */
    unsigned careful; /* groups to come that read what inserts expect, because the server refused a row lately */
    struct sink_counts counts;
    struct sink_counts marked; /* as they were at sink_mark */
    uint64_t before;           /* counts.transactions when it was connected */
};

/* Which columns may rows of this definition bring (NULL: all)? What these lack, others may lack from now on: rows of
 * one definition all go the same way, until an update or a delete lacks nothing. Valid until the next call, or one that
 * forgets tables. */
const uint8_t *sink_columns(struct sink *s, const struct rows *rows);
/* How rows of `source` that bring these columns go to the target's table of that name. 1: it takes them; 0: not now:
 * `why` says table and difference (the link waits, then asks again; nothing of it is remembered); -1: error. */
MUST_CHECK int sink_table(struct sink *s, const struct table_def *source, const uint8_t *columns,
                          const struct convert_plan **out, struct buf *why, struct err *err);
/* The rule of a table; lives as long as the configuration. */
const struct policy_rule *policy_of_table(const struct sink *s, const struct table_def *t);
/* What was loaded may be wrong (touch said so): load it again at the next sink_table. */
void sink_forget_table(struct sink *s, const struct target_table *t);
void sink_forget_tables(struct sink *s);
/* Forget them if any worker found one changed since this was called last: what a table's own columns do not show, such
 * as who refers to it, may have changed for all. Between transactions. */
void sink_renew_tables(struct sink *s);

/* Write the tombstones that were gathered; sink_commit does so as well. */
MUST_CHECK int sink_send_tombstones(struct sink *s, struct err *err);

/* What reads many rows at once over the sink's connection. */
struct row_reader *sink_reader(struct sink *s);

/* BEGIN and the ledger row as it will be once these transactions are in effect (of a big one: its first fragment); then
 * COMMIT, which tells the schedule that they are (of a big one: its last). A COMMIT whose answer was lost is ERR_RETRY:
 * the session's next start settles it by the ledger. */
MUST_CHECK int sink_begin(struct sink *s, struct txn *const *txns, size_t count, struct err *err);
MUST_CHECK int sink_commit(struct sink *s, struct txn *const *txns, size_t count, struct err *err);
/* The same for what is to be in the journal though nothing of the stream comes into effect: the ledger row counts on,
 * and stands where it stood. */
MUST_CHECK int sink_begin_aside(struct sink *s, struct err *err);
MUST_CHECK int sink_commit_aside(struct sink *s, struct err *err);
/* A place in the open target transaction to which sink_undo leads back, as often as need be: rows, tombstones, counts
 * and the versions that were won over are as they were then; locks stay. A new mark takes the place of the former. */
MUST_CHECK int sink_mark(struct sink *s, struct err *err);
MUST_CHECK int sink_undo(struct sink *s, struct err *err);
/* ROLLBACK; drops what the writer had gathered. An error of it is not told: the connection is then gone, and the
 * transaction too. */
void sink_rollback(struct sink *s);

#endif
