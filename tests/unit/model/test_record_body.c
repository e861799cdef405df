/* Bodies of DATA and DDL records: rows and definitions there and back, the cache, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/model/record.h"

/* A table of an INT key and a VARCHAR(20) that may be NULL. */
static struct table_def *make_table(struct arena *a, const char *name)
{
    struct table_def *t = arena_zalloc(a, sizeof(*t));
    t->db = span_str("shop");
    t->name = span_str(name);
    t->column_count = 2;
    t->columns = arena_zalloc(a, 2 * sizeof(*t->columns));
    t->columns[0] = (struct column){.name = span_str("id"), .type = COLUMN_LONG};
    t->columns[1] = (struct column){.name = span_str("text"),
                                    .type = COLUMN_VARCHAR,
                                    .meta = 20,
                                    .nullable = true,
                                    .collation = 45,
                                    .key_order = COLUMN_NO_KEY};
    table_def_seal(t, a);
    return t;
}

/* Images of make_table's rows: NULL bitmap, id, text with its length byte. */
#define ROW_1 "\x00\x01\x00\x00\x00\x03one"
#define ROW_2 "\x02\x02\x00\x00\x00"
#define ROW_3 "\x00\x03\x00\x00\x00\x00"
#define IMAGES(s) span_of(s, sizeof(s) - 1)

struct bench {
    struct arena arena;
    struct table_cache cache;
    struct body_writer writer;
    struct buf body;
    struct table_def *t;
    struct table_def *u;
};

static void bench_open(struct bench *b)
{
    *b = (struct bench){0};
    b->t = make_table(&b->arena, "t");
    b->u = make_table(&b->arena, "u");
    body_start(&b->writer, &b->body);
}

static void bench_close(struct bench *b)
{
    body_free(&b->writer);
    buf_free(&b->body);
    table_cache_free(&b->cache);
    arena_free(&b->arena);
}

static void put(struct bench *b, const struct table_def *t, enum rows_op op, uint32_t count, struct span images)
{
    struct rows rows = {.table = t, .op = op, .count = count, .images = images};
    body_put_rows(&b->writer, &rows);
}

/* Walk a body to its end; the number of rows items, or -1. */
static int walk(struct bench *b, struct span body, struct rows *last, struct err *err)
{
    struct body_reader r;
    struct rows rows;
    int items = 0;
    int rc;
    body_open(&r, body, &b->cache, &b->arena);
    while ((rc = body_next(&r, &rows, err)) > 0) {
        *last = rows;
        items++;
    }
    return rc ? -1 : items;
}

static void refuse(struct bench *b, struct span body, const char *says)
{
    struct err err = {0};
    struct rows last;
    assert_int_equal(walk(b, body, &last, &err), -1);
    assert_int_equal(err.class, ERR_FATAL);
    assert_int_equal(err.exit_code, EXIT_UNSAFE);
    if (!strstr(err.text, says))
        fail_msg("said: %s", err.text);
}

static void rows_there_and_back(void **state)
{
    (void)state;
    struct bench b;
    struct err err = {0};
    bench_open(&b);
    put(&b, b.t, ROWS_INSERT, 2, IMAGES(ROW_1 ROW_2));
    put(&b, b.u, ROWS_UPDATE, 1, IMAGES(ROW_1 ROW_3));
    struct rows deletes = {.table = b.t,
                           .op = ROWS_DELETE,
                           .flags = ROWS_STMT_END | ROWS_NO_FOREIGN_KEY_CHECKS,
                           .count = 3,
                           .images = IMAGES(ROW_1 ROW_2 ROW_3)};
    body_put_rows(&b.writer, &deletes);

    struct body_reader r;
    struct rows rows;
    body_open(&r, buf_span(&b.body), &b.cache, &b.arena);
    assert_int_equal(body_next(&r, &rows, &err), 1);
    assert_true(span_is(rows.table->name, "t") && rows.table->fingerprint == b.t->fingerprint);
    assert_true(rows.op == ROWS_INSERT && rows.count == 2 && rows.flags == 0 && !rows.present_after);
    assert_true(span_eq(rows.images, IMAGES(ROW_1 ROW_2)));
    const struct table_def *first = rows.table;
    assert_int_equal(body_next(&r, &rows, &err), 1);
    assert_true(span_is(rows.table->name, "u") && rows.op == ROWS_UPDATE && rows.count == 1);
    assert_int_equal(body_next(&r, &rows, &err), 1);
    assert_ptr_equal(rows.table, first);
    assert_true(rows.op == ROWS_DELETE && rows.count == 3 && rows.flags == deletes.flags);
    assert_int_equal(body_next(&r, &rows, &err), 0);
    assert_int_equal(body_next(&r, &rows, &err), 0);
    bench_close(&b);
}

