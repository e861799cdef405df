/* Encoder against decoder: random tables and rows come back as they went; base64; payloads. */
#include "tests/unit/cmocka_all.h"

#include <stdlib.h>
#include <zstd.h>

#include "common/base/mem.h"
#include "common/binlog/base64.h"
#include "common/binlog/payload.h"
#include "common/binlog/rows_event.h"
#include "common/binlog/table_map.h"
#include "tests/unit/binlog/event_kit.h"
#include "tests/unit/random.h"

/* Types with the range of their meta. */
static const struct {
    uint8_t type;
    uint16_t meta_min;
    uint16_t meta_max;
} kinds[] = {
    {COLUMN_TINY,               0, 0   },
    {COLUMN_SHORT,              0, 0   },
    {COLUMN_INT24,              0, 0   },
    {COLUMN_LONG,               0, 0   },
    {COLUMN_LONGLONG,           0, 0   },
    {COLUMN_FLOAT,              4, 4   },
    {COLUMN_DOUBLE,             8, 8   },
    {COLUMN_YEAR,               0, 0   },
    {COLUMN_DATE,               0, 0   },
    {COLUMN_TIME2,              0, 6   },
    {COLUMN_DATETIME2,          0, 6   },
    {COLUMN_TIMESTAMP2,         0, 6   },
    {COLUMN_BIT,                1, 64  },
    {COLUMN_VARCHAR,            0, 1000},
    {COLUMN_STRING,             0, 1020},
    {COLUMN_ENUM,               1, 2   },
    {COLUMN_SET,                1, 8   },
    {COLUMN_BLOB,               1, 4   },
    {COLUMN_JSON,               1, 4   },
    {COLUMN_GEOMETRY,           1, 4   },
    {COLUMN_VECTOR,             1, 4   },
    {COLUMN_TIMESTAMP,          0, 0   },
    {COLUMN_NEWDECIMAL,         0, 0   },
    {COLUMN_VARCHAR_COMPRESSED, 1, 500 },
    {COLUMN_BLOB_COMPRESSED,    1, 4   },
};

static struct table_def *random_table(struct random *rnd, struct arena *arena)
{
    static const uint16_t widths[] = {1, 2, 7, 8, 9, 16, 17, 250, 251, 300};
    struct table_def *t = arena_zalloc(arena, sizeof *t);
    t->db = arena_copy(arena, span_of("0123456789", random_below(rnd, 10)));
    t->name = arena_copy(arena, span_of("abcdefghij", 1 + random_below(rnd, 9)));
    t->column_count = widths[random_below(rnd, sizeof widths / sizeof widths[0])];
    t->columns = arena_zalloc(arena, t->column_count * sizeof *t->columns);
    for (uint16_t i = 0; i < t->column_count; i++) {
        struct column *c = &t->columns[i];
        size_t kind = random_below(rnd, sizeof kinds / sizeof kinds[0]);
        char name[16];
        (void)snprintf(name, sizeof name, "c%u", i);
        c->name = arena_copy(arena, span_str(name));
        c->type = kinds[kind].type;
        c->meta =
            (uint16_t)(kinds[kind].meta_min + random_below(rnd, kinds[kind].meta_max - kinds[kind].meta_min + 1u));
        if (c->type == COLUMN_NEWDECIMAL) {
            uint64_t precision = 1 + random_below(rnd, 65);
            c->meta = (uint16_t)(precision << 8 | random_below(rnd, (precision < 30 ? precision : 30) + 1));
        }
        c->nullable = random_below(rnd, 2);
        c->key_order = COLUMN_NO_KEY;
    }
    table_def_seal(t, arena);
    return t;
}

/* A cell of random content and a length that its column allows. */
static struct cell random_cell(struct random *rnd, const struct column *c, struct arena *arena)
{
    struct cell v = {.null = c->nullable && random_below(rnd, 3) == 0};
    if (v.null)
        return v;
    uint8_t bytes[1100];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)random_u64(rnd);
    size_t prefix = 0, n = 0;
    if (c->type == COLUMN_VARCHAR || c->type == COLUMN_STRING || c->type == COLUMN_VARCHAR_COMPRESSED) {
        prefix = c->meta > 255 ? 2 : 1;
        n = random_below(rnd, c->meta + 1u);
    } else if (c->type == COLUMN_BLOB || c->type == COLUMN_JSON || c->type == COLUMN_GEOMETRY ||
               c->type == COLUMN_VECTOR || c->type == COLUMN_BLOB_COMPRESSED) {
        prefix = c->meta;
        n = random_below(rnd, prefix == 1 ? 256 : 600);
    } else {
        struct bytes r = bytes_of(span_of(bytes, sizeof bytes));
        n = cell_length(c, &r);
        assert_false(r.bad);
    }
    for (size_t i = 0; i < prefix; i++)
        bytes[i] = (uint8_t)(n >> 8 * i);
    v.data = arena_copy(arena, span_of(bytes, prefix + n));
    return v;
}

