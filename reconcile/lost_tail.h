/* What the parts of drc-reconcile lost-tail share: the dead region's stream as its topic has it, the rescued files, and
 * what has been made of each transaction. One thread. */
#ifndef DRC_RECONCILE_LOST_TAIL_H
#define DRC_RECONCILE_LOST_TAIL_H

#include "common/link/config.h"
#include "common/link/db.h"
#include "common/stream/history.h"
#include "reconcile/lost_keys.h"
#include "reconcile/report.h"
#include "reconcile/wishes.h"

#define LOST_TRANSACTIONS_MOST 1000000u

/* One transaction of the tail, as its seq in the stream will be. */
struct lost_txn_state {
    uint64_t seq;
    enum lost_class class;
    bool movable;
};

struct lost_tail {
    struct config *config;
    const struct region_config *dead;
    const struct region_config *survivor;
    char *topic; /* of the dead region */
    char *link;  /* "eu:us" */
    const struct binlog_files *files;
    size_t max_bytes;     /* that the topic takes in one record */
    struct stream stream; /* as the topic ends */
    struct report *report;
    struct mask mask;
    const struct filter *tables; /* only transactions that change one of these are told; NULL: all */
    struct lost_keys *keys;
    struct lost_txn_state *txns; /* by seq, rising */
    size_t count;
    uint64_t counts[3]; /* by class */
    uint64_t rows;
    uint64_t untold; /* of `count`, for `tables` */
    bool exact;      /* the files go on where the topic ends, and end as a binlog ends */
};

/* Walk over the files behind what the stream has. `state` is the stream as which records are made (usually
 * &tail->stream). LOST_TELL_FILES: what the files lack is told to
 * the report. LOST_LAST_WORD: at the end comes a heartbeat record that says how far they go. */
enum lost_walk { LOST_TELL_FILES = 1, LOST_LAST_WORD = 2 };
typedef int lost_each_fn(void *context, struct lost_tail *tail, const struct history_step *step, struct err *err);
MUST_CHECK int lost_tail_walk(struct lost_tail *tail, const struct stream *state, lost_each_fn *each, void *context,
                              unsigned how, struct err *err);

/* lost_tell.c: one transaction's records, in order, as an item of the report; with its rows on both sides where it is
 * conflicting. */
struct lost_teller;
struct lost_teller *lost_teller_new(struct lost_tail *tail);
void lost_teller_free(struct lost_teller **t);
MUST_CHECK int lost_tell(struct lost_teller *t, const struct record *rec, const struct lost_verdict *verdict,
                         struct err *err);

/* lost_bound.c: without files, how much may be lost at most, told to the report. `died_us`: 0 for now. */
MUST_CHECK int lost_bound(struct lost_tail *tail, uint64_t died_us, struct err *err);

/* lost_replay.c: put what is not safe aside at the survivor, then publish the tail. `all`: put nothing aside. What was
 * done is told to the report. */
MUST_CHECK int lost_replay(struct lost_tail *tail, bool all, const char *why, struct err *err);

#endif
