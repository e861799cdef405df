/* The key map: what a group expects of each key, change by change. */
#include "applier/keymap.h"
#include "tests/unit/cmocka_all.h"

static struct column columns[2] = {
    {.name = {(const uint8_t *)"id", 2}, .type = COLUMN_LONG, .key_order = 0            },
    {.name = {(const uint8_t *)"v", 1},  .type = COLUMN_TINY, .key_order = COLUMN_NO_KEY},
};
static uint16_t key[1] = {0};
static const struct table_def table = {
    .db = {(const uint8_t *)"shop", 4},
    .name = {(const uint8_t *)"t",    1},
    .columns = columns,
    .column_count = 2,
    .key = key,
    .key_count = 1
};

/* Rows (1, a), (2, b) …: images of the table above. */
static struct cell rows[4][4][2];
static uint8_t ids[4][4];
static uint8_t values[4];

static int make_rows(void **state)
{
    (void)state;
    for (uint8_t i = 0; i < 4; i++) {
        ids[i][0] = i;
        values[i] = i;
        for (size_t v = 0; v < 4; v++) {
            rows[i][v][0].data = span_of(ids[i], 4);
            rows[i][v][1].data = span_of(&values[v], 1);
        }
    }
    return 0;
}

static void later_changes_follow_what_the_group_left(void **state)
{
    (void)state;
    struct keymap m = {0};
    assert_true(keymap_insert(&m, &table, rows[1][0], 0));
    assert_true(keymap_update(&m, &table, rows[1][0], rows[1][2], 1));
    assert_true(keymap_delete(&m, &table, rows[1][2], 2));
    assert_true(keymap_insert(&m, &table, rows[1][3], 3));
    assert_int_equal(m.tables[0].to_verify, 0);
    assert_ptr_equal(keymap_find(&m, &table, rows[1][0])->now, rows[1][3]);
    keymap_free(&m);
}

static void first_change_says_what_to_read(void **state)
{
    (void)state;
    struct keymap m = {0};
    assert_true(keymap_update(&m, &table, rows[1][0], rows[1][1], 4));
    assert_true(keymap_delete(&m, &table, rows[1][1], 5));
    assert_true(keymap_delete(&m, &table, rows[2][3], 6));
    assert_int_equal(m.tables[0].to_verify, 2);
    const struct key_entry *e = keymap_find(&m, &table, rows[1][3]);
    assert_ptr_equal(e->expect, rows[1][0]);
    assert_int_equal(e->txn, 4);
    assert_null(e->now);
    assert_null(keymap_find(&m, &table, rows[3][0]));
    keymap_free(&m);
}

static void what_does_not_fit_is_doubt(void **state)
{
    (void)state;
    struct keymap m = {0};
    assert_true(keymap_insert(&m, &table, rows[1][0], 0));
    assert_false(keymap_insert(&m, &table, rows[1][1], 1));
    assert_false(keymap_update(&m, &table, rows[1][1], rows[1][2], 1));
    assert_false(keymap_delete(&m, &table, rows[1][3], 1));
    assert_true(keymap_delete(&m, &table, rows[1][0], 1));
    assert_false(keymap_delete(&m, &table, rows[1][0], 2));
    assert_false(keymap_update(&m, &table, rows[1][0], rows[1][0], 2));
    keymap_free(&m);
}

static void change_of_key_is_a_delete_and_an_insert(void **state)
{
    (void)state;
    struct keymap m = {0};
    assert_true(keymap_update(&m, &table, rows[1][0], rows[2][0], 0));
    assert_null(keymap_find(&m, &table, rows[1][0])->now);
    assert_ptr_equal(keymap_find(&m, &table, rows[2][0])->now, rows[2][0]);
    assert_null(keymap_find(&m, &table, rows[2][0])->expect);
    assert_true(keymap_update(&m, &table, rows[3][0], rows[1][1], 1));
    assert_false(keymap_update(&m, &table, rows[1][1], rows[2][1], 2));
    keymap_free(&m);
}

static void cleared_map_knows_nothing(void **state)
{
    (void)state;
    struct keymap m = {0};
    assert_true(keymap_insert(&m, &table, rows[1][0], 0));
    keymap_clear(&m);
    assert_null(keymap_find(&m, &table, rows[1][0]));
    assert_true(keymap_insert(&m, &table, rows[1][0], 0));
    keymap_free(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(later_changes_follow_what_the_group_left),
        cmocka_unit_test(first_change_says_what_to_read),
        cmocka_unit_test(what_does_not_fit_is_doubt),
        cmocka_unit_test(change_of_key_is_a_delete_and_an_insert),
        cmocka_unit_test(cleared_map_knows_nothing),
    };
    return cmocka_run_group_tests(tests, make_rows, NULL);
}
