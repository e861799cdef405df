/* One encoded record on its way from the reader to the sender: ownership moves with the pointer. */
#ifndef DRC_CAPTURE_PARCEL_H
#define DRC_CAPTURE_PARCEL_H

#include "common/model/record.h"

struct parcel {
    enum record_kind kind;
    bool completes; /* its seq is complete with it */
    uint64_t epoch;
    uint64_t instance;
    uint64_t seq;
    struct gtid gtid;
    uint64_t commit_us;
    struct buf bytes;
};

/* Encodes. */
struct parcel *parcel_new(const struct record *rec);
/* Takes a struct parcel *, so that queue_free can drop what is left. */
void parcel_free(void *parcel);

#endif
