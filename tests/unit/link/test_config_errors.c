/* What a pair file is refused for, each with the exact line that tells so; the cases are in tests/data. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "common/base/buf.h"
#include "common/link/config.h"

/* One case: texts whose lines are joined by newlines. */
struct bad {
    struct buf find;
    struct buf put;
    struct buf message;
};

static void assert_bytes_refused(struct span text, const char *message)
{
    struct config *c;
    struct err err = {0};
    assert_int_equal(config_parse(&c, "dir/drc.yaml", text, &err), -1);
    assert_null(c);
    assert_string_equal(err.text, message);
    assert_int_equal(err.class, ERR_FATAL);
    assert_int_equal(err.exit_code, EXIT_BAD_CONFIG);
}

static void assert_refused(const char *good, struct bad *b)
{
    struct buf text = {0}, message = {0};
    const char *find = buf_cstr(&b->find);
    const char *at = strstr(good, find);
    assert_non_null(at);
    buf_put(&text, good, (size_t)(at - good));
    buf_put_span(&text, buf_span(&b->put));
    buf_put_str(&text, at + strlen(find));
    buf_printf(&message, "dir/drc.yaml:%s", buf_cstr(&b->message));
    assert_bytes_refused(buf_span(&text), buf_cstr(&message));
    buf_free(&text);
    buf_free(&message);
}

/* A line of the case file: what it belongs to, and the text after its mark. */
static struct buf *part_of(struct bad *b, struct buf *good, char mark)
{
    switch (mark) {
    case '=':
        return good;
    case '<':
        return &b->find;
    case '>':
        return &b->put;
    default:
        assert_int_equal(mark, '!');
        return &b->message;
    }
}

static void every_case_of_the_file_is_one_exact_line(void **state)
{
    (void)state;
    char line[1000];
    struct buf good = {0};
    struct bad b = {0};
    int cases = 0;
    FILE *f = fopen(DRC_TEST_DATA "/bad-pair-files.txt", "r");
    assert_non_null(f);
    for (bool more = true; more;) {
        more = fgets(line, sizeof line, f) != NULL;
        size_t len = more ? strcspn(line, "\n") : 0;
        line[len] = '\0';
        if (len && line[0] != '#') {
            struct buf *part = part_of(&b, &good, line[0]);
            buf_printf(part, "%s%s", part->len ? "\n" : "", len > 1 ? line + 2 : "");
        } else if (len == 0 && b.message.len) {
            assert_refused(buf_cstr(&good), &b);
            cases++;
            buf_clear(&b.find);
            buf_clear(&b.put);
            buf_clear(&b.message);
        }
    }
    assert_true(cases > 110);
    (void)fclose(f);
    buf_free(&good);
    buf_free(&b.find);
    buf_free(&b.put);
    buf_free(&b.message);
}

static void other_shapes_are_refused(void **state)
{
    (void)state;
    static const char no_mapping[] = "dir/drc.yaml:1:1: this is no mapping; a pair file begins like `pair: NAME`";
    assert_bytes_refused(span_str("- pair: x\n"), no_mapping);
    assert_bytes_refused(span_str("shop\n"), no_mapping);
    assert_bytes_refused(span_str("pair: x\nregions: {}\nlinks: []\ntables: {include: [\"*.*\"]}\n"),
                         "dir/drc.yaml:2:1: regions: there is none; give at least one");
    assert_bytes_refused(span_str("pair: x\nregions: []\n"),
                         "dir/drc.yaml:2:10: regions: no mapping stands here; give a mapping from names to mappings");
}

static void names_from_the_file_are_printable_in_messages(void **state)
{
    (void)state;
    assert_bytes_refused(
        span_str("\"a\\nb\\e[31m\": 1\n"),
        "dir/drc.yaml:1:1: unknown key \"a\\x0ab\\x1b[31m\"; known here are pair, kafka, regions, links, "
        "tables, conflicts, allow_divergence, apply, capture, limits, check, control, log");
}

static void the_number_of_regions_is_bounded(void **state)
{
    (void)state;
    struct buf text = {0};
    buf_put_str(&text, "pair: x\nkafka: {bootstrap: [\"k:1\"]}\nregions:\n");
    for (int i = 0; i < 17; i++)
        buf_printf(&text, "  r%d: {host: h, user: u, replica_id: %d, start: now}\n", i, i + 1);
    buf_put_str(&text, "links: []\ntables: {include: [\"*.*\"]}\n");
    assert_bytes_refused(buf_span(&text),
                         "dir/drc.yaml:20:3: regions.r16: more than 16 regions; a pair file may have that many");
    buf_free(&text);
}

static void a_file_that_cannot_be_read_is_named(void **state)
{
    (void)state;
    struct config *c;
    struct err err = {0};
    assert_int_equal(config_load(&c, "/nonexistent/drc.yaml", &err), -1);
    assert_string_equal(err.text, "/nonexistent/drc.yaml: cannot be opened: No such file or directory; name the pair "
                                  "file with --config");
    assert_int_equal(err.exit_code, EXIT_BAD_CONFIG);
    assert_int_equal(config_load(&c, "/", &err), -1);
    assert_string_equal(err.text, "/: cannot be read: Is a directory; name the pair file with --config");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_case_of_the_file_is_one_exact_line),
        cmocka_unit_test(other_shapes_are_refused),
        cmocka_unit_test(names_from_the_file_are_printable_in_messages),
        cmocka_unit_test(the_number_of_regions_is_bounded),
        cmocka_unit_test(a_file_that_cannot_be_read_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