static void assert_same_columns(const struct table_def *got, const struct table_def *t)
{
    assert_true(span_eq(got->db, t->db) && span_eq(got->name, t->name));
    assert_int_equal(got->column_count, t->column_count);
    for (size_t i = 0; i < t->column_count; i++) {
        assert_int_equal(got->columns[i].type, t->columns[i].type);
        assert_int_equal(got->columns[i].meta, t->columns[i].meta);
        assert_int_equal(got->columns[i].nullable, t->columns[i].nullable);
    }
}

/* One table, one event of rows, through both. */
static void round_trip(struct random *rnd, enum flavor flavor)
{
    struct arena arena = {0};
    struct buf out = {0}, images = {0}, scratch = {0};
    struct rows_encoder enc = {flavor, 90704, (uint32_t)random_u64(rnd), (uint32_t)random_u64(rnd)};
    struct event_format none = {0};
    struct table_def *t = random_table(rnd, &arena), *got = NULL;
    struct rows rows = {
        .table = t, .op = 1 + (enum rows_op)random_below(rnd, 3), .count = (uint32_t)(1 + random_below(rnd, 4))};
    struct cell *cells = arena_alloc(&arena, t->column_count * sizeof *cells);
    uint64_t id = 1 + random_below(rnd, 0xffffff - 1);
    uint16_t flags = (uint16_t)random_below(rnd, 8);
    for (uint32_t i = 0; i < rows.count * (rows.op == ROWS_UPDATE ? 2 : 1); i++) {
        for (size_t c = 0; c < t->column_count; c++)
            cells[c] = random_cell(rnd, &t->columns[c], &arena);
        image_put(cells, t, NULL, &images);
    }
    rows.images = buf_span(&images);
    rows_encode_table_map(&out, &enc, t, id);
    size_t second = out.len;
    rows_encode_rows(&out, &enc, &rows, id, flags);

    struct event e;
    struct table_map map;
    struct rows_event re;
    struct rows back;
    assert_int_equal(event_parse(&e, &none, span_of(out.data, second), NULL), 0);
    assert_int_equal(e.server_id, enc.server_id);
    assert_int_equal(e.timestamp, enc.timestamp);
    assert_int_equal(table_map_read(&map, &e, &none, NULL), 0);
    assert_int_equal(map.id, id);
    struct bytes r = bytes_of(map.definition);
    assert_int_equal(table_map_parse_bare(&got, &r, &arena, NULL), 0);
    assert_same_columns(got, t);
    assert_int_equal(event_parse(&e, &none, span_of(out.data + second, out.len - second), NULL), 0);
    assert_true(rows_event_type(e.type));
    assert_int_equal(rows_event_read(&re, &e, &none, &scratch, NULL), 0);
    assert_int_equal(re.table_id, id);
    if (t->column_count % 8) /* as the servers write it: no bits beyond the last column */
        assert_int_equal(re.present_after[t->column_count / 8] >> t->column_count % 8, 0);
    assert_int_equal(rows_event_check(&back, &re, t, NULL, NULL), 0);
    assert_int_equal(back.op, rows.op);
    assert_int_equal(back.count, rows.count);
    assert_int_equal(back.flags, flags);
    assert_true(span_eq(back.images, rows.images));
    /* No prefix of the images is rows too, but where a row ends. */
    struct rows_event cut = re;
    cut.images.n = random_below(rnd, re.images.n);
    if (rows_event_check(&back, &cut, t, NULL, NULL) == 0)
        assert_true(back.count < rows.count);
    buf_free(&out);
    buf_free(&images);
    buf_free(&scratch);
    arena_free(&arena);
}

