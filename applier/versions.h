/* Which changes at the target does an incoming one not know of? The target's own region's stream, read beside the
 * link's, answers.
 *
 * A change is concurrent with one of the target's region that is not in the cut that it carries. The region's own
 * capture publishes everything that is written at the target; a thread follows its topic by the rules of every reader
 * (stream.h) and keeps the newest version of each key (version_index.h), from the seq on that the first change in
 * flight knows. A worker that holds the row locks takes the target's position, waits here until that thread has come
 * past it, and asks: what is not there then has not been written.
 *
 * Lives as long as a session; built anew from the topics by the next one. */
#ifndef DRC_APPLIER_VERSIONS_H
#define DRC_APPLIER_VERSIONS_H

#include "applier/schedule.h"
#include "applier/version_index.h"
#include "common/base/stop.h"
#include "common/link/config.h"
#include "common/model/position.h"

struct versions;

struct versions_setup {
    const struct kafka_config *kafka; /* of the target's region */
    const char *topic;
    const char *region;        /* the target's */
    struct schedule *schedule; /* knows what is in effect */
    const struct stop *stop;
};

/* Does some rule of the pair tell conflicts of that link by versions? */
bool versions_wanted(const struct config *c, const struct link_config *link);

/* Starts the thread, which waits for the first cut. */
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

#define VERSIONS_BEHIND 2 /* err->code: the region's stream has not come past the position in time */

/* Wait until the region's stream has come past the position, for at most `ms`. -1: it has not (retry, code
 * VERSIONS_BEHIND; the text says why), or reading it has failed for good. */
MUST_CHECK int versions_wait(struct versions *v, const struct position *p, unsigned ms, struct err *err);

enum versions_answer {
    VERSIONS_KNOWN,      /* the cut has all that is held of the key */
    VERSIONS_CONCURRENT, /* the newest one is not in it */
    VERSIONS_LOST,       /* the cut is older than what is held: nobody can say */
};

struct versions_question {
    struct version_key key;
    struct span cut; /* of the incoming change */
    /* The answer. */
    enum versions_answer answer;
    struct version newest; /* seq 0: none held */
    bool unseen_delete;    /* the key's newest delete is not in the cut */
};
/* All of them at one moment. */
void versions_ask(struct versions *v, struct versions_question *questions, size_t count);
/* The incoming change has won over that version, and is in effect. */
void versions_outdo(struct versions *v, const struct version_key *key, uint64_t seq);

/* ---- status ---- */

struct versions_facts {
    size_t count;
    size_t bytes;
    size_t spilled;
    uint64_t seq;       /* of the region's stream, read up to */
    uint64_t waits;     /* that had to be waited for */
    uint64_t waited_us; /* in them altogether */
};
void versions_facts(struct versions *v, struct versions_facts *out);

#endif
