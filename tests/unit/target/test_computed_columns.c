/* What a server is asked about columns that rows lack, and what only plain SQL can do without. */
#include "common/target/computed_columns.h"

#include "common/target/target_table.h"
#include "tests/unit/cmocka_all.h"

enum { ID, V, HASH, COLUMNS };

static struct column columns[COLUMNS] = {
    [ID] = {.name = {(const uint8_t *)"id", 2},             .type = COLUMN_LONG,     .key_order = 0            },
    [V] = {.name = {(const uint8_t *)"it's", 4},           .type = COLUMN_LONG,     .key_order = COLUMN_NO_KEY},
    [HASH] = {.name = {(const uint8_t *)"DB_ROW_HASH_1", 13}, .type = COLUMN_LONGLONG, .key_order = COLUMN_NO_KEY},
};

static struct table_def table_of(uint16_t key_count)
{
    return (struct table_def){.db = span_str("shop"),
                              .name = span_str("item"),
                              .columns = columns,
                              .column_count = COLUMNS,
                              .key_count = key_count};
}

#define QUERY                                                                                                          \
    "SELECT COUNT(*) = 0 FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = 'shop' AND TABLE_NAME = 'item' AND "     \
    "EXTRA NOT LIKE '%VIRTUAL GENERATED%' AND EXTRA NOT LIKE '%STORED GENERATED%' AND (FALSE"

static void columns_are_asked_for_by_name_or_place(void **state)
{
    (void)state;
    struct table_def t = table_of(1);
    struct buf sql = {0};
    static const uint8_t id[] = {1u << ID}, all_but_hash[] = {1u << ID | 1u << V};
    computed_columns_ask(&sql, &t, id);
    assert_string_equal(buf_cstr(&sql), QUERY " OR COLUMN_NAME = X'69742773' OR COLUMN_NAME = 'DB_ROW_HASH_1')");
    computed_columns_ask(&sql, &t, all_but_hash);
    assert_string_equal(buf_cstr(&sql), QUERY " OR COLUMN_NAME = 'DB_ROW_HASH_1')");
    t.nameless = true;
    computed_columns_ask(&sql, &t, all_but_hash);
    assert_string_equal(buf_cstr(&sql), QUERY " OR ORDINAL_POSITION = 3)");
    buf_free(&sql);
}

static void hash_columns_are_known_by_their_names(void **state)
{
    (void)state;
    static const char *const others[] = {"DB_ROW_HASH_", "DB_ROW_HASH_total", "DB_ROW_HASH_1x", "db_row_hash_1",
                                         "DB_ROW_HASH"};
    struct column c = columns[HASH];
    assert_true(computed_column_is_hash(&c));
    c.name = span_str("DB_ROW_HASH_12");
    assert_true(computed_column_is_hash(&c));
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        c.name = span_str(others[i]);
        assert_false(computed_column_is_hash(&c));
    }
    c = columns[HASH];
    c.type = COLUMN_LONG;
    assert_false(computed_column_is_hash(&c));
}

static void releases_that_were_seen(void **state)
{
    (void)state;
    assert_false(computed_columns_left_out(FLAVOR_MARIADB, 101119));
    assert_false(computed_columns_left_out(FLAVOR_MARIADB, 110806));
    assert_true(computed_columns_left_out(FLAVOR_MARIADB, 110809));
    assert_true(computed_columns_left_out(FLAVOR_MARIADB, 110815));
    assert_false(computed_columns_left_out(FLAVOR_MARIADB, 120002));
    assert_false(computed_columns_left_out(FLAVOR_MYSQL, 90704));
    assert_false(computed_columns_by_rows(FLAVOR_MARIADB, 110806));
    assert_true(computed_columns_by_rows(FLAVOR_MARIADB, 110809));
    assert_true(computed_columns_by_rows(FLAVOR_MYSQL, 90704));
    assert_false(computed_columns_by_rows(FLAVOR_MYSQL, 80400));
}

/* V as the first that lacks, or nothing. */
static void what_only_plain_sql_can_do_without(void **state)
{
    (void)state;
    static const uint8_t brought[] = {1u << ID | 1u << HASH};
    static const struct {
        enum column_fill fill;
        bool generated;
        uint16_t key_count;
        int insert, update, delete;
    } cases[] = {
        {FILL_BY_SQL,  true,  1, V,  V,  -1},
        {FILL_BY_SQL,  false, 1, V,  -1, -1}, /* an update leaves a default alone */
        {FILL_ALWAYS,  true,  1, -1, -1, -1},
        {FILL_BY_ROWS, true,  1, -1, -1, -1},
        {FILL_BY_SQL,  true,  0, V,  V,  V }, /* without a key it would be compared */
        {FILL_ALWAYS,  true,  0, -1, V,  V },
        {FILL_ALWAYS,  false, 0, -1, -1, -1},
        {FILL_BY_ROWS, true,  0, -1, -1, -1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct table_def def = table_of(cases[i].key_count);
        struct target_column extra[COLUMNS] = {[V] = {.fill = cases[i].fill}};
        const struct target_table t = {.def = &def, .columns = extra};
        columns[V].generated = cases[i].generated;
        assert_int_equal(target_table_lacks(&t, ROWS_INSERT, brought), cases[i].insert);
        assert_int_equal(target_table_lacks(&t, ROWS_UPDATE, brought), cases[i].update);
        assert_int_equal(target_table_lacks(&t, ROWS_DELETE, brought), cases[i].delete);
        assert_int_equal(target_table_lacks(&t, ROWS_UPDATE, NULL), -1);
        bool ever = cases[i].insert == V || cases[i].update == V || cases[i].delete == V;
        assert_int_equal(target_table_ever_lacks(&t, brought), ever ? V : -1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_are_asked_for_by_name_or_place),
        cmocka_unit_test(hash_columns_are_known_by_their_names),
        cmocka_unit_test(releases_that_were_seen),
        cmocka_unit_test(what_only_plain_sql_can_do_without),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
