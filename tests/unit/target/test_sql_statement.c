/* The SQL writer's statements, to the letter, and which column each placeholder stands for. */
#include "common/target/sql_statement.h"
#include "tests/unit/cmocka_all.h"

#define KEY(order_) .key_order = (order_)
#define NO_KEY .key_order = COLUMN_NO_KEY
#define NAME(text_) .name = {(const uint8_t *)(text_), sizeof(text_) - 1}

struct made {
    struct target_table table;
    struct arena arena;
};

static void make_table(struct made *m, struct column *columns, struct target_column *targets, uint16_t n)
{
    struct table_def *def = arena_zalloc(&m->arena, sizeof *def);
    *def = (struct table_def){.db = span_str("shop"), .name = span_str("t"), .columns = columns, .column_count = n};
    table_def_seal(def, &m->arena);
    m->table = (struct target_table){.def = def, .columns = targets};
}

/* Text, then the parameters: "b1 a2" is column 1 of the before image and column 2 of the after image. */
static void check(const struct made *m, struct sql_statement_setup setup, const char *text, const char *params)
{
    struct arena a = {0};
    struct sql_statement s;
    struct buf found = {0};
    setup.table = &m->table;
    sql_statement_make(&s, &setup, &a);
    assert_string_equal(buf_cstr(&s.text), text);
    for (size_t i = 0; i < s.param_count; i++)
        buf_printf(&found, "%s%s%u", i ? " " : "", s.params[i].before ? "b" : "a", s.params[i].column);
    assert_string_equal(buf_cstr(&found), params);
    buf_free(&found);
    buf_free(&s.text);
    arena_free(&a);
}

static struct sql_statement_setup setup_of(const struct rows *shape)
{
    return (struct sql_statement_setup){.shape = shape, .rows = 1};
}

static const struct rows inserts = {.op = ROWS_INSERT}, updates = {.op = ROWS_UPDATE}, deletes = {.op = ROWS_DELETE};

/* One key column; a generated column; one that may set itself. */
static void one_key(void **state)
{
    (void)state;
    struct column columns[] = {
        {NAME("id"),         .type = COLUMN_LONG,    KEY(0)    },
        {NAME("na`me"),      .type = COLUMN_VARCHAR, .meta = 40, NO_KEY},
        {NAME("sum"),                  .type = COLUMN_LONG,                              NO_KEY,    .generated = true},
        {NAME("at"), .type = COLUMN_TIMESTAMP2,                       NO_KEY                    },
    };
    struct target_column targets[] = {{0}, {.charset = "utf8mb4"}, {0}, {0}};
    struct made m = {0};
    make_table(&m, columns, targets, 4);
    struct sql_statement_setup s = setup_of(&inserts);
    s.rows = 2;
    check(&m, s, "INSERT INTO `shop`.`t` (`id`, `na``me`, `at`) VALUES (?,?,?),(?,?,?)", "a0 a1 a3");
    s = setup_of(&updates);
    check(&m, s, "UPDATE `shop`.`t` SET `na``me` = ?, `at` = ? WHERE `id` = ?", "a1 a3 b0");
    s.moves = true;
    check(&m, s, "UPDATE `shop`.`t` SET `id` = ?, `na``me` = ?, `at` = ? WHERE `id` = ?", "a0 a1 a3 b0");
    const bool leave[] = {false, true, false, false};
    s = (struct sql_statement_setup){.shape = &updates, .rows = 1, .leave = leave};
    check(&m, s, "UPDATE `shop`.`t` SET `at` = ? WHERE `id` = ?", "a3 b0");
    check(&m, setup_of(&deletes), "DELETE FROM `shop`.`t` WHERE `id` = ?", "b0");
    s = setup_of(&deletes);
    s.rows = 3;
    check(&m, s, "DELETE FROM `shop`.`t` WHERE `id` IN (?,?,?)", "b0");
    assert_true(sql_deletes_many(&m.table));
    arena_free(&m.arena);
}

/* Columns that the images lack keep what they have, also where the server would set them. */
static void absent_columns(void **state)
{
    (void)state;
    struct column columns[] = {
        {NAME("id"),      .type = COLUMN_LONG,      KEY(0)},
        {NAME("a"),       .type = COLUMN_LONG,      NO_KEY},
        {NAME("extra"),   .type = COLUMN_LONG,      NO_KEY},
        {NAME("touched"), .type = COLUMN_DATETIME2, NO_KEY},
    };
    struct target_column targets[4] = {{0}};
    struct made m = {0};
    const uint8_t present[] = {0x03};
    struct rows shape = {.op = ROWS_INSERT, .present_after = present};
    make_table(&m, columns, targets, 4);
    check(&m, setup_of(&shape), "INSERT INTO `shop`.`t` (`id`, `a`) VALUES (?,?)", "a0 a1");
    shape = (struct rows){.op = ROWS_UPDATE, .present_before = present, .present_after = present};
    check(&m, setup_of(&shape), "UPDATE `shop`.`t` SET `a` = ?, `touched` = `touched` WHERE `id` = ?", "a1 b0");
    arena_free(&m.arena);
}

