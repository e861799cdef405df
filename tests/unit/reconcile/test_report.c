/* What is found, as JSON Lines: every member, masks, names and values that would break out of their quotes, counts. */
#include <stdlib.h>
#include <unistd.h>

#include "reconcile/report.h"
#include "reconcile/report_text.h"
#include "tests/unit/cmocka_all.h"

struct run {
    struct report *report;
    char path[32];
};

static void open_report(struct run *run, const struct mask *mask)
{
    struct err err = {0};
    strcpy(run->path, "/tmp/drc-report-XXXXXX");
    int fd = mkstemp(run->path);
    assert_true(fd >= 0);
    close(fd);
    const struct report_options options = {
        .mode = "full", .regions = {"eu", "us"},
             .json_path = run->path, .mask = mask, .quiet = true
    };
    assert_int_equal(report_open(&run->report, &options, &err), 0);
}

/* Ends the report: its lines, to be freed. */
static char *end_report(struct run *run, int expected_code)
{
    char *text = NULL;
    size_t n = 0;
    assert_int_equal(report_summary(run->report), expected_code);
    report_close(&run->report);
    FILE *f = fopen(run->path, "re");
    assert_non_null(f);
    assert_true(getdelim(&text, &n, '\0', f) > 0);
    fclose(f);
    unlink(run->path);
    return text;
}

static void has(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("no %s in\n%s", part, text);
}

static struct difference_column column(const char *name, bool key, const char *source, const char *target)
{
    struct difference_column c = {.name = span_str(name), .key = key};
    c.value[0] = source ? span_str(source) : (struct span){0};
    c.value[1] = target ? span_str(target) : (struct span){0};
    c.differs = source && target && strcmp(source, target) != 0;
    return c;
}

static void every_member_is_told(void **state)
{
    (void)state;
    struct run run;
    struct table_counts counts = {0};
    const struct difference_column row[] = {
        column("id", true, "7", "7"),
        column("</script>\"`\n", false, "\"a\"", "{\"hex\": \"ff\"}"),
        column("same", false, "1.5", "1.5"),
        column("gone", false, "1", NULL),
        column("\xc2\x85", false, "\"\xe2\x80\xa8\xe2\x80\xa9\xc2\xa0\"", NULL), /* where some readers end a line */
    };
    const struct difference d = {
        .class = DIFFERENCE_DIVERGED,
        .cause = CAUSE_CONFLICT_LOSER,
        .db = span_str("sh\"op"),
        .table = span_str("it\xffm"),
        .columns = row,
        .column_count = 5,
        .journal_id = 4711,
        .journal_at = "us",
        .last = {{0}, {.region = "us", .gtid = span_str("0-1-2"), .seq = 9, .time_us = 1000000}},
        .detail = "why",
    };
    open_report(&run, NULL);
    report_fact(run.report, "window", "all of it");
    report_difference(run.report, &counts, &d);
    report_table(run.report, d.db, d.table, &counts);
    char *text = end_report(&run, RECONCILE_DIFFERENT);
    has(text, ", \"facts\": [{\"name\": \"window\", \"text\": \"all of it\"}], \"problems\": 0, ");
    has(text, "\"by_table\": [{\"db\": \"sh\\\"op\", \"table\": \"it\xef\xbf\xbdm\", \"rows\": 0");
    has(text, "{\"type\": \"difference\", \"db\": \"sh\\\"op\", \"table\": \"it\xef\xbf\xbdm\", \"key\": {\"id\": 7}, "
              "\"class\": \"diverged\", \"cause\": \"conflict_loser\", \"journal_id\": 4711, \"journal_at\": \"us\", "
              "\"columns\": [\"</script>\\\"`\\n\"], "
              "\"source\": {\"id\": 7, \"</script>\\\"`\\n\": \"a\", \"same\": 1.5, \"gone\": 1, "
              "\"\\u0085\": \"\\u2028\\u2029\xc2\xa0\"}, "
              "\"target\": {\"id\": 7, \"</script>\\\"`\\n\": {\"hex\": \"ff\"}, \"same\": 1.5}, "
              "\"last_write\": {\"source\": null, \"target\": {\"region\": \"us\", \"gtid\": \"0-1-2\", \"seq\": 9, "
              "\"at\": \"1970-01-01T00:00:01.000000Z\"}}, \"detail\": \"why\"}\n");
    has(text, "\"causes\": {\"conflict_loser\": 1}, \"in_flight\": 0, \"unsettled\": 0");
    has(text, "\"mode\": \"full\", \"source\": \"eu\", \"target\": \"us\", \"tables\": 1,");
    free(text);
}

static void masked_values_are_not_told(void **state)
{
    (void)state;
    struct run run;
    struct table_counts counts = {0};
    char *names[] = {"e*mail", "shop.item.iban", "other.item.note"};
    const struct mask mask = {names, 3};
    const struct difference_column row[] = {
        column("E_Mail", true, "\"secret@x\"", "\"secret@x\""),
        column("iban", false, "\"secret 1\"", "null"),
        column("note", false, "\"open\"", "\"shut\""),
    };
    struct difference d = {.class = DIFFERENCE_DIVERGED,
                           .db = span_str("shop"),
                           .table = span_str("item"),
                           .columns = row,
                           .column_count = 3};
    open_report(&run, &mask);
    report_difference(run.report, &counts, &d);
    d.class = DIFFERENCE_MISSING;
    report_unsettled(run.report, &counts, &d);
    report_table(run.report, d.db, d.table, &counts);
    char *text = end_report(&run, RECONCILE_INCOMPLETE);
    assert_null(strstr(text, "secret"));
    has(text, "\"key\": {\"E_Mail\": {\"masked\": true}}");
    has(text, "\"columns\": [\"iban\", \"note\"]");
    has(text, "\"target\": {\"E_Mail\": {\"masked\": true}, \"iban\": null, \"note\": \"shut\"}");
    has(text, "{\"type\": \"unsettled\"");
    has(text, "\"target\": null}\n");
    free(text);
}

