/* The Kafka headers by which people and tools see what a record of a stream is without decoding it. */
#ifndef DRC_STREAM_HEADERS_H
#define DRC_STREAM_HEADERS_H

#include "common/link/kafka.h"
#include "common/model/record.h"

#define STREAM_HEADERS_MOST 4

struct stream_headers {
    struct kafka_header list[STREAM_HEADERS_MOST]; /* values point into this struct: it is not to be copied */
    char epoch[24];
    char seq[24];
    char gtid[GTID_TEXT_LEN];
};

/* Returns how many of the list there are. */
size_t stream_headers_fill(struct stream_headers *out, enum record_kind kind, uint64_t epoch, uint64_t seq,
                           const struct gtid *gtid);

#endif
