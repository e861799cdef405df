/* Row images: splitting, skipping, putting together again, comparing; order of cells. */
#include "common/base/utf8.h"
#include "tests/unit/cmocka_all.h"
#include "tests/unit/model/cells.h"
#include "tests/unit/random.h"

#define MAX_COLUMNS 40

static void a_row_of_mariadb_is_split_and_put_together(void **state)
{
    (void)state;
    struct column columns[] = {
        column_of(COLUMN_LONG, 0),       column_of(COLUMN_DATE, 0),       column_of(COLUMN_TIME2, 0),
        column_of(COLUMN_TIME2, 1),      column_of(COLUMN_TIME2, 3),      column_of(COLUMN_TIME2, 6),
        column_of(COLUMN_DATETIME2, 0),  column_of(COLUMN_DATETIME2, 2),  column_of(COLUMN_DATETIME2, 6),
        column_of(COLUMN_TIMESTAMP2, 0), column_of(COLUMN_TIMESTAMP2, 6), column_of(COLUMN_FLOAT, 4),
        column_of(COLUMN_DOUBLE, 8),     column_of(COLUMN_TINY, 0),       column_of(COLUMN_INT24, 0),
        column_of(COLUMN_LONGLONG, 0),   column_unsigned(COLUMN_LONGLONG)};
    struct table_def t = {.columns = columns, .column_count = 17};
    struct hex h;
    struct span row = hex_read(
        &h, "0000fe 01000000 3fd40f 4b9105 7fffffce 7feffffff6 4b9104f0bdc1 fef3ff7efb 800000000000 9964420000000001"
            "7fffffff 000000010f423f cdcc8c3f a0c8eb85f3cce1ff 80 000080 0000000000000080 ffffffffffffffff");
    struct cell cells[17];
    struct bytes r = bytes_of(row);
    image_split(cells, &t, NULL, &r);
    assert_true(!r.bad && bytes_left(&r) == 0);
    struct buf out = {0};
    image_put(cells, &t, NULL, &out);
    assert_true(span_eq(buf_span(&out), row));
    r = bytes_of(row);
    image_skip(&t, NULL, &r);
    assert_true(!r.bad && bytes_left(&r) == 0);
    for (size_t n = 0; n < row.n; n++) {
        r = bytes_of(span_of(row.p, n));
        image_split(cells, &t, NULL, &r);
        assert_true(r.bad);
        assert_null(cells[0].data.p);
        r = bytes_of(span_of(row.p, n));
        image_skip(&t, NULL, &r);
        assert_true(r.bad);
    }
    buf_free(&out);
}

/* A column of any type and meta that rows can have. */
static struct column random_column(struct random *rnd)
{
    struct column c;
    do {
        c = column_of((enum column_type)random_below(rnd, 256), 0);
        if (c.type == COLUMN_NEWDECIMAL)
            c.meta = (uint16_t)((1 + random_below(rnd, 65)) << 8 | random_below(rnd, 39));
        else
            c.meta = (uint16_t)(random_below(rnd, 2) ? random_below(rnd, 9) : random_below(rnd, 600));
    } while (!column_valid(&c));
    return c;
}

/* A cell of it, by trying random bytes until one is whole. */
static struct cell random_cell(struct random *rnd, const struct column *c, uint8_t memory[800])
{
    for (size_t i = 0; i < 800; i++)
        memory[i] = (uint8_t)random_u64(rnd);
    if (random_below(rnd, 4) == 0)
        return (struct cell){.null = true};
    for (;;) {
        struct bytes r = bytes_of(span_of(memory, 800));
        size_t n = cell_length(c, &r);
        if (!r.bad)
            return (struct cell){.data = span_of(memory, n)};
        for (size_t i = 0; i < 4; i++) /* a length beyond the memory: smaller length bytes */
            memory[i] = (uint8_t)(i ? 0 : memory[i] >> 1);
    }
}

static void assert_same_cells(const struct cell *a, const struct cell *b, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(a[i].absent, b[i].absent);
        assert_int_equal(a[i].null, b[i].null);
        assert_true(span_eq(a[i].data, b[i].data));
    }
}

