/* Increments: exact over the whole range of integers and DECIMAL, and refused beyond it. */
#include <stdlib.h>

#include "common/model/decimal.h"
#include "conflict/add.h"
#include "tests/unit/cmocka_all.h"

static struct cell integer(struct arena *a, size_t n, int64_t v)
{
    uint8_t *p = arena_alloc(a, n);
    for (size_t i = 0; i < n; i++)
        p[i] = (uint8_t)((uint64_t)v >> (8 * i));
    return (struct cell){.data = span_of(p, n)};
}

static void integers_of_every_width_add_up_to_their_limits(void **state)
{
    static const struct {
        uint8_t type;
        size_t n;
        bool is_unsigned;
        int64_t local, before, after, sum;
        bool fits;
    } cases[] = {
        {COLUMN_TINY,     1, false, 100,       5,         32,        127,           true },
        {COLUMN_TINY,     1, false, 100,       5,         33,        0,             false},
        {COLUMN_TINY,     1, false, -100,      40,        12,        -128,          true },
        {COLUMN_TINY,     1, false, -100,      40,        11,        0,             false},
        {COLUMN_TINY,     1, true,  200,       10,        65,        255,           true },
        {COLUMN_TINY,     1, true,  200,       10,        66,        0,             false},
        {COLUMN_TINY,     1, true,  10,        30,        20,        0,             true },
        {COLUMN_TINY,     1, true,  10,        30,        19,        0,             false},
        {COLUMN_SHORT,    2, false, -300,      1,         2,         -299,          true },
        {COLUMN_INT24,    3, false, 8388600,   0,         7,         8388607,       true },
        {COLUMN_INT24,    3, false, 8388600,   0,         8,         0,             false},
        {COLUMN_LONG,     4, false, -5,        -5,        5,         5,             true },
        {COLUMN_LONGLONG, 8, false, INT64_MAX, 1,         0,         INT64_MAX - 1, true },
        {COLUMN_LONGLONG, 8, false, INT64_MAX, 0,         1,         0,             false},
        {COLUMN_LONGLONG, 8, false, INT64_MIN, INT64_MIN, INT64_MAX, INT64_MAX,     true },
        {COLUMN_LONGLONG, 8, true,  -1,        0,         1,         0,             false}, /* the greatest of all */
        {COLUMN_LONGLONG, 8, true,  -1,        1,         0,         -2,            true },
    };
    struct arena a = {0};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct column c = {.type = cases[i].type, .is_unsigned = cases[i].is_unsigned};
        size_t n = cases[i].n;
        struct cell local = integer(&a, n, cases[i].local), before = integer(&a, n, cases[i].before),
                    after = integer(&a, n, cases[i].after), sum = integer(&a, n, cases[i].sum), out;
        assert_true(cell_can_add(&c));
        bool fits = cell_add(&out, &c, &local, &after, &before, &a);
        if (fits != cases[i].fits || (fits && !span_eq(out.data, sum.data)))
            fail_msg("case %zu", i);
    }
    arena_free(&a);
}

/* The packed form by its own rule, from the text with all its digits. */
static struct cell decimal(struct arena *a, const char *text, unsigned precision, unsigned scale)
{
    static const uint8_t sizes[10] = {0, 1, 1, 2, 2, 3, 3, 4, 4, 4};
    bool negative = *text == '-';
    char digits[70], *d = digits;
    const char *whole = text + negative + (precision == scale);
    for (size_t n = strcspn(whole, "."); n < precision - scale; n++)
        *d++ = '0';
    for (const char *p = whole; *p; p++)
        if (*p != '.')
            *d++ = *p;
    *d = '\0';
    assert_int_equal(strlen(digits), precision);
    uint8_t *bytes = arena_zalloc(a, decimal_size(precision, scale)), *b = bytes;
    for (unsigned i = 0, n; i < precision; i += n) {
        unsigned left = i < precision - scale ? precision - scale - i : precision - i;
        n = i < precision - scale ? (left % 9 ? left % 9 : 9) : (left < 9 ? left : 9);
        char group[10] = {0};
        memcpy(group, digits + i, n);
        uint32_t v = (uint32_t)strtoul(group, NULL, 10);
        for (unsigned k = sizes[n]; k > 0; k--)
            *b++ = (uint8_t)(v >> (8 * (k - 1)));
    }
    size_t size = decimal_size(precision, scale);
    bytes[0] ^= 0x80;
    for (size_t i = 0; negative && i < size; i++)
        bytes[i] = (uint8_t)~bytes[i];
    return (struct cell){.data = span_of(bytes, size)};
}

