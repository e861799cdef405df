/* What a link does about each statement, and how it is told from definitions what a statement did. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "common/model/ddl_plan.h"

#define UTF8MB4 45
#define LATIN1 8

struct kit {
    struct filter tables;
    struct arena arena;
};

static int set_up(void **state)
{
    struct kit *k = calloc(1, sizeof *k);
    struct err err;
    assert_non_null(k);
    assert_int_equal(filter_add(&k->tables, true, "shop.*", &err), 0);
    assert_int_equal(filter_add(&k->tables, false, "shop._*", &err), 0);
    *state = k;
    return 0;
}

static int tear_down(void **state)
{
    struct kit *k = *state;
    filter_free(&k->tables);
    arena_free(&k->arena);
    free(k);
    return 0;
}

static struct ddl_plan plan_of(struct kit *k, const char *text, enum ddl_policy policy)
{
    struct ddl_plan p;
    const struct ddl d = {.db = span_str("shop"), .text = span_str(text), .charset_client = UTF8MB4};
    ddl_plan_make(&p, &d, FLAVOR_MARIADB, FLAVOR_MARIADB, &k->tables, policy, &k->arena);
    return p;
}

static const char *action_name(enum ddl_action a)
{
    static const char *const names[] = {
        [DDL_ACT_PASS] = "pass", [DDL_ACT_JOURNAL] = "journal", [DDL_ACT_WAIT] = "wait", [DDL_ACT_RUN] = "run"};
    return names[a];
}

/* Tables of the pair are shop.*, but for shop._*. Sign: n none, g gone, e empty, m moved, t there, b no database. */
static const struct {
    const char *text;
    const char *pause;
    const char *apply;
    const char *ignore;
    char sign; /* of the waiting */
} cases[] = {
    {"CREATE TABLE item (id INT)",                                            "pass", "run",  "journal", 't'},
    {"CREATE TABLE shop.item LIKE shop.other",                                "pass", "run",  "journal", 't'},
    {"CREATE TABLE shop.item LIKE archive.item",                              "pass", "wait", "journal", 't'},
    {"CREATE TABLE shop._item_gho LIKE shop.item",                            "pass", "pass", "pass",    0  },
    {"CREATE TABLE shop.item SELECT * FROM shop.other",                       "pass", "wait", "journal", 't'},
    {"CREATE TABLE item (a INT COMMENT 'SELECT')",                            "pass", "run",  "journal", 't'},
    {"CREATE OR REPLACE TABLE item (a INT)",                                  "wait", "run",  "journal", 'n'},
    {"CREATE TABLE archive.item (a INT)",                                     "pass", "pass", "pass",    0  },
    {"ALTER TABLE item ADD a INT",                                            "pass", "run",  "journal", 'n'},
    {"CREATE INDEX i ON item (a)",                                            "pass", "run",  "journal", 'n'},
    {"ALTER TABLE item DROP PARTITION p1",                                    "wait", "run",  "journal", 'n'},
    {"ALTER TABLE item TRUNCATE PARTITION p1",                                "wait", "run",  "journal", 'n'},
    {"ALTER TABLE item EXCHANGE PARTITION p WITH TABLE shop.b",               "wait", "run",  "journal", 'n'},
    {"ALTER TABLE item EXCHANGE PARTITION p WITH TABLE archive.b",            "wait", "wait", "journal", 'n'},
    {"ALTER TABLE item DISCARD TABLESPACE",                                   "wait", "wait", "journal", 'n'},
    {"ALTER TABLE item RENAME TO thing",                                      "wait", "run",  "journal", 'm'},
    {"RENAME TABLE item TO thing",                                            "wait", "run",  "journal", 'm'},
    {"RENAME TABLE item TO archive.item",                                     "wait", "wait", "journal", 'm'},
    {"RENAME TABLE archive.item TO item",                                     "wait", "wait", "journal", 'n'},
    {"RENAME TABLE shop.item TO shop._item_del, shop._item_gho TO shop.item", "wait", "wait", "journal", 'n'},
    {"RENAME TABLE archive.a TO archive.b",                                   "pass", "pass", "pass",    0  },
    {"DROP TABLE IF EXISTS item, shop.other",                                 "wait", "run",  "journal", 'g'},
    {"DROP TABLE item, archive.item",                                         "wait", "wait", "journal", 'g'},
    {"DROP TABLE shop._item_del",                                             "pass", "pass", "pass",    0  },
    {"TRUNCATE item",                                                         "wait", "run",  "journal", 'e'},
    {"CREATE DATABASE shop",                                                  "pass", "run",  "journal", 't'},
    {"ALTER DATABASE COLLATE utf8mb4_bin",                                    "pass", "run",  "journal", 'n'},
    {"DROP DATABASE shop",                                                    "wait", "run",  "journal", 'b'},
    {"DROP DATABASE archive",                                                 "pass", "pass", "pass",    0  },
    {"CREATE TRIGGER t BEFORE INSERT ON item FOR EACH ROW SET NEW.a = 1",     "pass", "pass", "pass",    0  },
    {"CREATE VIEW v AS SELECT 1",                                             "pass", "pass", "pass",    0  },
    {"GRANT ALL ON shop.* TO somebody",                                       "pass", "pass", "pass",    0  },
    {"RENAME TABLE item thing",                                               "wait", "wait", "journal", 'n'},
    {"DROP TABLE drc.ledger",                                                 "pass", "pass", "pass",    0  },
    {"DROP TABLE item, drc.ledger",                                           "wait", "wait", "journal", 'g'},
    {"ALTER TABLE mysql.user ADD a INT",                                      "pass", "pass", "pass",    0  },
};

