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

#define GENERATED " AND (EXTRA LIKE '%VIRTUAL GENERATED%' OR EXTRA LIKE '%STORED GENERATED%')"
#define COUNT(n)                                                                                                       \
    "SELECT COUNT(*) = " n                                                                                             \
    " FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = 'shop' AND TABLE_NAME = 'item'" GENERATED

static void columns_are_asked_for_by_name_or_place(void **state)
{
    (void)state;
    struct table_def t = table_of(1);
    struct buf sql = {0};
    static const uint8_t id[] = {1u << ID}, all_but_hash[] = {1u << ID | 1u << V};
    computed_columns_ask(&sql, &t, id);
    assert_string_equal(buf_cstr(&sql), COUNT("1") " AND (FALSE OR COLUMN_NAME = X'69742773')");
    computed_columns_ask(&sql, &t, all_but_hash); /* of its own column nobody but the server knows */
    assert_string_equal(buf_cstr(&sql), COUNT("0") " AND (FALSE)");
    t.nameless = true;
    computed_columns_ask(&sql, &t, id);
    assert_string_equal(buf_cstr(&sql), COUNT("1") " AND (FALSE OR ORDINAL_POSITION = 2)");
    buf_free(&sql);
}

static void only_releases_that_were_seen_to_leave_columns_out(void **state)
{
    (void)state;
    assert_false(computed_columns_by_rows(FLAVOR_MARIADB, 101119));
    assert_false(computed_columns_by_rows(FLAVOR_MARIADB, 110806));
    assert_true(computed_columns_by_rows(FLAVOR_MARIADB, 110809));
    assert_true(computed_columns_by_rows(FLAVOR_MARIADB, 110815));
    assert_false(computed_columns_by_rows(FLAVOR_MARIADB, 120002));
    assert_false(computed_columns_by_rows(FLAVOR_MYSQL, 110809));
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
        {FILL_ALWAYS,  false, 0, -1, V,  V },
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
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_are_asked_for_by_name_or_place),
        cmocka_unit_test(only_releases_that_were_seen_to_leave_columns_out),
        cmocka_unit_test(what_only_plain_sql_can_do_without),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
