/* What the assembler makes of rows: whose they are, what is wrong with them, and which columns they may lack. */
#include "tests/unit/cmocka_all.h"

#include "tests/unit/binlog/assemble_kit.h"

static void rows_need_their_map_and_group(void **state)
{
    struct fixture *f = *state;
    kit_rows(&f->event, 9, 1, 1, 300);
    assert_int_equal(feed(f), -1);
    assert_has(f, "WRITE_ROWS_V1 event outside a transaction");
    begin(f, 1, 4);
    kit_rows(&f->event, 9, 1, 1, 300);
    assert_int_equal(feed(f), -1);
    assert_has(f, "no TABLE_MAP event gave its table id 9");
    map_and_rows(f, 1, 5);
    assert_has(f, "insert d.t, statement ends, 1\n    5\n");
    /* The statement has ended: its table ids are void. */
    kit_rows(&f->event, 9, 1, 1, 800);
    assert_int_equal(feed(f), -1);
    assert_has(f, "no TABLE_MAP");
    /* So they are at the end of the group, where no statement ended. */
    map_and_rows(f, 0, 6);
    kit_xid(&f->event, 77, 900);
    assert_int_equal(feed(f), 0);
    buf_clear(&f->text.out);
    begin(f, 2, 4);
    kit_rows(&f->event, 9, 1, 1, 950);
    assert_int_equal(feed(f), -1);
    assert_has(f, "no TABLE_MAP");
}

/* The same definition comes under other ids, and an id with another definition. */
static void ids_are_given_anew(void **state)
{
    struct fixture *f = *state;
    begin(f, 1, 4);
    for (uint64_t id = 9; id < 9 + 3 * 64; id += 64) {
        kit_table_map(&f->event, id, 600);
        assert_int_equal(feed(f), 0);
        kit_rows(&f->event, id, 1, (int32_t)id, 700);
        assert_int_equal(feed(f), 0);
    }
    assert_has(f, "insert d.t, statement ends, 1\n    137\n");
    assert_int_equal(assembler_counts(f->a)->maps_parsed, 1);
    kit_table_map_of(&f->event, 'u', 137, 800);
    assert_int_equal(feed(f), 0);
    kit_table_map(&f->event, 138, 850);
    assert_int_equal(feed(f), 0);
    kit_rows(&f->event, 137, 0, 1, 900);
    assert_int_equal(feed(f), 0);
    assert_has(f, "insert d.u, 1\n    1\n");
    kit_rows(&f->event, 138, 1, 2, 900);
    assert_int_equal(feed(f), 0);
    assert_has(f, "insert d.t, statement ends, 1\n    2\n");
}

static void an_event_may_only_end_a_statement(void **state)
{
    struct fixture *f = *state;
    static const uint64_t ids[] = {0xffffff, 0xffffffff, 0xffffffffffff};
    begin(f, 1, 4);
    for (size_t i = 0; i < 3; i++) {
        struct buf body = {0};
        map_and_rows(f, 0, 1);
        buf_clear(&f->text.out);
        buf_put_le(&body, ids[i], 6);
        buf_put_le(&body, ROWS_STMT_END, 2);
        buf_put(&body, "\x01\xff", 2);
        assert_int_equal(feed_event(f, EVENT_WRITE_ROWS_V1, 0, 800, buf_span(&body)), 0);
        assert_text(f, "");
        kit_rows(&f->event, 9, 1, 1, 900);
        assert_int_equal(feed(f), -1);
        assert_has(f, "no TABLE_MAP");
        buf_free(&body);
    }
}

static void rows_that_do_not_fill_their_event_stop(void **state)
{
    struct fixture *f = *state;
    static const uint8_t wrong_width[] = {9, 0, 0, 0, 0, 0, 1, 0, 2, 0xff, 0xfc, 1, 0, 0, 0};
    static const uint8_t short_row[] = {9, 0, 0, 0, 0, 0, 1, 0, 1, 0xff, 0xfe, 1, 0, 0};
    static const uint8_t absent[] = {9, 0, 0, 0, 0, 0, 1, 0, 1, 0xfe, 0xfe, 1, 0, 0, 0};
    begin(f, 1, 4);
    map_and_rows(f, 0, 1);
    buf_clear(&f->text.out);
    assert_int_equal(feed_event(f, EVENT_WRITE_ROWS_V1, 0, 0, span_of(wrong_width, sizeof wrong_width)), -1);
    assert_has(f, "rows of 2 columns after a TABLE_MAP of 1");
    assert_int_equal(feed_event(f, EVENT_WRITE_ROWS_V1, 0, 0, span_of(short_row, sizeof short_row)), -1);
    assert_has(f, "malformed: row 1");
    assert_int_equal(feed_event(f, EVENT_WRITE_ROWS_V1, 0, 0, span_of(absent, sizeof absent)), -1);
    assert_has(f, "SET GLOBAL binlog_row_image=FULL");
    assert_int_equal(feed_event(f, EVENT_WRITE_ROWS_V1, 0, 0, span_of(absent, 9)), -1);
    assert_has(f, "its column bitmaps");
}

