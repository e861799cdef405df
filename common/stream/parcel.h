/* One encoded record on its way from the reader to the sender, or a word about those before it: ownership moves with
 * the pointer. */
#ifndef DRC_STREAM_PARCEL_H
#define DRC_STREAM_PARCEL_H

#include "common/model/record.h"

struct parcel {
    struct parcel *prev; /* among those of the sender that are not acknowledged */
    struct parcel *next;
    enum record_kind kind;
    bool completes; /* its seq is complete with it */
    uint64_t epoch;
    uint64_t instance;
    uint64_t seq;
    struct gtid gtid;
    uint64_t commit_us;
    uint64_t made_us; /* heartbeats: when, by the clock that never steps */
    struct buf bytes;
    /* Not a record: when all records before it are in the topic, the source may be told so of its binlog up to there.
     */
    char *safe_file;
    uint64_t safe_offset;
};

/* Encodes. */
struct parcel *parcel_new(const struct record *rec);
struct parcel *parcel_new_safe(const char *file, uint64_t offset);
/* Takes a struct parcel *, so that queue_free can drop what is left. */
void parcel_free(void *parcel);

#endif
