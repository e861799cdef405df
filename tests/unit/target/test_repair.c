/* Marks of reconcile: what is put into a body is read out of the rows of drc.repair again, and nothing that a forged
 * one says reaches a table outside the pair. */
#include <string.h>

#include "common/target/cell_encode.h"
#include "common/target/repair.h"
#include "tests/unit/cmocka_all.h"

struct fixture {
    struct arena arena;
    struct table_cache cache;
    struct filter filter;
    struct table_def *marks;
    struct table_def *item;
    struct buf images;
    uint32_t count;
};

static struct table_def *make_table(struct arena *a, const char *db, const char *name, const struct column *columns,
                                    uint16_t count)
{
    struct table_def *t = arena_zalloc(a, sizeof *t);
    t->db = span_str(db);
    t->name = span_str(name);
    t->columns = arena_zalloc(a, count * sizeof *t->columns);
    memcpy(t->columns, columns, count * sizeof *columns);
    t->column_count = count;
    table_def_seal(t, a);
    return t;
}

static int set_up(void **state)
{
    static struct fixture f;
    struct err err;
    f = (struct fixture){0};
    const struct column marks[] = {
        {.name = span_str("id"),    .type = COLUMN_STRING,    .meta = REPAIR_ID_LEN, .collation = COLLATION_BINARY},
        {.name = span_str("at"),    .type = COLUMN_DATETIME2, .meta = 6,             .key_order = COLUMN_NO_KEY   },
        {.name = span_str("kind"),  .type = COLUMN_VARCHAR,   .meta = 16,            .key_order = COLUMN_NO_KEY   },
        {.name = span_str("asked"), .type = COLUMN_VARCHAR,   .meta = 256,           .key_order = COLUMN_NO_KEY   },
        {.name = span_str("seen"),  .type = COLUMN_VARCHAR,   .meta = 16,            .key_order = COLUMN_NO_KEY   },
        {.name = span_str("body"),  .type = COLUMN_BLOB,      .meta = 4,             .key_order = COLUMN_NO_KEY   },
    };
    const struct column item[] = {
        {.name = span_str("id"), .type = COLUMN_LONG  },
        { .name = span_str("v"), .type = COLUMN_VARCHAR, .meta = 40, .nullable = true, .key_order = COLUMN_NO_KEY},
    };
    f.marks = make_table(&f.arena, "drc", "repair", marks, 6);
    f.item = make_table(&f.arena, "shop", "item", item, 2);
    *state = &f;
    return filter_add(&f.filter, true, "shop.*", &err) || filter_add(&f.filter, false, "shop.tmp_*", &err);
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    filter_free(&f->filter);
    table_cache_free(&f->cache);
    arena_free(&f->arena);
    buf_free(&f->images);
    return 0;
}

static struct cell bytes_cell(struct fixture *f, const struct column *c, struct span v)
{
    struct buf out = {0};
    cell_encode_bytes(&out, c, v);
    struct cell cell = {.data = arena_copy(&f->arena, buf_span(&out))};
    buf_free(&out);
    return cell;
}

/* A row of drc.repair as a source's binlog has it: BINARY without the zeros at its end. */
static void put_mark(struct fixture *f, struct span id, const char *kind, struct span seen, struct span body)
{
    static const uint8_t at[8] = {0x99};
    const struct column *c = f->marks->columns;
    const struct cell cells[] = {
        bytes_cell(f, &c[0], id),
        {.data = span_of(at, sizeof at)},
        bytes_cell(f, &c[2], span_str(kind)),
        bytes_cell(f, &c[3], span_str("us")),
        bytes_cell(f, &c[4], seen),
        bytes_cell(f, &c[5], body),
    };
    image_put(cells, f->marks, NULL, &f->images);
    f->count++;
}

static struct rows mark_rows(const struct fixture *f)
{
    return (struct rows){.table = f->marks, .op = ROWS_INSERT, .count = f->count, .images = buf_span(&f->images)};
}

static const struct cell *item_row(struct fixture *f, uint8_t id, const char *v)
{
    struct cell *row = arena_zalloc(&f->arena, 2 * sizeof *row);
    const uint8_t bytes[4] = {id};
    row[0].data = arena_copy(&f->arena, span_of(bytes, sizeof bytes));
    row[1] = v ? bytes_cell(f, &f->item->columns[1], span_str(v)) : (struct cell){.null = true};
    return row;
}

