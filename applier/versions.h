/* Which changes at the target does an incoming one not know of? The streams whose changes come into effect there beside
 * the link's own answer.
 *
 * A change is concurrent with what is in effect at the target and is not in the cut that it carries. That is the work
 * of the target's own region, and in a mesh of the third region, the peer, whose link ends there as well. A thread each
 * follows their topics by the rules of every reader (stream.h) and keeps the newest version of each key
 * (version_index.h), from the seq on that the first change in flight knows. The capture of the target's region
 * publishes everything that is written at the target; of the peer's stream only what has come into effect there counts,
 * which the target's ledger says. A worker that holds the row locks takes the target's position and reads its ledger,
 * waits here until the threads have come that far, and asks: what is not there then has not been written.
 *
 * Lives as long as a session; built anew from the topics by the next one. */
#ifndef DRC_APPLIER_VERSIONS_H
#define DRC_APPLIER_VERSIONS_H

#include "applier/schedule.h"
#include "applier/version_index.h"
#include "common/base/stop.h"
#include "common/link/config.h"
#include "common/model/position.h"
#include "common/target/ledger_done.h"
#include "conflict/known.h"

struct versions;

enum versions_stream {
    VERSIONS_OWN,  /* the target's region's */
    VERSIONS_PEER, /* in a mesh, the third region's */
    VERSIONS_STREAMS,
};

struct versions_topic {
    const struct kafka_config *kafka; /* of that region */
    const char *topic;                /* NULL: there is no such stream */
    const char *region;
};

struct versions_setup {
    struct versions_topic topics[VERSIONS_STREAMS];
    struct schedule *schedule; /* knows what of the link's stream is in effect */
    const struct stop *stop;
};

/* Does some rule of the pair tell conflicts of that link by versions? */
bool versions_wanted(const struct config *c, const struct link_config *link);
/* The third region of a mesh; NULL: there are only two. */
const struct region_config *versions_peer(const struct config *c, const struct link_config *link);

/* Starts the threads, which wait for the first cut. */
MUST_CHECK int versions_start(struct versions **out, const struct versions_setup *setup, struct err *err);
/* Stop must have been requested, and the workers gone. */
void versions_join(struct versions **v);
/* Any thread: nobody waits any longer. */
void versions_abandon(struct versions *v);

/* ---- the intake ---- */

/* From the transaction of that seq on, all that comes knows this cut at least. Empty: it is not told, so that nothing
 * is known. */
void versions_note_cut(struct versions *v, uint64_t seq, struct span cut);

/* ---- workers ---- */

#define VERSIONS_BEHIND 2 /* err->code: a stream has not been read that far in time */

/* Where the target stands. Zeroed: nowhere. */
struct versions_place {
    struct position position;
    struct ledger_done peer; /* what of the peer's stream is in effect there */
};
void versions_place_free(struct versions_place *p);

/* Wait until all that is in effect at that place is known, for at most `ms`. -1: it is not (retry, code
 * VERSIONS_BEHIND; the text says why), or reading a stream has failed for good. */
MUST_CHECK int versions_wait(struct versions *v, const struct versions_place *p, unsigned ms, struct err *err);

enum versions_answer {
    VERSIONS_KNOWN,      /* the cut has all that is held of the key */
    VERSIONS_CONCURRENT, /* the newest one of some stream is not in it */
    VERSIONS_LOST,       /* the cut is older than what is held: nobody can say */
};

struct versions_question {
    struct version_key key;
    struct span cut; /* of the incoming change */
    bool keeps_ends; /* of the rule: known_keeps_ends */
    /* The answer. */
    enum versions_answer answer;
    struct known_change found[VERSIONS_STREAMS];
};
/* All of them at one moment. */
void versions_ask(struct versions *v, struct versions_question *questions, size_t count);
/* What was found in that stream is known after all. */
void versions_make_known(struct versions_question *q, enum versions_stream stream);
/* Is there something that the change does not know of, a delete before the newest one included? */
bool versions_are_contested(const struct versions_question *q);
/* Has something come that the change does not know of since the key was asked for before? */
bool versions_have_moved(const struct versions_question *now, const struct known_change before[VERSIONS_STREAMS]);
/* UUID of a stream that is followed; is it that one? */
void versions_stream_id(struct versions *v, enum versions_stream stream, uint8_t out[STREAM_UUID_LEN]);
bool versions_is_stream(struct versions *v, enum versions_stream stream, const uint8_t id[STREAM_UUID_LEN]);
/* The incoming change has won over that version, and is in effect. */
void versions_outdo(struct versions *v, const struct version_key *key, enum versions_stream stream, uint64_t seq);

/* ---- status ---- */

struct versions_facts {
    size_t count;
    size_t bytes;
    size_t spilled;
    uint64_t seq; /* of the target's region's stream, read up to */
    bool has_peer;
    uint64_t peer_seq;  /* and of the peer's */
    uint64_t waits;     /* that had to be waited for */
    uint64_t waited_us; /* in them altogether */
};
void versions_facts(struct versions *v, struct versions_facts *out);

#endif
