/* The three hashes in use: XXH64 for fingerprints and chains, CRC32C for our records, CRC32 for binlog events. Pure. */
#ifndef DRC_BASE_HASH_H
#define DRC_BASE_HASH_H

#include "common/base/span.h"

uint64_t hash64(struct span s, uint64_t seed);
/* CRC-32C (Castagnoli), by SSE4.2 where the processor has it. Start with 0; continue with the last result. */
uint32_t hash_crc32c(uint32_t crc, struct span s);
/* CRC-32 (IEEE), as in binlog events. */
uint32_t hash_crc32(uint32_t crc, struct span s);

/* A fingerprint built piecewise. */
struct hash_state {
    uint64_t opaque[12];
};
void hash_start(struct hash_state *h, uint64_t seed);
void hash_add(struct hash_state *h, struct span s);
uint64_t hash_end(const struct hash_state *h);

#endif
