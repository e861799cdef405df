/* Any bytes as a record, as the rows of a body, a DDL body, a cut, an operator's act, and permits. The first byte of
 * the input says which.
 *
 * A fuzzer cannot guess checksums and fingerprints, so they are put right here: what is tried is what lies behind them.
 */
#include <stdlib.h>

#include "common/base/hash.h"
#include "common/model/act.h"
#include "common/model/permit.h"
#include "common/model/stream.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

/* What a reader makes of the rows: every cell is looked at in every way. */
static void use_rows(const struct rows *rows, struct arena *arena)
{
    const struct table_def *t = rows->table;
    struct cell *cells = arena_zalloc(arena, t->column_count * sizeof(*cells));
    struct bytes r = bytes_of(rows->images);
    struct buf text = {0};
    while (bytes_left(&r) > 0 && !r.bad) {
        /* Inserts have only the second kind of image, deletes only the first; of updates one kind will do here. */
        const uint8_t *present = rows->op == ROWS_DELETE ? rows->present_before : rows->present_after;
        if (rows->op == ROWS_UPDATE)
            image_skip(t, rows->present_before, &r);
        image_split(cells, t, present, &r);
        must(!r.bad);
        for (uint16_t i = 0; i < t->column_count; i++) {
            if (cells[i].absent)
                continue;
            (void)cell_put_text(&t->columns[i], &cells[i], &text);
            cell_put_json(&t->columns[i], &cells[i], &text);
            if (cell_is_ordered(&t->columns[i]))
                must(cell_compare(&t->columns[i], &cells[i], &cells[i]) == 0);
            buf_clear(&text);
        }
    }
    buf_free(&text);
}

static void walk_body(struct span body, struct table_cache *cache)
{
    struct arena arena = {0};
    struct body_reader reader;
    struct rows rows;
    struct err err = {0};
    body_open(&reader, body, cache, &arena);
    while (body_next(&reader, &rows, &err) > 0)
        use_rows(&rows, &arena);
    arena_free(&arena);
}

/* A table definition, then an operation, a count, bitmaps or not, and images. */
static void try_rows(struct span input)
{
    struct arena arena = {0};
    struct table_cache cache = {0};
    struct body_writer writer = {0};
    struct buf body = {0};
    struct bytes r = bytes_of(input);
    struct span def = bytes_sized(&r);
    struct bytes def_reader = bytes_of(def);
    struct table_def *t = table_def_read(&def_reader, &arena);
    uint8_t how = bytes_u8(&r);
    struct rows rows = {.table = t, .op = 1 + how % 3, .flags = how >> 2 & 7, .count = 1 + bytes_u8(&r)};
    if (t && !r.bad) {
        const struct table_def *copy = table_def_copy(t, &arena);
        must(copy->fingerprint == t->fingerprint && table_def_find(copy, t->columns[0].name) == 0);
        must(table_is_reserved(copy->db) == table_is_reserved(t->db));
        size_t bitmap = ((size_t)t->column_count + 7) / 8;
        if (how & 0x20)
            rows.present_before = bytes_take(&r, bitmap).p;
        if (how & 0x40)
            rows.present_after = bytes_take(&r, bitmap).p;
        rows.images = bytes_take(&r, bytes_left(&r));
    }
    if (t && !r.bad) {
        body_start(&writer, &body);
        body_put_rows(&writer, &rows);
        body_put_rows(&writer, &rows);
        walk_body(buf_span(&body), &cache);
    }
    body_free(&writer);
    buf_free(&body);
    table_cache_free(&cache);
    arena_free(&arena);
}

static void try_stream(const struct record *rec)
{
    struct stream s;
    enum stream_verdict verdict;
    struct err err = {0};
    bool control = rec->kind == RECORD_RESUME || rec->kind == RECORD_HEARTBEAT;
    stream_init_at(&s, rec->stream, rec->epoch, rec->instance, control ? rec->seq : rec->prev_seq,
                   control ? rec->chain : rec->prev_chain);
    (void)stream_accept(&s, rec, &verdict, &err);
    stream_free(&s);
}