/* Of images that lack columns the event says which, and holds them as they are. */
static void what_is_in_the_images_is_told(void **state)
{
    (void)state;
    struct random rnd = random_start("partial images");
    struct event_format none = {0};
    for (int i = 0; i < 100; i++) {
        struct arena arena = {0};
        struct buf out = {0}, images = {0}, scratch = {0};
        const struct rows_encoder enc = {i % 2 ? FLAVOR_MARIADB : FLAVOR_MYSQL, 90704, 1, 2};
        struct table_def *t = random_table(&rnd, &arena);
        size_t n = (t->column_count + 7u) / 8;
        struct cell *cells = arena_zalloc(&arena, t->column_count * sizeof *cells);
        uint8_t *present = arena_zalloc(&arena, n);
        for (size_t c = 0; c < t->column_count; c++) {
            cells[c].absent = random_below(&rnd, 2) == 0 && c > 0;
            if (!cells[c].absent)
                cells[c] = random_cell(&rnd, &t->columns[c], &arena);
            present[c / 8] |= (uint8_t)(!cells[c].absent << c % 8);
        }
        image_put(cells, t, present, &images);
        image_put(cells, t, present, &images);
        const struct rows rows = {.table = t,
                                  .op = ROWS_UPDATE,
                                  .count = 1,
                                  .images = buf_span(&images),
                                  .present_before = present,
                                  .present_after = present};
        rows_encode_rows(&out, &enc, &rows, 7, 1);
        struct event e;
        struct rows_event re;
        assert_int_equal(event_parse(&e, &none, buf_span(&out), NULL), 0);
        assert_int_equal(rows_event_read(&re, &e, &none, &scratch, NULL), 0);
        assert_memory_equal(re.present_before, present, n);
        assert_memory_equal(re.present_after, present, n);
        struct bytes r = bytes_of(re.images);
        struct cell *back = arena_alloc(&arena, t->column_count * sizeof *back);
        image_split(back, t, present, &r);
        assert_false(r.bad);
        assert_true(image_equal(back, cells, t, NULL));
        for (size_t c = 0; c < t->column_count; c++)
            assert_int_equal(back[c].absent, cells[c].absent);
        buf_free(&out);
        buf_free(&images);
        arena_free(&arena);
    }
}

static void rows_come_back_as_they_went(void **state)
{
    (void)state;
    struct random rnd = random_start("rows encode");
    for (int i = 0; i < 300; i++)
        round_trip(&rnd, i % 2 ? FLAVOR_MARIADB : FLAVOR_MYSQL);
}

static void base64_of_all_lengths(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {
        {"",       ""        },
        {"f",      "Zg=="    },
        {"fo",     "Zm8="    },
        {"foo",    "Zm9v"    },
        {"foob",   "Zm9vYg=="},
        {"fooba",  "Zm9vYmE="},
        {"foobar", "Zm9vYmFy"}
    };
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    struct random rnd = random_start("base64");
    struct buf text = {0}, back = {0};
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        buf_clear(&text);
        base64_put(&text, span_str(pairs[i][0]));
        assert_string_equal(buf_cstr(&text), pairs[i][1]);
    }
    for (size_t n = 0; n < 400; n++) {
        uint8_t bytes[400];
        for (size_t i = 0; i < n; i++)
            bytes[i] = (uint8_t)random_u64(&rnd);
        buf_clear(&text);
        buf_clear(&back);
        base64_put(&text, span_of(bytes, n));
        assert_int_equal(text.len, base64_len(n));
        for (size_t i = 0; i < n / 3 * 4; i++) { /* each character by its definition */
            size_t bit = i * 6;
            unsigned two = (unsigned)bytes[bit / 8] << 8 | (bit / 8 + 1 < n ? bytes[bit / 8 + 1] : 0);
            assert_int_equal(text.data[i], alphabet[two >> (10 - bit % 8) & 63]);
        }
        assert_true(base64_read(&back, buf_span(&text)));
        assert_true(span_eq(buf_span(&back), span_of(bytes, n)));
    }
    static const char *const bad[] = {"A", "AB", "ABC", "A===", "AB=C", "AB==AAAA", "AB$D", "====", "ABCD="};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(base64_read(&back, span_str(bad[i])));
    buf_clear(&back);
    assert_true(base64_read(&back, span_str(" Zm9v\nYg = = ")));
    assert_string_equal(buf_cstr(&back), "foob");
    buf_free(&text);
    buf_free(&back);
}

static void base64_of_two_parts(void **state)
{
    (void)state;
    uint8_t bytes[64];
    struct random rnd = random_start("base64_joined");
    struct buf whole = {0}, joined = {0};
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)random_u64(&rnd);
    for (size_t n = 0; n <= sizeof bytes; n++) {
        buf_clear(&whole);
        base64_put(&whole, span_of(bytes, n));
        for (size_t cut = 0; cut <= n; cut++) {
            buf_clear(&joined);
            base64_put_joined(&joined, span_of(bytes, cut), span_of(bytes + cut, n - cut));
            assert_string_equal(buf_cstr(&joined), buf_cstr(&whole));
        }
    }
    buf_free(&whole);
    buf_free(&joined);
}

/* ---- payloads ---- */

