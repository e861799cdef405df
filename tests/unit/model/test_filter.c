/* The pair's table filter: patterns, what they match, and what is said about malformed ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/model/filter.h"

static void add(struct filter *f, bool include, const char *pattern)
{
    struct err err = {0};
    if (filter_add(f, include, pattern, &err))
        fail_msg("%s: %s", pattern, err.text);
}

static bool match(const struct filter *f, const char *db, const char *table)
{
    return filter_match(f, span_str(db), span_str(table));
}

static void zeroed_matches_nothing(void **state)
{
    (void)state;
    struct filter f = {0};
    assert_false(match(&f, "shop", "t"));
    assert_false(filter_match_db(&f, span_str("shop")));
    filter_free(&f);
}

static void one_pattern(void **state)
{
    (void)state;
    static const struct {
        const char *pattern;
        const char *db;
        const char *table;
        bool want;
    } cases[] = {
        {"shop.orders",    "shop",               "orders",                           true },
        {"shop.orders",    "shop",               "orders2",                          false},
        {"shop.orders",    "shop",               "order",                            false},
        {"shop.orders",    "Shop",               "orders",                           false},
        {"shop.orders",    "shop",               "ORDERS",                           false},
        {"shop.*",         "shop",               "anything",                         true },
        {"shop.*",         "shop",               "with.dot",                         true },
        {"shop.*",         "shop2",              "t",                                false},
        {"*.*",            "a",                  "b",                                true },
        {"*.*",            "mysql",              "user",                             false},
        {"*.*",            "drc",                "ledger",                           false},
        {"*.*",            "sys",                "x",                                false},
        {"*.*",            "information_schema", "x",                                false},
        {"*.*",            "performance_schema", "x",                                false},
        {"m*.*",           "mysql",              "user",                             false},
        {"m*.*",           "mine",               "user",                             true },
        {"shop_?.t",       "shop_1",             "t",                                true },
        {"shop_?.t",       "shop_",              "t",                                false},
        {"shop_?.t",       "shop_12",            "t",                                false},
        {"a.?",            "a",                  "\xc3\xa9",                         true }, /* one character of two bytes */
        {"a.??",           "a",                  "\xc3\xa9",                         false},
        {"a.*x",           "a",                  "xxyx",                             true },
        {"a.*x",           "a",                  "xxy",                              false},
        {"a.*ab*ab",       "a",                  "abab",                             true },
        {"a.*ab*ab",       "a",                  "aab",                              false},
        {"a.*ab?",         "a",                  "ababab\xc3\xa9",                   true },
        {"a.t**",          "a",                  "t",                                true },
        {"a.*a*a*a*a*a*b", "a",                  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false},
        {"`my.db`.t",      "my.db",              "t",                                true },
        {"`my.db`.`a``b`", "my.db",              "a`b",                              true },
        {"`a*`.t",         "a*",                 "t",                                true },
        {"`a*`.t",         "ab",                 "t",                                false},
        {"a.`x?`",         "a",                  "xy",                               false},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct filter f = {0};
        add(&f, true, cases[i].pattern);
        if (match(&f, cases[i].db, cases[i].table) != cases[i].want)
            fail_msg("%s and %s.%s", cases[i].pattern, cases[i].db, cases[i].table);
        filter_free(&f);
    }
}

static void exclude_wins(void **state)
{
    (void)state;
    struct filter f = {0};
    add(&f, true, "shop.*");
    add(&f, true, "crm.*");
    add(&f, false, "shop.tmp_*");
    add(&f, false, "crm.*");
    add(&f, false, "mysql.*");
    assert_true(match(&f, "shop", "orders"));
    assert_false(match(&f, "shop", "tmp_1"));
    assert_false(match(&f, "crm", "people"));
    assert_true(filter_match_db(&f, span_str("shop")));
    assert_false(filter_match_db(&f, span_str("crm")));
    assert_false(filter_match_db(&f, span_str("other")));
    assert_false(filter_match_db(&f, span_str("mysql")));
    filter_free(&f);
    assert_false(match(&f, "shop", "orders"));
}

static void malformed_patterns(void **state)
{
    (void)state;
    static const struct {
        const char *pattern;
        const char *says;
    } cases[] = {
        {"shop",    "\"shop.*\""},
        {"*",       "\"*.*\""   },
        {"",        "db.table"  },
        {".",       "db.table"  },
        {"a.",      "db.table"  },
        {".t",      "db.table"  },
        {"a.b.c",   "db.table"  },
        {"`a.b",    "db.table"  },
        {"``.t",    "db.table"  },
        {"a.`b`c",  "db.table"  },
        {"a`b`.c",  "db.table"  },
        {"`a`b.c",  "db.table"  },
        {"mysql.*", "never"     },
        {"drc.*",   "never"     },
        {"`sys`.x", "never"     },
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct filter f = {0};
        struct err err = {0};
        assert_int_equal(filter_add(&f, true, cases[i].pattern, &err), -1);
        assert_int_equal(err.class, ERR_FATAL);
        assert_int_equal(err.exit_code, EXIT_BAD_CONFIG);
        if (!strstr(err.text, cases[i].says))
            fail_msg("%s: %s", cases[i].pattern, err.text);
        assert_int_equal(f.include_count, 0);
        filter_free(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(zeroed_matches_nothing),
        cmocka_unit_test(one_pattern),
        cmocka_unit_test(exclude_wins),
        cmocka_unit_test(malformed_patterns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
