/* JSON text to MySQL's binary form: as MySQL 9.7 wrote it, back to the same text, and what is refused. */
#include "common/model/json_text.h"

#include "common/model/json_binary.h"
#include "tests/unit/cmocka_all.h"
#include "tests/unit/model/cells.h"
#include "tests/unit/random.h"

static bool to_binary(struct buf *out, const char *text)
{
    const char *why = NULL;
    bool good = json_text_to_binary(span_str(text), out, &why);
    assert_int_equal(why == NULL, good);
    return good;
}

static void as_mysql_writes_it(void **state)
{
    (void)state;
    /* clang-format off */
    static const char *const samples[][2] = {
        {"0002008200120001001300010005010002140061620e006e000401000400000402000c2e000b32000b3a000b4200050080074a00074e00"
         "0752000956000a5e000a660003782279000000000000f8bf408cb5781daf1544000000000000f03fffff00007011010090eefeffffffff"
         "ff00000000ffffffffffffff7fffffffffffffffff",
         " {\"b\":[true,null,\tfalse,\"x\\\"y\",-1.5,1e20,1.0,-32768,65535,70000,-70000,4294967295,\n"
         "9223372036854775807,18446744073709551615],\"a\":0, \"a\":1}"},
        {"0200000400", "[ ]"},
        {"0000000400", "{}"},
        {"0c0173", "\"\\u0073\""},
        {"0400", "null"},
        {"057b00", "123"},
        {"020100230002070001001c000207000100150002070001000e0002070001000700050100", "[[[[[1]]]]]"},
        {"00010013000b0002000c0d00c3bc05f09f988001", "{\"\\u00fc\": \"\\ud83d\\ude00\\u0001\"}"},
        {"0b9a9999999999b93f", "0.1"},
        {"0b3e376cff90eef845", "1.2345678901234568e29"},
    };
    /* clang-format on */
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
        struct hex h;
        struct buf out = {0};
        struct span expected = hex_read(&h, samples[i][0]);
        assert_true(to_binary(&out, samples[i][1]));
        if (i > 0) { /* the first was not made of text: an integer in it stands in another form */
            assert_int_equal(out.len, expected.n);
            assert_memory_equal(out.data, expected.p, expected.n);
        }
        assert_true(json_binary_same(buf_span(&out), expected));
        buf_free(&out);
    }
}

static void decimals_that_mysql_printed_are_decimals_again(void **state)
{
    (void)state;
    static const struct {
        bool decimal;
        const char *text, *restored; /* NULL: the same */
    } cases[] = {
        {true,  "[1.50, -0.000001, 99999999999999999999999999999999999999999999999999999999999999999]", NULL   },
        {true,  "{\"a\": -123456789012345678.010}",                                                     NULL   },
        {true,  "18446744073709551616",                                                                 NULL   },
        {true,  "1.0000000000000000001",                                                                NULL   },
        {false, "[1.5, 1.0, -0.0, 0.1, 1e65, 5e-324, 1e15, 18446744073709551615, -7]",                  NULL   },
        {false, "1.00E2",                                                                               "100.0"},
        {false, "0.1234567890123456789012345678901",
         "0.12345678901234568"                                                                                 }, /* no DECIMAL has 31 digits behind the point */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct buf doc = {0}, typed = {0}, text = {0};
        assert_true(to_binary(&typed, cases[i].text));
        assert_true(json_printed_to_binary(span_str(cases[i].text), &doc, NULL));
        assert_true(json_binary_put_text(buf_span(&doc), &text));
        assert_string_equal(buf_cstr(&text), cases[i].restored ? cases[i].restored : cases[i].text);
        assert_int_equal(span_eq(buf_span(&doc), buf_span(&typed)), !cases[i].decimal);
        buf_free(&typed);
        buf_free(&doc);
        buf_free(&text);
    }
}

