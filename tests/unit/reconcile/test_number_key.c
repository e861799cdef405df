/* Ranges of whole numbers, cut by arithmetic: no number is in two parts or in none, at the ends of the types too. */
#include "reconcile/number_key.h"

#include "tests/unit/cmocka_all.h"

static struct number_key made(bool is_unsigned)
{
    struct column c = {.type = COLUMN_LONGLONG, .is_unsigned = is_unsigned};
    struct plan_column key = {
        .of = {{.c = &c, .class = VALUE_INTEGER}, {.c = &c, .class = VALUE_INTEGER}}
    };
    const struct plan plan = {.key = &key, .key_count = 1};
    struct number_key k;
    number_key_make(&k, &plan);
    assert_true(k.usable);
    return k;
}

static void only_one_whole_number_is_usable(void **state)
{
    (void)state;
    struct column a = {.type = COLUMN_LONG}, b = {.type = COLUMN_LONGLONG, .is_unsigned = true};
    struct plan_column key[2] = {
        {.of = {{.c = &a, .class = VALUE_INTEGER}, {.c = &a, .class = VALUE_INTEGER}}},
        {.of = {{.c = &a, .class = VALUE_INTEGER}, {.c = &a, .class = VALUE_INTEGER}}},
    };
    struct plan plan = {.key = key, .key_count = 2};
    struct number_key k;
    struct plan_range cut[2];
    struct span end = {0}, low = span_str("1");
    const struct plan_range r = {&low, &low};
    number_key_make(&k, &plan);
    assert_false(k.usable);
    assert_int_equal(number_key_cut(&k, cut, &r, 2, NULL), 1);
    assert_false(number_key_upper(&k, &end, &low, 10, NULL));
    plan.key_count = 1;
    number_key_make(&k, &plan);
    assert_true(k.usable);
    key[0].of[1].c = &b; /* the sides order them alike, but the numbers are not the same range */
    number_key_make(&k, &plan);
    assert_false(k.usable);
    key[0].of[1] = (struct value){.c = &a, .class = VALUE_DECIMAL};
    number_key_make(&k, &plan);
    assert_false(k.usable);
}

/* The ends of a range's parts, as one text. */
static const char *cut_of(const struct number_key *k, const char *lower, const char *upper, size_t most,
                          struct buf *text)
{
    struct plan_range parts[16];
    struct arena a = {0};
    struct span low = span_str(lower), high = span_str(upper ? upper : "");
    const struct plan_range r = {&low, upper ? &high : NULL};
    size_t n = number_key_cut(k, parts, &r, most, &a);
    buf_clear(text);
    for (size_t i = 0; i < n; i++) {
        buf_put_span(text, *parts[i].lower);
        buf_put_str(text, " ");
        assert_ptr_equal(parts[i].lower, i == 0 ? &low : parts[i - 1].upper);
    }
    buf_put_str(text, upper ? upper : "on");
    assert_ptr_equal(parts[n - 1].upper, r.upper);
    arena_free(&a);
    return buf_cstr(text);
}

static void parts_are_adjacent(void **state)
{
    (void)state;
    const struct number_key s = made(false), u = made(true);
    struct buf text = {0};
    assert_string_equal(cut_of(&s, "0", "100", 4, &text), "0 25 50 75 100");
    assert_string_equal(cut_of(&s, "-5", "5", 3, &text), "-5 -1 3 5");
    assert_string_equal(cut_of(&s, "7", "8", 16, &text), "7 8");
    assert_string_equal(cut_of(&s, "7", "10", 16, &text), "7 8 9 10");
    assert_string_equal(cut_of(&s, "7", "1000", 1, &text), "7 1000");
    struct number_key walked = s;
    number_key_reach(&walked, span_str("100"));
    assert_string_equal(cut_of(&walked, "0", NULL, 4, &text), "0 25 50 75 on");
    assert_string_equal(cut_of(&walked, "100", NULL, 4, &text), "100 on");
    assert_string_equal(cut_of(&walked, "101", NULL, 4, &text), "101 on");
    assert_string_equal(cut_of(&s, "-9223372036854775808", "9223372036854775807", 2, &text),
                        "-9223372036854775808 0 9223372036854775807");
    assert_string_equal(cut_of(&u, "0", "18446744073709551615", 3, &text),
                        "0 6148914691236517205 12297829382473034410 18446744073709551615");
    assert_string_equal(cut_of(&u, "18446744073709551605", "18446744073709551615", 4, &text),
                        "18446744073709551605 18446744073709551608 18446744073709551611 18446744073709551614 "
                        "18446744073709551615");
    buf_free(&text);
}

static void learn(struct number_key *k, const char *lower, const char *upper, uint64_t rows)
{
    struct span low = span_str(lower), high = span_str(upper);
    const struct plan_range r = {&low, &high};
    number_key_learn(k, &r, rows);
}

static const char *upper_of(const struct number_key *k, const char *lower, uint64_t rows, struct buf *text)
{
    struct arena a = {0};
    struct span low = span_str(lower), end = {0};
    buf_clear(text);
    if (number_key_upper(k, &end, &low, rows, &a))
        buf_put_span(text, end);
    else
        buf_put_str(text, "ask");
    arena_free(&a);
    return buf_cstr(text);
}

static void dense_numbers_tell_the_next_end(void **state)
{
    (void)state;
    struct number_key k = made(false);
    struct buf text = {0};
    number_key_reach(&k, span_str("99"));
    number_key_reach(&k, span_str("1000000"));
    number_key_reach(&k, span_str("-7"));
    assert_string_equal(upper_of(&k, "0", 500, &text), "ask"); /* nothing is known yet */
    learn(&k, "-1000", "0", 1000);
    assert_string_equal(upper_of(&k, "0", 500, &text), "500");
    learn(&k, "-1000", "0", 400);
    assert_string_equal(upper_of(&k, "-100", 500, &text), "1150");
    learn(&k, "-1000", "0", 250); /* too sparse: what comes may hold four times as much */
    assert_string_equal(upper_of(&k, "0", 500, &text), "ask");
    learn(&k, "0", "1000", 1000);
    assert_string_equal(upper_of(&k, "999499", 500, &text), "999999");
    assert_string_equal(upper_of(&k, "999500", 500, &text), "ask"); /* how the table ends is for the server to say */
    assert_string_equal(upper_of(&k, "1000001", 500, &text), "ask");
    learn(&k, "0", "1000", 0);
    assert_string_equal(upper_of(&k, "0", 500, &text), "ask");
    const struct plan_range open = {NULL, NULL};
    learn(&k, "0", "1000", 1000);
    number_key_learn(&k, &open, 1);
    assert_string_equal(upper_of(&k, "0", 500, &text), "500");
    buf_free(&text);
}

static void the_ends_of_the_type_do_not_wrap(void **state)
{
    (void)state;
    struct number_key k = made(true);
    struct buf text = {0};
    number_key_reach(&k, span_str("18446744073709551615"));
    learn(&k, "0", "60000", 20000);
    assert_string_equal(upper_of(&k, "18446744073709551600", 60000, &text), "ask");
    assert_string_equal(upper_of(&k, "18446744073709000000", 60000, &text), "18446744073709180000");
    buf_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_one_whole_number_is_usable),
        cmocka_unit_test(parts_are_adjacent),
        cmocka_unit_test(dense_numbers_tell_the_next_end),
        cmocka_unit_test(the_ends_of_the_type_do_not_wrap),
    };
    return cmocka_run_group_tests_name("number_key", tests, NULL, NULL);
}
