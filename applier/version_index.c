/* Blocks of versions, the newest first; what is beyond the bound on memory lies in a mapped file.
 *
 * To look into each block for a key would cost as many cache misses as there are blocks. So 32 blocks in a row, a span,
 * share a filter, a Bloom filter that lies across: a word has a bit for each of them, two words of one line say which
 * blocks may have the key, and full ones that have it not are looked into once in twenty times. */
#include "applier/version_index.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/base/hash.h"
#include "common/base/mem.h"

#define BLOCK_VERSIONS 65536u
#define PAGE 65536u          /* a multiple of any */
#define OUTDONE (1ull << 63) /* in a place's seq */
#define SPAN_BLOCKS 32u      /* that share a filter: the bits of a word */
#define LINE_WORDS 8u        /* half a cache line; a filter has as many lines as a block has places */

/* Free while key.b is 0. */
struct place {
    struct version_key key;
    uint64_t seq;
    uint64_t stamp;
    uint64_t deleted_seq;
};

/* Memory, or a mapping of the file. */
struct store {
    void *data;
    size_t bytes; /* of a block at most */
    bool spilled;
    size_t extent; /* number of its place in the file, which has room for a block */
};

struct block {
    struct store store;
    struct place *places;
    size_t count;
    uint64_t last_seq;
};

