/* MySQL's binary JSON: documents that MySQL 9.7 wrote, random ones from a naive encoder, and malformed ones. */
#include "common/model/json_binary.h"

#include "tests/unit/cmocka_all.h"
#include "tests/unit/model/cells.h"
#include "tests/unit/random.h"

static void assert_text(struct span doc, const char *expected)
{
    struct buf out = {0};
    buf_put_str(&out, "> ");
    bool good = json_binary_put_text(doc, &out);
    assert_int_equal(good, expected != NULL);
    assert_string_equal(buf_cstr(&out) + 2, expected ? expected : "");
    buf_free(&out);
}

static void documents_of_mysql_are_read(void **state)
{
    (void)state;
    /* clang-format off */
    static const char *const samples[][2] = {
        {"0002008200120001001300010005010002140061620e006e000401000400000402000c2e000b32000b3a000b4200050080074a00074e00"
         "0752000956000a5e000a660003782279000000000000f8bf408cb5781daf1544000000000000f03fffff00007011010090eefeffffffff"
         "ff00000000ffffffffffffff7fffffffffffffffff",
         "{\"a\": 1, \"b\": [true, null, false, \"x\\\"y\", -1.5, 1e20, 1.0, -32768, 65535, 70000, -70000, 4294967295, "
         "9223372036854775807, 18446744073709551615]}"},
        {"0006006b002e0001002f000100300002003200030035000300380003000f3b000f45000f4f000f59000f5e000f61006474647462696e62"
         "69746465630a080000000000feb8190b08e05ef84737ffffff0c0840e201fb7effb8190f0300ff100f0105f6080c037ffffff3fea6",
         "{\"d\": \"2026-01-31\", \"t\": \"-12:34:56.500000\", \"dt\": \"2026-01-31 23:59:59.123456\", "
         "\"bin\": \"base64:type15:AP8Q\", \"bit\": \"base64:type15:BQ==\", \"dec\": -12.345}"},
        {"0200000400", "[]"},
        {"0000000400", "{}"},
        {"0c0173", "\"s\""},
        {"0400", "null"},
        {"", "null"},
        {"057b00", "123"},
        {"020100230002070001001c000207000100150002070001000e0002070001000700050100", "[[[[[1]]]]]"},
        {"00010013000b0002000c0d00c3bc05f09f988001", "{\"\xc3\xbc\": \"\xf0\x9f\x98\x80\\u0001\"}"},
        {"0b9a9999999999b93f", "0.1"},
        {"0b3e376cff90eef845", "1.2345678901234568e29"},
    };
    /* clang-format on */
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
        struct hex h;
        assert_text(hex_read(&h, samples[i][0]), samples[i][1]);
    }
}

static void a_large_document_is_read(void **state)
{
    (void)state;
    enum { LONG = 70000 };
    struct buf doc = {0}, expected = {0};
    static const uint8_t head[] = {0x03, 2, 0, 0, 0,    0x95, 0x11, 1, 0,    0x0c, 0x12,
                                   0,    0, 0, 0, 0x85, 0x11, 1,    0, 0xf0, 0xa2, 4};
    static const uint8_t tail[] = {1, 0, 0x10, 0, 0x0b, 0, 1, 0, 7, 0x0c, 0, 0x6b, 0x70, 0x11, 1, 0};
    buf_put(&doc, head, sizeof head);
    memset(buf_grow(&doc, LONG), 'z', LONG);
    buf_put(&doc, tail, sizeof tail);
    buf_put_str(&expected, "[\"");
    memset(buf_grow(&expected, LONG), 'z', LONG);
    buf_put_str(&expected, "\", {\"k\": 70000}]");
    assert_text(buf_span(&doc), buf_cstr(&expected));
    buf_free(&doc);
    buf_free(&expected);
}

/* ---- a naive encoder: value bytes into doc, text into expected; returns the type byte ---- */

static uint8_t random_value(struct random *rnd, unsigned depth, bool large, struct buf *doc, struct buf *expected);

static void patch(struct buf *b, size_t at, uint64_t v, size_t width)
{
    for (size_t i = 0; i < width; i++)
        b->data[at + i] = (uint8_t)(v >> (8 * i));
}

static uint8_t random_container(struct random *rnd, unsigned depth, bool large, struct buf *doc, struct buf *expected)
{
    bool object = random_below(rnd, 2);
    size_t width = large ? 4 : 2, count = (size_t)random_below(rnd, 5), start = doc->len;
    size_t head = 2 * width + count * ((object ? width + 2 : 0) + 1 + width);
    memset(buf_grow(doc, head), 0, head);
    size_t keys = start + 2 * width, values = keys + (object ? count * (width + 2) : 0);
    patch(doc, start, count, width);
    for (size_t i = 0; object && i < count; i++) {
        patch(doc, keys + i * (width + 2), doc->len - start, width);
        patch(doc, keys + i * (width + 2) + width, 2, 2);
        buf_printf(doc, "k%zu", i);
    }
    buf_put_u8(expected, object ? '{' : '[');
    for (size_t i = 0; i < count; i++) {
        struct buf value = {0};
        if (i > 0)
            buf_put_str(expected, ", ");
        if (object)
            buf_printf(expected, "\"k%zu\": ", i);
        uint8_t type = random_value(rnd, depth + 1, large, &value, expected);
        size_t entry = values + i * (1 + width);
        bool here = type == 4 || type == 5 || type == 6 || (large && (type == 7 || type == 8));
        patch(doc, entry, type, 1);
        if (here) {
            memset(buf_grow(&value, width), 0, width);
            memcpy(doc->data + entry + 1, value.data, width);
        } else {
            patch(doc, entry + 1, doc->len - start, width);
            buf_put_span(doc, buf_span(&value));
        }
        buf_free(&value);
    }
    buf_put_u8(expected, object ? '}' : ']');
    patch(doc, start + width, doc->len - start, width);
    return (uint8_t)((object ? 0 : 2) + large);
}