static void an_empty_body(void **state)
{
    (void)state;
    struct bench b;
    struct rows last;
    struct err err;
    bench_open(&b);
    assert_int_equal(walk(&b, IMAGES(""), &last, &err), 0);
    bench_close(&b);
}

/* Images without all columns carry bitmaps; here the text is not in the before image. */
static void partial_images(void **state)
{
    (void)state;
    struct bench b;
    struct rows last;
    struct err err = {0};
    static const uint8_t only_id[] = {1};
    bench_open(&b);
    struct rows rows = {.table = b.t,
                        .op = ROWS_UPDATE,
                        .count = 1,
                        .images = IMAGES("\x00\x01\x00\x00\x00" ROW_1),
                        .present_before = only_id};
    body_put_rows(&b.writer, &rows);
    assert_int_equal(walk(&b, buf_span(&b.body), &last, &err), 1);
    assert_int_equal(last.present_before[0], 1);
    assert_null(last.present_after);
    bench_close(&b);
}

static void a_definition_is_parsed_once(void **state)
{
    (void)state;
    struct bench b;
    struct rows first;
    struct rows second;
    struct err err = {0};
    bench_open(&b);
    put(&b, b.t, ROWS_INSERT, 1, IMAGES(ROW_1));
    size_t with_definition = b.body.len;
    put(&b, b.t, ROWS_INSERT, 1, IMAGES(ROW_1));
    size_t alone = b.body.len - with_definition;
    assert_true(alone < 20 && with_definition > alone + 20); /* the second time only its index */
    /* The same definition from another parse of the source's events. */
    put(&b, make_table(&b.arena, "t"), ROWS_INSERT, 1, IMAGES(ROW_1));
    assert_int_equal(b.body.len, with_definition + 2 * alone);
    assert_int_equal(walk(&b, buf_span(&b.body), &first, &err), 3);
    size_t parsed = b.cache.arena.total;
    assert_int_equal(walk(&b, buf_span(&b.body), &second, &err), 3);
    assert_ptr_equal(first.table, second.table);
    assert_int_equal(b.cache.arena.total, parsed);
    assert_int_equal(b.cache.tables.count, 1);

    /* Another body: the writer starts with no definitions. */
    buf_clear(&b.body);
    body_start(&b.writer, &b.body);
    put(&b, b.t, ROWS_INSERT, 1, IMAGES(ROW_1));
    assert_int_equal(b.body.len, with_definition);
    bench_close(&b);
}

/* One that lies about its fingerprint, or is known by it but has another length, is not believed. */
static void definitions_must_be_what_they_claim(void **state)
{
    (void)state;
    struct bench b;
    struct rows last;
    struct err err = {0};
    struct buf def = {0};
    struct buf body = {0};
    bench_open(&b);
    put(&b, b.t, ROWS_INSERT, 1, IMAGES(ROW_1));
    assert_int_equal(walk(&b, buf_span(&b.body), &last, &err), 1);

    table_def_put(b.u, &def);
    buf_put_u8(&body, 1);
    buf_put_le(&body, b.t->fingerprint ^ 1, 8);
    buf_put_sized(&body, buf_span(&def));
    refuse(&b, buf_span(&body), "definition");

    buf_put_u8(&def, 0);
    buf_clear(&body);
    buf_put_u8(&body, 1);
    buf_put_le(&body, b.t->fingerprint, 8);
    buf_put_sized(&body, buf_span(&def));
    refuse(&b, buf_span(&body), "definition");
    buf_free(&def);
    buf_free(&body);
    bench_close(&b);
}

