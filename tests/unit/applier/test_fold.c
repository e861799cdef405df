/* Folding: what the servers' collations take for one value has one form, or says that it may be any. */
#include "applier/fold.h"
#include "tests/unit/cmocka_all.h"

static bool form(struct buf *out, enum fold_rule rule, const char *text)
{
    buf_clear(out);
    return fold_put(out, rule, span_str(text));
}

/* -1: one of them may equal anything. */
static int same(enum fold_rule rule, const char *a, const char *b)
{
    struct buf x = {0}, y = {0};
    bool known = form(&x, rule, a) && form(&y, rule, b);
    int result = known ? span_eq(buf_span(&x), buf_span(&y)) : -1;
    buf_free(&x);
    buf_free(&y);
    return result;
}

static void what_collations_take_for_one_has_one_form(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {
        {"Bob",        "BOB"       },
        {"Bob",        "bob  "     },
        {"Müller",    "MULLER"    },
        {"Müller",    "mueller"   },
        {"Straße",    "STRASSE"   },
        {"Æther",     "aether"    },
        {"Ærø",      "Arö"      },
        {"œuvre",     "OEUVRE"    },
        {"île",       "JLE"       },
        {"win",        "vin"       },
        {"Łódź",    "lodz"      },
        {"a\tb",       "ab"        },
        {"Ёлка",   "елка"  },
        {"МОЙ",     "мои"    },
        {"ΣΟΦΟΣ", "σοφος"},
        {"",           "   "       },
    };
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
        assert_int_equal(same(FOLD_UTF8, pairs[i][0], pairs[i][1]), 1);
}

static void what_is_different_everywhere_mostly_stays_so(void **state)
{
    (void)state;
    assert_int_equal(same(FOLD_UTF8, "kunde-17", "kunde-18"), 0);
    assert_int_equal(same(FOLD_UTF8, "kunde-1", "kunde-11"), 0);
    assert_int_equal(same(FOLD_UTF8, "Bob", "Rob"), 0);
    assert_int_equal(same(FOLD_UTF8, "東京", "京東"), 0);
    assert_int_equal(same(FOLD_BINARY, "Bob", "BOB"), 0);
    assert_int_equal(same(FOLD_BINARY, "Bob", "Bob "), 1);
}

static void what_may_equal_anything_says_so(void **state)
{
    (void)state;
    static const char *const texts[] = {"e\u0301",    "\uff21",       "\u00bd", "\ufb01",
                                        "\U0001F600", "\u0e40\u0e01", "\u3042", "\u00fe"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        assert_int_equal(same(FOLD_UTF8, texts[i], "a"), -1);
    assert_int_equal(same(FOLD_ASCII, "\xe9", "e"), -1);
    assert_int_equal(same(FOLD_LATIN1, "M\xfcller", "mller"), 1);
    assert_int_equal(same(FOLD_LATIN1, "\x80", "a"), -1);
    assert_int_equal(same(FOLD_UTF8, "\xc3", "a"), -1); /* cut short */
}

static void bytes_lose_only_zeros_at_their_end(void **state)
{
    (void)state;
    struct buf out = {0};
    assert_true(fold_put(&out, FOLD_BYTES, span_of("a\0b\0\0", 5)));
    assert_int_equal(out.len, 3);
    buf_free(&out);
}

static void the_rule_follows_from_the_names(void **state)
{
    (void)state;
    static const struct {
        const char *charset;
        const char *collation;
        enum fold_rule rule;
    } rules[] = {
        {NULL,      NULL,                    FOLD_BYTES  },
        {"binary",  "binary",                FOLD_BYTES  },
        {"utf8mb4", "utf8mb4_bin",           FOLD_BINARY },
        {"ucs2",    "ucs2_bin",              FOLD_BINARY },
        {"utf8mb4", "utf8mb4_general_ci",    FOLD_UTF8   },
        {"utf8mb4", "utf8mb4_uca1400_ai_ci", FOLD_UTF8   },
        {"utf8mb3", "utf8_general_ci",       FOLD_UTF8   },
        {"utf8mb4", "utf8mb4_0900_as_cs",    FOLD_UTF8   },
        {"utf8mb4", "utf8mb4_hungarian_ci",  FOLD_UNKNOWN},
        {"utf8mb4", "utf8mb4_swedish_ci",    FOLD_UNKNOWN},
        {"utf8mb4", NULL,                    FOLD_UNKNOWN},
        {"latin1",  "latin1_swedish_ci",     FOLD_LATIN1 },
        {"ascii",   "ascii_general_ci",      FOLD_ASCII  },
        {"gbk",     "gbk_chinese_ci",        FOLD_UNKNOWN},
        {"utf16",   "utf16_general_ci",      FOLD_UNKNOWN},
    };
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++)
        assert_int_equal(fold_rule_of(rules[i].charset, rules[i].collation), rules[i].rule);
}

static void a_prefix_counts_characters(void **state)
{
    (void)state;
    struct span out;
    assert_true(fold_prefix(&out, FOLD_UTF8, span_str("äöü"), 2));
    assert_int_equal(out.n, 4);
    assert_true(fold_prefix(&out, FOLD_UTF8, span_str("äöü"), 5));
    assert_int_equal(out.n, 6);
    assert_true(fold_prefix(&out, FOLD_BYTES, span_str("abc"), 2));
    assert_int_equal(out.n, 2);
    assert_false(fold_prefix(&out, FOLD_ASCII, span_str("a\xe9zzz"), 3));
    assert_false(fold_prefix(&out, FOLD_BINARY, span_str("abcd"), 3));
    assert_true(fold_prefix(&out, FOLD_BINARY, span_str("abc"), 3));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_collations_take_for_one_has_one_form),
        cmocka_unit_test(what_is_different_everywhere_mostly_stays_so),
        cmocka_unit_test(what_may_equal_anything_says_so),
        cmocka_unit_test(bytes_lose_only_zeros_at_their_end),
        cmocka_unit_test(the_rule_follows_from_the_names),
        cmocka_unit_test(a_prefix_counts_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
