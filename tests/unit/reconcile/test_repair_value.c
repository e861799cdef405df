/* Values in the statements of a repair: short ones as they are, and those of a long row in pieces that any program and
 * server take. */
#include "reconcile/repair_value.h"

#include <stdlib.h>

#include "common/base/mem.h"
#include "tests/unit/cmocka_all.h"

#define LONG (5u << 20)
#define LINE_MOST ((size_t)3 << 20) /* the longest statement */

static struct column columns[] = {
    {.type = COLUMN_LONG, .key_order = 0          },
    { .type = COLUMN_BLOB, .meta = 4, .nullable = true, .key_order = COLUMN_NO_KEY},
    { .type = COLUMN_BLOB, .meta = 4, .nullable = true, .key_order = COLUMN_NO_KEY},
};
static struct target_column target_columns[] = {{0}, {0}, {.charset = "utf8mb4"}};
static const struct table_def def = {.columns = columns, .column_count = 3};
static const struct target_table table = {.def = &def, .columns = target_columns};

/* A blob's cell, to be freed: four bytes of length, then as many of `letter`. */
static uint8_t *make_blob(struct cell *out, uint32_t n, char letter)
{
    uint8_t *bytes = xcalloc(1, n + 4u);
    for (int i = 0; i < 4; i++)
        bytes[i] = (uint8_t)(n >> 8 * i);
    memset(bytes + 4, letter, n);
    *out = (struct cell){.data = span_of(bytes, n + 4u)};
    return bytes;
}

static size_t longest_line(const char *text)
{
    size_t most = 0;
    for (const char *end; *text; text = end + (*end == '\n')) {
        end = strchr(text, '\n');
        end = end ? end : text + strlen(text);
        most = (size_t)(end - text) > most ? (size_t)(end - text) : most;
    }
    return most;
}

static void a_short_row_has_its_values_in_the_statement(void **state)
{
    (void)state;
    struct buf sql = {0};
    struct repair_longs longs;
    struct cell row[3] = {{.data = span_of((const uint8_t *)"\7\0\0\0", 4)}};
    uint8_t *blob = make_blob(&row[1], 2000, 'a'), *text = make_blob(&row[2], 3, 'b');
    repair_longs_begin(&longs, &sql, &table, row, NULL, 1);
    assert_int_equal(sql.len, 0);
    repair_put_value(&sql, &longs, &table, 2, &row[2]);
    assert_string_equal(buf_cstr(&sql), "'bbb'");
    repair_longs_put_whole(&longs, &sql);
    repair_longs_end(&longs, &sql);
    assert_string_equal(buf_cstr(&sql), "'bbb'");
    buf_free(&sql);
    free(blob);
    free(text);
}

static void a_long_row_comes_in_pieces(void **state)
{
    (void)state;
    struct buf sql = {0}, end = {0};
    struct repair_longs longs;
    struct cell row[3] = {{.data = span_of((const uint8_t *)"\7\0\0\0", 4)}};
    uint8_t *blob = make_blob(&row[1], LONG, 'a'), *text = make_blob(&row[2], 3, 'b');
    repair_longs_begin(&longs, &sql, &table, row, NULL, 42);
    assert_memory_equal(sql.data, "SET @drc_long_42_1 = X'6161", 27);
    size_t pieces = 0, digits = 0;
    for (const char *p = strstr(buf_cstr(&sql), "X'"); p; p = strstr(p + 1, "X'")) {
        pieces++;
        digits += strspn(p + 2, "0123456789abcdef");
    }
    assert_int_equal(pieces, 5);
    assert_int_equal(digits, 2 * LONG);
    assert_true(longest_line(buf_cstr(&sql)) < LINE_MOST);

    repair_put_value(&end, &longs, &table, 1, &row[1]);
    buf_put_str(&end, " ");
    repair_put_value(&end, &longs, &table, 2, &row[2]);
    buf_put_str(&end, " ");
    repair_longs_put_whole(&longs, &end);
    repair_longs_end(&longs, &end);
    assert_string_equal(buf_cstr(&end),
                        "@drc_long_42_1 'bbb' LENGTH(@drc_long_42_1) = 5242880 AND SET @drc_long_42_1 = NULL;\n");

    /* What stays as it is need not come at all. */
    struct cell from[3] = {row[0], row[1], {.null = true}};
    buf_clear(&sql);
    repair_longs_begin(&longs, &sql, &table, row, from, 43);
    repair_longs_put_whole(&longs, &sql);
    repair_longs_end(&longs, &sql);
    assert_int_equal(sql.len, 0);
    buf_free(&sql);
    buf_free(&end);
    free(blob);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_short_row_has_its_values_in_the_statement),
        cmocka_unit_test(a_long_row_comes_in_pieces),
    };
    return cmocka_run_group_tests_name("repair_value", tests, NULL, NULL);
}
