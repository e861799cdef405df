/* A builder with a sink that keeps every record and follows them as a reader would. Include after cmocka.h. */
#ifndef DRC_TESTS_BUILDER_KIT_H
#define DRC_TESTS_BUILDER_KIT_H

#include "common/stream/builder.h"
#include "common/target/schema.h"

#define KIT_RECORDS 256

struct kit {
    struct arena arena;
    struct filter filter;
    struct stream reader;
    struct parcel *parcels[KIT_RECORDS];
    size_t count;
    struct gate gate;
    struct builder *builder;
    struct table_def *orders; /* shop.orders: id INT, note VARCHAR(20) NULL */
    struct table_def *other;  /* other.orders */
    struct table_def *ledger;
    uint8_t known[STREAM_UUID_LEN]; /* the one stream in the source's ledger */
    struct builder_expects expects;
    size_t fragment_bytes;
    size_t max_bytes;
    unsigned canaries; /* seen */
    uint64_t nonce;    /* of the last one */
};

static inline struct table_def *kit_table(struct arena *a, const char *db, const char *name)
{
    struct table_def *t = arena_zalloc(a, sizeof *t);
    t->db = span_str(db);
    t->name = span_str(name);
    t->column_count = 2;
    t->columns = arena_zalloc(a, 2 * sizeof *t->columns);
    t->columns[0] = (struct column){.name = span_str("id"), .type = COLUMN_LONG};
    t->columns[1] = (struct column){.name = span_str("note"),
                                    .type = COLUMN_VARCHAR,
                                    .meta = 20000,
                                    .nullable = true,
                                    .collation = 45,
                                    .key_order = COLUMN_NO_KEY};
    table_def_seal(t, a);
    return t;
}

static inline struct table_def *kit_ledger(struct arena *a)
{
    struct table_def *t = arena_zalloc(a, sizeof *t);
    t->db = span_str(DRC_DB);
    t->name = span_str(LEDGER_TABLE);
    t->column_count = 5;
    t->columns = arena_zalloc(a, 5 * sizeof *t->columns);
    t->columns[0] =
        (struct column){.name = span_str(LEDGER_STREAM), .type = COLUMN_STRING, .meta = 16, .collation = 63};
    t->columns[1] =
        (struct column){.name = span_str(LEDGER_PART), .type = COLUMN_LONG, .is_unsigned = true, .key_order = 1};
    t->columns[2] = (struct column){
        .name = span_str(LEDGER_WATERMARK), .type = COLUMN_LONGLONG, .is_unsigned = true, .key_order = COLUMN_NO_KEY};
    t->columns[3] = (struct column){.name = span_str(LEDGER_DONE),
                                    .type = COLUMN_VARCHAR,
                                    .meta = 4000,
                                    .collation = 63,
                                    .key_order = COLUMN_NO_KEY};
    t->columns[4] = (struct column){
        .name = span_str(LEDGER_STAMP), .type = COLUMN_LONGLONG, .is_unsigned = true, .key_order = COLUMN_NO_KEY};
    table_def_seal(t, a);
    return t;
}

/* Keeps the parcel, and checks that every reader of the topic would take it. */
static inline int kit_put(void *context, struct parcel *p, struct err *err)
{
    struct kit *k = context;
    struct record rec;
    enum stream_verdict verdict;
    assert_true(k->count < KIT_RECORDS);
    k->parcels[k->count++] = p;
    assert_int_equal(record_read(&rec, buf_span(&p->bytes), err), 0);
    if (stream_accept(&k->reader, &rec, &verdict, err) != 0)
        fail_msg("a reader refuses record %zu: %s", k->count - 1, err->text);
    assert_true(verdict == STREAM_TAKE || verdict == STREAM_CONTROL);
    return 0;
}

static inline int kit_old_fractions(void *context, const struct table_def *t, struct err *err)
{
    (void)context;
    (void)err;
    return span_is(t->name, "old_fraction");
}

static inline int kit_known(void *context, const uint8_t stream[STREAM_UUID_LEN], struct err *err)
{
    (void)err;
    struct kit *k = context;
    return memcmp(stream, k->known, STREAM_UUID_LEN) == 0;
}

/* Appliers of another pair run DDL under server id 7002. */
static inline int kit_replays(void *context, const char *mark, struct err *err)
{
    (void)context;
    (void)err;
    return strcmp(mark, "7002") == 0 || strcmp(mark, "drc") == 0;
}

static inline void kit_canary(void *context, const uint8_t stream[STREAM_UUID_LEN], uint64_t nonce)
{
    (void)stream;
    struct kit *k = context;
    k->canaries++;
    k->nonce = nonce;
}

static inline void kit_builder(struct kit *k, const struct stream *state, bool compare)
{
    struct builder_settings settings = {
        .tables = &k->filter,
        .region = "eu",
        .topic = "drc.shop.eu",
        .expects = k->expects,
        .fragment_bytes = k->fragment_bytes ? k->fragment_bytes : 512 * 1024,
        .max_bytes = k->max_bytes ? k->max_bytes : 1000000,
        .sink = {.put = kit_put,
                 .known = kit_known,
                 .replays = kit_replays,
                 .old_fractions = kit_old_fractions,
                 .canary = kit_canary,
                 .context = k},
    };
    builder_free(&k->builder);
    gate_free(&k->gate);
    gate_open(&k->gate, state, compare, "eu");
    k->builder = builder_new(&settings, state, &k->gate);
}

