/* Which records of a topic count: the one state machine by which every reader follows a stream.
 *
 * Applier, capture's tail read, drcctl and reconcile all read a topic through it, so that they cannot disagree. Pure:
 * it sees records in offset order and says what each is worth. The rules (docs/wire-format.md has them for others):
 *
 *  - an epoch record counts iff its number is higher than the one in force; then nothing but its own resume record
 *    counts, and fragments of an unfinished transaction are void;
 *  - a resume record counts iff it is of the epoch in force; a reader that holds a last complete seq must hold the
 *    same seq and chain as it says (seq beyond: records are missing; another chain: the history is another one), one
 *    that joins in the middle takes them from it;
 *  - data counts iff its (epoch, instance) is in force and its resume record was seen; its seq is the next one, its
 *    chain continues ours, and its fragments come in order. What was seen before is dropped and counted;
 *  - what is of no epoch in force is void, with one exception: a reader that holds a seq has seen every epoch record
 *    up to here, so records of a higher epoch that was never announced mean that it did not, and it stops. One that
 *    has not found its base yet voids them: it joined in the middle;
 *  - an epoch record of another stream UUID is void: two writers that meet on an empty topic each invent one, and the
 *    second takes over the first one's before it goes on. Any other record of another stream stops the reader. */
#ifndef DRC_MODEL_STREAM_H
#define DRC_MODEL_STREAM_H

#include "common/model/cut.h"
#include "common/model/position.h"
#include "common/model/record.h"

enum stream_verdict {
    STREAM_TAKE,      /* data, DDL or XA end that counts: act on it */
    STREAM_CONTROL,   /* epoch, resume or heartbeat that counts: the state has been updated */
    STREAM_DUPLICATE, /* seen before: drop */
    STREAM_VOID,      /* of an epoch that is not in force: drop */
};

struct stream {
    uint8_t uuid[STREAM_UUID_LEN];
    bool has_uuid;
    bool has_epoch; /* an epoch is in force */
    bool resumed;   /* and its resume record was seen, or the state came from a ledger */
    bool based;     /* seq and chain below are known */
    bool beginning; /* seq 0 was taken as the base, because the topic is read from its first record */
    uint64_t epoch;
    uint64_t instance;
    uint64_t seq; /* last complete */
    uint64_t chain;
    struct gtid gtid;
    uint64_t commit_us;       /* of seq; 0 until one was completed here */
    uint64_t stamp;           /* the greatest seen */
    uint64_t fingerprint;     /* of seq */
    uint64_t open_seq;        /* fragments taken of it, 0: none open */
    uint32_t open_next;       /* fragment expected next */
    uint64_t open_chain;      /* that all its fragments carry */
    bool open_dropped;        /* set by the call that made open fragments void (a new epoch): the reader must roll back;
                                 cleared by the next call */
    uint64_t highest_epoch;   /* of any epoch record seen, void ones too: a new writer must go above it */
    struct position position; /* all that the writer had read at this record; empty until a control record was seen */
    struct position before;   /* a dump from here sends `gtid` again */
    struct cut cut;           /* as of the last record that carried one */
    struct buf permits;       /* permits_put form; of the newest resume record */
    uint64_t source_clock_us; /* of the newest control record */
    bool position_moved;      /* a control record has set `position` since seq was completed */
    uint64_t duplicates;
    uint64_t voids;
    uint64_t last_seq; /* of the record taken last, 0: none yet */
    uint32_t last_fragment;
    uint32_t last_crc;
};

/* A reader at the very beginning of an untruncated topic, or one that joins somewhere and takes the first epoch with
 * its own resume record as its base. `from_beginning`: seq 0 is the base, so that a gap at the start is noticed; but a
 * topic that was rebuilt begins where the act in its first resume record says. */
void stream_init(struct stream *s, bool from_beginning);
/* A reader that continues from a ledger: what it holds is in force until a higher epoch is seen; works from any offset
 * at or before the one that follows the last record of `seq`. `epoch` is the one in force there. */
void stream_init_at(struct stream *s, const uint8_t uuid[STREAM_UUID_LEN], uint64_t epoch, uint64_t instance,
                    uint64_t seq, uint64_t chain);
void stream_free(struct stream *s);

/* What is the next record worth? -1: going on would lose, repeat or reorder (fatal, 69): another stream UUID, a gap, a
 * chain that does not continue ours, a fragment out of order, a resume record that disagrees. The state is then no
 * longer of use. */
MUST_CHECK int stream_accept(struct stream *s, const struct record *rec, enum stream_verdict *out, struct err *err);

#endif
