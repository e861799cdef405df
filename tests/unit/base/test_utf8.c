/* Telling UTF-8, JSON strings and printable text. */
#include "common/base/utf8.h"

#include <stdlib.h>
#include <string.h>

#include "tests/unit/cmocka_all.h"
#include "tests/unit/random.h"

static void only_well_formed_utf8_is_valid(void **state)
{
    (void)state;
    static const char *const good[] = {"",
                                       "plain",
                                       "\x7f",
                                       "\xc2\x80",
                                       "\xdf\xbf",
                                       "\xe0\xa0\x80",
                                       "\xed\x9f\xbf",
                                       "\xee\x80\x80",
                                       "\xef\xbf\xbf",
                                       "\xf0\x90\x80\x80",
                                       "\xf4\x8f\xbf\xbf"};
    static const char *const bad[] = {
        "\x80",         "\xc0\x80",         "\xc1\xbf",         "\xc2",     "\xc2\x61", "\xe0\x9f\xbf", "\xed\xa0\x80",
        "\xe1\x80",     "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80", "\xff",     "\xfe",         "a\xe2\x82",
        "\xf1\x80\x80", "\xe1\x80\xc0"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        assert_true(utf8_valid(span_str(good[i])));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(utf8_valid(span_str(bad[i])));
    assert_true(utf8_valid(span_of("a\0b", 3)));
}

static void assert_json(struct span in, const char *expected)
{
    struct buf out = {0};
    utf8_put_json(&out, in);
    assert_string_equal(buf_cstr(&out), expected);
    buf_free(&out);
}

static void json_strings_are_escaped(void **state)
{
    (void)state;
    assert_json(span_of("a\"\\/\b\f\n\r\t\x01\0z", 12), "a\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\\u0000z");
    assert_json(span_str("gr\xc3\xbc\xc3\x9f \xf0\x9f\x98\x80"), "gr\xc3\xbc\xc3\x9f \xf0\x9f\x98\x80");
    assert_json(span_str("x\xff\xc3y"), "x\xef\xbf\xbd\xef\xbf\xbdy");
}

static void assert_printable(struct span in, size_t max, const char *expected)
{
    struct buf out = {0};
    buf_put_str(&out, "> ");
    utf8_put_printable(&out, in, max);
    assert_string_equal(buf_cstr(&out) + 2, expected);
    buf_free(&out);
}

static void printable_text_holds_nothing_that_moves_a_cursor(void **state)
{
    (void)state;
    assert_printable(span_of("a\n\x1b[0m\xff\0\xc2\x9b\xc3\xbc", 12), 100,
                     "a\\x0a\\x1b[0m\\xff\\x00\\xc2\\x9b\xc3\xbc");
    assert_printable(span_str("12345"), 5, "12345");
    assert_printable(span_str("123456"), 5, "12...");
    assert_printable(span_str("12\xc3\xbc"
                              "4567"),
                     6, "12...");
    assert_printable(span_str("12\xc3\xbc"
                              "4567"),
                     7, "12\xc3\xbc...");
    assert_printable(span_str("12\n4567"), 8, "12...");
    assert_printable(span_str("123456"), 2, "..");
    assert_printable(span_str(""), 0, "");
}

static void any_bytes_become_bounded_valid_text(void **state)
{
    (void)state;
    struct random rnd = random_start("printable");
    for (int round = 0; round < 20000; round++) {
        uint8_t in[24];
        size_t n = (size_t)random_below(&rnd, sizeof in);
        for (size_t i = 0; i < n; i++)
            in[i] = (uint8_t)(random_below(&rnd, 3) ? random_u64(&rnd) | 0x80 : random_u64(&rnd));
        size_t max = (size_t)random_below(&rnd, 40);
        struct buf out = {0};
        utf8_put_printable(&out, span_of(in, n), max);
        assert_true(out.len <= max);
        assert_true(utf8_valid(buf_span(&out)));
        for (size_t i = 0; i < out.len; i++)
            assert_true(out.data[i] >= 0x20 && out.data[i] != 0x7f);
        buf_clear(&out);
        utf8_put_json(&out, span_of(in, n));
        assert_true(utf8_valid(buf_span(&out)));
        buf_free(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_well_formed_utf8_is_valid),
        cmocka_unit_test(json_strings_are_escaped),
        cmocka_unit_test(printable_text_holds_nothing_that_moves_a_cursor),
        cmocka_unit_test(any_bytes_become_bounded_valid_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