/* Put the cells that `present` names by hand: bitmap of those only, then their data. */
static void put_partial(const struct cell *cells, size_t n, const uint8_t *present, struct buf *out)
{
    uint8_t nulls[MAX_COLUMNS / 8] = {0};
    size_t bit = 0;
    for (size_t i = 0; i < n; i++) {
        if (!(present[i / 8] >> (i % 8) & 1))
            continue;
        nulls[bit / 8] = (uint8_t)(nulls[bit / 8] | cells[i].null << (bit % 8));
        bit++;
    }
    buf_put(out, nulls, (bit + 7) / 8);
    for (size_t i = 0; i < n; i++) {
        if (present[i / 8] >> (i % 8) & 1)
            buf_put_span(out, cells[i].data);
    }
}

static void any_image_is_split_as_it_was_put(void **state)
{
    (void)state;
    static uint8_t memory[MAX_COLUMNS][800];
    struct random rnd = random_start("image");
    for (int round = 0; round < 1500; round++) {
        struct column columns[MAX_COLUMNS];
        struct cell cells[MAX_COLUMNS], back[MAX_COLUMNS];
        uint8_t present[MAX_COLUMNS / 8];
        size_t n = 1 + (size_t)random_below(&rnd, MAX_COLUMNS);
        for (size_t i = 0; i < n; i++) {
            columns[i] = random_column(&rnd);
            cells[i] = random_cell(&rnd, &columns[i], memory[i]);
        }
        struct table_def t = {.columns = columns, .column_count = (uint16_t)n};
        struct buf out = {0};
        image_put(cells, &t, NULL, &out);
        buf_put_str(&out, "next");
        struct bytes r = bytes_of(buf_span(&out));
        image_split(back, &t, NULL, &r);
        assert_true(!r.bad && bytes_left(&r) == 4);
        assert_same_cells(cells, back, n);
        assert_true(image_equal(cells, back, &t, NULL));
        r = bytes_of(buf_span(&out));
        image_skip(&t, NULL, &r);
        assert_true(!r.bad && bytes_left(&r) == 4);

        for (size_t i = 0; i < sizeof present; i++)
            present[i] = (uint8_t)random_u64(&rnd);
        buf_clear(&out);
        put_partial(cells, n, present, &out);
        for (size_t i = 0; i < n; i++) {
            if (!(present[i / 8] >> (i % 8) & 1))
                cells[i] = (struct cell){.absent = true};
        }
        r = bytes_of(buf_span(&out));
        image_split(back, &t, present, &r);
        assert_true(!r.bad && bytes_left(&r) == 0);
        assert_same_cells(cells, back, n);
        r = bytes_of(buf_span(&out));
        image_skip(&t, present, &r);
        assert_true(!r.bad && bytes_left(&r) == 0);
        buf_free(&out);
    }
}

static void any_cell_has_a_text(void **state)
{
    (void)state;
    static uint8_t memory[800];
    struct random rnd = random_start("cell text");
    struct span members[] = {span_str("a"), span_str("\xc3"), span_str("c")};
    struct buf out = {0};
    for (int round = 0; round < 60000; round++) {
        struct column c = random_column(&rnd);
        c.collation = (uint16_t)random_below(&rnd, 70);
        c.is_unsigned = random_below(&rnd, 2);
        c.members = members;
        c.member_count = (uint16_t)random_below(&rnd, 4);
        struct cell v = random_cell(&rnd, &c, memory);
        buf_clear(&out);
        (void)cell_put_text(&c, &v, &out);
        assert_true(utf8_valid(buf_span(&out)));
        buf_clear(&out);
        cell_put_json(&c, &v, &out);
        assert_true(out.len > 0 && utf8_valid(buf_span(&out)));
        assert_int_equal(cell_compare(&c, &v, &v), 0);
    }
    buf_free(&out);
}

static void cells_of_impossible_columns_are_malformed(void **state)
{
    (void)state;
    static const uint8_t zeros[64];
    for (unsigned type = 0; type < 256; type++) {
        for (unsigned meta = 0; meta < 0x5000; meta++) {
            struct column c = column_of((enum column_type)type, meta);
            struct bytes r = bytes_of(span_of(zeros, sizeof zeros));
            size_t n = cell_length(&c, &r);
            if (column_valid(&c))
                assert_true(!r.bad && n <= sizeof zeros);
            else
                assert_true(
                    r.bad ? n == 0
                          : n > 0 || type == COLUMN_NULL); /* harmless where the length does not depend on the meta */
        }
    }
}

static struct cell cell_of(struct hex *h, const char *hex)
{
    return (struct cell){.data = hex_read(h, hex)};
}

