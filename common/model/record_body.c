/* The body of a DATA record: definitions and rows in source order, write and read side by side. */
#include <assert.h>
#include <stdlib.h>

#include "common/base/mem.h"
#include "common/model/record.h"

/* What an item is. */
enum body_item {
    ITEM_TABLE = 1, /* a definition; it gets the next index in this body */
    ITEM_ROWS = 2,
};

/* Beside the operation in its byte: the images do not have all columns, so that bitmaps say which. */
enum rows_bitmaps {
    HAS_BEFORE_BITMAP = 0x10,
    HAS_AFTER_BITMAP = 0x20,
};

#define OP_MASK 0x0f
#define OP_KNOWN (OP_MASK | HAS_BEFORE_BITMAP | HAS_AFTER_BITMAP)
#define ROWS_FLAGS_KNOWN (ROWS_STMT_END | ROWS_NO_FOREIGN_KEY_CHECKS | ROWS_NO_UNIQUE_CHECKS)

const char *rows_op_name(enum rows_op op)
{
    static const char *const names[] = {[ROWS_INSERT] = "insert", [ROWS_UPDATE] = "update", [ROWS_DELETE] = "delete"};
    return (size_t)op < sizeof(names) / sizeof(names[0]) && names[op] ? names[op] : "unknown";
}

/* ---- writing ---- */

void body_start(struct body_writer *w, struct buf *out)
{
    w->out = out;
    w->count = 0;
}

void body_free(struct body_writer *w)
{
    free(w->tables);
    map_free(&w->written);
    arena_free(&w->arena);
    *w = (struct body_writer){0};
}

/* A definition's bytes. Small transactions would spend most of their time on making them anew. */
static struct span table_bytes(struct body_writer *w, const struct table_def *t)
{
    void **known = map_ref(&w->written, span_of(&t->fingerprint, sizeof(t->fingerprint)));
    if (!*known) {
        struct buf def = {0};
        struct span *bytes = arena_alloc(&w->arena, sizeof(*bytes));
        table_def_put(t, &def);
        *bytes = arena_copy(&w->arena, buf_span(&def));
        *known = bytes;
        buf_free(&def);
    }
    return *(struct span *)*known;
}

/* Fingerprint and size come first, so that a reader which knows the definition steps over it. */
static void put_table(struct body_writer *w, const struct table_def *t)
{
    struct span def = table_bytes(w, t);
    (void)buf_reserve(w->out, def.n + 32);
    buf_put_u8(w->out, ITEM_TABLE);
    buf_put_le(w->out, t->fingerprint, 8);
    buf_put_sized(w->out, def);
}

/* The definition's index in this body; writes it when it is new. Newest first: rows of a table come in runs. */
static size_t table_index(struct body_writer *w, const struct table_def *t)
{
    for (size_t i = w->count; i-- > 0;)
        if (w->tables[i] == t || w->tables[i]->fingerprint == t->fingerprint)
            return i;
    if (w->count == w->cap) {
        w->cap = w->cap ? w->cap * 2 : 8;
        w->tables = xreallocarray(w->tables, w->cap, sizeof(const struct table_def *));
    }
    put_table(w, t);
    w->tables[w->count] = t;
    return w->count++;
}

void body_put_rows(struct body_writer *w, const struct rows *rows)
{
    assert(rows->count > 0 && rows->op >= ROWS_INSERT && rows->op <= ROWS_DELETE);
    assert((rows->flags & ~ROWS_FLAGS_KNOWN) == 0);
    size_t index = table_index(w, rows->table);
    unsigned op = rows->op;
    if (rows->present_before)
        op |= HAS_BEFORE_BITMAP;
    if (rows->present_after)
        op |= HAS_AFTER_BITMAP;
    (void)buf_reserve(w->out, rows->images.n + 64);
    buf_put_u8(w->out, ITEM_ROWS);
    buf_put_varint(w->out, index);
    buf_put_u8(w->out, (uint8_t)op);
    buf_put_varint(w->out, rows->flags);
    buf_put_varint(w->out, rows->count);
    if (rows->present_before)
        buf_put(w->out, rows->present_before, table_bitmap_len(rows->table));
    if (rows->present_after)
        buf_put(w->out, rows->present_after, table_bitmap_len(rows->table));
    buf_put_sized(w->out, rows->images);
}

/* ---- reading ---- */

void table_cache_free(struct table_cache *c)
{
    map_free(&c->tables);
    arena_free(&c->arena);
}

