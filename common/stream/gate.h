/* The gate at a resume: which transactions of the dump are in the topic already, and is its last one still what it was?
 * Pure.
 *
 * The dump begins one transaction before the topic's end, so that a source which lost transactions (a power cut without
 * sync_binlog, a failover to a replica that lagged) is noticed even when it has given their GTIDs to new ones. */
#ifndef DRC_STREAM_GATE_H
#define DRC_STREAM_GATE_H

#include "common/model/stream.h"
#include "common/stream/txn_hash.h"

enum gate_verdict {
    GATE_PUBLISH, /* new */
    GATE_SKIP,    /* in the topic, or was skipped before */
    GATE_COMPARE, /* the topic's last one: its parts' fingerprints go to gate_matches */
};

struct gate {
    const char *region; /* for messages */
    bool waits;         /* the topic's last transaction has not come again yet */
    struct position resumed;
    struct gtid last;
    uint64_t seq;
    uint64_t fingerprint;
};

/* `compare`: the dump begins at state->before, so that the last transaction must come again. */
void gate_open(struct gate *g, const struct stream *state, bool compare, const char *region);
void gate_free(struct gate *g);

/* What to do with the transaction of that GTID; `read` is the position before it. Fatal (69): the source sends GTIDs
 * out of order, or goes on behind the last published transaction without having it. */
MUST_CHECK int gate_begin(struct gate *g, enum gate_verdict *out, const struct position *read, const struct gtid *gtid,
                          struct err *err);
/* Is this part of the compared transaction what the topic's last record had? (A transaction has two parts where DDL
 * and rows share a GTID: then the topic may end between them.) */
bool gate_matches(struct gate *g, uint64_t fingerprint);
/* The same of rows (txn_hash_is). */
bool gate_has_rows(struct gate *g, const struct txn_hash *rows, bool surely);
/* The compared transaction has ended, or the dump is at its end: fatal (69) while the gate still waits. */
MUST_CHECK int gate_end(const struct gate *g, const char *what, struct err *err);

#endif
