/* What drcctl events selects: GTIDs, times, tables, each as a table of cases. */
#include "ctl/events_charset.h"
#include "ctl/events_filter.h"
#include "tests/unit/cmocka_all.h"

#define UUID "3e11fa47-71ca-11e1-9e33-c80aa9429562"
#define OTHER "3e11fa47-71ca-11e1-9e33-c80aa9429563"

static bool takes(const char *gtids, enum flavor flavor, const char *text)
{
    struct events_filter f = {0};
    struct gtid g;
    struct err err = {0};
    assert_int_equal(gtid_parse(&g, flavor, span_str(text), &err), 0);
    if (events_filter_add_gtids(&f, gtids, &err))
        fail_msg("%s", err.text);
    bool taken = events_filter_takes(&f, &g, 1);
    events_filter_free(&f);
    return taken;
}

static void gtids_are_ranges_and_sets(void **state)
{
    (void)state;
    static const struct {
        const char *gtids;
        const char *gtid;
        enum flavor flavor;
        bool taken;
    } cases[] = {
        {"0-1-100",               "0-1-100",                  FLAVOR_MARIADB, true },
        {"0-1-100",               "0-1-101",                  FLAVOR_MARIADB, false},
        {"0-1-100",               "1-1-100",                  FLAVOR_MARIADB, false},
        {"0-1-100",               "0-2-100",                  FLAVOR_MARIADB, false},
        {"0-1-100..102",          "0-1-100",                  FLAVOR_MARIADB, true },
        {"0-1-100..102",          "0-1-102",                  FLAVOR_MARIADB, true },
        {"0-1-100..102",          "0-1-99",                   FLAVOR_MARIADB, false},
        {"0-1-100..102",          "0-1-103",                  FLAVOR_MARIADB, false},
        {"0-1-100..",             "0-1-18446744073709551615", FLAVOR_MARIADB, true },
        {"0-1-100..",             "0-1-99",                   FLAVOR_MARIADB, false},
        {"0-*-5..6",              "0-77-6",                   FLAVOR_MARIADB, true },
        {"0-*-5",                 "0-77-6",                   FLAVOR_MARIADB, false},
        {"1-1-1, 0-1-2..3",       "0-1-3",                    FLAVOR_MARIADB, true },
        {"1-1-1..,0-1-2",         "1-1-9",                    FLAVOR_MARIADB, true },
        {"0-1-1..",               UUID ":1",                  FLAVOR_MYSQL,   false},
        {UUID ":1-5:9",           UUID ":5",                  FLAVOR_MYSQL,   true },
        {UUID ":1-5:9",           UUID ":6",                  FLAVOR_MYSQL,   false},
        {UUID ":1-5:9",           UUID ":9",                  FLAVOR_MYSQL,   true },
        {UUID ":1-5," OTHER ":6", OTHER ":6",                 FLAVOR_MYSQL,   true },
        {UUID ":1-5",             OTHER ":1",                 FLAVOR_MYSQL,   false},
        {UUID ":blue:1-5",        UUID ":blue:3",             FLAVOR_MYSQL,   true },
        {UUID ":blue:1-5",        UUID ":3",                  FLAVOR_MYSQL,   false},
        {UUID ":1-5",             "0-1-1",                    FLAVOR_MARIADB, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (takes(cases[i].gtids, cases[i].flavor, cases[i].gtid) != cases[i].taken)
            fail_msg("--gtid %s and %s", cases[i].gtids, cases[i].gtid);
}

static void other_gtids_are_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",          "0-1",    "0-1-1-1",        "0-1-5..4",    "0-1-5...6", "0-1-5.6", "*-1-5",
        "0-1-*",     "0-1-1,", "4294967296-1-1", "0-1-1 0-1-2", UUID,        UUID ":",  UUID ":0",
        UUID ":1,x", ":1",     "0-1-1,0-1-2..1"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct events_filter f = {0};
        struct err err = {0};
        if (events_filter_add_gtids(&f, texts[i], &err) == 0)
            fail_msg("'%s' is taken for GTIDs", texts[i]);
        assert_int_equal(err.exit_code, EXIT_BAD_USAGE);
        events_filter_free(&f);
    }
}