static void put_payload(struct buf *out, struct span events, bool zstd)
{
    struct buf body = {0}, packed = {0};
    if (zstd) {
        uint8_t *to = buf_reserve(&packed, ZSTD_compressBound(events.n));
        packed.len = ZSTD_compress(to, ZSTD_compressBound(events.n), events.p, events.n, 3);
        assert_false(ZSTD_isError(packed.len));
    } else {
        buf_put_span(&packed, events);
    }
    buf_put(&body, "\x02", 1); /* algorithm */
    buf_put_lenenc(&body, zstd ? 1 : 3);
    buf_put_lenenc(&body, zstd ? 0 : 255);
    buf_put(&body, "\x63\x02xx", 4); /* a field of the future */
    buf_put(&body, "\x01\x09\xfe", 3);
    buf_put_le(&body, packed.len, 8);
    buf_put_u8(&body, 0);
    buf_put_span(&body, buf_span(&packed));
    kit_event(out, EVENT_TRANSACTION_PAYLOAD, 0, 100, buf_span(&body), false);
    buf_free(&body);
    buf_free(&packed);
}

static void payloads_give_their_events_back(void **state)
{
    (void)state;
    struct random rnd = random_start("payload");
    struct event_format none = {0};
    struct payload *p = payload_new();
    struct err err;
    for (int round = 0; round < 60; round++) {
        struct buf events = {0}, out = {0};
        struct event e;
        struct span raw;
        size_t at = 0;
        int rc;
        for (uint64_t n = random_below(&rnd, 20); n > 0; n--) {
            struct buf body = {0};
            size_t len = random_below(&rnd, random_below(&rnd, 10) ? 300 : 400000);
            if (len > 0)
                memset(buf_grow(&body, len), (int)random_below(&rnd, 256), len);
            kit_event(&events, EVENT_ROWS_QUERY, 0, 0, buf_span(&body), false);
            buf_free(&body);
        }
        put_payload(&out, buf_span(&events), round % 4 != 0);
        assert_int_equal(event_parse(&e, &none, buf_span(&out), &err), 0);
        assert_int_equal(payload_open(p, &e, &err), 0);
        while ((rc = payload_next(p, &raw, &err)) == 1) {
            assert_true(at + raw.n <= events.len && span_eq(raw, span_of(events.data + at, raw.n)));
            at += raw.n;
        }
        assert_int_equal(rc, 0);
        assert_int_equal(at, events.len);
        /* Cut short, it says so. */
        size_t lost = 1 + random_below(&rnd, 5);
        if (events.len > 0) {
            struct buf half = {0};
            put_payload(&half, span_of(events.data, events.len - lost), round % 4 != 0);
            assert_int_equal(event_parse(&e, &none, buf_span(&half), &err), 0);
            assert_int_equal(payload_open(p, &e, &err), 0);
            while ((rc = payload_next(p, &raw, &err)) == 1)
                continue;
            assert_int_equal(rc, -1);
            buf_free(&half);
        }
        buf_free(&events);
        buf_free(&out);
    }
    payload_free(&p);
}

static void broken_payloads_are_refused(void **state)
{
    (void)state;
    struct event_format none = {0};
    struct payload *p = payload_new();
    struct buf events = {0}, out = {0};
    struct event e;
    struct span raw;
    struct err err;
    kit_event(&events, EVENT_ROWS_QUERY, 0, 0, span_of("0123456789abcdef0123456789abcdef", 32), false);
    put_payload(&out, buf_span(&events), true);
    for (size_t at = EVENT_HEADER_LEN; at < out.len; at++) { /* any byte may be wrong: no byte too many is read */
        out.data[at] ^= 0x55;
        assert_int_equal(event_parse(&e, &none, buf_span(&out), &err), 0);
        if (payload_open(p, &e, &err) == 0)
            while (payload_next(p, &raw, &err) == 1)
                continue;
        out.data[at] ^= 0x55;
    }
    static const uint8_t other[] = {2, 1, 7, 1, 1, 0, 0};
    buf_clear(&out);
    kit_event(&out, EVENT_TRANSACTION_PAYLOAD, 0, 0, span_of(other, sizeof other), false);
    assert_int_equal(event_parse(&e, &none, buf_span(&out), &err), 0);
    assert_int_equal(payload_open(p, &e, &err), -1);
    assert_non_null(strstr(err.text, "unknown compression algorithm 7"));
    buf_free(&events);
    buf_free(&out);
    payload_free(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_come_back_as_they_went),     cmocka_unit_test(what_is_in_the_images_is_told),
        cmocka_unit_test(base64_of_all_lengths),           cmocka_unit_test(base64_of_two_parts),
        cmocka_unit_test(payloads_give_their_events_back), cmocka_unit_test(broken_payloads_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
