/* What the parts of drc-reconcile audit share: one direction of the pair. One thread. */
#ifndef DRC_RECONCILE_AUDIT_H
#define DRC_RECONCILE_AUDIT_H

#include "common/base/map.h"
#include "common/stream/history.h"
#include "common/stream/scan.h"
#include "reconcile/audit_target.h"
#include "reconcile/run.h"

struct audit {
    struct run *run;
    const struct region_config *from;
    const struct region_config *to;
    char *topic;
    char *link;
    const struct binlog_files *files; /* of the source's binlog; none: the source itself is asked */
    uint64_t since_us;                /* 0: from where the topic begins */
    struct scan *scan;
    struct audit_target target;
    struct position start; /* from which on source and topic are compared */
    struct position until; /* what the source had executed when it was asked; empty: not known */
    /* The topic, ahead of the source: GTID -> 1, until the source has come to it. */
    struct map ahead;
    bool topic_ended;
    uint64_t by_fate[AUDIT_FATES];
    uint64_t by_history[5]; /* enum history_fate */
    uint64_t published;
    uint64_t missing;
    uint64_t unpublished; /* committed, and capture has not come there yet */
    uint64_t told[AUDIT_FATES];
    /* The transaction in hand: whether it changes one of --tables. */
    uint64_t wished_seq;
    bool wished;
    struct table_cache cache;
    struct arena scratch;  /* of a record */
    uint64_t ledger_chain; /* of the record that has the ledger's seq, when it was met */
    bool ledger_met;
    bool ledger_agrees;
};

/* audit_join.c: go through topic and source side by side, and tell what is missing. `h` gives the source's history, or
 * is NULL where it cannot be read: then only topic and ledger are compared. */
MUST_CHECK int audit_begin(struct audit *a, struct err *err);
MUST_CHECK int audit_join(struct audit *a, struct history *h, struct err *err);

/* One transaction that deserves a line. */
void audit_tell(struct audit *a, const char *fate, const struct gtid *gtid, uint64_t seq, uint64_t commit_us,
                const char *why, bool difference);

#endif
