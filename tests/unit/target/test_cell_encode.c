/* Encoding SQL values as cells: what the cell reader makes of them must be what went in. */
#include "common/target/cell_encode.h"
#include "tests/unit/cmocka_all.h"

static void check_text(const struct column *c, const struct buf *cell, const char *expected)
{
    struct cell v = {.data = buf_span(cell)};
    struct bytes r = bytes_of(v.data);
    struct buf text = {0};
    assert_int_equal(cell_length(c, &r), cell->len);
    assert_true(cell_put_text(c, &v, &text));
    assert_string_equal(buf_cstr(&text), expected);
    buf_free(&text);
}

static void decimals(void **state)
{
    (void)state;
    static const struct {
        unsigned precision, scale;
        const char *text;
        const char *back; /* NULL: does not fit */
    } cases[] = {
        {10, 2,  "-12.50",                                                              "-12.50"             },
        {10, 2,  "0.00",                                                                "0.00"               },
        {10, 2,  "99999999.99",                                                         "99999999.99"        },
        {10, 2,  "100000000.00",                                                        NULL                 },
        {10, 2,  "1.234",                                                               NULL                 },
        {65, 30, "-12345678901234567890123456789012345.123456789012345678901234567890",
         "-12345678901234567890123456789012345.123456789012345678901234567890"                               },
        {9,  9,  "0.123456789",                                                         "0.123456789"        },
        {5,  0,  "-99999",                                                              "-99999"             },
        {18, 9,  "123456789.987654321",                                                 "123456789.987654321"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct column c = {.type = COLUMN_NEWDECIMAL, .meta = (uint16_t)(cases[i].precision << 8 | cases[i].scale)};
        struct buf cell = {0};
        assert_int_equal(cell_encode_decimal(&cell, &c, span_str(cases[i].text)), cases[i].back != NULL);
        if (cases[i].back)
            check_text(&c, &cell, cases[i].back);
        buf_free(&cell);
    }
}

static void times(void **state)
{
    (void)state;
    static const struct {
        uint8_t type;
        uint16_t fsp;
        struct cell_time t;
        const char *text;
    } cases[] = {
        {COLUMN_DATETIME2,  6, {2026, 11, 22, 23, 59, 58, 123456, false}, "2026-11-22 23:59:58.123456"},
        {COLUMN_DATETIME2,  0, {9999, 12, 31, 23, 59, 59, 0, false},      "9999-12-31 23:59:59"       },
        {COLUMN_DATETIME2,  3, {0},                                       "0000-00-00 00:00:00.000"   },
        {COLUMN_TIMESTAMP2, 2, {2038, 1, 19, 3, 14, 7, 990000, false},    "2038-01-19 03:14:07.99"    },
        {COLUMN_TIMESTAMP2, 0, {1970, 1, 1, 0, 0, 1, 0, false},           "1970-01-01 00:00:01"       },
        {COLUMN_TIMESTAMP2, 0, {0},                                       "0000-00-00 00:00:00"       },
        {COLUMN_TIME2,      0, {0, 0, 0, 838, 59, 59, 0, true},           "-838:59:59"                },
        {COLUMN_TIME2,      6, {0, 0, 0, 0, 0, 0, 1, true},               "-00:00:00.000001"          },
        {COLUMN_TIME2,      1, {0, 0, 0, 10, 11, 12, 500000, false},      "10:11:12.5"                },
        {COLUMN_TIME2,      3, {0, 0, 0, 1, 0, 0, 1000, true},            "-01:00:00.001"             },
        {COLUMN_DATE,       0, {2000, 2, 29, 0, 0, 0, 0, false},          "2000-02-29"                },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct column c = {.type = cases[i].type, .meta = cases[i].fsp};
        struct buf cell = {0};
        cell_encode_time(&cell, &c, &cases[i].t);
        check_text(&c, &cell, cases[i].text);
        buf_free(&cell);
    }
}

static void integers(void **state)
{
    (void)state;
    static const struct {
        uint8_t type;
        bool is_unsigned;
        uint64_t v;
        const char *text;
    } cases[] = {
        {COLUMN_TINY,     false, (uint64_t)-128,     "-128"                },
        {COLUMN_TINY,     true,  255,                "255"                 },
        {COLUMN_INT24,    false, (uint64_t)-8388608, "-8388608"            },
        {COLUMN_LONGLONG, true,  UINT64_MAX,         "18446744073709551615"},
        {COLUMN_YEAR,     true,  2155,               "2155"                },
        {COLUMN_YEAR,     true,  0,                  "0000"                },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct column c = {.type = cases[i].type, .is_unsigned = cases[i].is_unsigned};
        struct buf cell = {0};
        cell_encode_integer(&cell, &c, cases[i].v);
        check_text(&c, &cell, cases[i].text);
        buf_free(&cell);
    }
}

static void bytes_keep_or_lose_their_end(void **state)
{
    (void)state;
    struct buf cell = {0};
    struct column binary = {.type = COLUMN_STRING, .meta = 4, .collation = COLLATION_BINARY};
    cell_encode_bytes(&cell, &binary, span_of("a\0\0\0", 4));
    assert_true(span_eq(buf_span(&cell), span_of("\1a", 2)));
    buf_clear(&cell);
    struct column varbinary = {.type = COLUMN_VARCHAR, .meta = 300, .collation = COLLATION_BINARY};
    cell_encode_bytes(&cell, &varbinary, span_of("a\0", 2));
    assert_true(span_eq(buf_span(&cell), span_of("\2\0a\0", 4)));
    buf_free(&cell);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decimals),
        cmocka_unit_test(times),
        cmocka_unit_test(integers),
        cmocka_unit_test(bytes_keep_or_lose_their_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