static void images_must_be_whole(void **state)
{
    (void)state;
    static const struct {
        enum rows_op op;
        uint32_t count;
        struct span images;
    } cases[] = {
        {ROWS_INSERT, 1,          {(const uint8_t *)ROW_1 ROW_2, sizeof(ROW_1 ROW_2) - 1}}, /* a row too many */
        {ROWS_INSERT, 3,          {(const uint8_t *)ROW_1 ROW_2, sizeof(ROW_1 ROW_2) - 1}}, /* one too few */
        {ROWS_INSERT, 1,          {(const uint8_t *)ROW_1, sizeof(ROW_1) - 2}            }, /* cut off in a cell */
        {ROWS_UPDATE, 1,          {(const uint8_t *)ROW_1, sizeof(ROW_1) - 1}            }, /* no after image */
        {ROWS_DELETE, UINT32_MAX, {(const uint8_t *)ROW_1, sizeof(ROW_1) - 1}            },
        {ROWS_DELETE, 1,          {(const uint8_t *)ROW_1, 0}                            },
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct bench b;
        bench_open(&b);
        put(&b, b.t, cases[i].op, cases[i].count, cases[i].images);
        refuse(&b, buf_span(&b.body), "shop.t are not");
        bench_close(&b);
    }
}

/* Images of no column take no byte: a count must not become a loop that nothing bounds. */
static void rows_of_nothing_are_refused(void **state)
{
    (void)state;
    static const uint8_t none[] = {0};
    struct bench b;
    bench_open(&b);
    struct rows rows = {.table = b.t, .op = ROWS_DELETE, .count = UINT32_MAX, .present_before = none};
    rows.images = IMAGES("");
    body_put_rows(&b.writer, &rows);
    refuse(&b, buf_span(&b.body), "shop.t are not");
    bench_close(&b);
}

static void cut_off_anywhere_is_refused(void **state)
{
    (void)state;
    struct bench b;
    struct rows last;
    struct err err = {0};
    bench_open(&b);
    put(&b, b.t, ROWS_UPDATE, 1, IMAGES(ROW_1 ROW_3));
    size_t one = b.body.len;
    put(&b, b.u, ROWS_INSERT, 1, IMAGES(ROW_1));
    size_t whole = 0;
    for (size_t n = 1; n < b.body.len; n++) {
        if (walk(&b, span_of(b.body.data, n), &last, &err) >= 0)
            whole++; /* between two items a body may end; its record's checksum says whether it does */
        else
            assert_int_equal(err.exit_code, EXIT_UNSAFE);
    }
    assert_int_equal(whole, 3); /* after t's definition, after t's rows, after u's definition */
    assert_int_equal(walk(&b, span_of(b.body.data, one), &last, &err), 1);
    bench_close(&b);
}

static void malformed_items(void **state)
{
    (void)state;
    static const struct {
        struct span bytes;
        const char *says;
    } cases[] = {
        {{(const uint8_t *)"\x00", 1},                                      "unknown item"},
        {{(const uint8_t *)"\x03", 1},                                      "unknown item"},
        {{(const uint8_t *)"\x02\x01\x01\x00\x01\x00", 6},                  "rows item"   }, /* table 1 of 1 */
        {{(const uint8_t *)"\x02\x00\x00\x00\x01\x00", 6},                  "rows item"   }, /* operation 0 */
        {{(const uint8_t *)"\x02\x00\x04\x00\x01\x00", 6},                  "rows item"   }, /* operation 4 */
        {{(const uint8_t *)"\x02\x00\x41\x00\x01\x00", 6},                  "rows item"   }, /* unknown bitmap bit */
        {{(const uint8_t *)"\x02\x00\x01\x08\x01\x00", 6},                  "rows item"   }, /* unknown flag */
        {{(const uint8_t *)"\x02\x00\x01\x00\x00\x00", 6},                  "rows item"   }, /* no rows */
        {{(const uint8_t *)"\x02\x00\x01\x00\x80\x80\x80\x80\x10\x00", 10}, "rows item"   }, /* 2^32 rows */
        {{(const uint8_t *)"\x02\x00\x01\x00\x01\x09", 6},                  "rows item"   }, /* nine bytes, none there */
        {{(const uint8_t *)"\x02\x00\x31\x00\x01\x01", 6},                  "rows item"   }, /* bitmaps, one byte there */
        {{(const uint8_t *)"\x01\x00\x00", 3},                              "cut off"     },
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct bench b;
        bench_open(&b);
        put(&b, b.t, ROWS_INSERT, 1, IMAGES(ROW_1));
        buf_put_span(&b.body, cases[i].bytes);
        refuse(&b, buf_span(&b.body), cases[i].says);
        bench_close(&b);
    }
}