static void images_are_equal_by_value(void **state)
{
    (void)state;
    struct column columns[] = {column_of(COLUMN_TINY, 0), column_of(COLUMN_VARCHAR_COMPRESSED, 31)};
    struct table_def t = {.columns = columns, .column_count = 2};
    struct hex one, two, plain, zlib, other;
    struct cell a[2] = {cell_of(&one, "01"), cell_of(&plain, "0b 00 62626262626262626262")};
    /* the same ten letters behind zlib's header */
    struct cell b[2] = {cell_of(&one, "01"), cell_of(&zlib, "0d 81 0a 789c4b4a820100151803d5")};
    struct cell c[2] = {cell_of(&two, "02"), cell_of(&other, "0b 00 62626262626262626263")};
    const bool ignore_first[2] = {true, false}, ignore_second[2] = {false, true}, ignore_both[2] = {true, true};
    assert_true(image_equal(a, b, &t, NULL));
    assert_false(image_equal(a, c, &t, NULL));
    assert_false(image_equal(a, c, &t, ignore_first));
    assert_false(image_equal(a, c, &t, ignore_second));
    assert_true(image_equal(a, c, &t, ignore_both));
    c[0] = (struct cell){.null = true};
    c[1] = (struct cell){.absent = true};
    assert_false(image_equal(a, c, &t, NULL));
    a[0] = (struct cell){.null = true};
    assert_true(image_equal(a, c, &t, NULL));
    assert_true(image_equal(c, a, &t, NULL));
}

static void keys_are_unambiguous(void **state)
{
    (void)state;
    struct column columns[] = {column_of(COLUMN_VARCHAR, 10), column_of(COLUMN_LONG, 0), column_of(COLUMN_VARCHAR, 10)};
    uint16_t key[] = {2, 0};
    struct table_def t = {.columns = columns, .column_count = 3, .key = key, .key_count = 2};
    struct hex h[4];
    struct cell a[3] = {cell_of(&h[0], "0161"), {.null = true}, cell_of(&h[1], "026262")};
    struct cell b[3] = {cell_of(&h[2], "026261"), {.null = true}, cell_of(&h[3], "0162")};
    struct buf out = {0}, other = {0};
    image_put_key(a, &t, &out);
    assert_int_equal(out.len, 7);
    assert_memory_equal(out.data, "\x04\x02\x62\x62\x03\x01\x61", 7);
    image_put_key(b, &t, &other);
    assert_false(span_eq(buf_span(&out), buf_span(&other)));
    a[0] = (struct cell){.null = true};
    buf_clear(&out);
    image_put_key(a, &t, &out);
    assert_memory_equal(out.data, "\x04\x02\x62\x62\x00", 5);
    buf_free(&out);
    buf_free(&other);
}

static void payloads_are_without_their_length(void **state)
{
    (void)state;
    struct hex h;
    struct column c = column_of(COLUMN_BLOB, 3);
    struct cell v = cell_of(&h, "020000 6162"), null = {.null = true};
    assert_true(span_is(cell_payload(&c, &v), "ab"));
    assert_int_equal(cell_payload(&c, &null).n, 0);
    c = column_of(COLUMN_VARCHAR, 300);
    v = cell_of(&h, "0200 6162");
    assert_true(span_is(cell_payload(&c, &v), "ab"));
    c = column_of(COLUMN_SHORT, 0);
    v = cell_of(&h, "6162");
    assert_true(span_is(cell_payload(&c, &v), "ab"));
    c = column_of(COLUMN_BLOB, 4);
    assert_int_equal(cell_payload(&c, &v).n, 0); /* not whole */
}

