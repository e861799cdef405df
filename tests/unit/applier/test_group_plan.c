/* The plan of a group: what ends it. A change of a parent goes by itself, because rows that refer to it may change
 * along with it below the binlog; and rows written under two definitions never meet. */
#include "applier/group.h"

#include <stdlib.h>
#include <string.h>

#include "applier/ground.h"
#include "tests/unit/cmocka_all.h"

/* id: the key; code: a unique key that foreign keys refer to; note: nobody's business. All TINYINT. */
enum { ID, CODE, NOTE, COLUMNS };

static struct column columns[COLUMNS] = {
    [ID] = {.name = {(const uint8_t *)"id", 2},   .type = COLUMN_TINY, .key_order = 0            },
    [CODE] = {.name = {(const uint8_t *)"code", 4}, .type = COLUMN_TINY, .key_order = COLUMN_NO_KEY},
    [NOTE] = {.name = {(const uint8_t *)"note", 4}, .type = COLUMN_TINY, .key_order = COLUMN_NO_KEY},
};
static uint16_t id_key[] = {ID}, code_key[] = {CODE};
static const struct table_def def = {
    .db = {(const uint8_t *)"shop", 4},
    .name = {(const uint8_t *)"t",    1},
    .columns = columns,
    .column_count = COLUMNS,
    .key = id_key,
    .key_count = 1,
};
static struct target_column target_columns[COLUMNS];
static struct target_key keys[] = {
    {.name = "PRIMARY", .columns = id_key,   .prefix = (uint16_t[]){0}, .count = 1},
    {.name = "code",    .columns = code_key, .prefix = (uint16_t[]){0}, .count = 1},
};
static bool in_foreign_key[COLUMNS] = {[CODE] = true};

struct fixture {
    struct config config;
    struct target_table target;
    struct table_def former; /* the same table as the source had it before */
    struct convert_plan *plan;
    struct convert_plan *former_plan;
    struct sink sink;
    struct txn *txns[2];
    struct apply_outcome out;
    struct group group;
    struct err err;
};

static int admits(struct sink *s, const struct convert_plan *plan, struct buf *why, struct err *err)
{
    (void)s;
    (void)plan;
    (void)why;
    (void)err;
    return 1;
}

static const struct ground ground = {.admit = admits};

static int open_group(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    struct buf why = {0};
    f->target = (struct target_table){.def = &def,
                                      .columns = target_columns,
                                      .keys = keys,
                                      .key_count = 2,
                                      .in_foreign_key = in_foreign_key,
                                      .transactional = true,
                                      .is_parent = true,
                                      .cascades = true};
    assert_int_equal(convert_plan_make(&f->plan, &f->target, &def, NULL, &why), 1);
    const struct table_def *source = &def, *former = &f->former;
    f->former = def;
    assert_int_equal(convert_plan_make(&f->former_plan, &f->target, former, NULL, &why), 1);
    *map_ref(&f->sink.plans, span_of(&former, sizeof former)) = f->former_plan;
    const struct target_table *table = &f->target;
    *map_ref(&f->sink.plans, span_of(&source, sizeof source)) = f->plan;
    *map_ref(&f->sink.touched, span_of(&table, sizeof table)) = f; /* as if this transaction held it */
    f->sink.config = &f->config;
    f->sink.ground = &ground;
    for (size_t i = 0; i < 2; i++)
        f->txns[i] = txn_new();
    f->group = (struct group){.sink = &f->sink, .txns = f->txns, .count = 2, .out = &f->out};
    buf_free(&why);
    *state = f;
    return 0;
}

static int close_group(void **state)
{
    struct fixture *f = *state;
    for (size_t i = 0; i < 2; i++)
        txn_free(&f->txns[i]);
    keymap_free(&f->group.keys);
    arena_free(&f->group.arena);
    free(f->group.tables);
    free(f->group.changes);
    apply_outcome_free(&f->out);
    convert_plan_free(&f->plan);
    convert_plan_free(&f->former_plan);
    map_free(&f->sink.plans);
    const struct table_def *source = &def;
    free(map_get(&f->sink.columns, span_of(&source, sizeof source)));
    map_free(&f->sink.columns);
    map_free(&f->sink.touched);
    free(f);
    return 0;
}

