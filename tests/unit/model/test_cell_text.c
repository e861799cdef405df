/* Cells of every type at their bounds as text and as JSON. The bytes are those that MariaDB 10.11 and MySQL 9.7 wrote.
 */
#include <stdio.h>

#include "tests/unit/cmocka_all.h"
#include "tests/unit/model/cells.h"

#define UTF8MB4 45
#define LATIN1 8

struct sample {
    struct column column;
    const char *hex;
    const char *text;
    const char *json; /* NULL: the text as it is */
};

static void assert_cell_is_whole(const struct column *c, struct span data)
{
    uint8_t beyond[MAX_HEX + 1] = {0};
    memcpy(beyond, data.p, data.n);
    struct bytes r = bytes_of(span_of(beyond, data.n + 1));
    assert_int_equal(cell_length(c, &r), data.n);
    assert_false(r.bad);
    for (size_t n = 0; n < data.n; n++) {
        r = bytes_of(span_of(data.p, n));
        assert_int_equal(cell_length(c, &r), 0);
        assert_true(r.bad);
    }
}

static void assert_sample(const struct sample *s)
{
    struct hex h;
    struct cell v = {.data = hex_read(&h, s->hex)};
    struct buf out = {0};
    assert_true(column_valid(&s->column));
    assert_cell_is_whole(&s->column, v.data);
    assert_true(cell_put_text(&s->column, &v, &out));
    assert_string_equal(buf_cstr(&out), s->text);
    buf_clear(&out);
    cell_put_json(&s->column, &v, &out);
    assert_string_equal(buf_cstr(&out), s->json ? s->json : s->text);
    buf_free(&out);
}

static void assert_samples(const struct sample *samples, size_t n)
{
    for (size_t i = 0; i < n; i++)
        assert_sample(&samples[i]);
}

static void integers(void **state)
{
    (void)state;
    /* clang-format off */
    const struct sample samples[] = {
        {column_of(COLUMN_TINY, 0), "80", "-128", NULL},
        {column_of(COLUMN_TINY, 0), "7f", "127", NULL},
        {column_unsigned(COLUMN_TINY), "ff", "255", NULL},
        {column_of(COLUMN_SHORT, 0), "0080", "-32768", NULL},
        {column_unsigned(COLUMN_SHORT), "ffff", "65535", NULL},
        {column_of(COLUMN_INT24, 0), "000080", "-8388608", NULL},
        {column_of(COLUMN_INT24, 0), "ffff7f", "8388607", NULL},
        {column_of(COLUMN_INT24, 0), "ffffff", "-1", NULL},
        {column_unsigned(COLUMN_INT24), "ffffff", "16777215", NULL},
        {column_of(COLUMN_LONG, 0), "00000080", "-2147483648", NULL},
        {column_unsigned(COLUMN_LONG), "ffffffff", "4294967295", NULL},
        {column_of(COLUMN_LONGLONG, 0), "0000000000000080", "-9223372036854775808", NULL},
        {column_of(COLUMN_LONGLONG, 0), "ffffffffffffff7f", "9223372036854775807", NULL},
        {column_unsigned(COLUMN_LONGLONG), "ffffffffffffffff", "18446744073709551615", NULL},
        {column_of(COLUMN_BIT, 1), "01", "1", NULL},
        {column_of(COLUMN_BIT, 10), "0201", "513", NULL},
        {column_of(COLUMN_BIT, 64), "8000000000000001", "9223372036854775809", NULL},
    };
    /* clang-format on */
    assert_samples(samples, sizeof samples / sizeof samples[0]);
}