/* clang-format off */
static const struct {
    struct column column;
    const char *rising[8]; /* hex, strictly rising */
} orders[] = {
    {{.type = COLUMN_TINY}, {"80", "ff", "00", "01", "7f"}},
    {{.type = COLUMN_TINY, .is_unsigned = true}, {"00", "01", "7f", "80", "ff"}},
    {{.type = COLUMN_INT24}, {"000080", "ffffff", "000000", "000100", "ffff7f"}},
    {{.type = COLUMN_LONGLONG}, {"0000000000000080", "ffffffffffffffff", "0000000000000000", "ffffffffffffff7f"}},
    {{.type = COLUMN_LONGLONG, .is_unsigned = true}, {"0000000000000000", "0000000000000080", "ffffffffffffffff"}},
    {{.type = COLUMN_FLOAT, .meta = 4}, {"ffff7fff", "cdcc8cbf", "00000000", "01000000", "ffff7f7f"}},
    {{.type = COLUMN_DOUBLE, .meta = 8}, {"a0c8eb85f3cce1ff", "0000000000000000", "0000000000000440"}},
    {{.type = COLUMN_NEWDECIMAL, .meta = 5 << 8 | 2}, {"7c189c", "7ffecd", "800000", "800001", "83e763"}},
    {{.type = COLUMN_BIT, .meta = 10}, {"0000", "00ff", "0100", "03ff"}},
    {{.type = COLUMN_YEAR}, {"00", "01", "ff"}},
    {{.type = COLUMN_DATE}, {"000000", "21d40f", "3fd40f", "4100fc"}},
    {{.type = COLUMN_TIME2, .meta = 2}, {"4b910500", "7fffff00", "7fffffff", "80000000", "80000001", "b46efb00"}},
    {{.type = COLUMN_TIME}, {"590a80", "ffffff", "000000", "010000", "a7f57f"}},
    {{.type = COLUMN_DATETIME2, .meta = 0}, {"8000000000", "9964420000", "fef3ff7efb"}},
    {{.type = COLUMN_DATETIME}, {"0000000000000000", "9b76e92d6d120000"}},
    {{.type = COLUMN_TIMESTAMP2, .meta = 6}, {"00000000000000", "00000001000001", "7fffffff0f423f", "ffffffff0f423f"}},
    {{.type = COLUMN_TIMESTAMP}, {"00000000", "00010000", "00000100", "ffffffff"}},
    {{.type = COLUMN_ENUM, .meta = 2}, {"0000", "0200", "0001"}},
    {{.type = COLUMN_VARCHAR, .meta = 9}, {"00", "0161", "026162", "0162"}},
};
/* clang-format on */

static void cells_compare_as_the_server_orders_them(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof orders / sizeof orders[0]; i++) {
        const struct column *c = &orders[i].column;
        struct cell null = {.null = true};
        assert_int_equal(cell_is_ordered(c), c->type != COLUMN_ENUM && c->type != COLUMN_VARCHAR);
        assert_int_equal(cell_compare(c, &null, &null), 0);
        for (size_t a = 0; a < 8 && orders[i].rising[a]; a++) {
            struct hex ha, hb;
            struct cell va = cell_of(&ha, orders[i].rising[a]);
            assert_true(cell_compare(c, &null, &va) < 0 && cell_compare(c, &va, &null) > 0);
            for (size_t b = 0; b < 8 && orders[i].rising[b]; b++) {
                struct cell vb = cell_of(&hb, orders[i].rising[b]);
                int order = cell_compare(c, &va, &vb);
                assert_int_equal((order > 0) - (order < 0), (a > b) - (a < b));
            }
        }
    }
}

/* Servers take them for equal, and some store the one for the other; every other bit counts. */
static void the_sign_of_a_floating_zero_does_not_count(void **state)
{
    (void)state;
    const struct column single = column_of(COLUMN_FLOAT, 4), twice = column_of(COLUMN_DOUBLE, 8),
                        integer = column_of(COLUMN_LONG, 0);
    struct hex a, b, least, c, d, negative;
    const struct cell zero4 = {.data = hex_read(&a, "00000000")}, minus4 = {.data = hex_read(&b, "00000080")};
    const struct cell least4 = {.data = hex_read(&least, "01000080")};
    const struct cell zero8 = {.data = hex_read(&c, "0000000000000000")};
    const struct cell minus8 = {.data = hex_read(&d, "0000000000000080")};
    const struct cell negative8 = {.data = hex_read(&negative, "000000000000f0bf")};
    assert_true(cell_equal(&single, &zero4, &minus4));
    assert_true(cell_equal(&twice, &minus8, &zero8));
    assert_false(cell_equal(&single, &zero4, &least4));
    assert_false(cell_equal(&twice, &zero8, &negative8));
    assert_false(cell_equal(&integer, &zero4, &minus4));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_sign_of_a_floating_zero_does_not_count),
        cmocka_unit_test(a_row_of_mariadb_is_split_and_put_together),
        cmocka_unit_test(any_image_is_split_as_it_was_put),
        cmocka_unit_test(any_cell_has_a_text),
        cmocka_unit_test(cells_of_impossible_columns_are_malformed),
        cmocka_unit_test(images_are_equal_by_value),
        cmocka_unit_test(keys_are_unambiguous),
        cmocka_unit_test(payloads_are_without_their_length),
        cmocka_unit_test(cells_compare_as_the_server_orders_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