static void what_is_not_json_is_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",      " ",   "{",         "[1,]",  "{\"a\"}",   "{\"a\":}",    "{a:1}",        "01",       "-",
        "1.",    ".5",  "1e",        "1e+",   "tru",       "nul",         "\"",           "\"\\x\"",  "1 2",
        "[1 2]", "[1}", "{\"a\":1]", "1e400", "\"\\u12\"", "\"\\udc00\"", "\"\\ud800x\"", "\"\xff\"", "[\"a\",\"b\"",
        "+1",    "NaN", "'a'",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct buf out = {0};
        buf_put_str(&out, "kept");
        assert_false(to_binary(&out, texts[i]));
        assert_string_equal(buf_cstr(&out), "kept");
        buf_free(&out);
    }
}

static void nesting_is_bounded(void **state)
{
    (void)state;
    for (unsigned depth = 99; depth <= 102; depth++) {
        struct buf text = {0}, out = {0};
        for (unsigned i = 0; i < depth; i++)
            buf_put_u8(&text, '[');
        for (unsigned i = 0; i < depth; i++)
            buf_put_u8(&text, ']');
        assert_int_equal(to_binary(&out, buf_cstr(&text)), depth <= 100);
        buf_free(&text);
        buf_free(&out);
    }
}

static void numbers_keep_their_value(void **state)
{
    (void)state;
    static const char *const texts[][2] = {
        {"-0",                   "0"                    },
        {"32767",                "32767"                },
        {"32768",                "32768"                },
        {"-32769",               "-32769"               },
        {"2147483647",           "2147483647"           },
        {"2147483648",           "2147483648"           },
        {"-2147483648",          "-2147483648"          },
        {"4294967296",           "4294967296"           },
        {"-9223372036854775808", "-9223372036854775808" },
        {"-9223372036854775809", "-9.223372036854776e18"},
        {"18446744073709551616", "1.8446744073709552e19"},
        {"1.0",                  "1.0"                  },
        {"-0.0",                 "-0.0"                 },
        {"1E2",                  "100.0"                },
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct buf out = {0}, back = {0};
        assert_true(to_binary(&out, texts[i][0]));
        assert_true(json_binary_put_text(buf_span(&out), &back));
        assert_string_equal(buf_cstr(&back), texts[i][1]);
        buf_free(&out);
        buf_free(&back);
    }
}

static bool same(const char *a, const char *b)
{
    struct buf x = {0}, y = {0};
    assert_true(to_binary(&x, a) && to_binary(&y, b));
    bool equal = json_binary_same(buf_span(&x), buf_span(&y));
    assert_int_equal(json_binary_same(buf_span(&y), buf_span(&x)), equal);
    buf_free(&x);
    buf_free(&y);
    return equal;
}

static void documents_are_compared_by_what_they_say(void **state)
{
    (void)state;
    assert_true(same("{\"b\": 1, \"aa\": [1.5]}", "{\"aa\":[15e-1],\"b\":1}"));
    assert_true(same("1", "1.0"));
    assert_true(same("[true, \"e\"]", "[true,\"\\u0065\"]"));
    assert_false(same("9007199254740993", "9007199254740992"));
    assert_false(same("1", "\"1\""));
    assert_false(same("[1]", "[1, 1]"));
    assert_false(same("[1, 1]", "[11]"));
    assert_false(same("\"a\\\"1\"", "\"a\\\"2\""));
    assert_false(same("{\"a\": 1}", "{\"b\": 1}"));
    assert_false(same("null", "0"));
    assert_false(same("\"1.0\"", "\"1.00\""));
    /* Decimals, dates and bytes as the server shows them, read back, equal what they were. */
    struct hex h;
    struct buf text = {0}, back = {0};
    struct span doc =
        hex_read(&h, "0006006b002e0001002f000100300002003200030035000300380003000f3b000f45000f4f000f59000f5e00"
                     "0f61006474647462696e62697464656"
                     "30a080000000000feb8190b08e05ef84737ffffff0c0840e201fb7effb8190f"
                     "0300ff100f0105f6080c037ffffff3fea6");
    assert_true(json_binary_put_text(doc, &text));
    assert_true(to_binary(&back, buf_cstr(&text)));
    assert_true(json_binary_same(doc, buf_span(&back)));
    buf_free(&text);
    buf_free(&back);
    /* A malformed document equals itself only. */
    assert_true(json_binary_same(span_of("\x05", 1), span_of("\x05", 1)));
    assert_false(json_binary_same(span_of("\x05", 1), span_of("\x06", 1)));
}

