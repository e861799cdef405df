/* Rows that differed when they were seen, until it is known whether they really do.
 *
 * A suspect's state on a side is one number: of a row told apart by its key a slice of its checksum (0: it is not
 * there), of equal rows without a key how many there are. */
#ifndef DRC_RECONCILE_SUSPECTS_H
#define DRC_RECONCILE_SUSPECTS_H

#include "common/base/map.h"
#include "common/target/repair.h"
#include "reconcile/plan.h"

struct suspect {
    struct span id;         /* suspects_put_id of the key; of rows without one the checksum */
    const struct span *key; /* the values of the key; NULL: rows without one */
    uint64_t now[2];
    uint64_t before[2];        /* at the look before */
    unsigned same;             /* looks in a row at which `now` was the same as before */
    unsigned probes;           /* so many were asked */
    enum repair_answer answer; /* of the last one */
    uint64_t unlike[2];        /* states of both sides when one from that side could not tell */
    bool alias; /* the source has this row under another spelling of the key, which is a suspect itself */
};

/* Zeroed is empty. Everything in it lives in its arena. */
struct suspects {
    struct suspect *list;
    size_t count;
    size_t cap;
    struct map by_id;
    struct arena arena;
};

void suspects_clear(struct suspects *s); /* keeps memory */
void suspects_free(struct suspects *s);

/* The key's values with their lengths: equal bytes for equal values, and only for them. */
void suspects_put_id(const struct span *key, uint16_t count, struct buf *out);
/* The state of a row by its checksum's text: never 0. */
uint64_t suspects_state(struct span hash);

/* The suspect of that id, made when missing; valid until the next call. `key` (may be NULL) is copied. */
struct suspect *suspects_ref(struct suspects *s, struct span id, const struct span *key, uint16_t key_count);
struct suspect *suspects_find(const struct suspects *s, struct span id);
/* Remove those of which `drop` says so; the order of the others stays. */
void suspects_remove(struct suspects *s, bool (*drop)(const struct suspect *x, void *context), void *context);

#endif
