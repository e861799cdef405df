/* Who of the transactions that are not in effect touches which key: an index from hashes to them. Pure.
 *
 * What comes is asked for the ones that it depends on, and then put in: those that touched one of its keys last, alone
 * or as sharers. Each of these depends in its turn on those before it, so that nobody else need be named. A transaction
 * that touches too many keys to be listed counts as touching its tables as a whole, by which memory is bounded. */
#ifndef DRC_APPLIER_TOUCHES_H
#define DRC_APPLIER_TOUCHES_H

#include "applier/writeset.h"

#define TOUCHES_MOST (1u << 18) /* entries of all together: 12 MiB */

struct touched;
struct touches;

/* What one transaction has in the index. Zeroed: nothing. */
struct toucher {
    struct touched **blocks; /* entries, as many as were put at once each */
    size_t *block_counts;
    size_t block_count;
    uint64_t *coarse; /* tables that it touches as a whole, sorted */
    size_t coarse_count;
    uint64_t asked; /* mark of the question that named it last */
};

struct touches *touches_new(void);
void touches_free(struct touches **t); /* all touchers have left */

/* Told of each toucher once a question. */
typedef void touches_found(void *context, struct toucher *found);

/* Whom must a transaction with that (sealed) write set wait for? `self` is never named. */
void touches_ask(struct touches *t, const struct toucher *self, const struct writeset *w, touches_found *found,
                 void *context);
/* Put it in, after it was asked; any number of times for one toucher. Returns the bytes that it takes. */
size_t touches_put(struct touches *t, struct toucher *self, const struct writeset *w);
/* It is in effect, or will never be. */
void touches_leave(struct touches *t, struct toucher *self);

/* Entries in the index: for tests and bounds. */
size_t touches_count(const struct touches *t);

#endif
