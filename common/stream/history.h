/* What capture would make of a source's binlog: its records, and what became of each group.
 *
 * Files of a rescued disk, or a server that is asked as a replica asks it. The same assembler, gate and builder as
 * capture's are behind it, so that a transaction is told to be missing from a topic only where capture would have
 * published it, and gets the seq, chain and fingerprint that capture would give it. Nothing is written anywhere. One
 * thread. */
#ifndef DRC_STREAM_HISTORY_H
#define DRC_STREAM_HISTORY_H

#include "common/link/config.h"
#include "common/stream/builder.h"

struct history;

struct history_options {
    const struct config *config;
    const struct region_config *region;
    const char *topic;
    /* Where the stream stands: what its position has is passed over, and its last transaction is compared with the
     * source's, where that can still be read. A stream without a position: everything is new. */
    const struct stream *state;
    size_t max_bytes; /* of a record */
    /* Who knows which columns the source computes (assembler_ask); NULL: rows are taken without what they lack, by who
     * needs no more of them than that they were, and their keys. */
    assembler_computed *computed;
    void *context; /* of it */
};

enum history_fate {
    HISTORY_PUBLISHED,   /* capture would publish it */
    HISTORY_FILTERED,    /* it changes nothing of the pair's tables */
    HISTORY_REPLAYED,    /* an applier made it */
    HISTORY_REPEATED,    /* the stream has it already */
    HISTORY_ROLLED_BACK, /* it took no effect */
};
const char *history_fate_name(enum history_fate f);

enum history_kind { HISTORY_RECORD, HISTORY_GROUP };

struct history_step {
    enum history_kind kind;
    /* HISTORY_RECORD: one of a transaction, or of history_say_*. Valid until the next call. */
    struct record rec;
    struct span bytes; /* the same, encoded */
    /* HISTORY_GROUP: a group of the binlog has ended; what it gave came before. */
    struct gtid gtid;
    uint64_t commit_us;
    enum history_fate fate;
    const char *file;
    uint64_t offset;
};

/* What `options` points to must outlive it. */
struct history *history_new(const struct history_options *options);
void history_free(struct history **h);

/* Read these files, in their order; borrowed. A last file that ends inside an event or a transaction is read as far as
 * it goes (history_torn). */
void history_read_files(struct history *h, char *const *paths, size_t count);
/* Ask the server for everything after `from`, up to where all of `until` has been read; both are borrowed. It is listed
 * there as a replica with that id, which nobody else may have at the same time. */
MUST_CHECK int history_read_server(struct history *h, uint32_t replica_id, const struct position *from,
                                   const struct position *until, struct err *err);

/* 1: a step; 0: the end; -1: error. */
MUST_CHECK int history_next(struct history *h, struct history_step *out, struct err *err);

/* Records by which the stream goes on: they come with the next calls of history_next. Between groups only. */
MUST_CHECK int history_say_resume(struct history *h, uint64_t now_us, struct err *err);
MUST_CHECK int history_say_heartbeat(struct history *h, uint64_t now_us, struct err *err);

/* After the end. How the last file ends, when it is torn, else NULL. */
const char *history_torn(const struct history *h);
/* What lies between the stream's position, or the file before, and a file, when it is not known that nothing does, else
 * NULL. */
const char *history_gap(const struct history *h);
/* All that was read. */
const struct position *history_position(const struct history *h);
uint64_t history_seq(const struct history *h);

#endif
