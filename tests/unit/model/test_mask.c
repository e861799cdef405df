/* Masked columns: which they are, and that nothing of their values is shown. */
#include "common/model/mask.h"
#include "tests/unit/cmocka_all.h"

enum { COLUMN_ID, COLUMN_MAIL, COLUMN_NOTE, COLUMNS };

static struct table_def *make_table(struct arena *a, const char *name, int key)
{
    struct table_def *t = arena_zalloc(a, sizeof *t);
    const char *const names[COLUMNS] = {"id", "Mail", "note"};
    t->db = span_str("shop");
    t->name = span_str(name);
    t->column_count = COLUMNS;
    t->columns = arena_zalloc(a, COLUMNS * sizeof *t->columns);
    for (int i = 0; i < COLUMNS; i++) {
        struct column *c = &t->columns[i];
        c->name = span_str(names[i]);
        c->type = i == COLUMN_ID ? COLUMN_LONG : COLUMN_VARCHAR;
        c->meta = i == COLUMN_ID ? 0 : 40;
        c->collation = i == COLUMN_ID ? COLLATION_NONE : 45;
        c->nullable = true;
        c->key_order = i == key ? 0 : COLUMN_NO_KEY;
    }
    table_def_seal(t, a);
    return t;
}

static void names_are_found(void **state)
{
    (void)state;
    struct arena a = {0};
    const struct table_def *item = make_table(&a, "item", COLUMN_ID), *other = make_table(&a, "other", COLUMN_MAIL);
    char *names[] = {"mail", "shop.item.NOTE"};
    const struct mask m = {names, 2};
    assert_true(mask_has(&m, item, COLUMN_MAIL) && mask_has(&m, item, COLUMN_NOTE));
    assert_true(mask_has(&m, other, COLUMN_MAIL));
    assert_false(mask_has(&m, other, COLUMN_NOTE) || mask_has(&m, item, COLUMN_ID));
    assert_true(mask_has_any(&m, other) && mask_has_key(&m, other));
    assert_false(mask_has_key(&m, item));
    assert_true(mask_has_key(&m, make_table(&a, "item", -1))); /* without a key the whole row is it */
    assert_false(mask_has(NULL, item, COLUMN_MAIL) || mask_has_any(NULL, item) || mask_has_key(NULL, item));
    arena_free(&a);
}

static void values_are_not_shown(void **state)
{
    (void)state;
    struct arena a = {0};
    struct buf out = {0};
    const struct table_def *t = make_table(&a, "item", COLUMN_ID);
    const struct cell row[COLUMNS] = {{.data = span_of("\x07\0\0\0", 4)}, {.data = span_of("\2me", 3)}, {.null = true}};
    char *names[] = {"mail", "note"};
    const struct mask m = {names, 2};
    for (int i = 0; i < COLUMNS; i++)
        mask_put_text(&m, t, row, (uint16_t)i, &out);
    for (int i = 0; i < COLUMNS; i++)
        mask_put_json(&m, t, row, (uint16_t)i, &out);
    assert_string_equal(buf_cstr(&out), "7***NULL7{\"masked\": true}null");
    buf_free(&out);
    arena_free(&a);
}

static void what_a_server_quotes_is_not_told(void **state)
{
    (void)state;
    struct arena a = {0};
    struct buf out = {0};
    const struct table_def *t = make_table(&a, "item", COLUMN_ID);
    char *names[] = {"mail"};
    const struct mask m = {names, 1};
    const char *text = "Duplicate entry 'o'neil' for key 'mail'";
    assert_string_equal(mask_server_text(&m, t, text, &out), "Duplicate entry '***'");
    assert_string_equal(mask_server_text(NULL, t, text, &out), text);
    assert_string_equal(mask_server_text(&m, t, "it's full", &out), "it's full");
    text = "BINLOG: Table has no partition for value 4711 (1526)";
    assert_string_equal(mask_server_text(&m, t, text, &out), "BINLOG: Table has no partition for value ***");
    assert_string_equal(mask_server_text(NULL, t, text, &out), text);
    text = "Found a row in wrong partition p0 (1 != 2) from `id`:1, `mail`:'o'neil', `note`:me";
    assert_string_equal(mask_server_text(&m, t, text, &out), "Found a row in wrong partition ***");
    buf_free(&out);
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_found),
        cmocka_unit_test(values_are_not_shown),
        cmocka_unit_test(what_a_server_quotes_is_not_told),
    };
    return cmocka_run_group_tests_name("mask", tests, NULL, NULL);
}