/* What an operator has named is passed over where nobody could read it, and nowhere else. */
static void rows_that_cannot_be_read_may_be_passed_over(void **state)
{
    struct fixture *f = *state;
    static const uint8_t absent[] = {9, 0, 0, 0, 0, 0, ROWS_STMT_END, 0, 1, 0xfe, 0xfe, 1, 0, 0, 0};
    assembler_skip(f->a, "bin.1", 666);
    assembler_skip(f->a, "bin.1", 700);
    begin(f, 1, 4);
    map_and_rows(f, 0, 1);
    assert_has(f, "insert d.t, 1\n    1\n"); /* it stands at 666, and can be read */
    assert_int_equal(feed_event(f, EVENT_WRITE_ROWS_V1, 0, 734, span_of(absent, sizeof absent)), 0);
    assert_text(f, "");
    assert_int_equal(assembler_counts(f->a)->skipped, 1);
    kit_rows(&f->event, 9, 0, 1, 900); /* it ended its statement all the same */
    assert_int_equal(feed(f), -1);
    assert_has(f, "no TABLE_MAP");
    kit_table_map(&f->event, 9, 1000);
    assert_int_equal(feed(f), 0);
    assert_int_equal(feed_event(f, EVENT_WRITE_ROWS_V1, 0, 1100, span_of(absent, sizeof absent)), -1);
    assert_has(f, "ERROR 69: bin.1:1066: table d.t: a row image is not whole");
}

static void rows_that_are_not_whole_of_others(void **state)
{
    struct fixture *f = *state;
    static const uint8_t absent[] = {9, 0, 0, 0, 0, 0, ROWS_STMT_END, 0, 1, 0xfe, 0xfe, 1, 0, 0, 0};
    struct err err = {0};
    struct filter ours = {0}, others = {0};
    assert_int_equal(filter_add(&ours, true, "d.*", &err), 0);
    assert_int_equal(filter_add(&others, true, "e.*", &err), 0);
    assembler_limit(f->a, &others);
    begin(f, 1, 4);
    kit_table_map(&f->event, 9, 500);
    assert_int_equal(feed(f), 0);
    assert_int_equal(feed_event(f, EVENT_WRITE_ROWS_V1, 0, 600, span_of(absent, sizeof absent)), 0);
    assert_text(f, "");
    map_and_rows(f, 0, 1);
    assert_has(f, "insert d.t, 1\n    1\n"); /* what can be read is given all the same */
    assembler_limit(f->a, &ours);
    kit_table_map(&f->event, 9, 900);
    assert_int_equal(feed(f), 0);
    assert_int_equal(feed_event(f, EVENT_WRITE_ROWS_V1, 0, 1000, span_of(absent, sizeof absent)), -1);
    assert_has(f, "a row image is not whole");
    filter_free(&ours);
    filter_free(&others);
}

/* A TABLE_MAP of `d` and a table whose name is one letter: `id` INT, its key, and two INT NULL columns. */
static void map_of_three(struct fixture *f, char name)
{
    const uint8_t body[] = {9,   0, 0,           0,           0,           0, 1, 0, 1, 'd', 0,   1,   (uint8_t)name,
                            0,   3, COLUMN_LONG, COLUMN_LONG, COLUMN_LONG, 0, 6, 4, 7, 2,   'i', 'd', 1,
                            'v', 1, 's',         8,           1,           0};
    assert_int_equal(feed_event(f, EVENT_TABLE_MAP, 0, 600, span_of(body, sizeof body)), 0);
}

struct asked {
    unsigned times;
    int answer;
};

