/* Memory that is released all at once: a chain of blocks that double in size. */
#include "common/base/arena.h"

#include <assert.h>
#include <stdalign.h>
#include <stdlib.h>

#include "common/base/mem.h"

#define ARENA_FIRST ((size_t)4 << 10)
#define ARENA_LARGEST ((size_t)1 << 20) /* a larger block holds one allocation only, and is not kept by a reset */

struct arena_block {
    struct arena_block *next;
    size_t size;
    alignas(max_align_t) uint8_t data[];
};

static struct arena_block *new_block(struct arena *a, size_t size)
{
    assert(size <= SIZE_MAX / 2);
    struct arena_block *b = xmalloc(sizeof *b + size);
    b->size = size;
    b->next = NULL;
    a->total += size;
    return b;
}

static void free_blocks(struct arena *a, struct arena_block *b)
{
    while (b) {
        struct arena_block *next = b->next;
        a->total -= b->size;
        free(b);
        b = next;
    }
}

/* A new block for an allocation that the newest one has no room for. */
static void *alloc_slow(struct arena *a, size_t n)
{
    size_t size = a->blocks ? a->blocks->size * 2 : ARENA_FIRST;
    if (size > ARENA_LARGEST)
        size = ARENA_LARGEST;
    if (a->blocks && n > size / 4) {
        /* A block of its own, behind the newest, whose rest stays in use. */
        struct arena_block *own = new_block(a, n);
        own->next = a->blocks->next;
        a->blocks->next = own;
        return own->data;
    }
    struct arena_block *b = new_block(a, n > size ? n : size);
    b->next = a->blocks;
    a->blocks = b;
    a->used = n;
    return b->data;
}

void *arena_alloc(struct arena *a, size_t n)
{
    const size_t align = alignof(max_align_t);
    assert(n <= SIZE_MAX / 4);
    n = (n + align - 1) & ~(align - 1);
    if (!a->blocks || n > a->blocks->size - a->used)
        return alloc_slow(a, n);
    void *p = a->blocks->data + a->used;
    a->used += n;
    return p;
}

void *arena_zalloc(struct arena *a, size_t n)
{
    return memset(arena_alloc(a, n), 0, n);
}

struct span arena_copy(struct arena *a, struct span s)
{
    uint8_t *p = arena_alloc(a, s.n);
    if (s.n > 0)
        memcpy(p, s.p, s.n);
    return span_of(p, s.n);
}

char *arena_strdup(struct arena *a, struct span s)
{
    char *p = arena_alloc(a, s.n + 1);
    if (s.n > 0)
        memcpy(p, s.p, s.n);
    p[s.n] = '\0';
    return p;
}

void arena_reset(struct arena *a)
{
    struct arena_block *newest = a->blocks;
    if (newest && newest->size > ARENA_LARGEST) {
        arena_free(a);
    } else if (newest) {
        free_blocks(a, newest->next);
        newest->next = NULL;
        a->used = 0;
    }
}

void arena_free(struct arena *a)
{
    free_blocks(a, a->blocks);
    *a = (struct arena){0};
}