static void fractions(void **state)
{
    (void)state;
    /* clang-format off */
    const struct sample samples[] = {
        {column_of(COLUMN_FLOAT, 4), "cdcc8c3f", "1.1", NULL},
        {column_of(COLUMN_FLOAT, 4), "9ec97f7f", "3.4e38", NULL},
        {column_of(COLUMN_FLOAT, 4), "00000080", "-0", NULL},
        {column_of(COLUMN_FLOAT, 4), "ffff7f7f", "3.4028235e38", NULL},
        {column_of(COLUMN_FLOAT, 4), "01000000", "1.4013e-45", NULL},
        {column_of(COLUMN_DOUBLE, 8), "a0c8eb85f3cce1ff", "-1e308", NULL},
        {column_of(COLUMN_DOUBLE, 8), "0000000000000440", "2.5", NULL},
        {column_of(COLUMN_DOUBLE, 8), "9a9999999999b93f", "0.1", NULL},
        {column_of(COLUMN_DOUBLE, 8), "343333333333d33f", "0.30000000000000004", NULL},
        {column_of(COLUMN_NEWDECIMAL, 5 << 8 | 2), "7ffecd", "-1.50", NULL},
        {column_of(COLUMN_NEWDECIMAL, 20 << 8), "73eb655bcaf204c72d", "-12345678901234567890", NULL},
        {column_of(COLUMN_NEWDECIMAL, 65 << 8 | 30), "8000000000000000000000010dfb38d2075bb29000000000000000000000",
         "1234567890.123450000000000000000000000000", NULL},
        {column_of(COLUMN_NEWDECIMAL, 65 << 8 | 30), "7a0a1f00c4653600c4653600c4653600c4653600c4653600c4653600fc18",
         "-99999999999999999999999999999999999.999999999999999999999999999999", NULL},
        {column_of(COLUMN_NEWDECIMAL, 1 << 8), "80", "0", NULL},
        {column_of(COLUMN_NEWDECIMAL, 1 << 8 | 1), "85", "0.5", NULL},
    };
    /* clang-format on */
    assert_samples(samples, sizeof samples / sizeof samples[0]);
}

static void dates_and_times(void **state)
{
    (void)state;
    /* clang-format off */
    const struct sample samples[] = {
        {column_of(COLUMN_YEAR, 0), "00", "0000", "\"0000\""},
        {column_of(COLUMN_YEAR, 0), "01", "1901", "\"1901\""},
        {column_of(COLUMN_YEAR, 0), "ff", "2155", "\"2155\""},
        {column_of(COLUMN_DATE, 0), "3fd40f", "2026-01-31", "\"2026-01-31\""},
        {column_of(COLUMN_DATE, 0), "000000", "0000-00-00", "\"0000-00-00\""},
        {column_of(COLUMN_NEWDATE, 0), "9f1f4e", "9999-12-31", "\"9999-12-31\""},
        {column_of(COLUMN_TIME2, 0), "4b9105", "-838:59:59", "\"-838:59:59\""},
        {column_of(COLUMN_TIME2, 0), "b46efb", "838:59:59", "\"838:59:59\""},
        {column_of(COLUMN_TIME2, 0), "800000", "00:00:00", "\"00:00:00\""},
        {column_of(COLUMN_TIME2, 1), "7fffffce", "-00:00:00.5", "\"-00:00:00.5\""},
        {column_of(COLUMN_TIME2, 1), "7ffffff6", "-00:00:00.1", "\"-00:00:00.1\""},
        {column_of(COLUMN_TIME2, 2), "8000005a", "00:00:00.90", "\"00:00:00.90\""},
        {column_of(COLUMN_TIME2, 3), "7feffffff6", "-01:00:00.001", "\"-01:00:00.001\""},
        {column_of(COLUMN_TIME2, 6), "4b9104f0bdc1", "-838:59:59.999999", "\"-838:59:59.999999\""},
        {column_of(COLUMN_TIME2, 6), "7fffffffffff", "-00:00:00.000001", "\"-00:00:00.000001\""},
        {column_of(COLUMN_DATETIME2, 0), "fef3ff7efb", "9999-12-31 23:59:59", "\"9999-12-31 23:59:59\""},
        {column_of(COLUMN_DATETIME2, 2), "800000000000", "0000-00-00 00:00:00.00", "\"0000-00-00 00:00:00.00\""},
        {column_of(COLUMN_DATETIME2, 2), "99648010832d", "2000-02-00 01:02:03.45", "\"2000-02-00 01:02:03.45\""},
        {column_of(COLUMN_DATETIME2, 6), "9964420000000001", "2000-01-01 00:00:00.000001",
         "\"2000-01-01 00:00:00.000001\""},
        {column_of(COLUMN_TIMESTAMP2, 0), "7fffffff", "2038-01-19 03:14:07", "\"2038-01-19 03:14:07\""},
        {column_of(COLUMN_TIMESTAMP2, 0), "ffffffff", "2106-02-07 06:28:15", "\"2106-02-07 06:28:15\""},
        {column_of(COLUMN_TIMESTAMP2, 0), "00000000", "0000-00-00 00:00:00", "\"0000-00-00 00:00:00\""},
        {column_of(COLUMN_TIMESTAMP2, 3), "697d548b0028", "2026-01-31 01:02:03.004", "\"2026-01-31 01:02:03.004\""},
        {column_of(COLUMN_TIMESTAMP2, 6), "000000010f423f", "1970-01-01 00:00:01.999999",
         "\"1970-01-01 00:00:01.999999\""},
        {column_of(COLUMN_TIME, 0), "590a80", "-838:59:59", "\"-838:59:59\""},
        {column_of(COLUMN_TIME, 0), "a7f57f", "838:59:59", "\"838:59:59\""},
        {column_of(COLUMN_DATETIME, 0), "9b76e92d6d120000", "2026-01-31 01:02:03", "\"2026-01-31 01:02:03\""},
        {column_of(COLUMN_TIMESTAMP, 0), "8b547d69", "2026-01-31 01:02:03", "\"2026-01-31 01:02:03\""},
    };
    /* clang-format on */
    assert_samples(samples, sizeof samples / sizeof samples[0]);
}

