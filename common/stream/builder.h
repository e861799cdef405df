/* The record builder: items of the source's history in, encoded records of the stream out.
 *
 * It holds the stream's whole state (epoch, seq, chain, position, cut) as of what it has put out, so that everything
 * it says about the past is in the same order as the records themselves: a control record can never be ahead of the
 * data before it. Of a transaction it keeps one fragment at most. Pure but for the clock; one thread. */
#ifndef DRC_STREAM_BUILDER_H
#define DRC_STREAM_BUILDER_H

#include "common/binlog/assemble.h"
#include "common/model/filter.h"
#include "common/stream/gate.h"
#include "common/stream/parcel.h"

struct builder;

/* Where records go, and who knows streams. */
struct builder_sink {
    /* Takes the parcel over, also on failure. -1: stop. */
    int (*put)(void *context, struct parcel *parcel, struct err *err);
    /* Does drc.ledger of the source know that stream? 1, 0, or -1: error. */
    int (*known)(void *context, const uint8_t stream[STREAM_UUID_LEN], struct err *err);
    /* Has an applier run DDL at the source under that mark: the server id of a group (MariaDB), the tag of its GTID
     * (MySQL), as text? 1, 0, or -1: error. */
    int (*replays)(void *context, const char *mark, struct err *err);
    /* The binlog does not say how long this table's cells of old temporal formats are: has one a fraction, so that they
     * are longer than they are taken for? 1, 0, or -1: error. */
    int (*old_fractions)(void *context, const struct table_def *t, struct err *err);
    /* A canary (canary.h) has come. */
    void (*canary)(void *context, const uint8_t stream[STREAM_UUID_LEN], uint64_t nonce);
    void *context;
};

/* What a GTID may have, as the pair file lists it; nothing: anything. */
struct builder_expects {
    char *const *domains;
    size_t domain_count;
    char *const *tags;
    size_t tag_count;
};

struct builder_settings {
    const struct filter *tables;
    const char *region;
    const char *topic; /* for messages */
    struct builder_expects expects;
    size_t fragment_bytes; /* most bytes of rows in one record, where a row is not larger by itself */
    size_t max_bytes;      /* that the topic takes in one record */
    struct builder_sink sink;
};

struct builder_counts {
    uint64_t transactions; /* published, DDL included */
    uint64_t rows;
    uint64_t ddl;
    uint64_t bytes;    /* of records */
    uint64_t skipped;  /* transactions without a row of ours */
    uint64_t replayed; /* dropped by the loop mark */
    uint64_t repeated; /* dropped at the gate */
};

/* `state` is the topic's end as a reader sees it: what it says is taken over, `gate` is kept (not owned) until
 * builder_free. */
struct builder *builder_new(const struct builder_settings *settings, const struct stream *state, struct gate *gate);
void builder_free(struct builder **b);

/* Act on the assembler's next item. Fatal errors name the place in the binlog. */
MUST_CHECK int builder_item(struct builder *b, const struct item *item, struct err *err);

/* How far reading is behind what the source has committed, in µs; heartbeats say so. */
void builder_note_behind(struct builder *b, uint64_t us);
/* Put out a heartbeat, at a transaction boundary only. `now_us` is the source's clock. */
MUST_CHECK int builder_heartbeat(struct builder *b, uint64_t now_us, struct err *err);
/* Say again where the stream stands, under the epoch that the state came with. */
MUST_CHECK int builder_resume(struct builder *b, uint64_t now_us, struct err *err);
/* Begin the next epoch of this writer: an epoch record and its resume record. The sender makes sure that nobody else's
 * records stand between the last one and them. Makes fragments of an open transaction void. */
MUST_CHECK int builder_renew(struct builder *b, uint64_t now_us, struct err *err);

/* Has the source come further than any record says, and is the region a target as well? Then its applier may wait for
 * word of that, holding locks: a heartbeat is due. */
bool builder_owes_word(const struct builder *b);
/* Neither a group nor an unfinished statement is open. */
bool builder_at_boundary(const struct builder *b);
/* Table definitions that items brought so far are going to be released. */
void builder_forget_tables(struct builder *b);
/* What operators have permitted, as of the stream's newest resume record. */
struct permits;
const struct permits *builder_permits(const struct builder *b);
const struct builder_counts *builder_counts(const struct builder *b);
const struct position *builder_position(const struct builder *b);
uint64_t builder_seq(const struct builder *b);
uint64_t builder_epoch(const struct builder *b);
const struct gtid *builder_gtid(const struct builder *b);
/* Has the source said several times in a row that it has nothing new? */
bool builder_at_end(const struct builder *b);
uint64_t builder_commit_us(const struct builder *b); /* of the transaction read last, published or not; 0: none yet */

#endif
