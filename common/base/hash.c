/* XXH64, CRC-32C and CRC-32 behind one small face. */
#include "common/base/hash.h"

#include "common/base/crc32_fold.h"

#define XXH_STATIC_LINKING_ONLY /* for the size of its state; the ABI of XXH64 is frozen */
#include <xxhash.h>
#include <zlib.h>

#if defined(__x86_64__)
#include <nmmintrin.h>
#endif

_Static_assert(sizeof(XXH64_state_t) <= sizeof(struct hash_state), "hash_state must hold the library's state");
_Static_assert(_Alignof(XXH64_state_t) <= _Alignof(struct hash_state), "hash_state must be aligned for it");

uint64_t hash64(struct span s, uint64_t seed)
{
    return XXH64(s.p, s.n, seed);
}

void hash_start(struct hash_state *h, uint64_t seed)
{
    (void)XXH64_reset((void *)h->opaque, seed);
}

void hash_add(struct hash_state *h, struct span s)
{
    if (s.n > 0)
        (void)XXH64_update((void *)h->opaque, s.p, s.n);
}

uint64_t hash_end(const struct hash_state *h)
{
    return XXH64_digest((const void *)h->opaque);
}

/* For processors without the instruction: four bits a step. */
static uint32_t crc32c_table(uint32_t crc, struct span s)
{
    static const uint32_t table[16] = {0x00000000, 0x105ec76f, 0x20bd8ede, 0x30e349b1, 0x417b1dbc, 0x5125dad3,
                                       0x61c69362, 0x7198540d, 0x82f63b78, 0x92a8fc17, 0xa24bb5a6, 0xb21572c9,
                                       0xc38d26c4, 0xd3d3e1ab, 0xe330a81a, 0xf36e6f75};
    for (size_t i = 0; i < s.n; i++) {
        crc ^= s.p[i];
        crc = crc >> 4 ^ table[crc & 15];
        crc = crc >> 4 ^ table[crc & 15];
    }
    return crc;
}

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) static uint32_t crc32c_sse42(uint32_t crc, struct span s)
{
    uint64_t wide = crc;
    for (; s.n >= 8; s.p += 8, s.n -= 8) {
        uint64_t word;
        memcpy(&word, s.p, sizeof word);
        wide = _mm_crc32_u64(wide, word);
    }
    crc = (uint32_t)wide;
    for (; s.n > 0; s.p++, s.n--)
        crc = _mm_crc32_u8(crc, *s.p);
    return crc;
}
#endif

uint32_t hash_crc32c(uint32_t crc, struct span s)
{
#if defined(__x86_64__)
    if (__builtin_cpu_supports("sse4.2"))
        return ~crc32c_sse42(~crc, s);
#endif
    return ~crc32c_table(~crc, s);
}

uint32_t hash_crc32(uint32_t crc, struct span s)
{
    crc32_fold(&crc, &s);
    return (uint32_t)crc32_z(crc, s.n > 0 ? s.p : (const uint8_t *)"", s.n);
}
