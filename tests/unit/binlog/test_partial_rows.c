/* Images of PARTIAL_UPDATE_ROWS events made whole: which JSON column is changed in which row, and malformed ones. */
#include "common/binlog/partial_rows.h"

#include "common/model/json_type.h"
#include "tests/unit/cmocka_all.h"
#include "tests/unit/model/cells.h"

enum { ID, FIRST, NAME, SECOND, COLUMNS };
enum { NULL_FIRST = 1 << FIRST, NULL_NAME = 1 << NAME };
enum { PARTIAL_FIRST = 1, PARTIAL_SECOND = 2 };

static struct column columns[COLUMNS];
static const struct table_def table = {.column_count = COLUMNS, .columns = columns};

static int set_up(void **state)
{
    (void)state;
    columns[ID] = column_of(COLUMN_LONG, 0);
    columns[FIRST] = column_of(COLUMN_JSON, 4);
    columns[NAME] = column_of(COLUMN_VARCHAR, 40);
    columns[SECOND] = column_of(COLUMN_JSON, 4);
    return 0;
}

/* A cell of JSON that is one small number. */
static void put_json(struct buf *out, int number)
{
    buf_put_le(out, 3, 4);
    buf_put_u8(out, JSON_INT16);
    buf_put_le(out, (uint64_t)number, 2);
}

/* A cell that says: the whole document is that number now. */
static void put_change(struct buf *out, int number)
{
    struct buf changes = {0};
    buf_put_u8(&changes, 0);
    buf_put_lenenc(&changes, 1);
    buf_put_str(&changes, "$");
    buf_put_lenenc(&changes, 3);
    buf_put_u8(&changes, JSON_INT16);
    buf_put_le(&changes, (uint64_t)number, 2);
    buf_put_le(out, changes.len, 4);
    buf_put_span(out, buf_span(&changes));
    buf_free(&changes);
}

/* What follows the NULL bits: the cells of one row; `partial` of the JSON columns are changes. */
static void put_cells(struct buf *out, int nulls, int partial, int first, int second)
{
    buf_put_u8(out, (uint8_t)(nulls | 0xf0));
    buf_put_le(out, 7, 4);
    if (!(nulls & NULL_FIRST))
        (partial & PARTIAL_FIRST ? put_change : put_json)(out, first);
    if (!(nulls & NULL_NAME))
        buf_put(out, "\2ab", 3);
    (partial & PARTIAL_SECOND ? put_change : put_json)(out, second);
}

/* An after image as these events have it. */
static void put_partial(struct buf *out, int nulls, int partial, int first, int second)
{
    buf_put_u8(out, 1);
    buf_put_u8(out, (uint8_t)partial);
    put_cells(out, nulls, partial, first, second);
}

static int make_whole(struct buf *out, const struct buf *images, struct err *err)
{
    const struct rows_event re = {.partial = true, .column_count = COLUMNS, .images = buf_span(images)};
    struct arena arena = {0};
    int rc = partial_rows_whole(out, &re, &table, &arena, err);
    arena_free(&arena);
    return rc;
}

static void each_row_has_changes_of_its_own(void **state)
{
    struct buf images = {0}, expected = {0}, whole = {0};
    struct err err = {0};
    (void)state;
    put_cells(&images, 0, 0, 1, 2); /* both documents change */
    put_partial(&images, 0, PARTIAL_FIRST | PARTIAL_SECOND, 10, 20);
    put_cells(&images, NULL_NAME, 0, 3, 4); /* the second one, beside a NULL that comes and one that stays */
    put_partial(&images, NULL_NAME | NULL_FIRST, PARTIAL_SECOND, 0, 40);
    put_cells(&images, 0, 0, 5, 6); /* the first one; the other is there in full */
    put_partial(&images, 0, PARTIAL_FIRST, 50, 60);
    put_cells(&images, 0, 0, 7, 8); /* none, and no bits for them */
    buf_put_u8(&images, 0);
    put_cells(&images, 0, 0, 70, 80);

    put_cells(&expected, 0, 0, 1, 2);
    put_cells(&expected, 0, 0, 10, 20);
    put_cells(&expected, NULL_NAME, 0, 3, 4);
    put_cells(&expected, NULL_NAME | NULL_FIRST, 0, 0, 40);
    put_cells(&expected, 0, 0, 5, 6);
    put_cells(&expected, 0, 0, 50, 60);
    put_cells(&expected, 0, 0, 7, 8);
    put_cells(&expected, 0, 0, 70, 80);

    assert_int_equal(make_whole(&whole, &images, &err), 0);
    assert_int_equal(whole.len, expected.len);
    assert_memory_equal(whole.data, expected.data, expected.len);
    buf_free(&images);
    buf_free(&expected);
    buf_free(&whole);
}

static void assert_refused(const struct buf *images)
{
    struct buf whole = {0};
    struct err err = {0};
    assert_int_equal(make_whole(&whole, images, &err), -1);
    assert_int_equal(err.exit_code, EXIT_UNSAFE);
    assert_non_null(strstr(err.text, "malformed: a PARTIAL_UPDATE_ROWS event"));
    buf_free(&whole);
}

static void what_does_not_fit_is_refused(void **state)
{
    struct buf images = {0}, whole = {0};
    (void)state;
    put_cells(&images, NULL_FIRST, 0, 0, 2); /* a change of a document that was not there */
    put_partial(&images, 0, PARTIAL_FIRST, 10, 20);
    assert_refused(&images);

    buf_clear(&images);
    put_cells(&images, 0, 0, 1, 2); /* an option of a newer server */
    buf_put_u8(&images, 2);
    put_cells(&images, 0, 0, 10, 20);
    assert_refused(&images);

    buf_clear(&images);
    put_cells(&images, 0, 0, 1, 2);
    put_partial(&images, 0, PARTIAL_SECOND, 10, 20);
    while (--images.len > 0) /* cut off anywhere */
        assert_refused(&images);
    assert_int_equal(make_whole(&whole, &images, NULL), 0);
    assert_int_equal(whole.len, 0);
    buf_free(&images);
    buf_free(&whole);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_row_has_changes_of_its_own),
        cmocka_unit_test(what_does_not_fit_is_refused),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
