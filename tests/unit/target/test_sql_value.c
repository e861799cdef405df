/* Cells as bound values: each kind's number or bytes, and that no malformed cell passes. */
#include "common/target/cell_encode.h"
#include "common/target/sql_value.h"
#include "tests/unit/cmocka_all.h"

static struct sql_value value_of(const struct column *c, const struct target_column *tc, const void *cell, size_t n)
{
    static struct arena arena;
    struct buf scratch = {0};
    struct sql_value v;
    struct cell from = {.data = span_of(cell, n)};
    arena_reset(&arena);
    assert_true(sql_value_of(&v, c, tc, &from, &scratch, &arena));
    buf_free(&scratch);
    return v;
}

static void assert_bytes(const struct sql_value *v, const char *expected, size_t n)
{
    assert_int_equal(v->bytes.n, n);
    assert_non_null(v->bytes.p);
    assert_memory_equal(v->bytes.p, expected, n);
}

static void numbers(void **state)
{
    (void)state;
    static const struct {
        struct column column;
        struct target_column target;
        const char *cell;
        size_t n;
        enum sql_kind kind;
        uint64_t value;
    } cases[] = {
        {{.type = COLUMN_TINY},                          {0},                   "\x80",               1, SQL_INTEGER,  (uint64_t)-128     },
        {{.type = COLUMN_TINY, .is_unsigned = true},     {0},                   "\x80",               1, SQL_UNSIGNED, 128                },
        {{.type = COLUMN_INT24},                         {0},                   "\xff\xff\xff",       3, SQL_INTEGER,  UINT64_MAX         },
        {{.type = COLUMN_INT24},                         {0},                   "\xff\xff\x7f",       3, SQL_INTEGER,  8388607            },
        {{.type = COLUMN_LONGLONG},                      {0},                   "\0\0\0\0\0\0\0\x80", 8, SQL_INTEGER,  (uint64_t)INT64_MIN},
        {{.type = COLUMN_LONGLONG, .is_unsigned = true},
         {0},
         "\xff\xff\xff\xff\xff\xff\xff\xff",                                                          8,
         SQL_UNSIGNED,                                                                                                 UINT64_MAX         },
        {{.type = COLUMN_YEAR, .is_unsigned = true},     {0},                   "\0",                 1, SQL_UNSIGNED, 0                  },
        {{.type = COLUMN_YEAR, .is_unsigned = true},     {0},                   "\xff",               1, SQL_UNSIGNED, 2155               },
        {{.type = COLUMN_BIT, .meta = 9},                {0},                   "\x01\x02",           2, SQL_UNSIGNED, 258                },
        {{.type = COLUMN_ENUM, .meta = 2},               {.form = READ_NUMBER}, "\x2c\x01",           2, SQL_INTEGER,  300                },
        {{.type = COLUMN_SET, .meta = 8},
         {.form = READ_NUMBER},
         "\xff\xff\xff\xff\xff\xff\xff\xff",                                                          8,
         SQL_INTEGER,                                                                                                  UINT64_MAX         },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(sql_kind_of(&cases[i].column, &cases[i].target), cases[i].kind);
        assert_int_equal(value_of(&cases[i].column, &cases[i].target, cases[i].cell, cases[i].n).integer,
                         cases[i].value);
    }
}

static void floats(void **state)
{
    (void)state;
    const struct target_column plain = {0};
    const struct column single = {.type = COLUMN_FLOAT, .meta = 4}, twice = {.type = COLUMN_DOUBLE, .meta = 8};
    const float f = 1.1f;
    const double d = 4.9e-324;
    assert_int_equal(sql_kind_of(&single, &plain), SQL_FLOAT);
    assert_true(value_of(&single, &plain, &f, sizeof f).single == f);
    assert_int_equal(sql_kind_of(&twice, &plain), SQL_DOUBLE);
    assert_true(value_of(&twice, &plain, &d, sizeof d).twice == d);
}

