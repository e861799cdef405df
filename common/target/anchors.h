/* Anchors: places of the stream from which its source can be read again, kept in the ledger for the day on which the
 * topic is lost.
 *
 * A control record says where source and stream stood at one point: whoever reads the source from there gives the same
 * transactions the same seqs again. The newest one before the watermark is kept, and one before each XA transaction
 * that is prepared and undecided, whose body would be lost with the topic. Pure; owned memory inside, zeroed is none.
 */
#ifndef DRC_TARGET_ANCHORS_H
#define DRC_TARGET_ANCHORS_H

#include "common/model/stream.h"

struct anchor {
    uint64_t seq; /* last complete one, and what control records say of it */
    uint64_t chain;
    uint64_t stamp;
    uint64_t fingerprint;
    struct gtid gtid;
    struct buf position; /* position_put form */
    struct buf before;
    struct buf cut; /* cut_put form */
};

struct anchors {
    struct anchor *list; /* by seq, rising */
    size_t count;
    size_t cap;
};

void anchors_free(struct anchors *a);

/* A control record has just been accepted: the stream's state is the newest anchor. */
void anchors_note(struct anchors *a, const struct stream *s);
/* Drop what nobody needs: neither the newest nor the last one before one of the `n` undecided bodies, whose seqs rise.
 */
void anchors_keep(struct anchors *a, const uint64_t *open, size_t n);
/* Is there one before that seq? */
bool anchors_reach(const struct anchors *a, uint64_t seq);

/* The ledger's form; nothing for none. Reading marks r bad when malformed. */
void anchors_put(const struct anchors *a, struct buf *out);
void anchors_read(struct anchors *a, struct bytes *r);

/* The stream as a reader held it there, without an epoch. False: its parts are malformed. Released by
 * stream_free. */
bool anchor_stream(const struct anchor *a, struct stream *out);

#endif
