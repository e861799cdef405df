/* Blocks of versions, the newest first; those beyond the bound on memory in a mapped file. */
#include "applier/version_index.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/base/hash.h"
#include "common/base/mem.h"

#define BLOCK_VERSIONS 65536u
#define PAGE 65536u          /* a multiple of any */
#define OUTDONE (1ull << 63) /* in a place's seq */

/* Free while key.b is 0. */
struct place {
    struct version_key key;
    uint64_t seq;
    uint64_t stamp;
    uint64_t deleted_seq;
};

struct block {
    struct place *places;
    size_t count;
    uint64_t last_seq;
    bool spilled;
    size_t extent; /* number of its place in the file */
};

struct version_index {
    size_t places; /* a block */
    size_t most_blocks;
    char *directory;
    struct block *blocks; /* the oldest first; only the last one takes more */
    size_t count;
    size_t cap;
    size_t in_memory; /* blocks */
    int fd;           /* -1: nothing was spilled yet */
    size_t extents;   /* of the file */
    size_t *free_extents;
    size_t free_count;
    size_t free_cap;
};

/* ---- keys ---- */

struct version_key version_key_of(uint64_t table, const struct table_def *def, const struct cell *image,
                                  struct buf *scratch)
{
    buf_clear(scratch);
    for (uint16_t i = 0; i < def->key_count; i++) {
        const struct column *c = &def->columns[def->key[i]];
        struct span value = cell_payload(c, &image[def->key[i]]);
        buf_put_varint(scratch, value.n);
        buf_put_span(scratch, value);
    }
    struct version_key key = {hash64(buf_span(scratch), table), hash64(buf_span(scratch), ~table)};
    key.b += key.b == 0;
    return key;
}

/* ---- memory and file ---- */

static size_t block_bytes(const struct version_index *ix)
{
    return ix->places * sizeof(struct place);
}

struct version_index *version_index_new(const struct version_index_setup *setup)
{
    struct version_index *ix = xcalloc(1, sizeof *ix);
    ix->places = setup->block_versions ? setup->block_versions : BLOCK_VERSIONS;
    assert((ix->places & (ix->places - 1)) == 0 && ix->places >= 4);
    ix->most_blocks = setup->memory_bytes / block_bytes(ix);
    ix->most_blocks += ix->most_blocks == 0;
    ix->directory = xstrdup(setup->directory);
    ix->fd = -1;
    return ix;
}

static void block_free(struct version_index *ix, struct block *b)
{
    if (!b->spilled) {
        free(b->places);
        ix->in_memory--;
        return;
    }
    (void)munmap(b->places, block_bytes(ix));
    if (ix->free_count == ix->free_cap) {
        ix->free_cap = ix->free_cap ? 2 * ix->free_cap : 16;
        ix->free_extents = xreallocarray(ix->free_extents, ix->free_cap, sizeof *ix->free_extents);
    }
    ix->free_extents[ix->free_count++] = b->extent;
}

void version_index_clear(struct version_index *ix)
{
    for (size_t i = 0; i < ix->count; i++)
        block_free(ix, &ix->blocks[i]);
    ix->count = 0;
}

void version_index_free(struct version_index **index)
{
    struct version_index *ix = *index;
    if (!ix)
        return;
    version_index_clear(ix);
    if (ix->fd >= 0)
        (void)close(ix->fd);
    free(ix->blocks);
    free(ix->free_extents);
    free(ix->directory);
    free(ix);
    *index = NULL;
}

static int file_error(const struct version_index *ix, const char *what, struct err *err)
{
    return err_retry(err, "versions that do not fit into memory: %s in %s: %s", what, ix->directory, strerror(errno));
}

/* Gone with the process, whatever ends it. */
static int open_file(struct version_index *ix, struct err *err)
{
    if (ix->fd >= 0)
        return 0;
    char *name = xasprintf("%s/drc-versions-XXXXXX", ix->directory);
    ix->fd = mkostemp(name, O_CLOEXEC);
    int rc = ix->fd < 0 ? file_error(ix, "no file can be made", err) : 0;
    if (rc == 0)
        (void)unlink(name);
    free(name);
    return rc;
}

/* Where a block stands in the file; mappings begin at pages. */
static off_t extent_offset(const struct version_index *ix, size_t extent)
{
    size_t pages = (block_bytes(ix) + PAGE - 1) / PAGE;
    return (off_t)(extent * pages * PAGE);
}

/* Written, not only mapped, so that a full disk is an error here and no signal later. */
static int write_extent(struct version_index *ix, const struct block *b, size_t extent, struct err *err)
{
    size_t size = block_bytes(ix), done = 0;
    while (done < size) {
        ssize_t n =
            pwrite(ix->fd, (const char *)b->places + done, size - done, extent_offset(ix, extent) + (off_t)done);
        if (n <= 0 && errno != EINTR)
            return file_error(ix, "writing", err);
        done += n > 0 ? (size_t)n : 0;
    }
    return 0;
}

