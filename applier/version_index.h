/* The index of newest versions: which keys the target's own region has changed lately, and by which of its
 * transactions.
 *
 * Changes are put in stream order and found by key; the newest of a key counts. What every change in flight knows is
 * let go in large steps. Versions stand in blocks of one size, each a hash table of its own: a full one is never
 * touched again but for marks, so letting go and moving out of memory are done by the block. Filters tell which of them
 * may have a key. Blocks beyond the bound on memory lie in a file without a name, mapped, where the system's page cache
 * decides what stays at hand.
 *
 * Pure but for that file. One thread at a time. */
#ifndef DRC_APPLIER_VERSION_INDEX_H
#define DRC_APPLIER_VERSION_INDEX_H

#include "common/base/err.h"
#include "common/model/cell.h"

/* 128 bits of hash for a table and the value of its primary key: two keys in 2^64 would be taken for one. */
struct version_key {
    uint64_t a;
    uint64_t b; /* never 0 */
};

/* Of the image's key. `table`: writeset_table_id. Keys are told apart by their bytes, whatever the collation takes for
 * equal; `scratch` is cleared and used. */
struct version_key version_key_of(uint64_t table, const struct table_def *def, const struct cell *image,
                                  struct buf *scratch);

struct version {
    uint64_t seq;         /* of the transaction in the region's stream */
    uint64_t stamp;       /* hybrid stamp */
    uint64_t deleted_seq; /* of the newest transaction that deleted the key: this one or one before; 0: none held */
    bool outdone;         /* an incoming change that did not know of it has won over it: the row is no longer of it */
};

struct version_index;

struct version_index_setup {
    size_t memory_bytes;   /* bound; one block with its filter at least: 72 bytes a place */
    size_t block_versions; /* a power of two: places a block, of which three quarters are used; 0: 65536 */
    const char *directory; /* for what is beyond it */
};

struct version_index *version_index_new(const struct version_index_setup *setup);
void version_index_free(struct version_index **index);
void version_index_clear(struct version_index *ix);

/* One change of the transaction; `deletes`: it ends the row. `seq` never falls, but for a transaction that comes a
 * second time. Retry error: the file cannot grow. */
MUST_CHECK int version_index_put(struct version_index *ix, const struct version_key *key, uint64_t seq, uint64_t stamp,
                                 bool deletes, struct err *err);
/* The newest of that key; false: none is held. */
bool version_index_find(const struct version_index *ix, const struct version_key *key, struct version *out);
/* The incoming change has won over that one, if it still is the newest. */
void version_index_outdo(struct version_index *ix, const struct version_key *key, uint64_t seq);
/* Nothing up to `seq` is asked for any more. What is found may still be older. */
void version_index_let_go(struct version_index *ix, uint64_t seq);

size_t version_index_count(const struct version_index *ix);
size_t version_index_bytes(const struct version_index *ix); /* in memory */
size_t version_index_spilled(const struct version_index *ix);

#endif
