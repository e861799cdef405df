/* CRC-32 by folding: the message as a polynomial over GF(2) is reduced 128 bits at a time.
 *
 * A block b in front of a distance of d bits is worth b · x^d mod P; its halves are multiplied by the two constants for
 * that distance and added to the block there. What remains in the end, 128 bits, is reduced to 64 by one more constant
 * and to 32 by Barrett's method. All in the bit-reflected order of this CRC (Gopal and others, "Fast CRC computation
 * for generic polynomials using PCLMULQDQ", 2009, gives the constants and how to compute them). */
#include "common/base/crc32_fold.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define BLOCK 16

__attribute__((target("pclmul,sse4.1"))) static inline __m128i load(const uint8_t *p)
{
    return _mm_loadu_si128((const __m128i *)(const void *)p);
}

/* x moved by the distance that `k` is for, onto `next`. */
__attribute__((target("pclmul,sse4.1"))) static inline __m128i fold(__m128i x, __m128i k, __m128i next)
{
    __m128i low = _mm_clmulepi64_si128(x, k, 0x00);
    __m128i high = _mm_clmulepi64_si128(x, k, 0x11);
    return _mm_xor_si128(_mm_xor_si128(low, high), next);
}

__attribute__((target("pclmul,sse4.1"))) static uint32_t reduce(__m128i x, __m128i by_16)
{
    const __m128i low_words = _mm_setr_epi32(-1, 0, -1, 0);
    const __m128i by_8 = _mm_set_epi64x(0, 0x163cd6124);
    const __m128i barrett = _mm_set_epi64x(0x1f7011641, 0x1db710641);
    x = _mm_xor_si128(_mm_srli_si128(x, 8), _mm_clmulepi64_si128(x, by_16, 0x10));
    x = _mm_xor_si128(_mm_srli_si128(x, 4), _mm_clmulepi64_si128(_mm_and_si128(x, low_words), by_8, 0x00));
    __m128i q = _mm_clmulepi64_si128(_mm_and_si128(x, low_words), barrett, 0x10);
    q = _mm_clmulepi64_si128(_mm_and_si128(q, low_words), barrett, 0x00);
    return (uint32_t)_mm_extract_epi32(_mm_xor_si128(x, q), 1);
}

__attribute__((target("pclmul,sse4.1"))) static void fold_all(uint32_t *crc, struct span *s)
{
    const __m128i by_64 = _mm_set_epi64x(0x1c6e41596, 0x154442bd4); /* four blocks */
    const __m128i by_16 = _mm_set_epi64x(0x0ccaa009e, 0x1751997d0);
    const uint8_t *p = s->p;
    size_t n = s->n;
    __m128i x = _mm_xor_si128(load(p), _mm_cvtsi32_si128((int)~*crc));
    if (n >= 8 * BLOCK) { /* four independent chains, since one waits for its multiplications */
        __m128i y = load(p + BLOCK), z = load(p + 2 * BLOCK), w = load(p + 3 * BLOCK);
        for (; n >= 8 * BLOCK; n -= 4 * BLOCK) {
            p += 4 * BLOCK;
            x = fold(x, by_64, load(p));
            y = fold(y, by_64, load(p + BLOCK));
            z = fold(z, by_64, load(p + 2 * BLOCK));
            w = fold(w, by_64, load(p + 3 * BLOCK));
        }
        x = fold(fold(fold(x, by_16, y), by_16, z), by_16, w);
        p += 3 * BLOCK;
        n -= 3 * BLOCK;
    }
    for (; n >= 2 * BLOCK; n -= BLOCK) {
        p += BLOCK;
        x = fold(x, by_16, load(p));
    }
    *crc = ~reduce(x, by_16);
    *s = span_of(p + BLOCK, n - BLOCK);
}

void crc32_fold(uint32_t *crc, struct span *s)
{
    if (s->n >= BLOCK && __builtin_cpu_supports("pclmul") && __builtin_cpu_supports("sse4.1"))
        fold_all(crc, s);
}
#else
void crc32_fold(uint32_t *crc, struct span *s)
{
    (void)crc, (void)s;
}
#endif
