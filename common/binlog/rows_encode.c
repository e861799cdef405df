/* The encoder: headers, format description, TABLE_MAP and ROWS events as the BINLOG statement takes them. */
#include "common/binlog/rows_encode.h"

#include "common/binlog/column_meta.h"
#include "common/binlog/event.h"
#include "common/binlog/rows_event.h"
#include "common/binlog/table_map.h"

#include <assert.h>
#include <stdio.h>

#ifdef DRC_DEBUG
#define CHECK_ALL true
#else
#define CHECK_ALL false
#endif

#define BINLOG_VERSION 4
#define SERVER_TEXT_LEN 50
#define TABLE_ID_LEN 6
#define SIZE_AT 9
#define FLAGS_AT 6 /* of a ROWS event's body */
#define MARIADB_TYPES 171
#define MYSQL_TYPES 42
#define CHECKSUM_NONE 0
#define TABLE_MAP_FLAGS 1 /* lengths are exact */

#define FORMAT_FIXED_LEN 57 /* and one byte a type */

/* Lengths of the fixed parts of the types that we write, and of a few more that servers look up. */
static const uint8_t fixed_lens[MARIADB_TYPES + 1] = {
    [EVENT_QUERY] = 13,
    [EVENT_ROTATE] = 8,
    [EVENT_TABLE_MAP] = 8,
    [EVENT_WRITE_ROWS_V1] = 8,
    [EVENT_UPDATE_ROWS_V1] = 8,
    [EVENT_DELETE_ROWS_V1] = 8,
    [EVENT_WRITE_ROWS] = 10,
    [EVENT_UPDATE_ROWS] = 10,
    [EVENT_DELETE_ROWS] = 10,
    [EVENT_GTID] = 42,
    [EVENT_ANONYMOUS_GTID] = 42,
    [EVENT_PARTIAL_UPDATE_ROWS] = 10,
    [EVENT_GTID_MARIADB] = 19,
    [EVENT_GTID_LIST] = 4,
    [EVENT_BINLOG_CHECKPOINT] = 4,
    [EVENT_QUERY_COMPRESSED] = 13,
};

/* A header whose size is still to be told. */
static void put_header(struct buf *out, const struct rows_encoder *enc, uint8_t type)
{
    buf_put_le(out, enc->timestamp, 4);
    buf_put_u8(out, type);
    buf_put_le(out, enc->server_id, 4);
    buf_put_le(out, 0, 4); /* size */
    buf_put_le(out, 0, 4); /* position: none, it is in no file */
    buf_put_le(out, 0, 2); /* flags */
}

static void set_size(struct buf *out, size_t start)
{
    size_t n = out->len - start;
    assert(n <= UINT32_MAX);
    for (size_t i = 0; i < 4; i++)
        out->data[start + SIZE_AT + i] = (uint8_t)(n >> 8 * i);
}

/* The last event of `out`, once it is whole: what was encoded must decode to the same. Only debug builds spend the
 * time. */
static void decode_again(struct event *e, const struct buf *out, size_t start)
{
    struct event_format none = {0};
    int rc = event_parse(e, &none, span_of(out->data + start, out->len - start), NULL);
    assert(rc == 0);
}

static void check_format(const struct rows_encoder *enc, const struct buf *out, size_t start)
{
    struct event e;
    struct event_format f;
    decode_again(&e, out, start);
    int rc = event_read_format(&f, &e, NULL);
    assert(rc == 0 && f.flavor == enc->flavor && f.version == enc->version && !f.checksum);
}