void body_open(struct body_reader *b, struct span body, struct table_cache *cache, struct arena *arena)
{
    *b = (struct body_reader){.r = bytes_of(body), .cache = cache, .arena = arena};
}

/* Parse a definition that the cache does not hold; NULL when it is malformed or not what its fingerprint says. */
static const struct table_def *table_parse(struct table_cache *cache, struct span def, uint64_t fingerprint)
{
    struct bytes r = bytes_of(def);
    struct table_def *t = table_def_read(&r, &cache->arena);
    if (!t || r.bad || bytes_left(&r) > 0 || t->fingerprint != fingerprint)
        return NULL;
    return t;
}

static int read_table(struct body_reader *b, struct err *err)
{
    uint64_t fingerprint = bytes_u64(&b->r);
    struct span def = bytes_sized(&b->r);
    if (b->r.bad)
        return err_fatal(err, EXIT_UNSAFE, "malformed record body: a table definition is cut off");
    /* Known only if the length agrees as well: that costs nothing and halves the harm of a chance collision. */
    const uint64_t key[2] = {fingerprint, def.n};
    void **known = map_ref(&b->cache->tables, span_of(key, sizeof(key)));
    if (!*known)
        *known = (void *)(uintptr_t)table_parse(b->cache, def, fingerprint);
    if (!*known)
        return err_fatal(err, EXIT_UNSAFE, "malformed record body: table definition %zu is not readable", b->count);
    if (b->count == b->cap) {
        size_t cap = b->cap ? b->cap * 2 : 8;
        const struct table_def **tables = arena_alloc(b->arena, cap * sizeof(const struct table_def *));
        if (b->count > 0)
            memcpy(tables, b->tables, b->count * sizeof(const struct table_def *));
        b->tables = tables;
        b->cap = cap;
    }
    b->tables[b->count++] = *known;
    return 0;
}

/* Do the images hold exactly `count` rows? A row has one byte at least, which bounds the loop by the bytes that are
 * there. */
static bool images_are_whole(const struct rows *rows)
{
    if (rows->count > rows->images.n)
        return false;
    struct bytes r = bytes_of(rows->images);
    for (uint32_t i = 0; i < rows->count && !r.bad; i++) {
        if (rows->op != ROWS_INSERT)
            image_skip(rows->table, rows->present_before, &r);
        if (rows->op != ROWS_DELETE)
            image_skip(rows->table, rows->present_after, &r);
    }
    return !r.bad && bytes_left(&r) == 0;
}

/* Everything of a rows item but what its images hold; false when it makes no sense. */
static bool read_rows(struct body_reader *b, struct rows *out)
{
    struct bytes *r = &b->r;
    uint64_t index = bytes_varint(r);
    unsigned op = bytes_u8(r);
    uint64_t flags = bytes_varint(r);
    uint64_t count = bytes_varint(r);
    unsigned plain = op & OP_MASK;
    if (r->bad || index >= b->count || count == 0 || count > UINT32_MAX || (flags & ~(uint64_t)ROWS_FLAGS_KNOWN) != 0)
        return false;
    if (plain < ROWS_INSERT || plain > ROWS_DELETE || (op & ~(unsigned)OP_KNOWN) != 0)
        return false;
    *out = (struct rows){.table = b->tables[index], .op = plain, .flags = (uint16_t)flags, .count = (uint32_t)count};
    if (op & HAS_BEFORE_BITMAP)
        out->present_before = bytes_take(r, table_bitmap_len(out->table)).p;
    if (op & HAS_AFTER_BITMAP)
        out->present_after = bytes_take(r, table_bitmap_len(out->table)).p;
    out->images = bytes_sized(r);
    return !r->bad;
}

int body_next(struct body_reader *b, struct rows *out, struct err *err)
{
    while (bytes_left(&b->r) > 0) {
        size_t left = bytes_left(&b->r);
        switch (bytes_u8(&b->r)) {
        case ITEM_TABLE:
            if (read_table(b, err))
                return -1;
            break;
        case ITEM_ROWS:
            if (!read_rows(b, out))
                return err_fatal(err, EXIT_UNSAFE, "malformed record body: rows item, %zu bytes before the end", left);
            if (!images_are_whole(out))
                return err_fatal(err, EXIT_UNSAFE,
                                 "malformed record body: the images of %.*s.%.*s are not %u whole rows",
                                 SPAN_ARG(out->table->db), SPAN_ARG(out->table->name), out->count);
            return 1;
        default:
            return err_fatal(err, EXIT_UNSAFE, "malformed record body: unknown item, %zu bytes before the end", left);
        }
    }
    return 0;
}