static void one_filter_has_one_flavour(void **state)
{
    (void)state;
    struct events_filter f = {0};
    struct err err = {0};
    assert_int_equal(events_filter_add_gtids(&f, "0-1-1", &err), 0);
    assert_int_equal(events_filter_add_gtids(&f, "1-1-1", &err), 0);
    assert_int_equal(events_filter_add_gtids(&f, UUID ":1", &err), -1);
    events_filter_free(&f);
    assert_int_equal(events_filter_add_gtids(&f, UUID ":1", &err), 0);
    assert_int_equal(events_filter_add_gtids(&f, "0-1-1", &err), -1);
    events_filter_free(&f);
}

static void times_are_half_open(void **state)
{
    (void)state;
    struct events_filter f = {.since_us = 10, .until_us = 20};
    struct gtid g = {0};
    assert_false(events_filter_takes(&f, &g, 9));
    assert_true(events_filter_takes(&f, &g, 10));
    assert_true(events_filter_takes(&f, &g, 19));
    assert_false(events_filter_takes(&f, &g, 20));
    f.until_us = 0;
    assert_true(events_filter_takes_time(&f, UINT64_MAX));
}

static bool takes_ddl(const char *pattern, const char *db, const char *in, const char *table)
{
    struct events_filter f = {0};
    struct err err = {0};
    struct ddl_table named = {span_str(in), span_str(table)};
    struct ddl d = {.db = span_str(db), .tables = &named, .table_count = 1};
    assert_int_equal(events_filter_add_table(&f, pattern, &err), 0);
    bool taken = events_filter_takes_ddl(&f, &d);
    events_filter_free(&f);
    return taken;
}

static void tables_are_patterns(void **state)
{
    (void)state;
    struct events_filter f = {0};
    struct err err = {0};
    struct ddl nothing = {0};
    assert_true(events_filter_takes_table(&f, span_str("any"), span_str("thing")));
    assert_true(events_filter_takes_ddl(&f, &nothing));
    assert_int_equal(events_filter_add_table(&f, "shop.*", &err), 0);
    assert_int_equal(events_filter_add_table(&f, "drc.ledger", &err), 0); /* may be looked at */
    assert_true(events_filter_by_table(&f));
    assert_true(events_filter_takes_table(&f, span_str("shop"), span_str("a")));
    assert_true(events_filter_takes_table(&f, span_str("drc"), span_str("ledger")));
    assert_false(events_filter_takes_table(&f, span_str("drc"), span_str("meta")));
    assert_false(events_filter_takes_ddl(&f, &nothing));
    assert_int_equal(events_filter_add_table(&f, "shop", &err), -1);
    assert_int_equal(err.exit_code, EXIT_BAD_USAGE);
    events_filter_free(&f);
    assert_true(takes_ddl("shop.a", "shop", "", "a"));
    assert_true(takes_ddl("shop.a", "else", "shop", "a"));
    assert_false(takes_ddl("shop.a", "else", "", "a"));
    assert_false(takes_ddl("shop.a", "shop", "", "b"));
    assert_true(takes_ddl("shop.a", "", "shop", "")); /* DROP DATABASE shop */
    assert_false(takes_ddl("shop.a", "", "else", ""));
}

static void texts_become_utf8(void **state)
{
    (void)state;
    static const struct {
        unsigned collation;
        const char *bytes;
        const char *text; /* NULL: none */
    } cases[] = {
        {8,   "gr\xfc\xdf",       "grüß"},
        {8,   "",                 ""      },
        {51,  "\xcf\xf0",         "Пр"  },
        {28,  "\xc4\xe3",         "你"   },
        {35,  "\x04\x1f\x04\x40", "Пр"  },
        {54,  "\xd8\x3d\xde\x01", "😁"  },
        {28,  "\xc4",             NULL    },
        {63,  "bytes",            NULL    },
        {999, "unknown",          NULL    },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buf out = {0};
        bool good = events_charset_to_utf8(&out, span_str(cases[i].bytes), cases[i].collation);
        assert_int_equal(good, cases[i].text != NULL);
        assert_string_equal(buf_cstr(&out), good ? cases[i].text : "");
        buf_free(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gtids_are_ranges_and_sets),  cmocka_unit_test(other_gtids_are_refused),
        cmocka_unit_test(one_filter_has_one_flavour), cmocka_unit_test(times_are_half_open),
        cmocka_unit_test(tables_are_patterns),        cmocka_unit_test(texts_become_utf8),
    };
    return cmocka_run_group_tests_name("events_filter", tests, NULL, NULL);
}