static void check_table_map(const struct table_def *t, uint64_t table_id, const struct buf *out, size_t start)
{
    struct event e;
    struct event_format none = {0};
    struct table_map map;
    struct arena a = {0};
    struct table_def *again = NULL;
    decode_again(&e, out, start);
    int rc = table_map_read(&map, &e, &none, NULL);
    assert(rc == 0 && map.id == table_id);
    struct bytes r = bytes_of(map.definition);
    rc = table_map_parse_bare(&again, &r, &a, NULL);
    assert(rc == 0 && again->column_count == t->column_count);
    assert(span_eq(again->db, t->db) && span_eq(again->name, t->name));
    for (size_t i = 0; i < t->column_count; i++) {
        const struct column *c = &again->columns[i], *from = &t->columns[i];
        assert(c->type == from->type && c->meta == from->meta && c->nullable == from->nullable);
    }
    arena_free(&a);
}

static void check_rows(const struct table_def *t, const struct buf *out, size_t start, uint16_t flags)
{
    struct event e;
    struct event_format none = {0};
    struct rows_event re;
    struct buf scratch = {0};
    decode_again(&e, out, start);
    int rc = rows_event_read(&re, &e, &none, &scratch, NULL);
    assert(rc == 0);
    struct bytes r = bytes_of(re.images);
    while (bytes_left(&r) > 0) {
        image_skip(t, re.present_before, &r);
        if (re.op == ROWS_UPDATE)
            image_skip(t, re.present_after, &r);
    }
    assert(!r.bad && re.images.n > 0 && re.column_count == t->column_count && (re.flags & flags) == flags);
    buf_free(&scratch);
}

void rows_encode_format(struct buf *out, const struct rows_encoder *enc)
{
    size_t start = out->len;
    bool maria = enc->flavor == FLAVOR_MARIADB;
    uint8_t types = maria ? MARIADB_TYPES : MYSQL_TYPES;
    put_header(out, enc, EVENT_FORMAT_DESCRIPTION);
    buf_put_le(out, BINLOG_VERSION, 2);
    uint8_t *server = buf_grow(out, SERVER_TEXT_LEN);
    memset(server, 0, SERVER_TEXT_LEN);
    (void)snprintf((char *)server, SERVER_TEXT_LEN, "%u.%u.%u%s", enc->version / 10000, enc->version / 100 % 100,
                   enc->version % 100, maria ? "-MariaDB" : "");
    buf_put_le(out, 0, 4); /* created: 0, so that nothing is rolled back */
    buf_put_u8(out, EVENT_HEADER_LEN);
    for (unsigned type = 1; type <= types; type++)
        buf_put_u8(out, type == EVENT_FORMAT_DESCRIPTION ? (uint8_t)(FORMAT_FIXED_LEN + types) : fixed_lens[type]);
    buf_put_u8(out, CHECKSUM_NONE);
    buf_put_le(out, 0, EVENT_CHECKSUM_LEN); /* its place must be there */
    set_size(out, start);
    if (CHECK_ALL)
        check_format(enc, out, start);
}

static void put_name(struct buf *out, struct span name)
{
    assert(name.n <= UINT8_MAX);
    buf_put_u8(out, (uint8_t)name.n);
    buf_put_span(out, name);
    buf_put_u8(out, 0);
}

/* MySQL compares the dimensions of VECTOR columns with its own; of the other optional metadata it applies nothing. */
static void put_dimensions(struct buf *out, const struct table_def *t)
{
    struct buf dimensions = {0};
    for (size_t i = 0; i < t->column_count; i++)
        if (t->columns[i].type == COLUMN_VECTOR)
            buf_put_lenenc(&dimensions, t->columns[i].subtype);
    if (dimensions.len > 0) {
        buf_put_u8(out, TABLE_MAP_VECTOR_DIMENSIONS);
        buf_put_lenenc(out, dimensions.len);
        buf_put_span(out, buf_span(&dimensions));
    }
    buf_free(&dimensions);
}

