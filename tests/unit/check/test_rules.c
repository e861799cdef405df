/* The table of rules: ids that are unique, a cure for each, a document that is up to date; and findings as daemons tell
 * them. */
#include <stdlib.h>

#include "common/base/mem.h"
#include "common/check/rules.h"
#include "tests/unit/cmocka_all.h"

static void each_rule_is_whole(void **state)
{
    (void)state;
    const struct check_rule *rule;
    for (size_t i = 0; (rule = check_rule_at(i)); i++) {
        assert_ptr_equal(check_rule_find(rule->id), rule); /* the first of that id */
        assert_true(rule->why && rule->cure && (rule->what || rule->wanted));
        assert_true(!rule->wanted || (rule->roles && rule->flavors));
        assert_true(!rule->stops || rule->severity == FINDING_ERROR);
    }
}

static void the_document_is_as_the_table_says(void **state)
{
    (void)state;
    char *text = NULL, *kept;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    check_print_markdown(out);
    fclose(out);
    FILE *file = fopen(DRC_TEST_DATA "/../../docs/check.md", "r");
    assert_non_null(file);
    kept = xcalloc(size + 2, 1);
    size_t n = fread(kept, 1, size + 1, file);
    fclose(file);
    if (n != size || memcmp(kept, text, size) != 0)
        fail_msg("docs/check.md is old: run build/bin/drcctl check --rules >docs/check.md");
    free(kept);
    free(text);
}

static void the_gravest_stops_a_daemon(void **state)
{
    (void)state;
    struct findings found = {0};
    struct err err = {0};
    check_found(&found, "gtid_strict_mode", "eu", xstrdup("a"), xstrdup("A;"));
    assert_int_equal(findings_stop(&found, &err), 0);
    assert_int_equal(findings_exit_code(&found), 1);
    check_found(&found, "grant_missing", "eu", xstrdup("b"), xstrdup("B;"));
    found.items[1].stops = EXIT_DENIED;
    assert_int_equal(findings_stop(&found, &err), -1);
    assert_int_equal(err.exit_code, EXIT_DENIED);
    check_found(&found, "binlog_format", "eu", xstrdup("binlog_format is MIXED, must be ROW"), xstrdup("C;"));
    assert_int_equal(findings_stop(&found, &err), -1);
    assert_int_equal(err.exit_code, EXIT_BAD_CONFIG);
    assert_string_equal(err.text,
                        "region eu: binlog_format is MIXED, must be ROW: statements cannot be replayed exactly. "
                        "Run: C;");
    assert_int_equal(findings_exit_code(&found), 2);
    findings_free(&found);
}

static void each_is_told_once_until_it_changes(void **state)
{
    (void)state;
    struct findings first = {0}, second = {0};
    struct findings_told told = {0};
    check_found(&first, "clock_skew", "eu", xstrdup("a"), xstrdup("A"));
    check_found(&first, "time_zone", "eu", xstrdup("b"), xstrdup("B"));
    check_found(&second, "time_zone", "eu", xstrdup("c"), xstrdup("B"));
    findings_tell(&told, &first);
    assert_int_equal(told.count, 2);
    findings_tell(&told, &second);
    assert_int_equal(told.count, 1);
    assert_non_null(strstr(told.lines[0], "c"));
    findings_told_free(&told);
    findings_free(&first);
    findings_free(&second);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_rule_is_whole),
        cmocka_unit_test(the_document_is_as_the_table_says),
        cmocka_unit_test(the_gravest_stops_a_daemon),
        cmocka_unit_test(each_is_told_once_until_it_changes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
