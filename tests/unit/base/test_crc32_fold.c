/* CRC-32 by folding gives what the table method of zlib gives, for every length, alignment and start. */
#include "tests/unit/cmocka_all.h"

#include <stdlib.h>
#include <zlib.h>

#include "common/base/hash.h"
#include "tests/unit/random.h"

#define MAX 1200

static void every_length(void **state)
{
    (void)state;
    struct random rnd = random_start("crc32 fold");
    uint8_t data[MAX + 16];
    for (size_t n = 0; n <= MAX; n++) {
        for (size_t i = 0; i < sizeof data; i++)
            data[i] = (uint8_t)random_u64(&rnd);
        size_t at = random_below(&rnd, 16);
        uint32_t start = (uint32_t)random_u64(&rnd);
        assert_int_equal(hash_crc32(start, span_of(data + at, n)), crc32(start, data + at, (uInt)n));
    }
}

static void in_pieces(void **state)
{
    (void)state;
    uint8_t data[MAX];
    for (size_t i = 0; i < MAX; i++)
        data[i] = (uint8_t)(i * 31);
    uint32_t whole = hash_crc32(0, span_of(data, MAX));
    for (size_t cut = 0; cut <= MAX; cut++) {
        uint32_t crc = hash_crc32(0, span_of(data, cut));
        assert_int_equal(hash_crc32(crc, span_of(data + cut, MAX - cut)), whole);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_length), cmocka_unit_test(in_pieces)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
