/* What the intake's files share: its state. Nobody else includes it. */
#ifndef DRC_APPLIER_INTAKE_PRIVATE_H
#define DRC_APPLIER_INTAKE_PRIVATE_H

#include <pthread.h>

#include "applier/held.h"
#include "applier/intake.h"
#include "common/base/backoff.h"
#include "common/link/kafka.h"
#include "common/target/anchors.h"

#define INTAKE_POLL_MS 200 /* how soon a stop is seen */

struct intake {
    struct intake_setup setup;
    struct beat *beat;
    struct kafka_reader *reader;
    struct stream stream;
    struct table_cache cache;
    struct watermark done; /* by the ledger: not to be done again */
    struct held held;      /* as after the transaction handed over last */
    struct anchors anchors;
    struct buf held_text; /* the two in the ledger's form */
    struct buf anchors_text;
    struct buf cut_text; /* of the transaction handed over last, in wire form */
    struct backoff backoff;
    int64_t from_low; /* above the log's start when the hint was out of range last; 0: it was not */
    bool rejoining;   /* intake_rejoin.c has the word */
    uint8_t from_stream[STREAM_UUID_LEN];
    int64_t offset;      /* the ledger's hint */
    uint64_t from_epoch; /* acts up to it are in the journal */
    /* While rejoining: the place that is looked for, and what was passed on the way. */
    uint64_t goal_seq;
    uint64_t goal_chain;
    struct held expected;
    struct txn **acts;
    size_t act_count;
    pthread_t thread;
};

/* ---- intake.c ---- */

/* 1: a record; 0: none just now; -1: fatal. What the world may mend is waited for. */
int intake_read_next(struct intake *in, struct kafka_record *raw, struct err *err);
/* Hand it over; refused: the stop is seen by the loop. */
void intake_put(struct intake *in, struct txn *t);
/* The fragments that were handed over are void. */
void intake_put_abandon(struct intake *in);
/* A control record has been accepted: anchor and act, if it is news. NULL: no act. */
struct txn *intake_note_control(struct intake *in, const struct record *rec, int64_t offset);
/* The sets in the ledger's form: after a change of them. */
void intake_sets_changed(struct intake *in);

/* ---- intake_rejoin.c: the ledger's place in a topic whose offsets are not those that the ledger knows ---- */

/* The error that the topic holds another stream, with the way out. Returns -1. */
int intake_other_stream(const struct intake *in, struct err *err);
/* 1: the topic has been rebuilt since the place that we hold, and reading goes on from the log's start; 0: it has not,
 * and the reader is to be seeked; -1: error. */
MUST_CHECK int intake_rejoin_if_rebuilt(struct intake *in, struct err *err);
/* From the log's start in any case. */
MUST_CHECK int intake_rejoin(struct intake *in, struct err *err);
/* The next record, while in->rejoining. */
MUST_CHECK int intake_rejoin_take(struct intake *in, const struct record *rec, const struct kafka_record *raw,
                                  struct err *err);

#endif
