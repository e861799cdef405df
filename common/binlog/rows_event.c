/* ROWS events: the split by type, and the walk over every cell. */
#include "common/binlog/rows_event.h"

#include "common/binlog/uncompress.h"

#define TABLE_ID_LEN 6
#define NAMES_SHOWN 4

struct rows_type {
    enum rows_op op; /* 0: no ROWS event */
    bool v2;         /* extra data stands between header and columns */
    bool compressed; /* MariaDB: the images are one compressed part */
    bool partial;
};

/* clang-format off */
static const struct rows_type rows_types[256] = {
    [EVENT_WRITE_ROWS_V1] = {ROWS_INSERT, false, false, false},
    [EVENT_UPDATE_ROWS_V1] = {ROWS_UPDATE, false, false, false},
    [EVENT_DELETE_ROWS_V1] = {ROWS_DELETE, false, false, false},
    [EVENT_WRITE_ROWS] = {ROWS_INSERT, true, false, false},
    [EVENT_UPDATE_ROWS] = {ROWS_UPDATE, true, false, false},
    [EVENT_DELETE_ROWS] = {ROWS_DELETE, true, false, false},
    [EVENT_WRITE_ROWS_COMPRESSED_V1] = {ROWS_INSERT, false, true, false},
    [EVENT_UPDATE_ROWS_COMPRESSED_V1] = {ROWS_UPDATE, false, true, false},
    [EVENT_DELETE_ROWS_COMPRESSED_V1] = {ROWS_DELETE, false, true, false},
    [EVENT_WRITE_ROWS_COMPRESSED] = {ROWS_INSERT, true, true, false},
    [EVENT_UPDATE_ROWS_COMPRESSED] = {ROWS_UPDATE, true, true, false},
    [EVENT_DELETE_ROWS_COMPRESSED] = {ROWS_DELETE, true, true, false},
    [EVENT_PARTIAL_UPDATE_ROWS] = {ROWS_UPDATE, true, false, true},
};
/* clang-format on */

bool rows_event_type(uint8_t type)
{
    return rows_types[type].op != 0;
}

int rows_event_read(struct rows_event *out, const struct event *e, const struct event_format *f, struct buf *scratch,
                    struct err *err)
{
    const struct rows_type *type = &rows_types[e->type];
    struct bytes r = bytes_of(e->body);
    size_t usual = type->v2 ? TABLE_ID_LEN + 4 : TABLE_ID_LEN + 2;
    size_t fixed = event_fixed_len(f, e->type, usual);
    out->op = type->op;
    out->partial = type->partial;
    out->table_id = bytes_le(&r, TABLE_ID_LEN);
    out->flags = bytes_u16(&r);
    if (type->v2) {
        size_t extra = bytes_u16(&r); /* counts itself */
        bytes_skip(&r, extra >= 2 ? extra - 2 : SIZE_MAX);
    }
    bytes_skip(&r, fixed > usual ? fixed - usual : 0);
    uint64_t columns = bytes_lenenc(&r);
    if (r.bad || columns == 0 || columns > TABLE_COLUMNS_MAX)
        return event_malformed(e, "its header", err);
    out->column_count = (uint32_t)columns;
    size_t bitmap = ((size_t)columns + 7) / 8;
    out->present_before = bytes_take(&r, bitmap).p;
    out->present_after = type->op == ROWS_UPDATE ? bytes_take(&r, bitmap).p : out->present_before;
    out->images = bytes_take(&r, bytes_left(&r));
    if (r.bad)
        return event_malformed(e, "its column bitmaps", err);
    if (!type->compressed)
        return 0;
    buf_clear(scratch);
    if (!uncompress_part(scratch, out->images))
        return event_malformed(e, "its compressed rows", err);
    out->images = buf_span(scratch);
    return 0;
}

/* The first column that is not there; the count of columns: none. */
static uint32_t first_absent(const uint8_t *bitmap, uint32_t columns)
{
    uint32_t i = 0;
    while (i < columns && (bitmap[i / 8] == 0xff || bitmap[i / 8] >> i % 8 & 1))
        i += bitmap[i / 8] == 0xff ? 8 - i % 8 : 1;
    return i < columns ? i : columns;
}

