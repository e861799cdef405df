/* Rows of PARTIAL_UPDATE_ROWS events, row by row: the before image as it is, then the after image with its JSON made
 * whole. */
#include "common/binlog/partial_rows.h"

#include "common/model/cell.h"
#include "common/model/json_diff.h"

#define OPTION_PARTIAL_JSON 1u
#define JSON_LENGTH_LEN 4

/* The after image of one row, being read. */
struct after {
    const struct table_def *t;
    const struct cell *before;
    const uint8_t *partial; /* a bit for each JSON column of the table; NULL: none is partial */
    size_t json_seen;
    struct arena *arena;
    struct buf *out;
};

static bool bit(const uint8_t *bitmap, size_t i)
{
    return bitmap[i / 8] >> i % 8 & 1;
}

static size_t count_json(const struct table_def *t)
{
    size_t n = 0;
    for (size_t i = 0; i < t->column_count; i++)
        n += t->columns[i].type == COLUMN_JSON;
    return n;
}

/* A document's length, the document: what the changes make of the one before. */
static bool put_changed(struct after *a, const struct column *c, const struct cell *before, struct bytes *r)
{
    uint32_t n = bytes_u32(r);
    struct span changes = bytes_take(r, n);
    size_t at = a->out->len;
    if (r->bad || before->null || before->absent)
        return false;
    (void)buf_grow(a->out, c->meta);
    if (!json_diff_apply(a->out, cell_payload(c, before), changes, a->arena))
        return false;
    uint64_t whole = a->out->len - at - c->meta;
    for (size_t i = 0; i < c->meta; i++)
        a->out->data[at + i] = (uint8_t)(whole >> 8 * i);
    return c->meta == JSON_LENGTH_LEN && whole <= UINT32_MAX;
}

static bool put_cell(struct after *a, size_t i, bool null, struct bytes *r)
{
    const struct column *c = &a->t->columns[i];
    bool partial = c->type == COLUMN_JSON && a->partial && bit(a->partial, a->json_seen);
    a->json_seen += c->type == COLUMN_JSON;
    if (null)
        return true;
    if (partial)
        return put_changed(a, c, &a->before[i], r);
    buf_put_span(a->out, bytes_take(r, cell_length(c, r)));
    return !r->bad;
}

static bool put_after(struct after *a, struct bytes *r)
{
    uint64_t options = bytes_lenenc(r);
    if (options & ~(uint64_t)OPTION_PARTIAL_JSON)
        return false;
    a->partial = options & OPTION_PARTIAL_JSON ? bytes_take(r, (count_json(a->t) + 7) / 8).p : NULL;
    a->json_seen = 0;
    struct span nulls = bytes_take(r, ((size_t)a->t->column_count + 7) / 8);
    if (r->bad)
        return false;
    buf_put_span(a->out, nulls);
    for (size_t i = 0; i < a->t->column_count; i++)
        if (!put_cell(a, i, bit(nulls.p, i), r))
            return false;
    return true;
}

int partial_rows_whole(struct buf *out, const struct rows_event *re, const struct table_def *t, struct arena *a,
                       struct err *err)
{
    struct bytes r = bytes_of(re->images);
    bool good = true;
    buf_clear(out);
    while (good && bytes_left(&r) > 0) {
        arena_reset(a);
        struct cell *before = arena_alloc(a, t->column_count * sizeof *before);
        const uint8_t *start = r.p;
        image_split(before, t, NULL, &r);
        if (r.bad)
            break;
        buf_put(out, start, (size_t)(r.p - start));
        struct after after = {.t = t, .before = before, .arena = a, .out = out};
        good = put_after(&after, &r);
    }
    if (good && !r.bad)
        return 0;
    return err_fatal(err, EXIT_UNSAFE,
                     "table %.*s.%.*s: malformed: a PARTIAL_UPDATE_ROWS event is not what its columns say, or its JSON "
                     "changes do not fit the row's before image",
                     SPAN_ARG(t->db), SPAN_ARG(t->name));
}
