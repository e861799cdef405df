/* Base64: sixteen characters a step where the processor shuffles bytes, else four. */
#include "common/binlog/base64.h"

#include "common/base/bytes.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

static const char alphabet[65] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

size_t base64_len(size_t n)
{
    return (n + 2) / 3 * 4;
}

#if defined(__x86_64__)
/* Encode steps of 12 bytes while 16 can be read; returns how many bytes it took. */
__attribute__((target("ssse3"))) static size_t put_wide(uint8_t *to, struct span in)
{
    const __m128i spread = _mm_setr_epi8(1, 0, 2, 1, 4, 3, 5, 4, 7, 6, 8, 7, 10, 9, 11, 10);
    /* What to add to a value to get its letter, by range: 0 for a–z, 1–10 for the digits, then + and /, 13 for A–Z. */
    const __m128i shift = _mm_setr_epi8('a' - 26, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52,
                                        '0' - 52, '0' - 52, '0' - 52, '+' - 62, '/' - 63, 'A', 0, 0);
    size_t at = 0;
    for (; in.n - at >= 16; at += 12, to += 16) {
        __m128i v = _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)(const void *)(in.p + at)), spread);
        __m128i odd = _mm_mulhi_epu16(_mm_and_si128(v, _mm_set1_epi32(0x0fc0fc00)), _mm_set1_epi32(0x04000040));
        __m128i even = _mm_mullo_epi16(_mm_and_si128(v, _mm_set1_epi32(0x003f03f0)), _mm_set1_epi32(0x01000010));
        __m128i six = _mm_or_si128(odd, even);
        __m128i range = _mm_subs_epu8(six, _mm_set1_epi8(51));
        __m128i upper = _mm_cmpgt_epi8(_mm_set1_epi8(26), six);
        range = _mm_or_si128(range, _mm_and_si128(upper, _mm_set1_epi8(13)));
        _mm_storeu_si128((__m128i *)(void *)to, _mm_add_epi8(six, _mm_shuffle_epi8(shift, range)));
    }
    return at;
}

static size_t put_fast(uint8_t *to, struct span in)
{
    return __builtin_cpu_supports("ssse3") ? put_wide(to, in) : 0;
}
#else
static size_t put_fast(uint8_t *to, struct span in)
{
    (void)to, (void)in;
    return 0;
}
#endif

void base64_put(struct buf *out, struct span in)
{
    uint8_t *to = buf_grow(out, base64_len(in.n));
    size_t at = put_fast(to, in);
    to += at / 3 * 4;
    for (; in.n - at >= 3; at += 3, to += 4) {
        uint32_t v = (uint32_t)in.p[at] << 16 | (uint32_t)in.p[at + 1] << 8 | in.p[at + 2];
        to[0] = (uint8_t)alphabet[v >> 18];
        to[1] = (uint8_t)alphabet[v >> 12 & 63];
        to[2] = (uint8_t)alphabet[v >> 6 & 63];
        to[3] = (uint8_t)alphabet[v & 63];
    }
    if (at == in.n)
        return;
    uint32_t v = (uint32_t)in.p[at] << 16 | (at + 1 < in.n ? (uint32_t)in.p[at + 1] << 8 : 0);
    to[0] = (uint8_t)alphabet[v >> 18];
    to[1] = (uint8_t)alphabet[v >> 12 & 63];
    to[2] = (uint8_t)(at + 1 < in.n ? alphabet[v >> 6 & 63] : '=');
    to[3] = '=';
}

/* Both but for the three bytes, or fewer, around the seam begin at a whole quantum. */
void base64_put_joined(struct buf *out, struct span first, struct span second)
{
    uint8_t seam[3];
    size_t before = first.n % 3;
    size_t after = before == 0 ? 0 : second.n < 3 - before ? second.n : 3 - before;
    base64_put(out, span_of(first.p, first.n - before));
    if (before > 0) {
        memcpy(seam, first.p + first.n - before, before);
        if (after > 0)
            memcpy(seam + before, second.p, after);
        base64_put(out, span_of(seam, before + after));
    }
    base64_put(out, span_of(second.p + after, second.n - after));
}

static int value_of(uint8_t c)
{
    const char *found = c ? strchr(alphabet, c) : NULL;
    return found ? (int)(found - alphabet) : -1;
}

bool base64_read(struct buf *out, struct span text)
{
    uint32_t v = 0;
    unsigned have = 0, padding = 0;
    for (size_t i = 0; i < text.n; i++) {
        uint8_t c = text.p[i];
        if (c == ' ' || c == '\n' || c == '\r' || c == '\t')
            continue;
        int six = c == '=' ? 0 : value_of(c);
        if (six < 0 || (c != '=' && padding) || (c == '=' && have < 2))
            return false;
        padding += c == '=';
        v = v << 6 | (uint32_t)six;
        if (++have == 4) {
            buf_put_be(out, v >> 8 * padding, 3 - padding);
            v = have = 0;
            if (padding)
                padding = 3; /* nothing may follow */
        }
    }
    return have == 0;
}