static void put_random(struct buf *out, struct random *rnd, unsigned depth)
{
    unsigned kind = (unsigned)random_below(rnd, depth > 5 ? 4 : 6);
    if (kind == 0) {
        buf_put_str(out, random_below(rnd, 2) ? "true" : "null");
    } else if (kind == 1) {
        buf_printf(out, "%lld", (long long)random_u64(rnd) >> random_below(rnd, 64));
    } else if (kind == 2) {
        buf_printf(out, "%.*e", (int)random_below(rnd, 16), (double)random_u64(rnd) / 7.0);
    } else if (kind == 3) {
        buf_printf(out, "\"%0*d \\u00e9\\n\"", (int)random_below(rnd, 200) + 1, 0);
    } else {
        bool object = kind == 5;
        buf_put_u8(out, object ? '{' : '[');
        for (unsigned i = 0, n = (unsigned)random_below(rnd, 9); i < n; i++) {
            buf_put_str(out, i ? ", " : "");
            if (object)
                buf_printf(out, "\"%0*u\": ", (int)random_below(rnd, 4) + 1, (unsigned)random_below(rnd, 20));
            put_random(out, rnd, depth + 1);
        }
        buf_put_u8(out, object ? '}' : ']');
    }
}

/* Text, binary, text, binary: from the first binary on nothing changes. */
static void random_documents_come_back(void **state)
{
    (void)state;
    struct random rnd = random_start("json_text");
    for (int i = 0; i < 500; i++) {
        struct buf text = {0}, first = {0}, shown = {0}, second = {0};
        put_random(&text, &rnd, 0);
        assert_true(to_binary(&first, buf_cstr(&text)));
        assert_true(json_binary_put_text(buf_span(&first), &shown));
        assert_true(to_binary(&second, buf_cstr(&shown)));
        assert_true(json_binary_same(buf_span(&first), buf_span(&second)));
        buf_free(&text);
        buf_free(&first);
        buf_free(&shown);
        buf_free(&second);
    }
}

static bool normal_is(const char *text, const char *normal)
{
    struct buf out = {0};
    bool good = json_text_put_normal(span_str(text), &out);
    bool same = good ? strcmp(buf_cstr(&out), normal) == 0 : normal[0] == '\0' && out.len == 0;
    buf_free(&out);
    return same;
}

static void texts_have_one_form(void **state)
{
    (void)state;
    assert_true(normal_is(" { \"bb\" : [1.50,2 ],\"a\": \"x  \\\" 1.0\", \"a\": null}", "{\"a\":null,\"bb\":[1.5,2]}"));
    assert_true(normal_is("[\"x  \\\" 1.0\"]", "[\"x  \\\" 1.0\"]"));
    assert_true(normal_is("[1e2, 100.0, 100, -0, -0.0, 0]", "[100,100,100,0,0,0]"));
    assert_true(normal_is("18446744073709551615", "18446744073709551615"));
    assert_true(normal_is("\"\\u00e4\"", "\"\xc3\xa4\""));
    assert_true(normal_is("{a}", ""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_have_one_form),
        cmocka_unit_test(as_mysql_writes_it),
        cmocka_unit_test(decimals_that_mysql_printed_are_decimals_again),
        cmocka_unit_test(what_is_not_json_is_refused),
        cmocka_unit_test(nesting_is_bounded),
        cmocka_unit_test(numbers_keep_their_value),
        cmocka_unit_test(documents_are_compared_by_what_they_say),
        cmocka_unit_test(random_documents_come_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