/* A key of several columns, of character sets and kinds that need more than a placeholder. */
static void odd_keys(void **state)
{
    (void)state;
    struct column columns[] = {
        {NAME("x"), .type = COLUMN_FLOAT,   .meta = 4,  KEY(1)},
        {NAME("y"), .type = COLUMN_VARCHAR, .meta = 10, KEY(0)},
    };
    struct target_column targets[] = {
        {0                         },
        { .charset = "latin1", .collation = "latin1_bin"}
    };
    struct made m = {0};
    make_table(&m, columns, targets, 2);
    check(&m, setup_of(&deletes),
          "DELETE FROM `shop`.`t` WHERE `y` = CONVERT(? USING latin1) COLLATE latin1_bin AND CAST(`x` AS DOUBLE) = ?",
          "b1 b0");
    assert_false(sql_deletes_many(&m.table));
    /* Nothing but key columns, and the key stays: the row must be there all the same. */
    check(&m, setup_of(&updates),
          "UPDATE `shop`.`t` SET `y` = `y` WHERE `y` = CONVERT(? USING latin1) COLLATE latin1_bin AND CAST(`x` AS "
          "DOUBLE) = ?",
          "b1 b0");
    columns[0].type = COLUMN_LONG;
    columns[0].meta = 0;
    struct sql_statement_setup s = setup_of(&deletes);
    s.rows = 2;
    check(&m, s,
          "DELETE FROM `shop`.`t` WHERE (`y` = CONVERT(? USING latin1) COLLATE latin1_bin AND `x` = ?) OR (`y` = "
          "CONVERT(? USING latin1) COLLATE latin1_bin AND `x` = ?)",
          "b1 b0");
    arena_free(&m.arena);
}

static void no_key(void **state)
{
    (void)state;
    struct column columns[] = {
        {NAME("a"),            .type = COLUMN_LONG, NO_KEY},
        { NAME("b"), .type = COLUMN_BLOB,           .meta = 2, NO_KEY},
        { NAME("c"), .type = COLUMN_JSON,           .meta = 4, NO_KEY},
    };
    struct target_column targets[] = {{0}, {.charset = "utf8mb4"}, {0}};
    struct made m = {0};
    make_table(&m, columns, targets, 3);
    check(&m, setup_of(&deletes),
          "DELETE FROM `shop`.`t` WHERE `a` <=> ? AND CAST(`b` AS BINARY) <=> ? AND `c` <=> CAST(? AS JSON) LIMIT 1",
          "b0 b1 b2");
    assert_false(sql_deletes_many(&m.table));
    arena_free(&m.arena);
}

/* Values that stand in the text take no placeholder. */
static void written_values(void **state)
{
    (void)state;
    struct column columns[] = {
        {NAME("id"),           .type = COLUMN_LONG, KEY(0)},
        { NAME("doc"), .type = COLUMN_JSON,           .meta = 4, NO_KEY},
    };
    struct target_column targets[2] = {{0}};
    struct made m = {0};
    const struct span written[] = {
        {0  },
        { (const uint8_t *)"JSON_ARRAY(1)", 13}
    };
    make_table(&m, columns, targets, 2);
    struct sql_statement_setup s = setup_of(&inserts);
    s.written_after = written;
    check(&m, s, "INSERT INTO `shop`.`t` (`id`, `doc`) VALUES (?,JSON_ARRAY(1))", "a0");
    s = setup_of(&updates);
    s.written_after = written;
    check(&m, s, "UPDATE `shop`.`t` SET `doc` = JSON_ARRAY(1) WHERE `id` = ?", "b0");
    arena_free(&m.arena);
    m = (struct made){0};
    columns[0].key_order = COLUMN_NO_KEY;
    make_table(&m, columns, targets, 2);
    s = setup_of(&deletes);
    s.written_before = written;
    check(&m, s, "DELETE FROM `shop`.`t` WHERE `id` <=> ? AND `doc` <=> JSON_ARRAY(1) LIMIT 1", "b0");
    arena_free(&m.arena);
}

static void moving(void **state)
{
    (void)state;
    struct column columns[] = {
        {NAME("a"), .type = COLUMN_LONG, KEY(0)},
        {NAME("b"), .type = COLUMN_LONG, NO_KEY}
    };
    struct target_column targets[2] = {{0}};
    struct made m = {0};
    const struct cell one[] = {{.data = {(const uint8_t *)"\1\0\0\0", 4}}, {.null = true}};
    const struct cell two[] = {{.data = {(const uint8_t *)"\2\0\0\0", 4}}, {.null = true}};
    make_table(&m, columns, targets, 2);
    assert_true(sql_row_moves(m.table.def, one, two));
    assert_false(sql_row_moves(m.table.def, one, one));
    arena_free(&m.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_key), cmocka_unit_test(absent_columns), cmocka_unit_test(odd_keys),
        cmocka_unit_test(no_key),  cmocka_unit_test(written_values), cmocka_unit_test(moving),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
