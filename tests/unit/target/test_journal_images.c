/* The lossless form of conflict images: what is written is read back, and nothing malformed is. */
#include "common/target/journal_images.h"
#include "tests/unit/cmocka_all.h"

enum { COLUMN_ID, COLUMN_NAME, COLUMN_EXTRA, COLUMNS };

static struct table_def *make_table(struct arena *a, bool with_key)
{
    struct table_def *t = arena_zalloc(a, sizeof *t);
    const char *const names[COLUMNS] = {"id", "na\"me", "extra"};
    t->db = span_str("shop");
    t->name = span_str("item");
    t->column_count = COLUMNS;
    t->columns = arena_zalloc(a, COLUMNS * sizeof *t->columns);
    for (int i = 0; i < COLUMNS; i++) {
        struct column *c = &t->columns[i];
        c->name = span_str(names[i]);
        c->type = i == COLUMN_NAME ? COLUMN_VARCHAR : COLUMN_LONG;
        c->meta = i == COLUMN_NAME ? 40 : 0;
        c->collation = i == COLUMN_NAME ? 45 : COLLATION_NONE;
        c->nullable = true;
        c->key_order = i == COLUMN_ID && with_key ? 0 : COLUMN_NO_KEY;
    }
    table_def_seal(t, a);
    return t;
}

static const struct cell mine[COLUMNS] = {{.data = {(const uint8_t *)"\x07\0\0\0", 4}},
                                          {.data = {(const uint8_t *)"\x03"
                                                                     "abc",
                                                    4}},
                                          {.absent = true}};
static const struct cell theirs[COLUMNS] = {
    {.data = {(const uint8_t *)"\x07\0\0\0", 4}}, {.null = true}, {.data = {(const uint8_t *)"\xff\xff\xff\xff", 4}}};

static void assert_same_cells(const struct cell *a, const struct cell *b)
{
    for (int i = 0; i < COLUMNS; i++) {
        assert_int_equal(a[i].null, b[i].null);
        assert_int_equal(a[i].absent, b[i].absent);
        assert_true(span_eq(a[i].data, b[i].data));
    }
}

static void written_is_read_back(void **state)
{
    (void)state;
    struct arena a = {0};
    struct buf out = {0};
    const struct journal_images images = {
        make_table(&a, true), {NULL, mine, theirs, mine}
    };
    struct journal_images back;
    journal_images_put(&images, &out);
    struct bytes r = bytes_of(buf_span(&out));
    journal_images_read(&back, &r, &a);
    assert_false(r.bad);
    assert_int_equal(back.table->fingerprint, images.table->fingerprint);
    assert_null(back.images[JOURNAL_BEFORE]);
    assert_same_cells(back.images[JOURNAL_INCOMING], mine);
    assert_same_cells(back.images[JOURNAL_LOCAL], theirs);
    assert_ptr_equal(back.images[JOURNAL_RESULT], back.images[JOURNAL_INCOMING]);
    buf_free(&out);
    arena_free(&a);
}

/* Every prefix is refused; every flipped bit is refused or gives something whole, never a read beyond the bytes. */
static void malformed_is_refused(void **state)
{
    (void)state;
    struct arena a = {0};
    struct buf out = {0};
    const struct journal_images images = {
        make_table(&a, true), {mine, theirs, NULL, theirs}
    };
    struct journal_images back;
    journal_images_put(&images, &out);
    for (size_t n = 0; n < out.len; n++) {
        struct bytes r = bytes_of(span_of(out.data, n));
        journal_images_read(&back, &r, &a);
        assert_true(r.bad);
        assert_null(back.table);
    }
    for (size_t bit = 0; bit < out.len * 8; bit++) {
        out.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
        struct bytes r = bytes_of(buf_span(&out));
        journal_images_read(&back, &r, &a);
        assert_int_equal(r.bad, back.table == NULL);
        out.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    buf_put_u8(&out, 0);
    struct bytes r = bytes_of(buf_span(&out));
    journal_images_read(&back, &r, &a);
    assert_true(r.bad);
    buf_free(&out);
    arena_free(&a);
}

static void readable_form_and_key(void **state)
{
    (void)state;
    struct arena a = {0};
    struct buf out = {0};
    const struct table_def *t = make_table(&a, true);
    journal_put_json(t, mine, NULL, &out);
    assert_string_equal(buf_cstr(&out), "{\"id\": 7, \"na\\\"me\": \"abc\"}");
    buf_clear(&out);
    journal_put_json(t, theirs, NULL, &out);
    assert_string_equal(buf_cstr(&out), "{\"id\": 7, \"na\\\"me\": null, \"extra\": -1}");
    buf_clear(&out);
    journal_put_key_json(t, mine, NULL, &out);
    assert_string_equal(buf_cstr(&out), "{\"id\": 7}");
    buf_clear(&out);
    journal_put_key_json(make_table(&a, false), mine, NULL, &out);
    assert_string_equal(buf_cstr(&out), "{\"id\": 7, \"na\\\"me\": \"abc\"}");
    buf_clear(&out);
    journal_put_changed(t, mine, theirs, &out);
    assert_string_equal(buf_cstr(&out), "[\"na\\\"me\"]"); /* one of them lacks `extra` */
    buf_clear(&out);
    journal_put_changed(t, mine, mine, &out);
    assert_string_equal(buf_cstr(&out), "[]");
    buf_free(&out);
    arena_free(&a);
}

static void hash_notices_every_change(void **state)
{
    (void)state;
    struct arena a = {0};
    const struct table_def *t = make_table(&a, true);
    struct cell other[COLUMNS];
    memcpy(other, mine, sizeof other);
    assert_int_equal(journal_row_hash(t, mine), journal_row_hash(t, other));
    other[COLUMN_EXTRA] = (struct cell){.null = true};
    assert_int_not_equal(journal_row_hash(t, mine), journal_row_hash(t, other));
    memcpy(other, mine, sizeof other);
    other[COLUMN_NAME].data = span_of("\x03"
                                      "abd",
                                      4);
    assert_int_not_equal(journal_row_hash(t, mine), journal_row_hash(t, other));
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(written_is_read_back),
        cmocka_unit_test(malformed_is_refused),
        cmocka_unit_test(readable_form_and_key),
        cmocka_unit_test(hash_notices_every_change),
    };
    return cmocka_run_group_tests_name("journal_images", tests, NULL, NULL);
}