static int computed(void *context, const struct table_def *t, const uint8_t *present, struct err *err)
{
    struct asked *asked = context;
    asked->times++;
    assert_int_equal(t->column_count, 3);
    assert_int_equal(*present & 7, 5);
    return asked->answer < 0 ? err_retry(err, "the source is away") : asked->answer;
}

/* An update whose images have `id` and `s` only. */
static int feed_images(struct fixture *f, uint8_t before, uint8_t after)
{
    const uint8_t body[] = {9, 0, 0, 0, 0, 0, ROWS_STMT_END, 0, 3, before, after, 0xfc, 1, 0,
                            0, 0, 2, 0, 0, 0, 0xfe,          1, 0, 0,      0};
    return feed_event(f, EVENT_UPDATE_ROWS_V1, 0, 700, span_of(body, sizeof body));
}

static int feed_lacking(struct fixture *f, uint8_t before, uint8_t after)
{
    map_of_three(f, 'g');
    return feed_images(f, before, after);
}

static void columns_that_the_source_computes_may_lack(void **state)
{
    struct fixture *f = *state;
    struct asked asked = {.answer = 1};
    const char *row = "update d.g, statement ends, 1\n    1, (absent), 2\n      -> 1, (absent), NULL\n";
    begin(f, 1, 4);
    assert_int_equal(feed_lacking(f, 0xfd, 0xfd), -1); /* nobody to ask */
    assert_has(f, "table d.g: a row image is not whole: it lacks `v`");
    assembler_take_lacking(f->a);
    assert_int_equal(feed_lacking(f, 0xfd, 0xfd), 0);
    assert_has(f, row);
    assembler_ask(f->a, computed, &asked);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(feed_lacking(f, 0xfd, 0x05), 0); /* what is above the columns says nothing */
        assert_has(f, row);
        assert_int_equal(asked.times, 1);
    }
    assert_int_equal(feed_lacking(f, 0xfd, 0xff), -1); /* images of different columns: FULL_NODUP, NOBLOB */
    assert_has(f, "a row image is not whole");
    assert_int_equal(asked.times, 1);

    /* No bytes belong to a row without columns: however many there are, it would not be known. */
    assert_int_equal(feed_lacking(f, 0xf8, 0xf8), -1);
    assert_has(f, "it lacks `id`, `v`, `s`");
    assembler_ask(f->a, NULL, NULL);
    assembler_take_lacking(f->a);
    assert_int_equal(feed_lacking(f, 0xf8, 0xf8), -1);
    assert_has(f, "it lacks `id`, `v`, `s`");
    assembler_ask(f->a, computed, &asked);
    assert_int_equal(asked.times, 1);

    /* A definition of other bytes is another one. */
    asked.answer = 0;
    map_of_three(f, 'h');
    assert_int_equal(feed_images(f, 0xfd, 0xfd), -1);
    assert_has(f, "table d.h: a row image is not whole: it lacks `v`, and only generated columns may be missing");
    assert_int_equal(asked.times, 2);
    asked.answer = -1;
    assembler_skip(f->a, "bin.1", 700 - 19 - 25);
    map_of_three(f, 'h');
    assert_int_equal(feed_images(f, 0xfd, 0xfd), -1); /* where nobody answers nothing is passed over */
    assert_has(f, "the source is away");
}

static void others_may_lack_columns_without_being_asked_about(void **state)
{
    struct fixture *f = *state;
    struct asked asked = {.answer = 1};
    struct filter others = {0};
    struct err err = {0};
    assert_int_equal(filter_add(&others, true, "e.*", &err), 0);
    assembler_limit(f->a, &others);
    assembler_ask(f->a, computed, &asked);
    begin(f, 1, 4);
    assert_int_equal(feed_lacking(f, 0xfd, 0xfd), 0);
    assert_text(f, "");
    assert_int_equal(asked.times, 0);
    filter_free(&others);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(rows_need_their_map_and_group),
        CASE(ids_are_given_anew),
        CASE(an_event_may_only_end_a_statement),
        CASE(rows_that_do_not_fill_their_event_stop),
        CASE(rows_that_cannot_be_read_may_be_passed_over),
        CASE(rows_that_are_not_whole_of_others),
        CASE(columns_that_the_source_computes_may_lack),
        CASE(others_may_lack_columns_without_being_asked_about),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
