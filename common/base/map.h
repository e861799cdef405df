/* A hash map from bytes to a pointer, open addressing; keys are copied in. Zeroed is empty and valid. */
#ifndef DRC_BASE_MAP_H
#define DRC_BASE_MAP_H

#include "common/base/arena.h"

struct map_slot;

struct map {
    struct map_slot *slots;
    size_t cap; /* a power of two, or 0 */
    size_t count;
    struct arena keys;
};

/* The value, or NULL. */
void *map_get(const struct map *m, struct span key);
/* Where the value of key stands (NULL value when it is new); valid until the next map_ref. */
void **map_ref(struct map *m, struct span key);
/* Forget all keys, keep the memory. Values are the caller's. */
void map_clear(struct map *m);
void map_free(struct map *m);
/* Iterate in no order: start with *i = 0; false at the end. */
bool map_next(const struct map *m, size_t *i, struct span *key, void **value);

#endif