static bool has_some(const uint8_t *bitmap, uint32_t columns)
{
    uint32_t i = 0;
    while (i < columns && !table_bitmap_has(bitmap, i))
        i++;
    return i < columns;
}

static bool same_columns(const uint8_t *a, const uint8_t *b, uint32_t columns)
{
    const uint32_t whole = columns / 8, last = (1u << columns % 8) - 1;
    return a == b || (memcmp(a, b, whole) == 0 && (last == 0 || ((a[whole] ^ b[whole]) & last) == 0));
}

int rows_event_columns(const uint8_t **out, const struct rows_event *re, const struct table_def *t, struct err *err)
{
    const uint8_t *before = re->present_before, *after = re->present_after;
    const uint32_t n = re->column_count;
    *out = NULL;
    if (n != t->column_count)
        return err_fatal(err, EXIT_UNSAFE, "table %.*s.%.*s: rows of %u columns after a TABLE_MAP of %u",
                         SPAN_ARG(t->db), SPAN_ARG(t->name), n, t->column_count);
    if (!same_columns(before, after, n) || !has_some(before, n)) /* of images without a column there is no end */
        return rows_event_lacks(first_absent(before, n) < n ? before : after, t, err);
    if (first_absent(before, n) < n)
        *out = before;
    return 0;
}

/* "`a`, `b`", and how many more. */
static void put_absent(struct buf *out, const uint8_t *present, const struct table_def *t)
{
    uint32_t absent = 0;
    for (uint32_t i = 0; i < t->column_count; i++) {
        if (table_bitmap_has(present, i))
            continue;
        if (absent++ < NAMES_SHOWN)
            buf_printf(out, "%s`%.*s`", absent > 1 ? ", " : "", SPAN_ARG(t->columns[i].name));
    }
    if (absent > NAMES_SHOWN)
        buf_printf(out, " and %u more", absent - NAMES_SHOWN);
}

int rows_event_lacks(const uint8_t *present, const struct table_def *t, struct err *err)
{
    struct buf names = {0};
    put_absent(&names, present, t);
    (void)err_stop(
        err, MSG_STOP_ROW_IMAGE,
        "table %.*s.%.*s: a row image is not whole: it lacks %s, and only generated columns may be missing; run: SET "
        "GLOBAL binlog_row_image=FULL (and let sessions connect anew)",
        SPAN_ARG(t->db), SPAN_ARG(t->name), buf_cstr(&names));
    buf_free(&names);
    return -1;
}

/* What may be behind it: the one thing that a server writes and nobody can read. */
static const char *hint(const struct table_def *t)
{
    return table_has_old_temporals(t)
               ? "; one has the temporal format of before MariaDB 10.1: with a fraction of a second its cells cannot "
                 "be read. Run: SET GLOBAL mysql56_temporal_format = ON; ALTER TABLE ... FORCE"
               : "";
}

int rows_event_check(struct rows *out, const struct rows_event *re, const struct table_def *t, const uint8_t *present,
                     struct err *err)
{
    struct bytes r = bytes_of(re->images);
    uint32_t count = 0;
    while (r.p < r.end) {
        image_skip(t, present, &r);
        if (re->op == ROWS_UPDATE)
            image_skip(t, present, &r);
        count++;
    }
    if (r.bad)
        return err_stop(err, MSG_STOP_ROW_IMAGE,
                        "table %.*s.%.*s: malformed: row %u of a ROWS event is not what its columns say%s",
                        SPAN_ARG(t->db), SPAN_ARG(t->name), count, hint(t));
    *out = (struct rows){.table = t,
                         .op = re->op,
                         .flags = re->flags & (ROWS_STMT_END | ROWS_NO_FOREIGN_KEY_CHECKS | ROWS_NO_UNIQUE_CHECKS),
                         .count = count,
                         .images = re->images,
                         .present_before = re->op == ROWS_INSERT ? NULL : present,
                         .present_after = re->op == ROWS_DELETE ? NULL : present};
    return 0;
}