/* `images`: id, code, note of each image. A row of that transaction, written under that definition. */
static void change_under(const struct table_def *source, struct txn *t, enum rows_op op, const char *images)
{
    size_t count = strlen(images) / COLUMNS;
    uint8_t *bytes = arena_alloc(&t->arena, count * (1 + COLUMNS));
    for (size_t i = 0; i < count; i++) {
        bytes[i * (1 + COLUMNS)] = 0xf8; /* NULL bitmap */
        memcpy(bytes + i * (1 + COLUMNS) + 1, images + i * COLUMNS, COLUMNS);
    }
    t->rows = arena_zalloc(&t->arena, sizeof *t->rows);
    t->rows_count = 1;
    *t->rows = (struct rows){.table = source, .op = op, .count = 1, .images = span_of(bytes, count * (1 + COLUMNS))};
}

static void change(struct fixture *f, enum rows_op op, const char *images)
{
    change_under(&def, f->txns[1], op, images);
}

static void expect_by_itself(struct fixture *f)
{
    assert_int_equal(group_plan(&f->group, &f->err), 0);
    assert_int_equal(f->out.result, APPLY_DOUBT);
    assert_int_equal(f->out.doubt, 1);
}

static void a_delete_of_a_parent_goes_by_itself(void **state)
{
    change(*state, ROWS_DELETE, "123");
    expect_by_itself(*state);
}

static void a_key_change_of_a_parent_goes_by_itself(void **state)
{
    change(*state, ROWS_UPDATE, "123423");
    expect_by_itself(*state);
}

static void a_change_of_what_is_referred_to_goes_by_itself(void **state)
{
    change(*state, ROWS_UPDATE, "123143");
    expect_by_itself(*state);
}

static void another_change_of_a_parent_joins_the_group(void **state)
{
    struct fixture *f = *state;
    change(f, ROWS_UPDATE, "123124");
    assert_int_equal(group_plan(&f->group, &f->err), 1);
    assert_int_equal(f->group.change_count, 1);
    assert_true(f->group.changes[0].plain);
}

static void an_insert_joins_the_group(void **state)
{
    struct fixture *f = *state;
    change(f, ROWS_INSERT, "123");
    assert_int_equal(group_plan(&f->group, &f->err), 1);
}

static void where_nothing_cascades_a_delete_joins_the_group(void **state)
{
    struct fixture *f = *state;
    f->target.cascades = false;
    change(f, ROWS_DELETE, "123");
    assert_int_equal(group_plan(&f->group, &f->err), 1);
}

static void rows_written_under_two_definitions_do_not_meet(void **state)
{
    struct fixture *f = *state;
    change_under(&f->former, f->txns[0], ROWS_INSERT, "123");
    change(f, ROWS_INSERT, "456");
    expect_by_itself(f); /* and what comes before it goes first */
}

/* Rows from which on a column may lack go another way than those before. */
static void rows_that_lack_a_column_do_not_meet_those_before(void **state)
{
    struct fixture *f = *state;
    static const uint8_t brought[] = {1u << ID | 1u << CODE};
    change_under(&def, f->txns[0], ROWS_INSERT, "123");
    change(f, ROWS_UPDATE, "123124");
    struct rows *rows = f->txns[1]->rows;
    rows->present_before = rows->present_after = brought;
    rows->images = span_of("\xfc\1\2\xfc\1\2", 6);
    expect_by_itself(f);
    assert_memory_equal(sink_columns(&f->sink, f->txns[0]->rows), brought, 1); /* and so do those to come … */
    rows->present_before = rows->present_after = NULL;
    assert_null(sink_columns(&f->sink, rows)); /* … until the source computes nothing any more */
    assert_null(sink_columns(&f->sink, f->txns[0]->rows));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_delete_of_a_parent_goes_by_itself, open_group, close_group),
        cmocka_unit_test_setup_teardown(a_key_change_of_a_parent_goes_by_itself, open_group, close_group),
        cmocka_unit_test_setup_teardown(a_change_of_what_is_referred_to_goes_by_itself, open_group, close_group),
        cmocka_unit_test_setup_teardown(another_change_of_a_parent_joins_the_group, open_group, close_group),
        cmocka_unit_test_setup_teardown(an_insert_joins_the_group, open_group, close_group),
        cmocka_unit_test_setup_teardown(rows_written_under_two_definitions_do_not_meet, open_group, close_group),
        cmocka_unit_test_setup_teardown(rows_that_lack_a_column_do_not_meet_those_before, open_group, close_group),
        cmocka_unit_test_setup_teardown(where_nothing_cascades_a_delete_joins_the_group, open_group, close_group),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
