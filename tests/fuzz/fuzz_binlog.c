/* Any bytes as events: parser, table definitions, rows with every cell, groups, payloads.
 *
 * The first byte says which flavour, and whether the input is a file as it is or pieces that get a right header first,
 * since a fuzzer guesses no sizes. What the assembler accepts must hold: rows walk cell by cell, groups have a
 * beginning and an end.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/binlog/assemble.h"
#include "common/binlog/event.h"
#include "common/binlog/file_reader.h"
#include "common/binlog/rows_encode.h"
#include "common/binlog/xid.h"
#include "common/model/cell.h"

/* A source that computes the second column of every table. */
static int computed(void *context, const struct table_def *t, const uint8_t *present, struct err *err)
{
    (void)context;
    (void)err;
    return t->column_count > 1 && !(present[0] & 2);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void use_rows(const struct rows *rows)
{
    struct arena arena = {0};
    struct buf text = {0};
    const struct table_def *t = rows->table;
    struct cell *cells = arena_zalloc(&arena, t->column_count * sizeof *cells);
    struct bytes r = bytes_of(rows->images);
    uint32_t images = 0;
    for (; bytes_left(&r) > 0; images++) {
        image_split(cells, t, rows_columns(rows), &r);
        must(!r.bad);
        for (uint16_t i = 0; i < t->column_count; i++) {
            (void)cell_put_text(&t->columns[i], &cells[i], &text);
            cell_put_json(&t->columns[i], &cells[i], &text);
            buf_clear(&text);
        }
    }
    must(images == rows->count * (rows->op == ROWS_UPDATE ? 2u : 1u) && rows->count > 0);
    buf_free(&text);
    arena_free(&arena);
}

static void use_item(const struct item *item, bool *in_group)
{
    struct buf text = {0};
    switch (item->kind) {
    case ITEM_FORMAT:
    case ITEM_ROTATE:
    case ITEM_HEARTBEAT:
        break;
    case ITEM_GTIDS:
        position_put_text(item->gtids, &text);
        break;
    case ITEM_BEGIN:
        must(!*in_group);
        *in_group = true;
        break;
    case ITEM_ROWS:
        must(*in_group);
        use_rows(&item->rows);
        break;
    case ITEM_XA_START:
        xid_put_text(&text, item->xid);
        must(*in_group);
        break;
    case ITEM_DDL:
    case ITEM_STATEMENT:
    case ITEM_SAVEPOINT:
    case ITEM_ROLLBACK_TO:
        must(*in_group);
        break;
    case ITEM_XA_PREPARE:
    case ITEM_XA_COMMIT:
    case ITEM_XA_ROLLBACK:
        xid_put_text(&text, item->xid);
        /* fall through */
    case ITEM_COMMIT:
    case ITEM_ROLLBACK:
        must(*in_group);
        *in_group = false;
        break;
    }
    buf_free(&text);
}

/* False when the assembler stopped. */
static bool feed(struct assembler *a, struct span raw, bool *in_group)
{
    struct item item;
    struct err err = {0};
    int rc = assembler_feed(a, raw, &err);
    while (rc == 0 && (rc = assembler_next(a, &item, &err)) == 1) {
        use_item(&item, in_group);
        rc = 0;
    }
    must(rc == 0 || (err.class == ERR_FATAL && err.exit_code == EXIT_UNSAFE && err.text[0]));
    return rc == 0;
}

/* Pieces: type, length of the body, body; a header is put before each. */
static void feed_pieces(struct assembler *a, struct bytes *r)
{
    struct buf event = {0};
    bool in_group = false;
    bool goes_on = true;
    while (bytes_left(r) > 0 && goes_on) {
        uint8_t type = bytes_u8(r);
        struct span body = bytes_sized(r);
        buf_clear(&event);
        buf_put_le(&event, 1700000000, 4);
        buf_put_u8(&event, type);
        buf_put_le(&event, 7, 4);
        buf_put_le(&event, EVENT_HEADER_LEN + body.n, 4);
        buf_put_le(&event, type == EVENT_ROTATE ? 0 : 1000, 4);
        buf_put_le(&event, 0, 2);
        buf_put_span(&event, body);
        goes_on = feed(a, buf_span(&event), &in_group);
        must(!goes_on || in_group == assembler_in_group(a));
    }
    buf_free(&event);
}

/* A file as it is. */
static void feed_file(struct assembler *a, struct span file)
{
    struct file_reader *reader;
    struct err err = {0};
    struct span raw;
    char path[64];
    bool in_group = false, truncated;
    int fd = memfd_create("fuzz", MFD_CLOEXEC);
    must(fd >= 0 && write(fd, file.p, file.n) == (ssize_t)file.n);
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    int rc = file_reader_open(&reader, path, &err);
    if (rc == 0) {
        uint64_t end = 4;
        while ((rc = file_reader_next(reader, &raw, &truncated, &err)) == 1 && feed(a, raw, &in_group)) {
            must(file_reader_offset(reader) == end && file_reader_name(reader)[0]);
            end += raw.n;
        }
        must(rc >= 0 || truncated || err.class == ERR_FATAL);
        file_reader_close(&reader);
    }
    must(rc >= 0 || err.text[0]);
    (void)close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes r = bytes_of(span_of(data, size));
    uint8_t how = bytes_u8(&r);
    struct assembler *a = assembler_new();
    assembler_restart(a, "fuzz");
    assembler_ask(a, computed, NULL);
    if (how & 4)
        assembler_tell_statements(a);
    if (how & 2) {
        feed_file(a, bytes_take(&r, bytes_left(&r)));
    } else {
        struct rows_encoder enc = {how & 1 ? FLAVOR_MYSQL : FLAVOR_MARIADB, how & 1 ? 90704 : 101106, 7, 1700000000};
        struct buf format = {0};
        bool in_group = false;
        rows_encode_format(&format, &enc);
        must(feed(a, buf_span(&format), &in_group));
        buf_free(&format);
        feed_pieces(a, &r);
    }
    assembler_free(&a);
    return 0;
}
