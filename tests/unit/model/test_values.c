/* DECIMAL's packed form against a naive encoder, collations, and compressed payloads. */
#include "common/model/decimal.h"

#include <zlib.h>

#include "common/model/collation.h"
#include "common/model/compressed.h"
#include "common/model/number_text.h"
#include "tests/unit/cmocka_all.h"
#include "tests/unit/random.h"

/* Digits of one side, as groups of nine counted from the point. */
static size_t naive_side(uint8_t *to, const char *digits, unsigned n, bool before_point)
{
    static const uint8_t bytes[] = {0, 1, 1, 2, 2, 3, 3, 4, 4, 4};
    size_t at = 0;
    unsigned short_group = n % 9;
    for (unsigned i = 0; i < n;) {
        unsigned len = 9;
        if (short_group && (before_point ? i == 0 : n - i == short_group))
            len = short_group;
        uint32_t v = 0;
        for (unsigned k = 0; k < len; k++)
            v = v * 10 + (uint32_t)(digits[i + k] - '0');
        for (unsigned k = bytes[len]; k > 0; k--)
            to[at++] = (uint8_t)(v >> (8 * (k - 1)));
        i += len;
    }
    return at;
}

static size_t naive_encode(uint8_t *to, const char *whole, unsigned whole_n, const char *fraction, unsigned scale,
                           bool negative)
{
    size_t n = naive_side(to, whole, whole_n, true);
    n += naive_side(to + n, fraction, scale, false);
    to[0] ^= 0x80;
    for (size_t i = 0; negative && i < n; i++)
        to[i] = (uint8_t)~to[i];
    return n;
}

static void random_digits(struct random *rnd, char *to, unsigned n)
{
    uint64_t kind = random_below(rnd, 4);
    for (unsigned i = 0; i < n; i++)
        to[i] = (char)(kind == 0 ? '0' : kind == 1 ? '9' : '0' + (int)random_below(rnd, 10));
    to[n] = '\0';
}

static void any_decimal_is_read_as_it_was_packed(void **state)
{
    (void)state;
    struct random rnd = random_start("decimal");
    for (int i = 0; i < 20000; i++) {
        unsigned precision = 1 + (unsigned)random_below(&rnd, 65);
        unsigned scale = (unsigned)random_below(&rnd, (precision < 38 ? precision : 38) + 1);
        char whole[66], fraction[66];
        uint8_t packed[70];
        bool negative = random_below(&rnd, 2);
        random_digits(&rnd, whole, precision - scale);
        random_digits(&rnd, fraction, scale);
        size_t n = naive_encode(packed, whole, precision - scale, fraction, scale, negative);
        assert_int_equal(n, decimal_size(precision, scale));
        const char *significant = whole;
        while (significant[0] == '0' && significant[1])
            significant++;
        struct buf expected = {0}, out = {0};
        buf_printf(&expected, "%s%s%s%s", negative ? "-" : "", *significant ? significant : "0", scale ? "." : "",
                   fraction);
        assert_true(decimal_put_text(span_of(packed, n), precision, scale, &out));
        assert_string_equal(buf_cstr(&out), buf_cstr(&expected));
        buf_clear(&out);
        assert_false(decimal_put_text(span_of(packed, n - 1), precision, scale, &out));
        assert_int_equal(out.len, 0);
        buf_free(&expected);
        buf_free(&out);
    }
    assert_int_equal(decimal_size(0, 0), 0);
    assert_int_equal(decimal_size(66, 0), 0);
    assert_int_equal(decimal_size(2, 3), 0);
}

static void collations_tell_their_character_set(void **state)
{
    (void)state;
    static const struct {
        unsigned collation;
        const char *charset;
    } samples[] = {
        {0,    NULL     },
        {8,    "latin1" },
        {11,   "ascii"  },
        {17,   NULL     },
        {33,   "utf8mb3"},
        {45,   "utf8mb4"},
        {63,   "binary" },
        {90,   "ucs2"   },
        {100,  NULL     },
        {192,  "utf8mb3"},
        {223,  "utf8mb3"},
        {224,  "utf8mb4"},
        {250,  "gb18030"},
        {255,  "utf8mb4"},
        {323,  "utf8mb4"},
        {324,  NULL     },
        {576,  "utf8mb3"},
        {608,  "utf8mb4"},
        {1032, "latin1" },
        {1069, "utf8mb4"},
        {1270, "utf8mb4"},
        {1500, NULL     },
        {2048, "utf8mb3"},
        {2304, "utf8mb4"},
        {2560, "ucs2"   },
        {3072, "utf32"  },
        {9999, NULL     },
    };
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
        const char *charset = collation_charset(samples[i].collation);
        assert_int_equal(charset == NULL, samples[i].charset == NULL);
        if (charset)
            assert_string_equal(charset, samples[i].charset);
    }
    assert_true(collation_is_utf8(45) && collation_is_utf8(33) && collation_is_utf8(11) && collation_is_utf8(2310));
    assert_false(collation_is_utf8(8) || collation_is_utf8(63) || collation_is_utf8(54) || collation_is_utf8(0));
}