/* What the servers store byte by byte, and what they have to be told as text. */
static void strings(void **state)
{
    (void)state;
    static const struct {
        struct column column;
        struct target_column target;
        const char *cell;
        size_t n;
        enum sql_kind kind;
        const char *value;
        size_t value_n;
    } cases[] = {
        {{.type = COLUMN_VARCHAR, .meta = 40},                              {.charset = "utf8mb4"}, "\2ab",           3, SQL_TEXT,    "ab",                                   2 },
        {{.type = COLUMN_VARCHAR, .meta = 40},                              {.charset = "latin1"},  "\1\xe4",         2, SQL_BYTES,   "\xe4",                                 1 },
        {{.type = COLUMN_VARCHAR, .meta = 400},                             {0},                    "\0\0",           2, SQL_BYTES,   "",                                     0 },
        {{.type = COLUMN_STRING, .meta = 4, .collation = COLLATION_BINARY}, {0},                    "\1a",            2, SQL_BYTES,   "a\0\0\0",                              4 },
        {{.type = COLUMN_STRING, .meta = 4},                                {.charset = "utf8mb4"}, "\1a",            2, SQL_TEXT,    "a",                                    1 },
        {{.type = COLUMN_STRING, .meta = 16},
         {.form = READ_INET6},
         "\0",                                                                                                        1,
         SQL_BYTES,                                                                                                                   "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
         16                                                                                                                                                                     },
        {{.type = COLUMN_STRING, .meta = 4},                                {.form = READ_INET4},   "\2\xc0\xa8",     3, SQL_BYTES,   "\xc0\xa8\0\0",                         4 },
        {{.type = COLUMN_STRING, .meta = 16},
         {.form = READ_UUID},
         "\2\x12\xff",                                                                                                3,
         SQL_TEXT,                                                                                                                    "12ff0000-0000-0000-0000-000000000000",
         36                                                                                                                                                                     },
        {{.type = COLUMN_BLOB_COMPRESSED, .meta = 2},                       {.charset = "utf8mb4"}, "\3\0\0xy",       5, SQL_TEXT,    "xy",                                   2 },
        {{.type = COLUMN_NEWDECIMAL, .meta = 4 << 8 | 2},                   {0},                    "\x8c\x32",       2, SQL_DECIMAL, "12.50",                                5 },
        {{.type = COLUMN_DATE},                                             {0},                    "\0\0\0",         3, SQL_TEXT,    "0000-00-00",                           10},
        {{.type = COLUMN_GEOMETRY, .meta = 4},                              {0},                    "\2\0\0\0\0\1",   6, SQL_BYTES,   "\0\1",                                 2 },
        {{.type = COLUMN_JSON, .meta = 4},                                  {0},                    "\3\0\0\0\5\7\0", 7, SQL_TEXT,    "7",                                    1 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct sql_value v = value_of(&cases[i].column, &cases[i].target, cases[i].cell, cases[i].n);
        assert_int_equal(sql_kind_of(&cases[i].column, &cases[i].target), cases[i].kind);
        assert_bytes(&v, cases[i].value, cases[i].value_n);
    }
}

static void negative_times(void **state)
{
    (void)state;
    const struct target_column plain = {0};
    const struct column c = {.type = COLUMN_TIME2, .meta = 6};
    const struct cell_time t = {.hour = 838, .minute = 59, .second = 59, .microsecond = 999999, .negative = true};
    struct buf cell = {0};
    cell_encode_time(&cell, &c, &t);
    struct sql_value v = value_of(&c, &plain, cell.data, cell.len);
    assert_bytes(&v, "-838:59:59.999999", 17);
    buf_free(&cell);
}

static void malformed(void **state)
{
    (void)state;
    static const struct {
        struct column column;
        const char *cell;
        size_t n;
    } cases[] = {
        {{.type = COLUMN_LONG},                           "",             0},
        {{.type = COLUMN_FLOAT, .meta = 4},               "abc",          3},
        {{.type = COLUMN_NEWDECIMAL, .meta = 4 << 8 | 2}, "\xff\xff",     2},
        {{.type = COLUMN_DATE},                           "\xff\xff\xff", 3},
        {{.type = COLUMN_BLOB_COMPRESSED, .meta = 1},     "\2\x81\1",     3},
        {{.type = COLUMN_JSON, .meta = 1},                "\1\xff",       2},
    };
    struct arena arena = {0};
    struct buf scratch = {0};
    const struct target_column plain = {0};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct sql_value v;
        struct cell from = {.data = span_of(cases[i].cell, cases[i].n)};
        assert_false(sql_value_of(&v, &cases[i].column, &plain, &from, &scratch, &arena));
    }
    buf_free(&scratch);
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers),        cmocka_unit_test(floats),    cmocka_unit_test(strings),
        cmocka_unit_test(negative_times), cmocka_unit_test(malformed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