static void every_statement_under_every_policy(void **state)
{
    struct kit *k = *state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *want[] = {
            [DDL_PAUSE] = cases[i].pause, [DDL_APPLY] = cases[i].apply, [DDL_IGNORE] = cases[i].ignore};
        for (enum ddl_policy policy = DDL_PAUSE; policy <= DDL_IGNORE; policy++) {
            struct ddl_plan p = plan_of(k, cases[i].text, policy);
            const char *got = action_name(p.action);
            if (strcmp(got, want[policy]) != 0)
                fail_msg("%s under %s: %s, wanted %s", cases[i].text, ddl_policy_name(policy), got, want[policy]);
            if (p.action == DDL_ACT_WAIT && "ngemtb"[p.sign] != cases[i].sign)
                fail_msg("%s under %s waits for '%c', wanted '%c'", cases[i].text, ddl_policy_name(policy),
                         "ngemtb"[p.sign], cases[i].sign);
            assert_true(p.action == DDL_ACT_RUN || (p.why && *p.why));
        }
    }
}

static void which_statements_find_rows_that_were_there(void **state)
{
    static const char *const find[] = {
        "CREATE OR REPLACE TABLE item (a INT)",
        "ALTER TABLE item ADD a INT",
        "ALTER TABLE item DROP PARTITION p1",
        "ALTER TABLE item EXCHANGE PARTITION p WITH TABLE shop.b",
        "ALTER TABLE item RENAME TO thing",
        "RENAME TABLE item TO thing",
        "DROP TABLE item",
        "TRUNCATE item",
        "DROP DATABASE shop",
    };
    static const char *const make[] = {
        "CREATE TABLE item (id INT)",
        "CREATE TABLE shop.item LIKE shop.other",
        "CREATE TABLE shop.item SELECT * FROM shop.other",
        "CREATE DATABASE shop",
        "ALTER DATABASE COLLATE utf8mb4_bin",
        "GRANT ALL ON shop.* TO somebody",
    };
    struct kit *k = *state;
    for (size_t i = 0; i < sizeof find / sizeof find[0]; i++) {
        const struct ddl_plan p = plan_of(k, find[i], DDL_APPLY);
        if (!ddl_plan_finds_rows(&p))
            fail_msg("%s", find[i]);
    }
    for (size_t i = 0; i < sizeof make / sizeof make[0]; i++) {
        const struct ddl_plan p = plan_of(k, make[i], DDL_APPLY);
        if (ddl_plan_finds_rows(&p))
            fail_msg("%s", make[i]);
    }
}

static void what_two_servers_read_differently_is_not_run(void **state)
{
    struct kit *k = *state;
    struct ddl_plan p;
    struct ddl d = {.db = span_str("shop"), .text = span_str("DROP TABLE item /*M! , mysql.user */")};
    d.charset_client = UTF8MB4;
    ddl_plan_make(&p, &d, FLAVOR_MYSQL, FLAVOR_MYSQL, &k->tables, DDL_APPLY, &k->arena);
    assert_int_equal(p.action, DDL_ACT_RUN);
    ddl_plan_make(&p, &d, FLAVOR_MYSQL, FLAVOR_MARIADB, &k->tables, DDL_APPLY, &k->arena);
    assert_int_equal(p.action, DDL_ACT_WAIT);
    d.text = span_str("DROP TABLE `\xe9t\xe9`");
    d.charset_client = LATIN1;
    ddl_plan_make(&p, &d, FLAVOR_MYSQL, FLAVOR_MYSQL, &k->tables, DDL_APPLY, &k->arena);
    assert_int_equal(p.action, DDL_ACT_WAIT);
}