static void decimals_add_digit_by_digit(void **state)
{
    static const struct {
        unsigned precision, scale;
        const char *local, *before, *after, *sum; /* NULL: out of range */
    } cases[] = {
        {10, 2, "12.50",                 "1.25",        "2.00",         "13.25"                },
        {10, 2, "12.50",                 "20.00",       "1.00",         "-6.50"                },
        {10, 2, "-12.50",                "1.00",        "20.00",        "6.50"                 },
        {10, 2, "-0.01",                 "0.00",        "0.01",         "0.00"                 },
        {10, 2, "99999999.99",           "0.01",        "0.01",         "99999999.99"          },
        {10, 2, "99999999.99",           "0.00",        "0.01",         NULL                   },
        {10, 2, "-99999999.99",          "0.01",        "0.00",         NULL                   },
        {10, 2, "-99999999.99",          "99999999.99", "-99999999.99", NULL                   },
        {10, 2, "99999999.99",           "99999999.99", "0.00",         "0.00"                 },
        {5,  5, "0.12345",               "0.00001",     "0.00002",      "0.12346"              },
        {5,  5, "0.99999",               "0.00000",     "0.00001",      NULL                   },
        {5,  0, "99",                    "100",         "0",            "-1"                   },
        {20, 9, "12345678901.999999999", "0.000000000", "0.000000001",  "12345678902.000000000"},
        {30, 0, "999999999999999999",    "0",           "1",            "1000000000000000000"  },
    };
    struct arena a = {0};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        unsigned p = cases[i].precision, s = cases[i].scale;
        const struct column c = {.type = COLUMN_NEWDECIMAL, .meta = (uint16_t)(p << 8 | s)};
        struct cell local = decimal(&a, cases[i].local, p, s), before = decimal(&a, cases[i].before, p, s),
                    after = decimal(&a, cases[i].after, p, s), out;
        struct buf text = {0};
        assert_true(cell_can_add(&c));
        bool fits = cell_add(&out, &c, &local, &after, &before, &a);
        if (fits && !decimal_put_text(out.data, p, s, &text))
            fail_msg("case %zu: no value", i);
        if (fits != (cases[i].sum != NULL) || (fits && strcmp(buf_cstr(&text), cases[i].sum) != 0))
            fail_msg("case %zu: %s", i, fits ? buf_cstr(&text) : "out of range");
        buf_free(&text);
    }
    arena_free(&a);
}

static void null_is_nothing_to_add_to_and_text_no_number(void **state)
{
    (void)state;
    struct arena a = {0};
    const struct column number = {.type = COLUMN_LONG}, text = {.type = COLUMN_VARCHAR, .meta = 10},
                        real = {.type = COLUMN_DOUBLE, .meta = 8}, year = {.type = COLUMN_YEAR};
    struct cell one = integer(&a, 4, 1), none = {.null = true}, away = {.absent = true}, out;
    assert_false(cell_can_add(&text));
    assert_false(cell_can_add(&real));
    assert_false(cell_can_add(&year));
    assert_false(cell_add(&out, &number, &none, &one, &one, &a));
    assert_false(cell_add(&out, &number, &one, &none, &one, &a));
    assert_false(cell_add(&out, &number, &one, &one, &none, &a));
    assert_false(cell_add(&out, &number, &one, &away, NULL, &a));
    assert_true(cell_add(&out, &number, &one, &one, NULL, &a)); /* an insert adds from nothing */
    assert_int_equal(out.data.p[0], 2);
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integers_of_every_width_add_up_to_their_limits),
        cmocka_unit_test(decimals_add_digit_by_digit),
        cmocka_unit_test(null_is_nothing_to_add_to_and_text_no_number),
    };
    return cmocka_run_group_tests_name("add", tests, NULL, NULL);
}
