/* What the files of versions share: the state, and who may touch what. Nobody else includes it. */
#ifndef DRC_APPLIER_VERSIONS_PRIVATE_H
#define DRC_APPLIER_VERSIONS_PRIVATE_H

#include <pthread.h>

#include "applier/versions.h"
#include "common/link/kafka.h"
#include "common/model/stream.h"

/* From that seq of the link's stream on, everything knows the stream that is read here up to `low`. */
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

/* A transaction of the peer's that has been read, and is not in effect at the target yet while later ones are. */
struct upcoming {
    uint64_t seq;
    uint64_t stamp;
    struct changed_keys keys;
};

/* One stream that is followed. */
struct version_stream {
    struct versions *all;
    const struct versions_topic *topic; /* NULL: there is none */
    pthread_t thread;
    bool runs;
    /* Under the lock of `all`. */
    struct version_index *index;
    struct position passed;    /* own: all that was written up to here is in the index; no flavour: nothing yet */
    struct ledger_done effect; /* peer: what is in effect at the target, as far as anybody has seen */
    struct upcoming *upcoming; /* peer: in the order of their seqs */
    size_t upcoming_count;
    size_t upcoming_cap;
    size_t upcoming_keys; /* of them all */
    bool has_stream;
    uint8_t stream[STREAM_UUID_LEN];
    struct known_from *known; /* both members rise */
    size_t known_count;
    size_t known_cap;
    uint64_t let_go; /* versions up to it are not held any more */
    uint64_t seq;
    uint64_t heard_ms; /* when the last record came */
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

struct versions {
    struct versions_setup setup;
    pthread_mutex_t lock;
    pthread_cond_t moved; /* anything below, or a stream's seq, position, effect or failure */
    bool has_cut;
    struct cut first_cut; /* of the first transaction in flight */
    struct buf last_cut;  /* noted last, as it came */
    uint64_t waits;
    uint64_t waited_us;
    bool abandoned;
    struct version_stream streams[VERSIONS_STREAMS];
};

bool versions_is_peer(const struct version_stream *s);
/* Up to where the cut has all of the stream. */
uint64_t versions_low_of(const struct cut *cut, const uint8_t stream[STREAM_UUID_LEN]);
/* On the condition `moved`, whose lock is held: for at most that long. */
void versions_pause(struct versions *v, unsigned ms);

/* ---- versions_reader.c ---- */
void *versions_run(void *context);
void versions_free_reader(struct version_stream *s);
/* What everything knows that is still to be applied is not held any longer; now and then. */
void versions_let_go(struct version_stream *s);

/* ---- versions_feed.c ---- */

/* A record that counts: what it changes goes into the index. 1: so; 0: it ends an XA transaction whose body has not
 * been read, so that reading has to begin further back; -1. */
int versions_feed(struct version_stream *s, const struct record *rec, struct err *err);
/* Forget the bodies that are held. */
void versions_drop_held(struct version_stream *s);

/* ---- versions_effect.c: of the peer's stream; the lock is held, but for the first ---- */

/* Wait until that transaction may be fed: it, or a later one, is in effect at the target. False: it is over. */
bool versions_await_effect(struct version_stream *s, uint64_t seq);
/* Keys of a transaction that is not in effect yet. */
void versions_put_upcoming(struct version_stream *s, const struct record *rec, const struct changed_keys *keys);
/* The target's ledger said so: what has come into effect goes into the index. */
MUST_CHECK int versions_note_effect(struct version_stream *s, const struct ledger_done *done, struct err *err);
/* Is all that is in effect by then in the index? */
bool versions_has_effect(const struct version_stream *s, const struct ledger_done *done);
void versions_drop_upcoming(struct version_stream *s);

#endif