void rows_encode_table_map(struct buf *out, const struct rows_encoder *enc, const struct table_def *t,
                           uint64_t table_id)
{
    size_t start = out->len;
    struct buf meta = {0};
    assert(table_id != ROWS_EVENT_DUMMY_TABLE && table_id >> (8 * TABLE_ID_LEN) == 0);
    put_header(out, enc, EVENT_TABLE_MAP);
    buf_put_le(out, table_id, TABLE_ID_LEN);
    buf_put_le(out, TABLE_MAP_FLAGS, 2);
    put_name(out, t->db);
    put_name(out, t->name);
    buf_put_lenenc(out, t->column_count);
    for (size_t i = 0; i < t->column_count; i++)
        buf_put_u8(out, column_meta_put(&t->columns[i], &meta));
    buf_put_lenenc(out, meta.len);
    buf_put_span(out, buf_span(&meta));
    size_t bitmap = (t->column_count + 7u) / 8;
    uint8_t *nullable = buf_grow(out, bitmap);
    memset(nullable, 0, bitmap);
    for (size_t i = 0; i < t->column_count; i++)
        nullable[i / 8] |= (uint8_t)(t->columns[i].nullable << i % 8);
    put_dimensions(out, t);
    set_size(out, start);
    buf_free(&meta);
    if (CHECK_ALL)
        check_table_map(t, table_id, out, start);
}

/* v1 for MariaDB, v2 for MySQL. */
static uint8_t rows_type(enum flavor flavor, enum rows_op op)
{
    static const uint8_t types[][4] = {
        [FLAVOR_MARIADB] = {[ROWS_INSERT] = EVENT_WRITE_ROWS_V1,
                            [ROWS_UPDATE] = EVENT_UPDATE_ROWS_V1,
                            [ROWS_DELETE] = EVENT_DELETE_ROWS_V1                                                                     },
        [FLAVOR_MYSQL] =
            {[ROWS_INSERT] = EVENT_WRITE_ROWS,    [ROWS_UPDATE] = EVENT_UPDATE_ROWS, [ROWS_DELETE] = EVENT_DELETE_ROWS},
    };
    return types[flavor][op];
}

/* Which columns are in the images; NULL: all. */
static void put_bitmap(struct buf *out, uint16_t columns, const uint8_t *present)
{
    size_t n = (columns + 7u) / 8;
    uint8_t *bits = buf_grow(out, n);
    if (present) {
        memcpy(bits, present, n);
        return;
    }
    memset(bits, 0xff, n);
    if (columns % 8)
        bits[n - 1] = (uint8_t)((1u << columns % 8) - 1);
}

struct rows_encode_open rows_encode_start(struct buf *out, const struct rows_encoder *enc, const struct rows *shape,
                                          uint64_t table_id)
{
    struct rows_encode_open open = {.start = out->len};
    const struct table_def *t = shape->table;
    put_header(out, enc, rows_type(enc->flavor, shape->op));
    buf_put_le(out, table_id, TABLE_ID_LEN);
    buf_put_le(out, 0, 2); /* flags */
    if (enc->flavor == FLAVOR_MYSQL)
        buf_put_le(out, 2, 2); /* no extra data but this length itself */
    buf_put_lenenc(out, t->column_count);
    if (shape->op != ROWS_INSERT)
        put_bitmap(out, t->column_count, shape->present_before);
    if (shape->op != ROWS_DELETE)
        put_bitmap(out, t->column_count, shape->present_after);
    open.images = out->len;
    return open;
}

void rows_encode_finish(struct buf *out, const struct rows_encode_open *open, const struct table_def *t, uint16_t flags)
{
    assert(out->len > open->images); /* an event without rows is an error to the servers */
    out->data[open->start + EVENT_HEADER_LEN + FLAGS_AT] = (uint8_t)flags;
    set_size(out, open->start);
    if (CHECK_ALL)
        check_rows(t, out, open->start, flags);
}

void rows_encode_rows(struct buf *out, const struct rows_encoder *enc, const struct rows *rows, uint64_t table_id,
                      uint16_t flags)
{
    struct rows_encode_open open = rows_encode_start(out, enc, rows, table_id);
    buf_put_span(out, rows->images);
    rows_encode_finish(out, &open, rows->table, flags);
}
