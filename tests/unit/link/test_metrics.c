/* Metrics: their names by Prometheus' conventions, the text format to the letter, and the document made from the table.
 */
#include <stdlib.h>
#include <string.h>

#include "common/link/metrics.h"
#include "tests/unit/cmocka_all.h"

#define ROOT DRC_TEST_DATA "/../.."

static const struct metric *const tables[] = {metrics_of_capture, metrics_of_applier};

static bool ends(const char *name, const char *end)
{
    size_t n = strlen(name), m = strlen(end);
    return n > m && strcmp(name + n - m, end) == 0;
}

static void names_keep_to_the_conventions(void **state)
{
    (void)state;
    for (size_t t = 0; t < 2; t++) {
        for (const struct metric *m = tables[t]; m->name; m++) {
            assert_int_equal(strspn(m->name, "abcdefghijklmnopqrstuvwxyz_"), strlen(m->name));
            assert_int_equal(strncmp(m->name, "drc_", 4), 0);
            assert_int_equal(m->type == METRIC_COUNTER, ends(m->name, "_total"));
            assert_int_equal(m->unit == METRIC_US || m->unit == METRIC_MS,
                             ends(m->name, "_seconds") || ends(m->name, "_seconds_total"));
            assert_int_equal(m->unit == METRIC_BYTES, ends(m->name, "_bytes") || ends(m->name, "_bytes_total"));
            assert_int_equal(m->type == METRIC_CHOICE, m->words != NULL);
            assert_true(*m->help && !ends(m->help, "."));
            for (const struct metric *o = tables[t]; o < m; o++)
                assert_string_not_equal(o->name, m->name);
        }
    }
}

static char *text_of(const char *json)
{
    struct buf out = {0};
    json_t *status = json_loads(json, 0, NULL);
    assert_non_null(status);
    metrics_put(&out, status);
    json_decref(status);
    char *text = strdup(buf_cstr(&out));
    buf_free(&out);
    return text;
}

static void assert_has(const char *text, const char *line)
{
    if (!strstr(text, line))
        fail_msg("no line\n%sin\n%s", line, text);
}

static void values_are_in_base_units(void **state)
{
    (void)state;
    char *text = text_of("{\"program\": \"drc-capture\", \"pair\": \"shop\", \"region\": \"eu\", \"version\": \"1.2\","
                         " \"started_us\": 1800000000123456, \"state\": \"running\", \"rows\": 9007199254740993,"
                         " \"held_back\": true, \"skew_us\": -1500000, \"retention_ms\": 604800000, \"lag_us\": null,"
                         " \"acked_offset\": -1}");
    assert_has(text, "# HELP drc_build_info The program's version, always 1.\n# TYPE drc_build_info gauge\n"
                     "drc_build_info{pair=\"shop\",region=\"eu\",version=\"1.2\"} 1\n");
    assert_has(text, "drc_start_time_seconds{pair=\"shop\",region=\"eu\"} 1800000000.123456\n");
    assert_has(text, "drc_capture_state{pair=\"shop\",region=\"eu\",state=\"starting\"} 0\n");
    assert_has(text, "drc_capture_state{pair=\"shop\",region=\"eu\",state=\"running\"} 1\n");
    assert_has(text, "# TYPE drc_capture_rows_total counter\n"
                     "drc_capture_rows_total{pair=\"shop\",region=\"eu\"} 9007199254740993\n");
    assert_has(text, "drc_capture_held_back{pair=\"shop\",region=\"eu\"} 1\n");
    assert_has(text, "drc_capture_clock_skew_seconds{pair=\"shop\",region=\"eu\"} -1.500000\n");
    assert_has(text, "drc_capture_topic_retention_seconds{pair=\"shop\",region=\"eu\"} 604800\n");
    assert_has(text, "drc_capture_acknowledged_offset{pair=\"shop\",region=\"eu\"} -1\n");
    assert_null(strstr(text, "drc_capture_lag_seconds")); /* not known: nothing is told */
    free(text);
    text = text_of("{}");
    assert_string_equal(text, "");
    free(text);
}