static uint8_t random_value(struct random *rnd, unsigned depth, bool large, struct buf *doc, struct buf *expected)
{
    static const char *const literals[] = {"null", "true", "false"};
    static const uint8_t sizes[] = {2, 2, 4, 4, 8, 8};
    uint64_t v = random_u64(rnd), which = random_below(rnd, depth < 4 ? 12 : 8);
    if (which >= 8)
        return random_container(rnd, depth, large, doc, expected);
    if (which == 7) {
        buf_put_u8(doc, 3);
        buf_put_str(doc, "str");
        buf_put_str(expected, "\"str\"");
        return 12;
    }
    if (which == 6) {
        buf_put_u8(doc, (uint8_t)(v % 3));
        buf_put_str(expected, literals[v % 3]);
        return 4;
    }
    buf_put_le(doc, v, sizes[which]);
    v <<= 64 - 8 * sizes[which];
    if (which % 2)
        buf_printf(expected, "%llu", (unsigned long long)(v >> (64 - 8 * sizes[which])));
    else
        buf_printf(expected, "%lld", (long long)((int64_t)v >> (64 - 8 * sizes[which])));
    return (uint8_t)(5 + which);
}

static void any_document_is_read_as_it_was_written(void **state)
{
    (void)state;
    struct random rnd = random_start("json");
    for (int i = 0; i < 3000; i++) {
        struct buf doc = {0}, expected = {0}, out = {0};
        buf_put_u8(&doc, 0);
        struct buf value = {0};
        doc.data[0] = random_value(&rnd, 0, random_below(&rnd, 2), &value, &expected);
        buf_put_span(&doc, buf_span(&value));
        assert_text(buf_span(&doc), buf_cstr(&expected));
        /* One byte changed: any verdict, but neither a crash nor an output without bound. */
        doc.data[random_below(&rnd, doc.len)] = (uint8_t)random_u64(&rnd);
        (void)json_binary_put_text(buf_span(&doc), &out);
        assert_true(out.len < 64 * (doc.len + 64));
        buf_free(&doc);
        buf_free(&value);
        buf_free(&expected);
        buf_free(&out);
    }
}

static void malformed_documents_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "0d", /* no such type */
        "ff",
        "04",                       /* a literal without its byte */
        "0403",                     /* no such literal */
        "0501",                     /* half an int16 */
        "0b9a9999999999b9",         /* seven bytes of a double */
        "0b000000000000f07f",       /* infinity */
        "0c0273",                   /* a string beyond the end */
        "0cff",                     /* a length that does not end */
        "0cffffffffffff",           /* a length above 32 bits */
        "0c01ff",                   /* not UTF-8 */
        "0200000300",               /* smaller than its own head */
        "0200000500",               /* larger than the document */
        "0201000700",               /* entries beyond the end */
        "02010007000cff00",         /* an offset beyond the end */
        "0f0a08000000000000",       /* seven bytes of a date */
        "0f0b09000000000000000000", /* nine bytes of a time */
        "0f0c08ffffffffffffffff",   /* a negative datetime */
        "0ff60105",                 /* a decimal without its scale */
        "0ff6024303",               /* precision 67 */
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct hex h;
        assert_text(hex_read(&h, bad[i]), NULL);
    }
}

static void nesting_and_overlap_are_bounded(void **state)
{
    (void)state;
    for (size_t depth = 100; depth <= 101; depth++) {
        struct buf doc = {0}, expected = {0};
        buf_put_u8(&doc, 2);
        for (size_t inner = depth - 1; inner > 0; inner--) { /* [[[…]]]: one entry each, right behind its head */
            buf_put_le(&doc, 1, 2);
            buf_put_le(&doc, 7 * inner + 4, 2);
            buf_put_u8(&doc, 2);
            buf_put_le(&doc, 7, 2);
            buf_put_u8(&expected, '[');
        }
        buf_put_le(&doc, 0, 2);
        buf_put_le(&doc, 4, 2);
        buf_put_str(&expected, "[");
        for (size_t i = 0; i < depth; i++)
            buf_put_u8(&expected, ']');
        assert_text(buf_span(&doc), depth == 100 ? buf_cstr(&expected) : NULL);
        buf_free(&doc);
        buf_free(&expected);
    }
    struct hex h;
    assert_text(hex_read(&h, "02 0300 0d00 020000 020000 020000"), NULL); /* entries that point back at their array */
    assert_text(hex_read(&h, "02 0300 1700 0c0d00 0c0d00 0c0d00 09 7a7a7a7a7a7a7a7a7a"), NULL); /* one text thrice */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(documents_of_mysql_are_read),
        cmocka_unit_test(a_large_document_is_read),
        cmocka_unit_test(any_document_is_read_as_it_was_written),
        cmocka_unit_test(malformed_documents_are_refused),
        cmocka_unit_test(nesting_and_overlap_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