static void strings(void **state)
{
    (void)state;
    /* clang-format off */
    const struct sample samples[] = {
        {column_text(COLUMN_STRING, 40, UTF8MB4), "027a7a", "zz", "\"zz\""},
        {column_text(COLUMN_STRING, 400, UTF8MB4), "02007979", "yy", "\"yy\""},
        {column_text(COLUMN_STRING, 255, 11), "00", "", "\"\""},
        {column_text(COLUMN_STRING, 4, COLLATION_BINARY), "0161", "0x61000000", "{\"hex\": \"61000000\"}"},
        {column_text(COLUMN_STRING, 16, COLLATION_BINARY), "0f00112233445566778899aabbccddee",
         "0x00112233445566778899aabbccddee00", "{\"hex\": \"00112233445566778899aabbccddee00\"}"},
        {column_text(COLUMN_STRING, 3, LATIN1), "01e9", "0xe9", "{\"hex\": \"e9\"}"},
        {column_text(COLUMN_VARCHAR, 255, UTF8MB4), "0561220ac3bc", "a\"\n\xc3\xbc", "\"a\\\"\\n\xc3\xbc\""},
        {column_text(COLUMN_VARCHAR, 256, 33), "0100 61", "a", "\"a\""},
        {column_text(COLUMN_VAR_STRING, 10, 224), "00", "", "\"\""},
        {column_text(COLUMN_VARCHAR, 10, COLLATION_BINARY), "020061", "0x0061", "{\"hex\": \"0061\"}"},
        {column_text(COLUMN_BLOB, 1, COLLATION_BINARY), "00", "0x", "{\"hex\": \"\"}"},
        {column_text(COLUMN_BLOB, 2, UTF8MB4), "0100 61", "a", "\"a\""},
        {column_text(COLUMN_BLOB, 3, UTF8MB4), "010000 61", "a", "\"a\""},
        {column_text(COLUMN_BLOB, 4, 46), "07000000 7b2261223a317d", "{\"a\":1}", "\"{\\\"a\\\":1}\""},
        {column_of(COLUMN_GEOMETRY, 4), "19000000 000000000101000000000000000000f03f0000000000000040",
         "0x000000000101000000000000000000f03f0000000000000040",
         "{\"hex\": \"000000000101000000000000000000f03f0000000000000040\"}"},
        {column_of(COLUMN_VECTOR, 4), "0c000000 0000803f00002040000040c0", "0x0000803f00002040000040c0",
         "{\"hex\": \"0000803f00002040000040c0\"}"},
        {column_of(COLUMN_JSON, 4), "05000000 0200000400", "[]", "\"[]\""},
        {column_of(COLUMN_NULL, 0), "", "0x", "{\"hex\": \"\"}"},
    };
    /* clang-format on */
    assert_samples(samples, sizeof samples / sizeof samples[0]);
}