static void counts_and_problems_make_the_code(void **state)
{
    (void)state;
    struct run run;
    struct table_counts counts = {.rows = 10, .in_flight = 2};
    const struct report_item harmless = {.type = "transaction", .text = span_str("0-1-2 filtered")};
    const struct report_item lost = {
        .type = "transaction", .json = span_str("\"gtid\": \"0-1-3\""), .text = span_str("x"), .difference = true};
    open_report(&run, NULL);
    report_table(run.report, span_str("shop"), span_str("a"), &counts);
    report_table(run.report, span_str("shop"), span_str("b"), &counts);
    report_item(run.report, &harmless);
    char *text = end_report(&run, RECONCILE_EQUAL);
    has(text, "\"tables\": 2, \"rows\": 20,");
    has(text, "\"in_flight\": 4, \"unsettled\": 0");
    has(text, "{\"type\": \"transaction\", \"text\": \"0-1-2 filtered\"}\n");
    free(text);

    open_report(&run, NULL);
    report_item(run.report, &lost);
    text = end_report(&run, RECONCILE_DIFFERENT);
    has(text, "{\"type\": \"transaction\", \"gtid\": \"0-1-3\"}\n");
    free(text);

    open_report(&run, NULL);
    report_item(run.report, &lost);
    report_problem(run.report, "the link does not come");
    text = end_report(&run, RECONCILE_INCOMPLETE);
    has(text, "{\"type\": \"problem\", \"detail\": \"the link does not come\"}\n");
    free(text);
}

static void a_full_disk_is_told(void **state)
{
    (void)state;
    struct report *report;
    struct err err = {0};
    const struct report_options options = {
        .mode = "full", .regions = {"eu", "us"},
             .json_path = "/dev/full", .quiet = true
    };
    assert_int_equal(report_open(&report, &options, &err), 0);
    report_fact(report, "a", "b");
    assert_int_equal(report_summary(report), RECONCILE_INCOMPLETE);
    report_close(&report);
}

/* What people read: one difference and a fact, as text. */
static char *text_of(const struct difference *d, const struct report_totals *totals)
{
    const struct report_options options = {
        .mode = "full", .regions = {"eu", "us"}
    };
    char *text = NULL;
    size_t n = 0;
    struct err err = {0};
    FILE *f = open_memstream(&text, &n);
    assert_non_null(f);
    struct report_text *t = report_text_new(f, &options);
    report_text_fact(t, "eu", "\x1b[2J");
    report_text_difference(t, "diverged", d);
    assert_int_equal(report_text_summary(t, totals, &err), 0);
    report_text_free(&t);
    fclose(f);
    return text;
}

/* Names, values, and the defaults of columns that a definition's difference quotes. */
static void nothing_moves_a_terminals_cursor(void **state)
{
    (void)state;
    struct difference_column row[] = {
        column("i\x1b[1Ad", true, "\"\\u001b\"", "\"\\u001b\""),
        column("v\n\r", false, "\"a\xc2\x9b\"", "\"\xf0\x9f\x98\x80\""),
    };
    const struct difference d = {
        .class = DIFFERENCE_DIVERGED,
        .db = span_str("sh\x1bop"),
        .table = span_str("it\nem"),
        .columns = row,
        .column_count = 2,
        .last = {{0}, {.region = "us", .gtid = span_str("0-1-2\x1b")}},
        .detail = "`v` has the default '\x1b[2J\r\n' at the source",
    };
    const struct report_totals totals = {.tables = 1};
    char *text = text_of(&d, &totals);
    has(text, "# eu: \\x1b[2J\n");
    has(text, "  sh\\x1bop.it\\x0aem ");
    has(text, "has the default '\\x1b[2J\\x0d\\x0a' at the source\n");
    has(text, "\xf0\x9f\x98\x80");
    for (const char *c = text; *c; c++)
        assert_true(*c == '\n' || (unsigned char)*c >= ' ');
    assert_null(strstr(text, "\xc2\x9b"));
    free(text);
}

static void text_that_cannot_be_written_is_told(void **state)
{
    (void)state;
    const struct report_options options = {
        .mode = "full", .regions = {"eu", "us"}
    };
    const struct report_totals totals = {.tables = 1};
    struct err err = {0};
    FILE *f = fopen("/dev/full", "we");
    assert_non_null(f);
    struct report_text *t = report_text_new(f, &options);
    assert_int_equal(report_text_summary(t, &totals, &err), -1);
    report_text_free(&t);
    fclose(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_member_is_told),
        cmocka_unit_test(masked_values_are_not_told),
        cmocka_unit_test(counts_and_problems_make_the_code),
        cmocka_unit_test(a_full_disk_is_told),
        cmocka_unit_test(nothing_moves_a_terminals_cursor),
        cmocka_unit_test(text_that_cannot_be_written_is_told),
    };
    return cmocka_run_group_tests_name("report", tests, NULL, NULL);
}
