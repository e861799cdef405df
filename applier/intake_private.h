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
    struct kafka_reader *reader;
    struct stream stream;
    struct table_cache cache;
    struct watermark done; /* by the ledger: not to be done again */
    struct held held;      /* as after the transaction handed over last */
    struct anchors anchors;
    struct buf held_text; /* the two in the ledger's form */
    struct buf anchors_text;
    struct backoff backoff;
    bool from_start; /* the hint was out of range once already */
    bool sure;       /* a record has agreed with the ledger: its offset was right */
    bool rejoining;  /* intake_rejoin.c has the word */
    /* The ledger's place, as it was at the start. */
    uint8_t from_stream[STREAM_UUID_LEN];
    uint64_t from_seq;
    uint64_t from_chain;
    uint64_t from_epoch;
    struct held expected; /* while rejoining: the ledger's */
    struct txn **acts;    /* while rejoining: that were passed */
    size_t act_count;
    pthread_t thread;
};

/* ---- intake.c ---- */

/* 1: a record; 0: none just now; -1: fatal. What the world may mend is waited for. */
int intake_read_next(struct intake *in, struct kafka_record *raw, struct err *err);
/* Hand it over; refused: the stop is seen by the loop. */
void intake_put(struct intake *in, struct txn *t);
/* A control record has been accepted: anchor and act, if it is news. NULL: no act. */
struct txn *intake_note_control(struct intake *in, const struct record *rec, int64_t offset);
/* The sets in the ledger's form: after a change of them. */
void intake_sets_changed(struct intake *in);

/* ---- intake_rejoin.c: the ledger's place in a topic whose offsets are not those that the ledger knows ---- */

/* The offset led nowhere. 1: the topic is a rebuilt one, and reading goes on from the log's start; 0: it is not; -1. */
MUST_CHECK int intake_rejoin_if_rebuilt(struct intake *in, struct err *err);
/* From the log's start in any case. */
MUST_CHECK int intake_rejoin(struct intake *in, struct err *err);
/* The next record, while in->rejoining. */
MUST_CHECK int intake_rejoin_take(struct intake *in, const struct record *rec, const struct kafka_record *raw,
                                  struct err *err);

#endif
