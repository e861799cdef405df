/* drc.parked: transactions that were put aside, whole, until an operator lets them be tried again or gives them up.
 *
 * A row is one record: a transaction, or one fragment of a big one; the record as it travelled is kept, so that the
 * topic's retention does not matter. It is written in the target transaction that moves the ledger over the
 * transaction, and deleted in the one that brings it into effect. What was given up stays, with its state. */
#ifndef DRC_TARGET_PARKED_H
#define DRC_TARGET_PARKED_H

#include "common/link/db.h"
#include "common/model/gtid.h"

#define PARKED_PARKED "parked"       /* states: waits for the operator, or for what it depends on */
#define PARKED_RETRY "retry"         /* the operator wants it tried again; the applier takes it up */
#define PARKED_DISCARD "discard"     /* the operator gives it up; the applier has yet to take note */
#define PARKED_DISCARDED "discarded" /* given up: no transaction waits for it any more */
#define PARKED_SKIP "skip"           /* no transaction yet: the operator's word that this one is not to be applied */

/* One row of the table, but for the record. */
struct parked_row {
    const char *topic; /* of the link */
    const char *link;  /* "eu:us" */
    uint64_t seq;
    uint32_t fragment;
    const char *gtid;
    uint64_t commit_us;
    uint64_t behind; /* seq of the last parked transaction before it that shares a key; 0: it was refused itself */
    const char *why;
    const char *tables; /* "shop.a, shop.b" */
    uint64_t rows;      /* row changes of the record */
    uint64_t bytes;     /* of the record */
    const char *state;
    const char *at; /* UTC; set by the server */
};

const char *parked_create_sql(void);

/* ---- by the applier, inside its target transactions ---- */

MUST_CHECK int parked_write(struct db *db, const struct parked_row *row, struct span record, struct err *err);
/* It was tried again: why it is still there. All its fragments. Whoever gave it up meanwhile is heard the next time. */
MUST_CHECK int parked_renote(struct db *db, const char *topic, uint64_t seq, uint64_t behind, const char *why,
                             struct err *err);
MUST_CHECK int parked_remove(struct db *db, const char *topic, uint64_t seq, struct err *err);
MUST_CHECK int parked_give_up(struct db *db, const char *topic, uint64_t seq, struct err *err);
/* How many transactions an operator has asked something for. */
MUST_CHECK int parked_requests(struct db *db, const char *topic, uint64_t *out, struct err *err);

/* ---- reading ---- */

struct parked_query {
    const char *topic;  /* NULL: of all links */
    uint64_t seq;       /* that transaction only; 0: all */
    bool discarded_too; /* also those that were given up */
    bool with_record;
};

/* Strings and record are valid during the call; -1 with err set ends the walk. */
typedef int parked_each_fn(void *context, const struct parked_row *row, struct span record, struct err *err);

/* By link, seq and fragment. One record at a time is in memory. A target without the table has none. */
MUST_CHECK int parked_read(struct db *db, const struct parked_query *query, parked_each_fn *each, void *context,
                           struct err *err);

/* ---- skipping what blocks a link ---- */

/* By an operator: put down, in place of an earlier word about it, that the transaction is to be skipped should the link
 * stand before it. Such rows are seen by these three functions alone. */
MUST_CHECK int parked_skip_ask(struct db *db, const struct parked_row *row, struct err *err);
/* By the applier: 1: it is asked for, `why` says by whom and why; 0: it is not; -1. */
MUST_CHECK int parked_skip_asked(struct db *db, const char *topic, uint64_t seq, const char *gtid, char why[501],
                                 struct err *err);
/* Inside the target transaction that skips it. */
MUST_CHECK int parked_skip_forget(struct db *db, const char *topic, uint64_t seq, struct err *err);

struct parked_sum {
    uint64_t transactions;
    uint64_t rows;
    uint64_t bytes;
    uint64_t oldest_seq; /* 0: there is none */
    char why[300];       /* of that one */
};
/* Of one link, without what was given up. */
MUST_CHECK int parked_summary(struct db *db, const char *topic, struct parked_sum *out, struct err *err);

/* By an operator: put the state (PARKED_RETRY, PARKED_DISCARD) of one transaction, or with seq 0 of all that were
 * refused themselves, in the caller's transaction. How many transactions it met. */
MUST_CHECK int parked_ask(struct db *db, const char *topic, uint64_t seq, const char *state, uint64_t *met,
                          struct err *err);

#endif
