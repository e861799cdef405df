/* Claiming a stream: announcing an epoch above all others, and reading the past that it ends (DESIGN section 3, steps 1
 * and 2). Whoever wants to write into a stream's topic, capture or an operator's command, enters by this door. */
#ifndef DRC_STREAM_CLAIM_H
#define DRC_STREAM_CLAIM_H

#include "common/stream/readback.h"

/* Append one epoch record and wait for its ack; *offset is -1 when the broker did not say where it is. */
typedef int claim_announce_fn(void *context, int64_t *offset, const struct record *rec, struct err *err);

struct claim {
    struct readback rb;
    int64_t low; /* offsets of the log, as claim_look found it */
    int64_t high;
    uint8_t stream[STREAM_UUID_LEN]; /* of the topic; where that is empty, the caller's choice */
    uint64_t highest;                /* epoch number seen so far; the caller may raise it */
    uint64_t instance;               /* random id of this writer */
    uint64_t number;                 /* epoch that was announced */
    int64_t offset;                  /* of its record */
};

/* `instance` 0: a new one is drawn. Strings and stop outlive the claim. Released by claim_close, also after an error.
 */
MUST_CHECK int claim_open(struct claim *c, const struct kafka_config *kafka, const char *topic, const char *region,
                          struct stop *stop, uint64_t instance, struct err *err);
void claim_close(struct claim *c);

/* What does the topic hold? *empty: no record was ever written, so that `stream` is the caller's to fill. Fatal (69)
 * when all its records are gone. */
MUST_CHECK int claim_look(struct claim *c, bool *empty, struct err *err);

/* Announce until an epoch of ours is in force. `out` is the stream as of then, released by stream_free. Fatal (69) when
 * the topic has lost what says where the stream stands. */
MUST_CHECK int claim_take(struct claim *c, struct stream *out, claim_announce_fn *announce, void *context,
                          struct err *err);

/* Random bytes for ids. */
MUST_CHECK int claim_random(void *out, size_t n, struct err *err);

#endif