static void compressed_columns(void **state)
{
    (void)state;
    char v[201] = "", b[1001] = "", quoted[1003];
    memset(v, 'v', 200);
    memset(b, 'b', 1000);
    (void)snprintf(quoted, sizeof quoted, "\"%s\"", b);
    /* clang-format off */
    const struct sample samples[] = {
        {column_text(COLUMN_VARCHAR_COMPRESSED, 31, UTF8MB4),
         "1f 00 616161616161616161616161616161616161616161616161616161616161", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
         "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\""},
        {column_text(COLUMN_BLOB_COMPRESSED, 1, UTF8MB4), "06 00 73686f7274", "short", "\"short\""},
        {column_text(COLUMN_BLOB_COMPRESSED, 1, UTF8MB4), "00", "", "\"\""},
        {column_text(COLUMN_BLOB_COMPRESSED, 2, UTF8MB4), "0e00 8a03e84b4a1a05a360140c770000", b, quoted},
    };
    /* clang-format on */
    assert_samples(samples, sizeof samples / sizeof samples[0]);
    struct column c = column_text(COLUMN_VARCHAR_COMPRESSED, 301, UTF8MB4);
    struct hex h;
    struct cell cell = {.data = hex_read(&h, "0800 89c82b2b1b1e0000")};
    struct buf out = {0};
    assert_true(cell_put_text(&c, &cell, &out));
    assert_string_equal(buf_cstr(&out), v);
    buf_free(&out);
}

static void members(void **state)
{
    (void)state;
    struct span texts[64];
    for (size_t i = 0; i < 64; i++)
        texts[i] = span_str("m");
    texts[0] = span_str("x");
    texts[1] = span_str("\xc3\xbc");
    texts[63] = span_str("last");
    struct column e = column_text(COLUMN_ENUM, 1, UTF8MB4), set = column_text(COLUMN_SET, 8, UTF8MB4);
    e.members = set.members = texts;
    e.member_count = 2;
    set.member_count = 64;
    struct column small = set, bare = e, latin1 = e, wide = column_of(COLUMN_ENUM, 2);
    small.meta = 1;
    small.member_count = 3;
    bare.member_count = 0;
    latin1.collation = LATIN1;
    /* clang-format off */
    const struct sample samples[] = {
        {e, "01", "x", "\"x\""},
        {e, "02", "\xc3\xbc", "\"\xc3\xbc\""},
        {e, "00", "", "\"\""},
        {bare, "07", "7", NULL},
        {latin1, "01", "0x78", "{\"hex\": \"78\"}"},
        {wide, "ffff", "65535", NULL},
        {small, "00", "", "\"\""},
        {small, "05", "x,m", "\"x,m\""},
        {set, "0100000000000080", "x,last", "\"x,last\""},
    };
    /* clang-format on */
    assert_samples(samples, sizeof samples / sizeof samples[0]);
}

static void assert_shown_as_hex(const struct column *c, const char *hex)
{
    struct hex h;
    struct cell v = {.data = hex_read(&h, hex)};
    struct buf out = {0}, expected = {0};
    buf_put_str(&expected, "0x");
    buf_put_hex(&expected, v.data);
    assert_false(cell_put_text(c, &v, &out));
    assert_string_equal(buf_cstr(&out), buf_cstr(&expected));
    buf_clear(&out);
    cell_put_json(c, &v, &out);
    assert_memory_equal(buf_cstr(&out), "{\"hex\": \"", 9);
    buf_free(&out);
    buf_free(&expected);
}

