/* What the files of cause.h share. Nobody else includes it. */
#ifndef DRC_RECONCILE_CAUSE_PRIVATE_H
#define DRC_RECONCILE_CAUSE_PRIVATE_H

#include "common/base/map.h"
#include "reconcile/audit_target.h"
#include "reconcile/cause.h"
#include "reconcile/cause_feed.h"

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
    bool inserted;   /* the newest write found no row */
    uint64_t *known; /* of each stream: up to which seq the newest write's region had it in effect; NULL: seq 0 */
};

struct cause_stream {
    const struct region_config *region;
    const char *topic;
    struct scan *scan;             /* of the feed, as is `topic` */
    struct scan_step first;        /* of what is read: it says whose stream it is */
    bool any;                      /* there is one */
    uint8_t uuid[STREAM_UUID_LEN]; /* zeroed: it has no record */
    bool whole;                    /* the scan began with the stream */
    uint64_t first_us;             /* when the first record that was read was written; 0: there was none */
    uint64_t first_seq, last_seq;  /* of all newest writes; 0: none */
    bool has_link[2];              /* from this region to the side */
    char *link[2];                 /* "eu:us" */
    struct audit_target target[2]; /* what the side knows of the stream */
};

struct cause {
    struct run *run;
    const struct plan *plan;
    bool filtered; /* no link carries the table, and that is all there is to say */
    struct cause_stream *streams;
    size_t stream_count;
    struct map keys; /* JSON of the key -> struct cause_writes[stream_count] */
    struct arena arena;
    struct db *const *dbs; /* of the feed */
    struct buf text;
    char gtids[2][GTID_TEXT_LEN];
    uint64_t since_us; /* the topics were read back to then */
    char detail[200];
};

/* cause_read.c: a row to be looked for. */
void cause_add_key(struct cause *c, const struct span *key);
/* Note what the streams, whose scans are open, wrote to the keys since then. 1; 0: it was not over by
 * `deadline_ms` of the monotonic clock (0: it may take as long as it takes); -1. */
MUST_CHECK int cause_read_window(struct cause *c, uint64_t since_us, uint64_t deadline_ms, struct err *err);

/* cause_judge.c, for tests too: the difference between two states of a row, by what was written to it. `state` of each
 * side, 0: not known. Fills cause, journal and class of `d`, and whose row is the newest. */
void cause_judge(struct cause *c, struct difference *d, const struct cause_writes *writes, const uint64_t state[2]);

/* cause_journal.c: the entry of a side's journal about that row, of the transaction `seq` that came by `link`; 0: none.
 */
uint64_t cause_journal_entry(struct cause *c, const struct difference *d, int side, const char *link, uint64_t seq);

#endif