static void labels_are_escaped(void **state)
{
    (void)state;
    char *text =
        text_of("{\"program\": \"drc-applier\", \"pair\": \"a\\\"b\\\\c\\nd\", \"from\": \"{x}\", \"to\": \"\\u00e4\","
                " \"conflicts_by_kind\": {\"insert/exists\": 3, \"odd\": \"text\"}}");
    assert_string_equal(text, "# HELP drc_applier_conflicts_total Entries of the journal, by the kind of conflict.\n"
                              "# TYPE drc_applier_conflicts_total counter\n"
                              "drc_applier_conflicts_total{pair=\"a\\\"b\\\\c\\nd\",from=\"{x}\",to=\"\xc3\xa4\","
                              "kind=\"insert/exists\"} 3\n");
    free(text);
}

/* The number behind the line that begins so. */
static double value_of(const char *text, const char *begin)
{
    const char *line = strstr(text, begin);
    if (!line)
        fail_msg("no line %s in\n%s", begin, text);
    return strtod(line + strlen(begin), NULL);
}

static void histograms_are_cumulative(void **state)
{
    (void)state;
    struct histogram h = {0};
    const uint64_t values[] = {0, 1000, 1001, 4000000, UINT64_C(1000000000000)};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        histogram_add(&h, values[i]);
    json_t *status = json_pack("{s:s, s:s, s:s, s:s, s:{s:o}}", "program", "drc-applier", "pair", "p", "from", "a",
                               "to", "b", "stages", "applied", metrics_histogram(&h));
    struct buf out = {0};
    metrics_put(&out, status);
    const char *text = buf_cstr(&out);
#define NAME "drc_applier_stage_seconds"
#define OWNER "pair=\"p\",from=\"a\",to=\"b\",stage=\"applied\""
    assert_non_null(strstr(text, "# TYPE " NAME " histogram\n"));
    assert_true(value_of(text, NAME "_bucket{" OWNER ",le=\"0.001\"} ") == 2);
    assert_true(value_of(text, NAME "_bucket{" OWNER ",le=\"0.002\"} ") == 3);
    assert_true(value_of(text, NAME "_bucket{" OWNER ",le=\"2\"} ") == 3);
    assert_true(value_of(text, NAME "_bucket{" OWNER ",le=\"5\"} ") == 4);
    assert_true(value_of(text, NAME "_bucket{" OWNER ",le=\"86400\"} ") == 4);
    assert_true(value_of(text, NAME "_bucket{" OWNER ",le=\"+Inf\"} ") == 5);
    assert_true(value_of(text, NAME "_count{" OWNER "} ") == 5);
    assert_non_null(strstr(text, NAME "_sum{" OWNER "} 1000004.002001\n"));
    double last = 0;
    for (const char *p = text; (p = strstr(p, "_bucket{")); p++) {
        double n = strtod(strchr(p, '}') + 1, NULL);
        assert_true(n >= last);
        last = n;
    }
    struct histogram back;
    assert_true(metrics_histogram_read(&back, json_object_get(json_object_get(status, "stages"), "applied")));
    assert_memory_equal(&back, &h, sizeof h);
    assert_false(metrics_histogram_read(&back, status));
    json_decref(status);
    buf_free(&out);
}

static void the_committed_document_is_what_the_table_says(void **state)
{
    (void)state;
    char *expected = NULL;
    size_t size = 0;
    FILE *memory = open_memstream(&expected, &size);
    metrics_print_markdown(memory);
    assert_int_equal(fclose(memory), 0);
    char *committed = calloc(1, size + 2);
    FILE *f = fopen(ROOT "/docs/metrics.md", "r");
    assert_non_null(f);
    size_t got = fread(committed, 1, size + 1, f);
    (void)fclose(f);
    if (got != size || memcmp(committed, expected, size) != 0)
        fail_msg("docs/metrics.md is old; run: build/bin/drcctl --help-metrics >docs/metrics.md");
    free(committed);
    free(expected);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_keep_to_the_conventions),
        cmocka_unit_test(values_are_in_base_units),
        cmocka_unit_test(labels_are_escaped),
        cmocka_unit_test(histograms_are_cumulative),
        cmocka_unit_test(the_committed_document_is_what_the_table_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
