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

/* Rows (1, 0), (2, 1) …: images of the table above, as bytes and as cells. */
static uint8_t bytes[4][4][6];
static struct cell cells[4][4][2];
static struct key_image rows[4][4];

static int make_rows(void **state)
{
    (void)state;
    for (uint8_t id = 0; id < 4; id++) {
        for (uint8_t v = 0; v < 4; v++) {
            uint8_t *b = bytes[id][v];
            b[0] = 0xfc; /* NULL bitmap */
            b[1] = id;
            b[5] = v;
            cells[id][v][0].data = span_of(&b[1], 4);
            cells[id][v][1].data = span_of(&b[5], 1);
            rows[id][v] = (struct key_image){span_of(b, 6), cells[id][v]};
        }
    }
    return 0;
}

struct fixture {
    struct keymap m;
    uint32_t table;
    struct key_entry *moved;
};

static struct fixture begin(void)
{
    struct fixture f = {0};
    f.table = keymap_table(&f.m, &table, NULL, NULL);
    return f;
}

static enum key_way inserted(struct fixture *f, int id, int v, uint32_t txn)
{
    return keymap_insert(&f->m, f->table, &rows[id][v], txn)->way;
}

static enum key_way deleted(struct fixture *f, int id, int v, uint32_t txn)
{
    return keymap_delete(&f->m, f->table, &rows[id][v], txn)->way;
}

static enum key_way updated(struct fixture *f, int id, int v, int to_id, int to_v, uint32_t txn)
{
    return keymap_update(&f->m, f->table, &rows[id][v], &rows[to_id][to_v], txn, &f->moved)->way;
}

static struct key_entry *entry(struct fixture *f, int id)
{
    return keymap_find(&f->m, f->table, cells[id][0]);
}

static void later_changes_follow_what_the_group_left(void **state)
{
    (void)state;
    struct fixture f = begin();
    assert_int_equal(inserted(&f, 1, 0, 0), KEY_CLEAN);
    assert_int_equal(updated(&f, 1, 0, 1, 2, 1), KEY_CLEAN);
    assert_int_equal(deleted(&f, 1, 2, 2), KEY_CLEAN);
    assert_int_equal(inserted(&f, 1, 3, 3), KEY_CLEAN);
    struct key_entry *e = entry(&f, 1);
    assert_false(e->read);
    assert_true(span_eq(e->now, rows[1][3].image));
    keymap_free(&f.m);
}

static void first_change_says_what_to_read(void **state)
{
    (void)state;
    struct fixture f = begin();
    updated(&f, 1, 0, 1, 1, 4);
    deleted(&f, 1, 1, 5);
    deleted(&f, 2, 3, 6);
    assert_int_equal(f.m.tables[0].count, 2);
    struct key_entry *e = entry(&f, 1);
    assert_true(e->read && entry(&f, 2)->read);
    assert_true(span_eq(e->expect, rows[1][0].image));
    assert_int_equal(e->txn, 4);
    assert_int_equal(e->now.n, 0);
    assert_null(entry(&f, 3));
    keymap_free(&f.m);
}

static void what_does_not_fit_goes_the_exact_way(void **state)
{
    (void)state;
    struct fixture f = begin();
    inserted(&f, 0, 0, 0);
    assert_int_equal(inserted(&f, 0, 1, 1), KEY_EXACT);
    inserted(&f, 1, 0, 0);
    assert_int_equal(updated(&f, 1, 1, 1, 2, 1), KEY_EXACT);
    inserted(&f, 2, 0, 0);
    assert_int_equal(deleted(&f, 2, 3, 1), KEY_EXACT);
    deleted(&f, 3, 0, 1);
    assert_int_equal(deleted(&f, 3, 0, 2), KEY_EXACT);
    keymap_free(&f.m);
}

static void change_of_key_is_a_delete_and_an_insert(void **state)
{
    (void)state;
    struct fixture f = begin();
    assert_int_equal(updated(&f, 1, 0, 2, 0, 0), KEY_CLEAN);
    assert_ptr_equal(f.moved, entry(&f, 2));
    assert_int_equal(entry(&f, 1)->now.n, 0);
    assert_true(span_eq(entry(&f, 2)->now, rows[2][0].image));
    assert_int_equal(entry(&f, 2)->expect.n, 0);
    assert_true(entry(&f, 1)->moves && entry(&f, 2)->moves);
    assert_int_equal(updated(&f, 3, 0, 1, 1, 1), KEY_CLEAN);
    updated(&f, 1, 1, 2, 1, 1);
    assert_int_equal(f.moved->way, KEY_EXACT);
    updated(&f, 0, 0, 0, 1, 2);
    assert_null(f.moved);
    keymap_free(&f.m);
}

static void many_keys_are_all_found_again(void **state)
{
    (void)state;
    static uint8_t many[3000][6];
    struct fixture f = begin();
    for (unsigned i = 0; i < 3000; i++) {
        many[i][0] = 0xfc;
        many[i][1] = (uint8_t)i;
        many[i][2] = (uint8_t)(i >> 8);
        struct cell own[2] = {{.data = span_of(&many[i][1], 4)}, {.data = span_of(&many[i][5], 1)}};
        const struct key_image image = {span_of(many[i], 6), own};
        assert_int_equal(keymap_insert(&f.m, f.table, &image, i)->txn, i);
    }
    for (unsigned i = 0; i < 3000; i++) {
        const struct cell own[2] = {{.data = span_of(&many[i][1], 4)}};
        assert_int_equal(keymap_find(&f.m, f.table, own)->txn, i);
    }
    keymap_free(&f.m);
}

/* MariaDB sets the bits of the bitmap beyond the last column, MySQL does not. */
static void spare_bits_tell_no_difference(void **state)
{
    (void)state;
    struct fixture f = begin();
    uint8_t other[6];
    memcpy(other, bytes[1][2], sizeof other);
    other[0] = 0;
    assert_true(keymap_same(&f.m, f.table, rows[1][2].image, span_of(other, sizeof other)));
    other[5] ^= 1;
    assert_false(keymap_same(&f.m, f.table, rows[1][2].image, span_of(other, sizeof other)));
    memcpy(other, bytes[1][2], sizeof other);
    other[0] = 0xfd; /* the first column is NULL */
    assert_false(keymap_same(&f.m, f.table, rows[1][2].image, span_of(&other[0], 2)));
    keymap_free(&f.m);
}

static void ignored_columns_tell_no_difference(void **state)
{
    (void)state;
    static const bool ignore[2] = {false, true};
    struct keymap m = {0};
    uint32_t number = keymap_table(&m, &table, NULL, ignore);
    assert_true(keymap_same(&m, number, rows[1][0].image, rows[1][3].image));
    assert_false(keymap_same(&m, number, rows[1][0].image, rows[2][0].image));
    keymap_free(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(later_changes_follow_what_the_group_left),
        cmocka_unit_test(first_change_says_what_to_read),
        cmocka_unit_test(what_does_not_fit_goes_the_exact_way),
        cmocka_unit_test(change_of_key_is_a_delete_and_an_insert),
        cmocka_unit_test(many_keys_are_all_found_again),
        cmocka_unit_test(spare_bits_tell_no_difference),
        cmocka_unit_test(ignored_columns_tell_no_difference),
    };
    return cmocka_run_group_tests(tests, make_rows, NULL);
}