static int spill(struct version_index *ix, struct block *b, struct err *err)
{
    if (open_file(ix, err))
        return -1;
    size_t extent = ix->free_count > 0 ? ix->free_extents[ix->free_count - 1] : ix->extents;
    if (write_extent(ix, b, extent, err))
        return -1;
    void *mapped = mmap(NULL, block_bytes(ix), PROT_READ | PROT_WRITE, MAP_SHARED, ix->fd, extent_offset(ix, extent));
    if (mapped == MAP_FAILED)
        return file_error(ix, "mapping", err);
    if (ix->free_count > 0)
        ix->free_count--;
    else
        ix->extents++;
    free(b->places);
    b->places = mapped;
    b->extent = extent;
    b->spilled = true;
    ix->in_memory--;
    return 0;
}

/* Room for one block more. */
static int add_block(struct version_index *ix, struct err *err)
{
    for (size_t i = 0; i < ix->count && ix->in_memory >= ix->most_blocks; i++)
        if (!ix->blocks[i].spilled && spill(ix, &ix->blocks[i], err))
            return -1;
    if (ix->count == ix->cap) {
        ix->cap = ix->cap ? 2 * ix->cap : 8;
        ix->blocks = xreallocarray(ix->blocks, ix->cap, sizeof *ix->blocks);
    }
    ix->blocks[ix->count++] = (struct block){.places = xcalloc(ix->places, sizeof(struct place))};
    ix->in_memory++;
    return 0;
}

/* ---- versions ---- */

/* The key's place in a block, or the free one where it belongs: a quarter is always free. */
static struct place *place_of(const struct version_index *ix, const struct block *b, const struct version_key *key)
{
    size_t mask = ix->places - 1;
    for (size_t i = (size_t)key->a & mask;; i = (i + 1) & mask) {
        struct place *p = &b->places[i];
        if (p->key.b == 0 || (p->key.a == key->a && p->key.b == key->b))
            return p;
    }
}

static bool is_full(const struct version_index *ix, const struct block *b)
{
    return 4 * (b->count + 1) > 3 * ix->places;
}

static struct place *find(const struct version_index *ix, const struct version_key *key)
{
    for (size_t i = ix->count; i > 0; i--) {
        struct place *p = place_of(ix, &ix->blocks[i - 1], key);
        if (p->key.b != 0)
            return p;
    }
    return NULL;
}

int version_index_put(struct version_index *ix, const struct version_key *key, uint64_t seq, uint64_t stamp,
                      bool deletes, struct err *err)
{
    const struct place *before = find(ix, key);
    uint64_t deleted = deletes ? seq : before ? before->deleted_seq : 0;
    if ((ix->count == 0 || is_full(ix, &ix->blocks[ix->count - 1])) && add_block(ix, err))
        return -1;
    struct block *b = &ix->blocks[ix->count - 1];
    struct place *p = place_of(ix, b, key);
    b->count += p->key.b == 0;
    *p = (struct place){*key, seq, stamp, deleted};
    if (seq > b->last_seq)
        b->last_seq = seq;
    return 0;
}

bool version_index_find(const struct version_index *ix, const struct version_key *key, struct version *out)
{
    const struct place *p = find(ix, key);
    if (p)
        *out = (struct version){.seq = p->seq & ~OUTDONE,
                                .stamp = p->stamp,
                                .deleted_seq = p->deleted_seq,
                                .outdone = (p->seq & OUTDONE) != 0};
    return p != NULL;
}

void version_index_outdo(struct version_index *ix, const struct version_key *key, uint64_t seq)
{
    struct place *p = find(ix, key);
    if (p && p->seq == seq)
        p->seq |= OUTDONE;
}

void version_index_let_go(struct version_index *ix, uint64_t seq)
{
    size_t gone = 0;
    while (gone < ix->count && ix->blocks[gone].last_seq <= seq)
        block_free(ix, &ix->blocks[gone++]);
    if (gone == 0)
        return;
    ix->count -= gone;
    memmove(ix->blocks, ix->blocks + gone, ix->count * sizeof *ix->blocks);
}

size_t version_index_count(const struct version_index *ix)
{
    size_t n = 0;
    for (size_t i = 0; i < ix->count; i++)
        n += ix->blocks[i].count;
    return n;
}

size_t version_index_bytes(const struct version_index *ix)
{
    return ix->in_memory * block_bytes(ix);
}

size_t version_index_spilled(const struct version_index *ix)
{
    return (ix->count - ix->in_memory) * block_bytes(ix);
}
