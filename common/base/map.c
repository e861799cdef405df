/* A hash map from bytes to a pointer: open addressing, linear probing, never more than two thirds full. */
#include "common/base/map.h"

#include <stdlib.h>

#include "common/base/hash.h"
#include "common/base/mem.h"

#define MAP_FIRST 16
#define MAP_TAKEN ((uint64_t)1 << 63) /* set in the hash of every slot in use; the index comes from the low bits */

struct map_slot {
    uint64_t hash;
    struct span key;
    void *value;
};

static uint64_t key_hash(struct span key)
{
    return hash64(key, 0) | MAP_TAKEN;
}

/* The slot of the key, or the free slot where it belongs. The map has slots. */
static struct map_slot *find(const struct map *m, uint64_t hash, struct span key)
{
    size_t i = (size_t)hash & (m->cap - 1);
    while (m->slots[i].hash && !(m->slots[i].hash == hash && span_eq(m->slots[i].key, key)))
        i = (i + 1) & (m->cap - 1);
    return &m->slots[i];
}

static void grow(struct map *m)
{
    struct map_slot *old = m->slots;
    size_t old_cap = m->cap;
    m->cap = old_cap ? old_cap * 2 : MAP_FIRST;
    m->slots = xcalloc(m->cap, sizeof *m->slots);
    for (size_t i = 0; i < old_cap; i++) {
        if (old[i].hash)
            *find(m, old[i].hash, old[i].key) = old[i];
    }
    free(old);
}

void *map_get(const struct map *m, struct span key)
{
    return m->count ? find(m, key_hash(key), key)->value : NULL;
}

void **map_ref(struct map *m, struct span key)
{
    if ((m->count + 1) * 3 > m->cap * 2)
        grow(m);
    uint64_t hash = key_hash(key);
    struct map_slot *s = find(m, hash, key);
    if (!s->hash) {
        *s = (struct map_slot){hash, arena_copy(&m->keys, key), NULL};
        m->count++;
    }
    return &s->value;
}

void map_clear(struct map *m)
{
    if (m->count > 0)
        memset(m->slots, 0, m->cap * sizeof *m->slots);
    m->count = 0;
    arena_reset(&m->keys);
}

void map_free(struct map *m)
{
    free(m->slots);
    arena_free(&m->keys);
    *m = (struct map){0};
}

bool map_next(const struct map *m, size_t *i, struct span *key, void **value)
{
    for (; *i < m->cap; (*i)++) {
        const struct map_slot *s = &m->slots[*i];
        if (s->hash) {
            *key = s->key;
            *value = s->value;
            (*i)++;
            return true;
        }
    }
    return false;
}
