/* Text that comes from anywhere is text on the page, and nothing else. */
#include "common/base/html.h"
#include "tests/unit/cmocka_all.h"
#include "tests/unit/random.h"

static void put(struct buf *out, const char *bytes, size_t n)
{
    buf_clear(out);
    html_put_text(out, span_of(bytes, n));
}

static void markup_becomes_entities(void **state)
{
    (void)state;
    struct buf out = {0};
    put(&out, "</script><b a=\"x\" b='y'>&amp;", 29);
    assert_string_equal(buf_cstr(&out), "&lt;/script&gt;&lt;b a=&quot;x&quot; b=&#39;y&#39;&gt;&amp;amp;");
    put(&out, "a\nb\tc", 5);
    assert_string_equal(buf_cstr(&out), "a\nb\tc");
    buf_free(&out);
}

static void what_is_no_text_is_replaced(void **state)
{
    (void)state;
    struct buf out = {0};
    put(&out, "a\0b\x1b\x7f", 5);
    assert_string_equal(buf_cstr(&out), "a\xef\xbf\xbd"
                                        "b\xef\xbf\xbd\xef\xbf\xbd");
    put(&out, "\xff<\xc3", 3);
    assert_string_equal(buf_cstr(&out), "\xef\xbf\xbd&lt;\xef\xbf\xbd");
    put(&out, "\xc2\x9b\xc3\xa4", 4); /* a control character of C1; ä */
    assert_string_equal(buf_cstr(&out), "\xef\xbf\xbd\xc3\xa4");
    buf_free(&out);
}

static void long_text_is_cut_between_characters(void **state)
{
    (void)state;
    struct buf out = {0};
    html_put_cut(&out, span_str("a\xc3\xa4z"), 2);
    assert_string_equal(buf_cstr(&out), "a\xe2\x80\xa6");
    buf_clear(&out);
    html_put_cut(&out, span_str("a\xc3\xa4z"), 4);
    assert_string_equal(buf_cstr(&out), "a\xc3\xa4z");
    buf_free(&out);
}

static void no_bytes_make_markup(void **state)
{
    (void)state;
    struct random r = random_start("html");
    struct buf out = {0};
    for (int round = 0; round < 20000; round++) {
        char bytes[24];
        size_t n = random_below(&r, sizeof bytes);
        for (size_t i = 0; i < n; i++)
            bytes[i] = "<>\"'&\xc3\xe2\x80/a"[random_below(&r, 10)];
        put(&out, bytes, n);
        for (const char *p = buf_cstr(&out); *p; p++) {
            assert_true(*p != '<' && *p != '>' && *p != '"' && *p != '\'');
            if (*p == '&')
                assert_non_null(strchr(p, ';'));
        }
    }
    buf_free(&out);
}

static void numbers_have_thousands(void **state)
{
    (void)state;
    const struct {
        uint64_t n;
        const char *text;
    } cases[] = {
        {0,          "0"                         },
        {999,        "999"                       },
        {1000,       "1,000"                     },
        {1234567,    "1,234,567"                 },
        {UINT64_MAX, "18,446,744,073,709,551,615"}
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buf out = {0};
        html_put_number(&out, cases[i].n);
        assert_string_equal(buf_cstr(&out), cases[i].text);
        buf_free(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(markup_becomes_entities),
        cmocka_unit_test(what_is_no_text_is_replaced),
        cmocka_unit_test(long_text_is_cut_between_characters),
        cmocka_unit_test(no_bytes_make_markup),
        cmocka_unit_test(numbers_have_thousands),
    };
    return cmocka_run_group_tests_name("html", tests, NULL, NULL);
}