static void what_a_type_does_not_allow_is_shown_as_hex(void **state)
{
    (void)state;
    struct span text = span_str("x");
    struct column e = column_text(COLUMN_ENUM, 1, UTF8MB4), set = column_text(COLUMN_SET, 1, UTF8MB4);
    e.members = set.members = &text;
    e.member_count = set.member_count = 1;
    /* clang-format off */
    const struct {
        struct column column;
        const char *hex;
    } bad[] = {
        {column_of(COLUMN_TINY, 0), ""},
        {column_of(COLUMN_TINY, 0), "0000"},
        {column_of(COLUMN_FLOAT, 4), "0000807f"},
        {column_of(COLUMN_DOUBLE, 8), "000000000000f87f"},
        {column_of(COLUMN_NEWDECIMAL, 5 << 8 | 2), "8000ff"},
        {column_of(COLUMN_NEWDECIMAL, 5 << 8 | 2), "800064"}, /* 100 hundredths */
        {column_of(COLUMN_NEWDECIMAL, 5 << 8 | 2), "8000"},
        {column_of(COLUMN_NEWDECIMAL, 66 << 8 | 2), "8000"},
        {column_of(COLUMN_BIT, 7), "80"},
        {column_of(COLUMN_DATE, 0), "a00f00"}, /* month 13 */
        {column_of(COLUMN_DATE, 0), "ffffff"},
        {column_of(COLUMN_TIME2, 0), "80003c"}, /* second 60 */
        {column_of(COLUMN_TIME2, 0), "b47000"}, /* hour 839 */
        {column_of(COLUMN_TIME2, 1), "80000001"}, /* hundredths of a fsp 1 */
        {column_of(COLUMN_TIME2, 2), "80000064"}, /* 100 hundredths */
        {column_of(COLUMN_TIME2, 7), "8000000000000000"},
        {column_of(COLUMN_DATETIME2, 0), "7fffffffff"},
        {column_of(COLUMN_DATETIME2, 3), "80000000000001"}, /* ten-thousandths of a fsp 3 */
        {column_of(COLUMN_DATETIME2, 0), "9964438000"}, /* hour 24 */
        {column_of(COLUMN_DATETIME2, 6), "80000000000f4240"}, /* 1000000 microseconds */
        {column_of(COLUMN_TIMESTAMP2, 2), "0000000001"}, /* a fraction of the zero date */
        {column_of(COLUMN_DATETIME, 0), "ffffffffffffffff"},
        {column_of(COLUMN_TIME, 0), "000080"},
        {column_text(COLUMN_VARCHAR, 255, UTF8MB4), "0461220ac3"},
        {column_text(COLUMN_VARCHAR, 1, UTF8MB4), "026161"},
        {column_text(COLUMN_VARCHAR, 9, UTF8MB4), "0261"},
        {column_text(COLUMN_BLOB, 5, UTF8MB4), "0000000000"},
        {column_text(COLUMN_BLOB_COMPRESSED, 1, UTF8MB4), "06 80 73686f7274"},
        {column_of(COLUMN_JSON, 4), "0100000000"},
        {column_of(COLUMN_DECIMAL, 0), "00"},
        {column_of((enum column_type)200, 0), "00"},
        {e, "02"},
        {set, "02"},
    };
    /* clang-format on */
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_shown_as_hex(&bad[i].column, bad[i].hex);
}

static void null_and_absent(void **state)
{
    (void)state;
    struct column c = column_of(COLUMN_LONG, 0);
    struct cell null = {.null = true}, absent = {.absent = true};
    struct buf out = {0};
    assert_true(cell_put_text(&c, &null, &out));
    assert_true(cell_put_text(&c, &absent, &out));
    cell_put_json(&c, &null, &out);
    cell_put_json(&c, &absent, &out);
    assert_string_equal(buf_cstr(&out), "NULL(absent)nullnull");
    buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integers),
        cmocka_unit_test(fractions),
        cmocka_unit_test(dates_and_times),
        cmocka_unit_test(strings),
        cmocka_unit_test(compressed_columns),
        cmocka_unit_test(members),
        cmocka_unit_test(what_a_type_does_not_allow_is_shown_as_hex),
        cmocka_unit_test(null_and_absent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