static void ddl_there_and_back(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct buf wire = {0};
    struct err err = {0};
    struct ddl_table tables[] = {
        {span_str("shop"), span_str("a")},
        {span_str(""),     span_str("b")}
    };
    struct ddl d = {.class = DDL_RENAME,
                    .db = span_str("shop"),
                    .text = span_str("RENAME TABLE shop.a TO b"),
                    .sql_mode = UINT64_C(1) << 40,
                    .charset_client = 45,
                    .collation_connection = 46,
                    .collation_server = 65535,
                    .tables = tables,
                    .table_count = 2};
    struct ddl back;
    ddl_put(&d, &wire);
    assert_int_equal(ddl_read(&back, buf_span(&wire), &arena, &err), 0);
    assert_true(back.class == DDL_RENAME && span_eq(back.db, d.db) && span_eq(back.text, d.text));
    assert_true(back.sql_mode == d.sql_mode && back.charset_client == 45 && back.collation_connection == 46);
    assert_true(back.collation_server == 65535 && back.table_count == 2);
    assert_true(span_is(back.tables[0].db, "shop") && span_is(back.tables[1].name, "b"));
    for (size_t n = 0; n < wire.len; n++)
        assert_int_equal(ddl_read(&back, span_of(wire.data, n), &arena, &err), -1);
    buf_put_u8(&wire, 0);
    assert_int_equal(ddl_read(&back, buf_span(&wire), &arena, &err), -1);
    wire.len--;
    wire.data[0] = DDL_TRUNCATE + 1;
    assert_int_equal(ddl_read(&back, buf_span(&wire), &arena, &err), -1);
    assert_int_equal(err.exit_code, EXIT_UNSAFE);

    buf_clear(&wire);
    ddl_put(&(struct ddl){.class = DDL_OTHER}, &wire);
    wire.data[wire.len - 1] = 0x7f; /* 127 tables in no byte */
    assert_int_equal(ddl_read(&back, buf_span(&wire), &arena, &err), -1);
    buf_free(&wire);
    arena_free(&arena);
}

static void names(void **state)
{
    (void)state;
    assert_string_equal(rows_op_name(ROWS_INSERT), "insert");
    assert_string_equal(rows_op_name(ROWS_DELETE), "delete");
    assert_string_equal(rows_op_name(0), "unknown");
    assert_string_equal(ddl_class_name(DDL_OTHER), "other");
    assert_string_equal(ddl_class_name(DDL_TRUNCATE), "truncate");
    assert_string_equal(ddl_class_name(77), "unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_there_and_back),
        cmocka_unit_test(an_empty_body),
        cmocka_unit_test(partial_images),
        cmocka_unit_test(a_definition_is_parsed_once),
        cmocka_unit_test(definitions_must_be_what_they_claim),
        cmocka_unit_test(images_must_be_whole),
        cmocka_unit_test(rows_of_nothing_are_refused),
        cmocka_unit_test(cut_off_anywhere_is_refused),
        cmocka_unit_test(malformed_items),
        cmocka_unit_test(ddl_there_and_back),
        cmocka_unit_test(names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
