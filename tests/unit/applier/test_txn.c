/* From records to transactions: what is taken over, and which tables are never let through. */
#include <string.h>

#include "applier/txn.h"
#include "common/model/filter.h"
#include "tests/unit/cmocka_all.h"

struct fixture {
    struct arena arena;
    struct table_cache cache;
    struct filter filter;
    struct buf body;
};

static struct table_def *table(struct arena *a, const char *db, const char *name)
{
    struct table_def *t = arena_zalloc(a, sizeof *t);
    t->db = span_str(db);
    t->name = span_str(name);
    t->columns = arena_zalloc(a, sizeof *t->columns);
    t->columns[0] = (struct column){.name = span_str("id"), .type = COLUMN_LONG};
    t->column_count = 1;
    table_def_seal(t, a);
    return t;
}

/* `count` rows of NULL bitmap and four bytes. */
static void put_rows(struct fixture *f, struct body_writer *w, const char *db, const char *name, uint32_t count)
{
    static const uint8_t images[] = {0xfe, 1, 0, 0, 0, 0xfe, 2, 0, 0, 0, 0xfe, 3, 0, 0, 0};
    const struct rows rows = {
        .table = table(&f->arena, db, name), .op = ROWS_INSERT, .count = count, .images = {images, count * 5u}
    };
    body_put_rows(w, &rows);
}

static struct record data_of(struct fixture *f)
{
    return (struct record){
        .kind = RECORD_DATA, .flags = RECORD_FIRST | RECORD_LAST, .seq = 7, .body = buf_span(&f->body)};
}

static int set_up(void **state)
{
    static struct fixture f;
    struct err err;
    f = (struct fixture){0};
    *state = &f;
    return filter_add(&f.filter, true, "shop.*", &err) || filter_add(&f.filter, false, "shop.tmp_*", &err);
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    filter_free(&f->filter);
    table_cache_free(&f->cache);
    arena_free(&f->arena);
    buf_free(&f->body);
    return 0;
}

static void rows_are_taken_over_in_order(void **state)
{
    struct fixture *f = *state;
    struct body_writer w = {0};
    struct err err = {0};
    body_start(&w, &f->body);
    put_rows(f, &w, "shop", "a", 2);
    put_rows(f, &w, "shop", "b", 1);
    put_rows(f, &w, "shop", "a", 3);
    body_free(&w);
    struct record rec = data_of(f);
    struct txn *t = txn_new();
    assert_int_equal(txn_fill(t, &rec, &f->cache, &f->filter, 43, &err), 0);
    memset(f->body.data, 0, f->body.len); /* nothing may point there any more */
    assert_int_equal(t->rows_count, 3);
    assert_int_equal(t->row_total, 6);
    assert_int_equal(t->next_offset, 43);
    assert_true(txn_is_whole(t));
    assert_true(span_is(t->rows[1].table->name, "b"));
    assert_ptr_equal(t->rows[0].table, t->rows[2].table);
    assert_int_equal(t->rows[2].images.p[11], 3);
    txn_free(&t);
    assert_null(t);
}

static void refuse(struct fixture *f, const char *db, const char *name)
{
    struct body_writer w = {0};
    struct err err = {0};
    buf_clear(&f->body);
    body_start(&w, &f->body);
    put_rows(f, &w, "shop", "a", 1);
    put_rows(f, &w, db, name, 1);
    body_free(&w);
    struct record rec = data_of(f);
    struct txn *t = txn_new();
    assert_int_equal(txn_fill(t, &rec, &f->cache, &f->filter, 0, &err), -1);
    assert_int_equal(err.class, ERR_FATAL);
    assert_int_equal(err.exit_code, EXIT_UNSAFE);
    assert_non_null(strstr(err.text, name));
    assert_non_null(strstr(err.text, "seq 7"));
    txn_free(&t);
}

static void no_table_outside_the_pair_is_let_through(void **state)
{
    struct fixture *f = *state;
    refuse(f, "other", "t");
    refuse(f, "shop", "tmp_t");
    refuse(f, "shop2", "t");
    refuse(f, "", "t");
}

static void no_reserved_schema_is_let_through_whatever_the_filter_says(void **state)
{
    struct fixture *f = *state;
    struct err err;
    assert_int_equal(filter_add(&f->filter, true, "*.*", &err), 0);
    refuse(f, "mysql", "user");
    refuse(f, "drc", "ledger");
    refuse(f, "sys", "t");
    refuse(f, "information_schema", "t");
    refuse(f, "performance_schema", "t");
}

/* One row of shop.g (id, its key, and v), the images of which have the columns that the bitmaps say. */
static int fill_lacking(struct fixture *f, enum rows_op op, const uint8_t *before, const uint8_t *after,
                        struct err *err)
{
    static const uint8_t images[] = {0xfe, 1, 0, 0, 0, 0xfe, 2, 0, 0, 0};
    struct table_def *t = table(&f->arena, "shop", "g");
    struct column *columns = arena_zalloc(&f->arena, 2 * sizeof *columns);
    columns[0] = (struct column){.name = span_str("id"), .type = COLUMN_LONG, .key_order = 0};
    columns[1] = (struct column){.name = span_str("v"), .type = COLUMN_LONG, .key_order = COLUMN_NO_KEY};
    t->columns = columns;
    t->column_count = 2;
    table_def_seal(t, &f->arena);
    struct body_writer w = {0};
    const struct rows rows = {
        .table = t,
        .op = op,
        .count = 1,
        .images = {images, op == ROWS_UPDATE ? sizeof images : sizeof images / 2},
        .present_before = before,
        .present_after = after
    };
    buf_clear(&f->body);
    body_start(&w, &f->body);
    body_put_rows(&w, &rows);
    body_free(&w);
    struct record rec = data_of(f);
    struct txn *read = txn_new();
    int rc = txn_fill(read, &rec, &f->cache, &f->filter, 0, err);
    txn_free(&read);
    return rc;
}

static void images_may_lack_what_the_source_computes(void **state)
{
    struct fixture *f = *state;
    static const uint8_t id[] = {1}, v[] = {2}, also_id[] = {1};
    struct err err = {0};
    assert_int_equal(fill_lacking(f, ROWS_INSERT, NULL, id, &err), 0);
    assert_int_equal(fill_lacking(f, ROWS_DELETE, id, NULL, &err), 0);
    assert_int_equal(fill_lacking(f, ROWS_UPDATE, id, also_id, &err), 0);
    assert_int_equal(fill_lacking(f, ROWS_UPDATE, id, v, &err), -1);
    assert_non_null(strstr(err.text, "`shop`.`g` lack columns: the source needs binlog_row_image"));
    assert_int_equal(fill_lacking(f, ROWS_DELETE, v, NULL, &err), -1); /* the key */
    assert_int_equal(fill_lacking(f, ROWS_INSERT, NULL, v, &err), -1);
}

static void a_damaged_body_is_fatal(void **state)
{
    struct fixture *f = *state;
    struct err err = {0};
    buf_put_str(&f->body, "no body at all");
    struct record rec = data_of(f);
    struct txn *t = txn_new();
    assert_int_equal(txn_fill(t, &rec, &f->cache, &f->filter, 0, &err), -1);
    assert_int_equal(err.exit_code, EXIT_UNSAFE);
    txn_free(&t);
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(rows_are_taken_over_in_order),
        TEST(no_table_outside_the_pair_is_let_through),
        TEST(no_reserved_schema_is_let_through_whatever_the_filter_says),
        TEST(images_may_lack_what_the_source_computes),
        TEST(a_damaged_body_is_fatal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
