/* Memory that is released all at once: one arena a transaction. Not shared between threads at the same time. */
#ifndef DRC_BASE_ARENA_H
#define DRC_BASE_ARENA_H

#include "common/base/span.h"

struct arena_block;

/* Zeroed is empty and valid. */
struct arena {
    struct arena_block *blocks;
    size_t used;  /* in the newest block */
    size_t total; /* bytes reserved, for memory bounds */
};

void *arena_alloc(struct arena *a, size_t n);  /* aligned for any type, not zeroed */
void *arena_zalloc(struct arena *a, size_t n); /* zeroed */
struct span arena_copy(struct arena *a, struct span s);
char *arena_strdup(struct arena *a, struct span s); /* NUL added */
void arena_reset(struct arena *a);                  /* keeps the newest block for reuse */
void arena_free(struct arena *a);                   /* leaves it empty and valid */

#endif