static void the_end_that_only_its_group_has_is_cut_off(void **state)
{
    struct kit *k = *state;
    struct ddl_plan p = plan_of(k, "CREATE TABLE item (a INT DEFAULT (1)) START TRANSACTION", DDL_APPLY);
    assert_int_equal(p.action, DDL_ACT_RUN);
    assert_true(span_is(p.reading.run, "CREATE TABLE item (a INT DEFAULT (1)) "));
    p = plan_of(k, "CREATE TABLE item (start INT, transaction INT)", DDL_APPLY);
    assert_true(span_eq(p.reading.run, p.ddl.text));
}

/* Numbers of definitions, 0: not there; tables in the order of the text. */
static const struct {
    const char *text;
    uint64_t before[6];
    uint64_t now[6];
    char want; /* n none, d done, u unknown */
} effects[] = {
    {"CREATE TABLE a (id INT)",                         {0},                {0},                'n'},
    {"CREATE TABLE a (id INT)",                         {0},                {5},                'd'},
    {"CREATE TABLE IF NOT EXISTS a (id INT)",           {5},                {5},                'n'},
    {"CREATE TABLE IF NOT EXISTS a (id INT)",           {5},                {6},                'u'},
    {"CREATE OR REPLACE TABLE a (id INT)",              {5},                {0},                'n'},
    {"CREATE OR REPLACE TABLE a (id INT)",              {5},                {6},                'd'},
    {"ALTER TABLE a ADD b INT",                         {5},                {5},                'n'},
    {"ALTER TABLE a ADD b INT",                         {5},                {6},                'd'},
    {"ALTER TABLE a ADD b INT",                         {5},                {0},                'u'},
    {"ALTER TABLE a EXCHANGE PARTITION p WITH TABLE b", {5, 6},             {5, 6},             'u'},
    {"TRUNCATE a",                                      {5},                {5},                'n'},
    {"TRUNCATE a",                                      {5},                {0},                'u'},
    {"DROP TABLE a, b",                                 {5, 6},             {5, 6},             'n'},
    {"DROP TABLE a, b",                                 {5, 6},             {0, 0},             'd'},
    {"DROP TABLE a, b",                                 {5, 6},             {0, 6},             'u'},
    {"DROP TABLE IF EXISTS a",                          {0},                {0},                'n'},
    {"ALTER TABLE a RENAME TO b",                       {5, 0},             {5, 0},             'n'},
    {"ALTER TABLE a RENAME TO b",                       {5, 0},             {0, 9},             'd'},
    {"RENAME TABLE a TO a_del, a_gho TO a",             {5, 0, 6, 5},       {5, 0, 6, 5},       'n'},
    {"RENAME TABLE a TO a_del, a_gho TO a",             {5, 0, 6, 5},       {7, 5, 0, 7},       'd'},
    {"RENAME TABLE a TO a_del, a_gho TO a",             {5, 0, 6, 5},       {0, 5, 6, 0},       'u'},
    {"RENAME TABLE a TO x, b TO a, x TO b",             {5, 0, 6, 5, 0, 6}, {5, 0, 6, 5, 0, 6}, 'n'},
    {"RENAME TABLE a TO x, b TO a, x TO b",             {5, 0, 6, 5, 0, 6}, {6, 0, 5, 6, 0, 5}, 'd'},
    {"RENAME TABLE a TO x, b TO a, x TO b",             {5, 0, 5, 5, 0, 5}, {5, 0, 5, 5, 0, 5}, 'u'},
    {"DROP DATABASE shop",                              {5},                {0},                'd'},
    {"ALTER DATABASE shop COLLATE utf8mb4_bin",         {5},                {5},                'n'},
};

static void what_a_statement_did_is_told_from_definitions(void **state)
{
    struct kit *k = *state;
    for (size_t i = 0; i < sizeof effects / sizeof effects[0]; i++) {
        struct ddl_plan p = plan_of(k, effects[i].text, DDL_APPLY);
        char got = "ndu"[ddl_plan_effect(&p, effects[i].before, effects[i].now)];
        if (got != effects[i].want)
            fail_msg("case %zu, %s: '%c', wanted '%c'", i, effects[i].text, got, effects[i].want);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_statement_under_every_policy),
        cmocka_unit_test(which_statements_find_rows_that_were_there),
        cmocka_unit_test(what_two_servers_read_differently_is_not_run),
        cmocka_unit_test(the_end_that_only_its_group_has_is_cut_off),
        cmocka_unit_test(what_a_statement_did_is_told_from_definitions),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
