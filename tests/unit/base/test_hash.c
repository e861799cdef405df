/* The hashes against published check values, and piecewise against at once. */
#include "common/base/hash.h"

#include "tests/unit/cmocka_all.h"
#include "tests/unit/random.h"

static void check_values_are_met(void **state)
{
    (void)state;
    struct span check = span_str("123456789");
    assert_int_equal(hash_crc32c(0, check), 0xe3069283);
    assert_int_equal(hash_crc32(0, check), 0xcbf43926);
    assert_int_equal(hash_crc32c(0, span_of(NULL, 0)), 0);
    assert_int_equal(hash_crc32(0, span_of(NULL, 0)), 0);
    uint8_t zeros[32] = {0};
    assert_int_equal(hash_crc32c(0, span_of(zeros, 32)), 0x8a9136aa); /* RFC 3720 */
    assert_true(hash64(span_of("", 0), 0) == 0xef46db3751d8e999u);
    assert_true(hash64(span_str("abc"), 0) == 0x44bc2cf5ad770999u);
}

/* Bit by bit, as the standards define them. */
static uint32_t crc_by_bits(uint32_t poly, struct span s)
{
    uint32_t crc = ~0u;
    for (size_t i = 0; i < s.n; i++) {
        crc ^= s.p[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc & 1 ? crc >> 1 ^ poly : crc >> 1;
    }
    return ~crc;
}

static void pieces_give_the_same_as_the_whole(void **state)
{
    (void)state;
    struct random rnd = random_start("hash");
    uint8_t data[700];
    for (int round = 0; round < 500; round++) {
        size_t n = (size_t)random_below(&rnd, sizeof data - 8);
        size_t from = (size_t)random_below(&rnd, 8); /* any alignment */
        for (size_t i = 0; i < n; i++)
            data[from + i] = (uint8_t)random_u64(&rnd);
        struct span whole = span_of(data + from, n);
        uint64_t seed = random_u64(&rnd);
        uint32_t crc = 0, crc32c = 0;
        struct hash_state h;
        hash_start(&h, seed);
        for (size_t at = 0; at < n;) {
            size_t piece = 1 + (size_t)random_below(&rnd, n - at);
            struct span s = span_of(whole.p + at, piece);
            hash_add(&h, s);
            crc = hash_crc32(crc, s);
            crc32c = hash_crc32c(crc32c, s);
            at += piece;
        }
        hash_add(&h, span_of(NULL, 0));
        assert_true(hash_end(&h) == hash64(whole, seed));
        assert_int_equal(crc, crc_by_bits(0xedb88320u, whole));
        assert_int_equal(crc32c, crc_by_bits(0x82f63b78u, whole));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(check_values_are_met),
        cmocka_unit_test(pieces_give_the_same_as_the_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