/* What a DDL record says of its session beside the body. */
static void try_session(struct span session)
{
    struct ddl d = {0};
    struct ddl back = {0};
    struct buf wire = {0};
    struct err err = {0};
    if (ddl_session_read(&d, session, &err) == 0) {
        ddl_session_put(&d, &wire);
        must(ddl_session_read(&back, buf_span(&wire), &err) == 0);
        must(back.at_us == d.at_us && span_eq(back.time_zone, d.time_zone));
        must(back.no_foreign_keys == d.no_foreign_keys && back.no_unique_checks == d.no_unique_checks);
    } else {
        must(err.class == ERR_FATAL);
    }
    buf_free(&wire);
}

static void try_record(struct span input)
{
    struct buf bytes = {0};
    struct buf again = {0};
    struct record rec;
    struct record back;
    struct table_cache cache = {0};
    struct err err = {0};
    buf_put_span(&bytes, input);
    if (bytes.len >= 8) {
        bytes.data[0] = 0xd7;
        bytes.data[1] = RECORD_VERSION;
        uint32_t crc = hash_crc32c(0, span_of(bytes.data, 4));
        crc = hash_crc32c(crc, span_of(bytes.data + 8, bytes.len - 8));
        for (size_t i = 0; i < 4; i++)
            bytes.data[4 + i] = (uint8_t)(crc >> (8 * i));
    }
    if (record_read(&rec, buf_span(&bytes), &err) == 0) {
        record_write(&rec, &again);
        must(record_read(&back, buf_span(&again), &err) == 0);
        must(back.kind == rec.kind && back.seq == rec.seq && gtid_eq(&back.gtid, &rec.gtid));
        must(span_eq(back.body, rec.body) && span_eq(back.cut, rec.cut) && span_eq(back.position, rec.position));
        try_stream(&rec);
        if (rec.kind == RECORD_DATA)
            walk_body(rec.body, &cache);
        if (rec.kind == RECORD_DDL)
            try_session(rec.session);
    }
    table_cache_free(&cache);
    buf_free(&bytes);
    buf_free(&again);
}

static void try_ddl(struct span input)
{
    struct arena arena = {0};
    struct buf wire = {0};
    struct ddl d;
    struct err err = {0};
    if (ddl_read(&d, input, &arena, &err) == 0) {
        ddl_put(&d, &wire);
        must(wire.len <= input.n && ddl_class_name(d.class)[0]); /* varints may be longer than they need be */
    } else {
        must(err.class == ERR_FATAL);
    }
    buf_free(&wire);
    arena_free(&arena);
}

static void try_act(struct span input)
{
    struct act act;
    struct buf wire = {0};
    struct bytes r = bytes_of(input);
    act_read(&act, &r);
    if (!r.bad)
        act_put(&act, &wire);
    buf_free(&wire);
}

static void try_permits(struct span input)
{
    struct permits permits = {0}, back = {0};
    struct buf wire = {0};
    struct bytes r = bytes_of(input);
    permits_read(&permits, &r);
    if (!r.bad) {
        permits_put(&permits, &wire);
        r = bytes_of(buf_span(&wire));
        permits_read(&back, &r);
        must(!r.bad && back.count == permits.count);
        for (size_t i = 0; i < back.count; i++) {
            const struct permit *p = &permits.list[i];
            must(p->kind != PERMIT_SKIP || permits_skip(&back, p->file, p->offset));
            must(p->kind != PERMIT_DEFINITION || permits_definition(&back, p->table->db, p->table->name));
        }
    }
    permits_free(&permits);
    permits_free(&back);
    buf_free(&wire);
}

static void try_cut(struct span input)
{
    struct cut cut = {0};
    struct cut back = {0};
    struct buf wire = {0};
    struct bytes r = bytes_of(input);
    cut_read(&cut, &r);
    if (!r.bad) {
        cut_put(&cut, &wire);
        r = bytes_of(buf_span(&wire));
        cut_read(&back, &r);
        must(!r.bad && bytes_left(&r) == 0 && back.count == cut.count);
        for (size_t i = 0; i < cut.count; i++) {
            const struct cut_entry *e = &cut.entries[i];
            must(e->done.low == 0 || cut_has(&back, e->stream, e->partition, e->done.low));
        }
    }
    cut_free(&cut);
    cut_free(&back);
    buf_free(&wire);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const tries[])(struct span) = {try_record, try_rows, try_ddl, try_cut, try_act, try_permits};
    if (size > 0)
        tries[data[0] % 6](span_of(data + 1, size - 1));
    return 0;
}