static void what_is_asked_is_read_as_it_was_put(void **state)
{
    struct fixture *f = *state;
    struct buf body = {0}, absent = {0};
    struct repair_hash seen;
    struct repair_mark marks[2];
    struct err err = {0};
    static const uint8_t id[] = {7, 7, 7, 7, 7, 7, 7, 7, 0, 0, 0, 0, 0, 0, 1, 0};
    repair_put_body(&body, f->item, ROWS_INSERT, item_row(f, 5, "here"));
    repair_put_body(&absent, f->item, ROWS_DELETE, item_row(f, 6, NULL));
    repair_hash_row(&seen, f->item, item_row(f, 5, "there"));
    put_mark(f, span_of(id, 15), "repair", span_of(seen.bytes, seen.len), buf_span(&body));
    put_mark(f, span_of(id, 8), "probe", (struct span){0}, buf_span(&absent));
    const struct rows rows = mark_rows(f);
    assert_int_equal(repair_read_marks(marks, &rows, &f->cache, &f->filter, &f->arena, &err), 0);
    assert_memory_equal(marks[0].id, id, sizeof id);
    assert_int_equal(marks[0].kind, REPAIR_ROW);
    assert_true(span_is(marks[0].asked, "us"));
    assert_true(repair_hash_eq(&marks[0].seen, &seen));
    assert_null(marks[0].refused);
    assert_int_equal(marks[0].rows.op, ROWS_INSERT);
    assert_true(span_is(marks[0].rows.table->name, "item"));
    struct buf image = {0};
    image_put(item_row(f, 5, "here"), f->item, NULL, &image);
    assert_true(span_eq(marks[0].rows.images, buf_span(&image)));
    assert_int_equal(marks[1].kind, REPAIR_PROBE);
    assert_int_equal(marks[1].rows.op, ROWS_DELETE);
    assert_int_equal(marks[1].seen.len, 0);
    assert_int_equal(marks[1].id[8], 0);
    buf_free(&image);
    buf_free(&body);
    buf_free(&absent);
}

static void refused(struct fixture *f, struct span body, const char *why)
{
    struct repair_mark mark;
    struct err err = {0};
    static const uint8_t id[] = {1};
    buf_clear(&f->images);
    f->count = 0;
    put_mark(f, span_of(id, 1), "repair", (struct span){0}, body);
    const struct rows rows = mark_rows(f);
    assert_int_equal(repair_read_marks(&mark, &rows, &f->cache, &f->filter, &f->arena, &err), 0);
    assert_non_null(mark.refused);
    assert_non_null(strstr(mark.refused, why));
}

static void a_forged_mark_reaches_no_table_outside_the_pair(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *db;
        const char *name;
    } forged[] = {
        {"mysql", "user"  },
        {"drc",   "ledger"},
        {"other", "t"     },
        {"shop",  "tmp_t" },
    };
    for (size_t i = 0; i < sizeof forged / sizeof *forged; i++) {
        struct buf body = {0};
        struct table_def *t =
            make_table(&f->arena, forged[i].db, forged[i].name, f->item->columns, f->item->column_count);
        repair_put_body(&body, t, ROWS_INSERT, item_row(f, 1, "x"));
        refused(f, buf_span(&body), "not among");
        buf_free(&body);
    }
}

static void a_body_is_one_whole_row(void **state)
{
    struct fixture *f = *state;
    struct buf body = {0};
    refused(f, (struct span){0}, "one row");
    refused(f, span_str("\x07nonsense"), "one row");
    repair_put_body(&body, f->item, ROWS_INSERT, item_row(f, 1, "x"));
    refused(f, span_of(body.data, body.len - 1), "one row");
    repair_put_body(&body, f->item, ROWS_INSERT, item_row(f, 2, "y"));
    refused(f, buf_span(&body), "one row");
    buf_free(&body);
}

static void a_word_of_a_later_release_is_refused_not_taken_for_another(void **state)
{
    struct fixture *f = *state;
    struct buf body = {0};
    struct repair_mark mark;
    struct err err = {0};
    repair_put_body(&body, f->item, ROWS_INSERT, item_row(f, 1, "x"));
    put_mark(f, span_str("i"), "polish", (struct span){0}, buf_span(&body));
    struct rows rows = mark_rows(f);
    assert_int_equal(repair_read_marks(&mark, &rows, &f->cache, &f->filter, &f->arena, &err), 0);
    assert_int_equal(mark.kind, REPAIR_KINDS);
    assert_non_null(mark.refused);
    rows.table = f->item;
    assert_int_equal(repair_read_marks(&mark, &rows, &f->cache, &f->filter, &f->arena, &err), -1);
    assert_int_equal(err.exit_code, EXIT_UNSAFE);
    buf_free(&body);
}

static void hashes_tell_rows_and_absence_apart(void **state)
{
    struct fixture *f = *state;
    struct repair_hash none, a, b, empty, null;
    repair_hash_row(&none, f->item, NULL);
    repair_hash_row(&a, f->item, item_row(f, 1, "a"));
    repair_hash_row(&b, f->item, item_row(f, 1, "A"));
    repair_hash_row(&empty, f->item, item_row(f, 1, ""));
    repair_hash_row(&null, f->item, item_row(f, 1, NULL));
    assert_int_equal(none.len, 0);
    assert_true(repair_hash_eq(&none, &none) && repair_hash_eq(&a, &a));
    assert_false(repair_hash_eq(&none, &null) || repair_hash_eq(&a, &b) || repair_hash_eq(&empty, &null));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_asked_is_read_as_it_was_put, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_forged_mark_reaches_no_table_outside_the_pair, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_body_is_one_whole_row, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_word_of_a_later_release_is_refused_not_taken_for_another, set_up, tear_down),
        cmocka_unit_test_setup_teardown(hashes_tell_rows_and_absence_apart, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
