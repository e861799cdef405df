/* The store of suspects: a list, and a map into it by id. */
#include "reconcile/suspects.h"

#include <stdlib.h>

#include "common/base/hash.h"
#include "common/base/mem.h"

void suspects_clear(struct suspects *s)
{
    s->count = 0;
    map_clear(&s->by_id);
    arena_reset(&s->arena);
}

void suspects_free(struct suspects *s)
{
    free(s->list);
    map_free(&s->by_id);
    arena_free(&s->arena);
    *s = (struct suspects){0};
}

void suspects_put_id(const struct span *key, uint16_t count, struct buf *out)
{
    for (uint16_t i = 0; i < count; i++)
        buf_put_sized(out, key[i]);
}

uint64_t suspects_state(struct span hash)
{
    uint64_t state = hash64(hash, 0);
    return state ? state : 1;
}

/* The map holds index + 1, so that the list may move. */
struct suspect *suspects_find(const struct suspects *s, struct span id)
{
    size_t at = (size_t)map_get(&s->by_id, id);
    return at ? &s->list[at - 1] : NULL;
}

struct suspect *suspects_ref(struct suspects *s, struct span id, const struct span *key, uint16_t key_count)
{
    void **at = map_ref(&s->by_id, id);
    if (*at)
        return &s->list[(size_t)*at - 1];
    if (s->count == s->cap) {
        s->cap = s->cap ? s->cap * 2 : 64;
        s->list = xreallocarray(s->list, s->cap, sizeof *s->list);
    }
    struct suspect *x = &s->list[s->count++];
    *x = (struct suspect){.id = arena_copy(&s->arena, id)};
    if (key) {
        struct span *copy = arena_alloc(&s->arena, key_count * sizeof *copy);
        for (uint16_t i = 0; i < key_count; i++)
            copy[i] = arena_copy(&s->arena, key[i]);
        x->key = copy;
    }
    *at = (void *)s->count;
    return x;
}

void suspects_remove(struct suspects *s, bool (*drop)(const struct suspect *x, void *context), void *context)
{
    size_t kept = 0;
    map_clear(&s->by_id);
    for (size_t i = 0; i < s->count; i++) {
        if (drop(&s->list[i], context))
            continue;
        s->list[kept++] = s->list[i];
        *map_ref(&s->by_id, s->list[kept - 1].id) = (void *)kept;
    }
    s->count = kept;
}
