/* The codec of a conflict's images, and their readable form. */
#include "common/target/journal_images.h"

#include "common/base/hash.h"
#include "common/base/utf8.h"
#include "common/model/json_binary.h"

#define IMAGES_VERSION 1

enum image_tag { TAG_NONE, TAG_CELLS, TAG_SAME_AS }; /* TAG_SAME_AS + i: the same as image i */
enum cell_tag { CELL_VALUE, CELL_NULL, CELL_ABSENT };

static void put_cells(const struct table_def *t, const struct cell *cells, struct buf *out)
{
    for (uint16_t i = 0; i < t->column_count; i++) {
        const struct cell *c = &cells[i];
        buf_put_u8(out, c->absent ? CELL_ABSENT : c->null ? CELL_NULL : CELL_VALUE);
        if (!c->absent && !c->null)
            buf_put_sized(out, c->data);
    }
}

void journal_images_put(const struct journal_images *images, struct buf *out)
{
    struct buf table = {0};
    buf_put_u8(out, IMAGES_VERSION);
    table_def_put(images->table, &table);
    buf_put_sized(out, buf_span(&table));
    buf_free(&table);

    for (unsigned i = 0; i < JOURNAL_IMAGES; i++) {
        unsigned same = 0;
        while (same < i && images->images[same] != images->images[i])
            same++;
        if (!images->images[i]) {
            buf_put_u8(out, TAG_NONE);
        } else if (same < i) {
            buf_put_u8(out, (uint8_t)(TAG_SAME_AS + same));
        } else {
            buf_put_u8(out, TAG_CELLS);
            put_cells(images->table, images->images[i], out);
        }
    }
}

/* The cell must be exactly as long as its column says: whoever reads it on trusts that. */
static void read_cell(struct cell *out, const struct column *c, struct bytes *r)
{
    *out = (struct cell){0};
    switch (bytes_u8(r)) {
    case CELL_VALUE: {
        out->data = bytes_sized(r);
        struct bytes whole = bytes_of(out->data);
        if (r->bad || cell_length(c, &whole) != out->data.n || whole.bad)
            bytes_fail(r);
        break;
    }
    case CELL_NULL:
        out->null = true;
        break;
    case CELL_ABSENT:
        out->absent = true;
        break;
    default:
        bytes_fail(r);
    }
}

static const struct cell *read_image(const struct journal_images *known, unsigned count, struct bytes *r,
                                     struct arena *a)
{
    unsigned tag = bytes_u8(r);
    if (tag == TAG_NONE)
        return NULL;
    if (tag == TAG_CELLS) {
        struct cell *cells = arena_zalloc(a, known->table->column_count * sizeof *cells);
        for (uint16_t i = 0; i < known->table->column_count && !r->bad; i++)
            read_cell(&cells[i], &known->table->columns[i], r);
        return cells;
    }
    if (tag - TAG_SAME_AS >= count || !known->images[tag - TAG_SAME_AS]) {
        bytes_fail(r);
        return NULL;
    }
    return known->images[tag - TAG_SAME_AS];
}

void journal_images_read(struct journal_images *out, struct bytes *r, struct arena *a)
{
    *out = (struct journal_images){0};
    if (bytes_u8(r) != IMAGES_VERSION)
        bytes_fail(r);
    struct bytes table = bytes_of(bytes_sized(r));
    if (!r->bad)
        out->table = table_def_read(&table, a);
    if (!out->table || table.bad || bytes_left(&table) != 0)
        bytes_fail(r);
    for (unsigned i = 0; i < JOURNAL_IMAGES && !r->bad; i++)
        out->images[i] = read_image(out, i, r, a);
    if (bytes_left(r) != 0)
        bytes_fail(r);
    if (r->bad)
        *out = (struct journal_images){0};
}

static void put_json_member(const struct table_def *t, const struct cell *cells, uint16_t i, const struct mask *mask,
                            bool first, struct buf *out)
{
    buf_put_str(out, first ? "\"" : ", \"");
    utf8_put_json(out, t->columns[i].name);
    buf_put_str(out, "\": ");
    mask_put_json(mask, t, cells, i, out);
}

void journal_put_json(const struct table_def *t, const struct cell *cells, const struct mask *mask, struct buf *out)
{
    bool first = true;
    buf_put_str(out, "{");
    for (uint16_t i = 0; i < t->column_count; i++) {
        if (cells[i].absent)
            continue;
        put_json_member(t, cells, i, mask, first, out);
        first = false;
    }
    buf_put_str(out, "}");
}

void journal_put_key_json(const struct table_def *t, const struct cell *cells, const struct mask *mask, struct buf *out)
{
    if (t->key_count == 0) {
        journal_put_json(t, cells, mask, out);
        return;
    }
    buf_put_str(out, "{");
    for (uint16_t i = 0; i < t->key_count; i++)
        put_json_member(t, cells, t->key[i], mask, i == 0, out);
    buf_put_str(out, "}");
}

void journal_put_changed(const struct table_def *t, const struct cell *before, const struct cell *after,
                         struct buf *out)
{
    const char *between = "\"";
    buf_put_str(out, "[");
    for (uint16_t i = 0; i < t->column_count; i++) {
        if (before[i].absent || after[i].absent || cell_equal(&t->columns[i], &before[i], &after[i]))
            continue;
        buf_put_str(out, between);
        utf8_put_json(out, t->columns[i].name);
        buf_put_str(out, "\"");
        between = ", \"";
    }
    buf_put_str(out, "]");
}

/* A JSON document of MySQL has many forms in bytes, and one text. */
static uint64_t hash_cell(const struct column *c, const struct cell *v, uint64_t seed)
{
    struct buf text = {0};
    bool as_text = c->type == COLUMN_JSON && json_binary_put_text(cell_payload(c, v), &text);
    uint64_t hash = hash64(as_text ? buf_span(&text) : v->data, seed);
    buf_free(&text);
    return hash;
}

uint64_t journal_row_hash(const struct table_def *t, const struct cell *cells)
{
    uint64_t hash = 0;
    for (uint16_t i = 0; i < t->column_count; i++) {
        uint8_t kind = cells[i].absent ? CELL_ABSENT : cells[i].null ? CELL_NULL : CELL_VALUE;
        hash = hash64(span_of(&kind, 1), hash);
        if (kind == CELL_VALUE)
            hash = hash_cell(&t->columns[i], &cells[i], hash);
    }
    return hash;
}