struct version_index {
    size_t places; /* a block */
    size_t most_bytes;
    char *directory;
    struct block *blocks; /* the oldest first; only the last one takes more */
    size_t count;
    size_t cap;
    uint64_t let_go;       /* blocks that there were before these: what their numbers begin with */
    struct store *filters; /* of each span that has a block */
    size_t filter_count;
    size_t filter_cap;
    size_t bytes;   /* in memory, filters included */
    size_t spilled; /* in the file */
    int fd;         /* -1: nothing was spilled yet */
    size_t extents; /* of the file */
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

static size_t filter_bytes(const struct version_index *ix)
{
    return ix->places * LINE_WORDS * sizeof(uint32_t);
}

struct version_index *version_index_new(const struct version_index_setup *setup)
{
    struct version_index *ix = xcalloc(1, sizeof *ix);
    ix->places = setup->block_versions ? setup->block_versions : BLOCK_VERSIONS;
    assert((ix->places & (ix->places - 1)) == 0 && ix->places >= 4);
    ix->most_bytes = setup->memory_bytes;
    ix->directory = xstrdup(setup->directory);
    ix->fd = -1;
    return ix;
}

static struct store store_new(struct version_index *ix, size_t bytes)
{
    ix->bytes += bytes;
    return (struct store){.data = xcalloc(1, bytes), .bytes = bytes};
}

static void store_free(struct version_index *ix, struct store *s)
{
    if (!s->spilled) {
        free(s->data);
        ix->bytes -= s->bytes;
        return;
    }
    (void)munmap(s->data, s->bytes);
    ix->spilled -= s->bytes;
    if (ix->free_count == ix->free_cap) {
        ix->free_cap = ix->free_cap ? 2 * ix->free_cap : 16;
        ix->free_extents = xreallocarray(ix->free_extents, ix->free_cap, sizeof *ix->free_extents);
    }
    ix->free_extents[ix->free_count++] = s->extent;
}

/* The oldest of them. */
static void drop_filters(struct version_index *ix, size_t count)
{
    if (count == 0)
        return;
    for (size_t i = 0; i < count; i++)
        store_free(ix, &ix->filters[i]);
    ix->filter_count -= count;
    memmove(ix->filters, ix->filters + count, ix->filter_count * sizeof *ix->filters);
}

void version_index_clear(struct version_index *ix)
{
    for (size_t i = 0; i < ix->count; i++)
        store_free(ix, &ix->blocks[i].store);
    drop_filters(ix, ix->filter_count);
    ix->count = 0;
    ix->let_go = 0;
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
    free(ix->filters);
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
static int write_extent(struct version_index *ix, const struct store *s, size_t extent, struct err *err)
{
    size_t done = 0;
    while (done < s->bytes) {
        ssize_t n =
            pwrite(ix->fd, (const char *)s->data + done, s->bytes - done, extent_offset(ix, extent) + (off_t)done);
        if (n <= 0 && errno != EINTR)
            return file_error(ix, "writing", err);
        done += n > 0 ? (size_t)n : 0;
    }
    return 0;
}

static int spill(struct version_index *ix, struct store *s, struct err *err)
{
    if (s->spilled)
        return 0;
    if (open_file(ix, err))
        return -1;
    size_t extent = ix->free_count > 0 ? ix->free_extents[ix->free_count - 1] : ix->extents;
    if (write_extent(ix, s, extent, err))
        return -1;
    void *mapped = mmap(NULL, s->bytes, PROT_READ | PROT_WRITE, MAP_SHARED, ix->fd, extent_offset(ix, extent));
    if (mapped == MAP_FAILED)
        return file_error(ix, "mapping", err);
    if (ix->free_count > 0)
        ix->free_count--;
    else
        ix->extents++;
    free(s->data);
    s->data = mapped;
    s->extent = extent;
    s->spilled = true;
    ix->bytes -= s->bytes;
    ix->spilled += s->bytes;
    return 0;
}

static int spill_block(struct version_index *ix, struct block *b, struct err *err)
{
    int rc = spill(ix, &b->store, err);
    b->places = b->store.data;
    return rc;
}

/* The oldest blocks go first; a filter when all 32 of its span have gone, so the one that is written to stays. */
static int make_room(struct version_index *ix, size_t bytes, struct err *err)
{
    size_t gone = ix->let_go % SPAN_BLOCKS;
    for (size_t i = 0; i < ix->count && ix->bytes + bytes > ix->most_bytes; i++) {
        if (spill_block(ix, &ix->blocks[i], err))
            return -1;
        if ((gone + i + 1) % SPAN_BLOCKS == 0 && spill(ix, &ix->filters[(gone + i) / SPAN_BLOCKS], err))
            return -1;
    }
    return 0;
}

static void add_filter(struct version_index *ix)
{
    if (ix->filter_count == ix->filter_cap) {
        ix->filter_cap = ix->filter_cap ? 2 * ix->filter_cap : 4;
        ix->filters = xreallocarray(ix->filters, ix->filter_cap, sizeof *ix->filters);
    }
    ix->filters[ix->filter_count++] = store_new(ix, filter_bytes(ix));
}

static int add_block(struct version_index *ix, struct err *err)
{
    bool begins_span = (ix->let_go + ix->count) % SPAN_BLOCKS == 0;
    if (make_room(ix, block_bytes(ix) + (begins_span ? filter_bytes(ix) : 0), err))
        return -1;
    if (begins_span)
        add_filter(ix);
    if (ix->count == ix->cap) {
        ix->cap = ix->cap ? 2 * ix->cap : 8;
        ix->blocks = xreallocarray(ix->blocks, ix->cap, sizeof *ix->blocks);
    }
    struct block *b = &ix->blocks[ix->count++];
    *b = (struct block){.store = store_new(ix, block_bytes(ix))};
    b->places = b->store.data;
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

/* The key's two words in a filter, one of which may stand for another key, seldom both. */
static void words_of(const struct version_index *ix, const struct store *filter, const struct version_key *key,
                     uint32_t *words[2])
{
    uint32_t *line = (uint32_t *)filter->data + ((size_t)key->b & (ix->places - 1)) * LINE_WORDS;
    unsigned first = (unsigned)(key->a >> 61), apart = 1 + (unsigned)(key->a >> 48) % (LINE_WORDS - 1);
    words[0] = &line[first];
    words[1] = &line[(first + apart) % LINE_WORDS];
}

/* The last block has the key. */
static void mark(struct version_index *ix, const struct version_key *key)
{
    uint32_t *words[2], bit = 1u << (ix->let_go + ix->count - 1) % SPAN_BLOCKS;
    words_of(ix, &ix->filters[ix->filter_count - 1], key, words);
    *words[0] |= bit;
    *words[1] |= bit;
}

static struct place *find(const struct version_index *ix, const struct version_key *key)
{
    size_t gone = ix->let_go % SPAN_BLOCKS; /* of the first filter's blocks */
    for (size_t f = ix->filter_count; f-- > 0;) {
        uint32_t *words[2];
        words_of(ix, &ix->filters[f], key, words);
        uint32_t may = *words[0] & *words[1];
        if (f == 0)
            may = may >> gone << gone;
        while (may) {
            size_t bit = 31 - (size_t)__builtin_clz(may);
            struct place *p = place_of(ix, &ix->blocks[f * SPAN_BLOCKS + bit - gone], key);
            if (p->key.b != 0)
                return p;
            may &= ~(1u << bit);
        }
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
    mark(ix, key);
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
        store_free(ix, &ix->blocks[gone++].store);
    if (gone == 0)
        return;
    drop_filters(ix, (size_t)((ix->let_go + gone) / SPAN_BLOCKS - ix->let_go / SPAN_BLOCKS));
    ix->let_go += gone;
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
    return ix->bytes;
}

size_t version_index_spilled(const struct version_index *ix)
{
    return ix->spilled;
}
