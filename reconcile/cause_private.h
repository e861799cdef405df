/* What the files of cause.h share. Nobody else includes it. */
#ifndef DRC_RECONCILE_CAUSE_PRIVATE_H
#define DRC_RECONCILE_CAUSE_PRIVATE_H

#include "common/base/map.h"
#include "common/stream/scan.h"
#include "reconcile/audit_target.h"
#include "reconcile/cause.h"

#define CAUSE_STATES 12u /* newest states of a row that are kept of each stream */
#define CAUSE_ABSENT 1u  /* the state of a row that is not there */

/* What one stream wrote to one row. */
struct cause_writes {
    uint64_t seq; /* of the newest; 0: none */
    uint64_t stamp;
    uint64_t commit_us;
    struct gtid gtid;
    uint64_t states[CAUSE_STATES]; /* hashes of images, oldest first; the last one is after the newest write */
    size_t count;
    bool inserted; /* the newest write found no row */
};

struct cause_stream {
    const struct region_config *region;
    char *topic;
    bool whole;                    /* the scan began with the stream */
    bool has_link[2];              /* from this region to the side */
    char *link[2];                 /* "eu:us" */
    struct audit_target target[2]; /* what the side knows of the stream */
};

struct cause {
    struct run *run;
    const struct plan *plan;
    struct cause_stream *streams;
    size_t stream_count;
    struct map keys; /* JSON of the key -> struct cause_writes[stream_count] */
    struct arena arena;
    struct db *dbs[2];
    struct buf text;
    char gtids[2][GTID_TEXT_LEN];
};

#endif