/* A new stream after GTID 0-1-9, epoch 1, of which the resume record is out. */
static inline void kit_open(struct kit *k)
{
    struct err err = {0};
    struct stream state = {.epoch = 1, .instance = 77, .based = true};
    struct gtid nine = {
        .flavor = FLAVOR_MARIADB, .maria = {0, 1, 9}
    };
    memset(state.uuid, 'A', sizeof state.uuid);
    memset(k->known, 'B', sizeof k->known);
    k->orders = kit_table(&k->arena, "shop", "orders");
    k->other = kit_table(&k->arena, "other", "orders");
    k->ledger = kit_ledger(&k->arena);
    assert_int_equal(filter_add(&k->filter, true, "shop.*", &err), 0);
    position_init(&state.position, FLAVOR_MARIADB);
    position_add(&state.position, &nine);
    position_copy(&state.before, &state.position);
    stream_init(&k->reader, true);
    struct record epoch = {.kind = RECORD_EPOCH, .epoch = 1, .instance = 77};
    memcpy(epoch.stream, state.uuid, STREAM_UUID_LEN);
    assert_int_equal(kit_put(k, parcel_new(&epoch), &err), 0);
    kit_builder(k, &state, false);
    assert_int_equal(builder_resume(k->builder, 1000, &err), 0);
    stream_free(&state);
}

static inline void kit_close(struct kit *k)
{
    builder_free(&k->builder);
    gate_free(&k->gate);
    for (size_t i = 0; i < k->count; i++)
        parcel_free(k->parcels[i]);
    stream_free(&k->reader);
    filter_free(&k->filter);
    arena_free(&k->arena);
}

/* ---- items ---- */

static inline int kit_item(struct kit *k, struct item item, struct err *err)
{
    item.where.file = "binlog.000001";
    item.where.offset = 4711;
    return builder_item(k->builder, &item, err);
}

static inline void kit_ok(struct kit *k, struct item item)
{
    struct err err = {0};
    if (kit_item(k, item, &err) != 0)
        fail_msg("%s refused: %s", item_kind_name(item.kind), err.text);
}

static inline struct item kit_begin(uint64_t gtid_seq)
{
    struct item item = {.kind = ITEM_BEGIN};
    item.begin.group.gtid = (struct gtid){
        .flavor = FLAVOR_MARIADB, .maria = {0, 1, gtid_seq}
    };
    item.begin.group.commit_us = 1700000000000000u + gtid_seq;
    return item;
}

/* One image: id and a note of `n` letters. */
static inline void kit_image(struct buf *out, uint32_t id, size_t n)
{
    buf_put_u8(out, 0);
    buf_put_le(out, id, 4);
    buf_put_le(out, n, 2);
    memset(buf_grow(out, n), 'x', n);
}

static inline struct item kit_rows(const struct table_def *t, enum rows_op op, struct span images, uint32_t count)
{
    struct item item = {.kind = ITEM_ROWS};
    item.rows = (struct rows){.table = t, .op = op, .flags = ROWS_STMT_END, .count = count, .images = images};
    return item;
}

static inline struct item kit_end(enum item_kind kind)
{
    return (struct item){.kind = kind};
}

/* A whole transaction that inserts `count` rows with notes of `n` letters. */
static inline void kit_insert(struct kit *k, uint64_t gtid_seq, const struct table_def *t, uint32_t count, size_t n)
{
    struct buf images = {0};
    for (uint32_t i = 0; i < count; i++)
        kit_image(&images, i, n);
    kit_ok(k, kit_begin(gtid_seq));
    kit_ok(k, kit_rows(t, ROWS_INSERT, buf_span(&images), count));
    kit_ok(k, kit_end(ITEM_COMMIT));
    buf_free(&images);
}

/* The greatest stamp of what seq `watermark` brings into effect: of a clock that is ahead of ours. */
static inline uint64_t kit_stamp(uint64_t watermark)
{
    return (1ull << 63) + watermark;
}

static inline void kit_ledger_image(struct buf *out, const uint8_t stream[STREAM_UUID_LEN], uint64_t watermark)
{
    buf_put_u8(out, 0);
    buf_put_u8(out, STREAM_UUID_LEN);
    buf_put(out, stream, STREAM_UUID_LEN);
    buf_put_le(out, 0, 4);
    buf_put_le(out, watermark, 8);
    buf_put_le(out, 0, 2);
    buf_put_le(out, kit_stamp(watermark), 8);
}

/* The ledger row that an applier makes once, and then changes first in each transaction; `stream` is filled with that
 * letter. */
static inline struct item kit_mark_op(struct kit *k, struct buf *images, enum rows_op op, char stream,
                                      uint64_t watermark)
{
    uint8_t uuid[STREAM_UUID_LEN];
    memset(uuid, stream, sizeof uuid);
    if (op == ROWS_UPDATE)
        kit_ledger_image(images, uuid, watermark - 1);
    kit_ledger_image(images, uuid, watermark);
    return kit_rows(k->ledger, op, buf_span(images), 1);
}

static inline struct item kit_mark(struct kit *k, struct buf *images, char stream, uint64_t watermark)
{
    return kit_mark_op(k, images, ROWS_UPDATE, stream, watermark);
}

/* The record of parcel i. */
static inline struct record kit_record(const struct kit *k, size_t i)
{
    struct record rec;
    struct err err;
    assert_true(i < k->count);
    assert_int_equal(record_read(&rec, buf_span(&k->parcels[i]->bytes), &err), 0);
    return rec;
}

#endif