/* As MariaDB packs: the first byte, the original length big-endian, the stream. */
static void pack(struct buf *out, struct span plain, size_t length_bytes, int window)
{
    z_stream z = {.next_in = (z_const Bytef *)plain.p, .avail_in = (uInt)plain.n};
    buf_put_u8(out, (uint8_t)(0x80 | length_bytes | (window < 0 ? 8 : 0)));
    buf_put_be(out, plain.n, length_bytes);
    assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, window, 8, Z_DEFAULT_STRATEGY), Z_OK);
    z.next_out = buf_reserve(out, 2 * plain.n + 100);
    z.avail_out = (uInt)(2 * plain.n + 100);
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    out->len += z.total_out;
    (void)deflateEnd(&z);
}

static void any_payload_is_unpacked(void **state)
{
    (void)state;
    struct random rnd = random_start("compressed");
    for (int i = 0; i < 400; i++) {
        struct buf plain = {0}, packed = {0}, raw = {0}, stored = {0}, out = {0};
        uint64_t letters = 1 + random_below(&rnd, 250);
        for (uint64_t n = 1 + random_below(&rnd, 5000); n > 0; n--)
            buf_put_u8(&plain, (uint8_t)random_below(&rnd, letters));
        pack(&packed, buf_span(&plain), 2, MAX_WBITS);
        pack(&raw, buf_span(&plain), 4, -MAX_WBITS);
        buf_put_u8(&stored, 0);
        buf_put_span(&stored, buf_span(&plain));
        assert_true(compressed_unpack(buf_span(&raw), &out));
        assert_true(span_eq(buf_span(&out), buf_span(&plain)));
        assert_true(compressed_equal(buf_span(&packed), buf_span(&raw)));
        assert_true(compressed_equal(buf_span(&packed), buf_span(&stored)));
        stored.data[stored.len - 1] ^= 1;
        assert_false(compressed_equal(buf_span(&packed), buf_span(&stored)));
        buf_clear(&out);
        assert_false(compressed_unpack(span_of(raw.data, raw.len - 1), &out));
        packed.data[2]++; /* the length is not what comes out */
        assert_false(compressed_unpack(buf_span(&packed), &out));
        assert_int_equal(out.len, 0);
        assert_false(compressed_equal(buf_span(&packed), buf_span(&packed)));
        buf_free(&plain);
        buf_free(&packed);
        buf_free(&raw);
        buf_free(&stored);
        buf_free(&out);
    }
}

static void malformed_payloads_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t n;
    } bad[] = {
        {"\x10"
         "a",                       2}, /* no such method */
        {"\x90"
         "a",                       2},
        {"\x82"
         "\x01",                    2}, /* half a length */
        {"\x8c\xff\xff\xff\xff"
         "\x4b\x4a",                7}, /* 4 GiB out of two bytes */
        {"\x8f\xff\xff\xff\xff\xff\xff\xff", 8},
        {"\x81\x01",                         2},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct buf out = {0};
        assert_false(compressed_unpack(span_of(bad[i].bytes, bad[i].n), &out));
        assert_int_equal(out.len, 0);
        buf_free(&out);
    }
    struct buf out = {0};
    assert_true(compressed_unpack(span_of(NULL, 0), &out));
    assert_int_equal(out.len, 0);
    buf_free(&out);
}

static void numbers_read_back_as_themselves(void **state)
{
    (void)state;
    struct random rnd = random_start("number text");
    struct buf out = {0};
    for (int i = 0; i < 50000; i++) {
        union {
            uint64_t bits;
            double d;
            float f[2];
        } v = {.bits = random_u64(&rnd)};
        buf_clear(&out);
        if (number_put_double(v.d, &out))
            assert_true(strtod(buf_cstr(&out), NULL) == v.d);
        else
            assert_true(v.d != v.d || v.d - v.d != 0);
        buf_clear(&out);
        if (number_put_float(v.f[0], &out))
            assert_true(strtof(buf_cstr(&out), NULL) == v.f[0]);
    }
    buf_free(&out);
}

/* What MySQL 9.7 and MariaDB 10.11 print for the same numbers. */
static void numbers_are_laid_out_as_by_the_servers(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "0",
        "-0",
        "1",
        "-1.5",
        "100000000000000",
        "1e15",
        "0.00001",
        "1e-16",
        "5e-324",
        "1e100",
        "123456789.125",
        "1.7976931348623157e308",
        "0.000000000000001",
        "1.25e-20",
        "-1.5e300",
        "1.5e15",
        "150000000000000",
        "0.00000000000000123",
    };
    struct buf out = {0};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        buf_clear(&out);
        assert_true(number_put_double(strtod(texts[i], NULL), &out));
        assert_string_equal(buf_cstr(&out), texts[i]);
    }
    buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_decimal_is_read_as_it_was_packed),
        cmocka_unit_test(collations_tell_their_character_set),
        cmocka_unit_test(any_payload_is_unpacked),
        cmocka_unit_test(malformed_payloads_are_refused),
        cmocka_unit_test(numbers_read_back_as_themselves),
        cmocka_unit_test(numbers_are_laid_out_as_by_the_servers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
