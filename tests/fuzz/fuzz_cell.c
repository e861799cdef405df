/* Any bytes as the cells of a column of any type: walked, told as text and as JSON, compared. */
#include <stdlib.h>

#include "common/model/cell.h"
#include "common/model/decimal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

static const uint8_t types[] = {
    COLUMN_TINY,
    COLUMN_SHORT,
    COLUMN_LONG,
    COLUMN_FLOAT,
    COLUMN_DOUBLE,
    COLUMN_TIMESTAMP,
    COLUMN_LONGLONG,
    COLUMN_INT24,
    COLUMN_DATE,
    COLUMN_TIME,
    COLUMN_DATETIME,
    COLUMN_YEAR,
    COLUMN_NEWDATE,
    COLUMN_VARCHAR,
    COLUMN_BIT,
    COLUMN_TIMESTAMP2,
    COLUMN_DATETIME2,
    COLUMN_TIME2,
    COLUMN_BLOB_COMPRESSED,
    COLUMN_VARCHAR_COMPRESSED,
    COLUMN_VECTOR,
    COLUMN_JSON,
    COLUMN_JSON,
    COLUMN_NEWDECIMAL,
    COLUMN_NEWDECIMAL,
    COLUMN_ENUM,
    COLUMN_SET,
    COLUMN_TINY_BLOB,
    COLUMN_MEDIUM_BLOB,
    COLUMN_LONG_BLOB,
    COLUMN_BLOB,
    COLUMN_VAR_STRING,
    COLUMN_STRING,
    COLUMN_GEOMETRY,
};

/* What can be told as text is the same value when it is read again. */
static void use_decimal(const struct column *c, struct span value)
{
    struct buf text = {0}, back = {0}, again = {0};
    unsigned precision = c->meta >> 8, scale = c->meta & 0xff;
    if (decimal_put_text(value, precision, scale, &text)) {
        must(decimal_from_text(&back, buf_span(&text), precision, scale));
        must(decimal_put_text(buf_span(&back), precision, scale, &again) && span_eq(buf_span(&text), buf_span(&again)));
        must(scale == 0 || !decimal_from_text(&back, buf_span(&text), precision, scale - 1));
    }
    buf_free(&text);
    buf_free(&back);
    buf_free(&again);
}

static void use_cell(const struct column *c, const struct cell *v, const struct cell *before)
{
    struct buf text = {0};
    (void)cell_put_text(c, v, &text);
    cell_put_json(c, v, &text);
    must(cell_payload(c, v).n <= v->data.n);
    if (c->type == COLUMN_NEWDECIMAL)
        use_decimal(c, v->data);
    if (cell_is_ordered(c)) {
        must(cell_compare(c, v, v) == 0);
        int order = cell_compare(c, v, before);
        int reverse = cell_compare(c, before, v);
        must((order > 0) == (reverse < 0) && (order == 0) == (reverse == 0));
    }
    buf_free(&text);
}

/* The cell as a row of its own, with a NULL beside it: written, walked, compared. */
static void use_image(const struct column *c, const struct cell *v, const struct cell *before)
{
    struct column columns[] = {*c, *c};
    uint16_t key[] = {1, 0};
    struct table_def t = {.columns = columns, .column_count = 2, .key = key, .key_count = 2};
    struct cell cells[] = {*v, {.null = true}}, back[2];
    struct buf image = {0}, text = {0};
    static const uint8_t first_only = 1;
    image_put(cells, &t, NULL, &image);
    struct bytes r = bytes_of(buf_span(&image));
    image_skip(&t, NULL, &r);
    must(!r.bad && bytes_left(&r) == 0);
    r = bytes_of(buf_span(&image));
    image_split(back, &t, NULL, &r);
    must(!r.bad && span_eq(back[0].data, v->data) && back[1].null);
    must(image_equal(cells, back, &t, NULL));
    r = bytes_of(buf_span(&image));
    image_split(back, &t, &first_only, &r);
    must(!r.bad && back[1].absent && span_eq(back[0].data, v->data) && image_equal(back, cells, &t, NULL));
    buf_clear(&image);
    back[0] = *before;
    back[1] = cells[1];
    must(image_equal(cells, back, &t, NULL) == image_equal(back, cells, &t, NULL));
    image_put_key(cells, &t, &image);
    must(image.len > v->data.n && image.data[0] == 0);
    must(column_type_text(c, &text)[0]);
    buf_free(&image);
    buf_free(&text);
}

/* Four bytes choose the column, the rest are its cells, one behind the other. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span members[] = {span_str("a"), span_str("\xff'\"")};
    if (size < 4)
        return 0;
    struct column c = {
        .name = span_str("c"),
        .type = types[data[0] % sizeof(types)],
        .meta = (uint16_t)(data[1] | data[2] << 8),
        .is_unsigned = data[3] & 1,
        .nullable = true,
        .collation = data[3] & 2   ? 45
                     : data[3] & 4 ? COLLATION_BINARY
                                   : data[3],
        .key_order = COLUMN_NO_KEY,
        .members = members,
        .member_count = 2,
    };
    if (!column_valid(&c))
        return 0;
    struct bytes r = bytes_of(span_of(data + 4, size - 4));
    struct cell before = {.null = true};
    while (bytes_left(&r) > 0) {
        const uint8_t *start = r.p;
        size_t n = cell_length(&c, &r);
        if (r.bad || n == 0)
            break;
        must(n <= bytes_left(&r) && r.p == start);
        struct cell v = {.data = bytes_take(&r, n)};
        use_cell(&c, &v, &before);
        use_image(&c, &v, &before);
        before = v;
    }
    return 0;
}
