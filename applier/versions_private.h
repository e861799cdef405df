/* What the files of versions share: the state, and who may touch what. Nobody else includes it. */
#ifndef DRC_APPLIER_VERSIONS_PRIVATE_H
#define DRC_APPLIER_VERSIONS_PRIVATE_H

#include <pthread.h>

#include "applier/versions.h"
#include "common/link/kafka.h"
#include "common/model/stream.h"

/* From that seq of the link's stream on, everything knows the region's stream up to `low`. */
struct known_from {
    uint64_t seq;
    uint64_t low;
};

/* Keys that a transaction changes. */
struct changed_key {
    struct version_key key;
    bool deletes;
};
struct changed_keys {
    struct changed_key *list;
    size_t count;
    size_t cap;
};

struct versions {
    struct versions_setup setup;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t moved; /* passed, has_cut, failed or abandoned */
    /* Under the lock. */
    struct version_index *index;
    struct position passed; /* all that was written up to here is in the index; no flavour: nothing yet */
    bool has_cut;
    struct cut first_cut; /* of the first transaction in flight */
    struct buf last_cut;  /* noted last, as it came */
    bool has_stream;
    uint8_t stream[STREAM_UUID_LEN];
    struct known_from *known; /* both members rise */
    size_t known_count;
    size_t known_cap;
    uint64_t let_go; /* versions up to it are not held any more */
    uint64_t seq;
    uint64_t heard_ms; /* when the last record came */
    uint64_t waits;
    uint64_t waited_us;
    bool abandoned;
    struct err failed; /* class ERR_NONE: it has not */
    /* The thread's own. */
    struct kafka_reader *reader;
    struct stream state;
    int64_t from;    /* offset where reading began */
    bool from_start; /* of the log: there is no further back */
    int64_t span;    /* records before the log's end that the base is looked for from */
    uint64_t due_ms; /* when to let go next */
    struct table_cache tables;
    struct arena arena;
    struct buf scratch;
    struct changed_keys changes;
    struct map held; /* XID -> struct changed_keys *: bodies that are prepared */
};

/* Up to where the cut has all of the region's stream. */
uint64_t versions_low_of(const struct cut *cut, const uint8_t stream[STREAM_UUID_LEN]);

/* ---- versions_reader.c ---- */
void *versions_run(void *context);
void versions_free_reader(struct versions *v);

/* ---- versions_feed.c ---- */

/* A record that counts: what it changes goes into the index. 1: so; 0: it ends an XA transaction whose body has not
 * been read, so that reading has to begin further back; -1. */
int versions_feed(struct versions *v, const struct record *rec, struct err *err);
/* Forget the bodies that are held. */
void versions_drop_held(struct versions *v);

#endif
