/* What the builder's files share: its state, and the transaction under construction. Nobody else includes it. */
#ifndef DRC_STREAM_BUILDER_PRIVATE_H
#define DRC_STREAM_BUILDER_PRIVATE_H

#include "common/model/permit.h"
#include "common/stream/builder.h"
#include "common/stream/ledger_mark.h"
#include "common/stream/txn_hash.h"

/* What is to be done with a table's rows: decided once a definition. */
enum table_fate { FATE_PUBLISH, FATE_DROP, FATE_LEDGER, FATE_NAMELESS, FATE_REPAIR };

struct decision {
    enum table_fate fate;
    struct ledger_columns ledger;     /* FATE_LEDGER */
    const struct table_def *accepted; /* FATE_PUBLISH of a table without column names: the definition that has them */
};

/* A group's rows: who made them? Decided by its first rows event. */
enum origin { ORIGIN_UNKNOWN, ORIGIN_LOCAL, ORIGIN_REPLAYED };

/* What a SAVEPOINT goes back to. */
struct mark {
    uint32_t number;
    uint32_t fragments;
    size_t body_len;
    size_t table_count;
    uint32_t rows;
    struct txn_hash hash;
};

/* The group that is open. */
struct txn {
    bool open;
    enum gate_verdict gate;
    enum origin origin;
    const struct table_def *first_table; /* whose rows decided it */
    bool held;                           /* body of an XA PREPARE */
    bool ddl_void; /* its DDL takes no effect by itself: first half of a two-phase ALTER, or its undoing */
    struct gtid gtid;
    uint32_t server_id;
    uint64_t commit_us;
    uint64_t stamp;
    struct buf xid;
    struct body_writer writer;
    struct buf body;        /* of the fragment under construction */
    uint32_t body_rows;     /* in it */
    uint32_t fragments;     /* put out */
    struct txn_hash hash;   /* over all rows of the group, filtered ones included */
    struct cut pending;     /* what its ledger rows say, until it commits: these are in effect … */
    uint64_t pending_stamp; /* … and no stamp among them is greater */
    struct mark *marks;
    size_t mark_count;
    size_t mark_cap;
};

struct builder {
    struct builder_settings settings;
    struct gate *gate;
    struct builder_counts counts;
    /* the stream, as of the last record put out */
    uint8_t stream[STREAM_UUID_LEN];
    uint64_t epoch;
    uint64_t instance;
    uint64_t seq;
    uint64_t chain;
    struct gtid gtid; /* of seq */
    uint64_t fingerprint;
    uint64_t stamp;
    struct position position; /* all that was read, skipped included */
    struct position before;   /* a dump from here sends `gtid` again */
    struct cut cut;
    bool cut_moved;          /* cut_bytes are not it */
    bool unsaid;             /* the position has moved by what needs no record */
    struct permits permits;  /* that stand */
    struct gtid rolled_back; /* of the last group if it was rolled back; its GTID may be used again */
    uint64_t commit_us;
    unsigned idle; /* heartbeats of the source since the last group */
    /* working memory */
    struct txn txn;
    struct arena arena;   /* of one item */
    struct map decisions; /* pointer of a definition -> struct decision * */
    struct arena decision_arena;
    const struct table_def *last_table;
    const struct decision *last_decision;
    struct buf cut_bytes;
    struct buf position_bytes;
    struct buf before_bytes;
    struct buf permit_bytes;
    struct buf behind_bytes;
    uint64_t behind_us; /* the reader is, of what the source has committed */
};

/* Where something stands in the binlog, before an error's text. Returns -1. */
int builder_place(struct err *err, const struct item *item);

/* Nothing is open any more. */
void builder_close_group(struct builder *b);

/* ---- builder_xa.c ---- */
MUST_CHECK int builder_xa_start(struct builder *b, const struct item *item, struct err *err);
MUST_CHECK int builder_xa_end(struct builder *b, const struct item *item, struct err *err);
/* The end of a group that began as the body of an XA PREPARE, and was committed by the same breath. Not for one that
 * the gate skips. */
MUST_CHECK int builder_xa_one_phase(struct builder *b, struct err *err);

/* ---- builder_rows.c ---- */
MUST_CHECK int builder_rows(struct builder *b, const struct item *item, struct err *err);
/* Forget permits that the position has passed. */
void builder_pass_permits(struct builder *b);
/* Put the fragment under construction out. */
MUST_CHECK int builder_flush(struct builder *b, bool last, struct err *err);

/* ---- builder_control.c ---- */
/* A record with everything that each kind says. The cut goes with all of them, so that a reader which begins anywhere
 * knows it. */
void builder_base_record(struct builder *b, struct record *out, enum record_kind kind);
/* The same with what a record with a seq of its own says. */
void builder_numbered_record(struct builder *b, struct record *out, enum record_kind kind);
/* That seq is complete: the stream goes on behind it. */
void builder_complete(struct builder *b, uint64_t chain, uint64_t fingerprint);
MUST_CHECK int builder_put(struct builder *b, const struct record *rec, struct err *err);

#endif
