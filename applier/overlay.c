/* Entries in a chain by age and, by their tags, in chains of a hash table; former states in a list until they are kept.
 */
#include "applier/overlay.h"

#include <stdlib.h>

#include "common/base/hash.h"
#include "common/base/mem.h"

#define FIRST_BUCKETS 1024u
#define MARK_BITS (1u << 26) /* 8 MiB, once something is forgotten */

/* What an entry holds, in one piece of memory, never changed. */
struct state {
    uint64_t table;
    uint64_t fingerprint;
    uint16_t columns;
    struct overlay_base base;
    uint64_t seq;
    uint64_t buried;
    size_t bytes;
    struct cell *key;
    struct cell *row;
    struct cell *grave;
    struct link *links; /* one a tag */
    size_t link_count;
};

struct link {
    struct link *next;
    struct overlay_entry *entry;
    uint64_t tag;
};

struct overlay_entry {
    struct overlay_entry *older;
    struct overlay_entry *newer;
    struct state *now; /* NULL: it holds nothing, and goes when changes are kept */
};

struct change {
    struct overlay_entry *entry;
    struct state *before; /* NULL: it was made */
};

struct overlay {
    size_t max_bytes;
    size_t bytes;
    size_t count;
    struct link **buckets;
    size_t bucket_count;
    size_t link_count;
    struct overlay_entry *oldest;
    struct overlay_entry *newest;
    struct change *changes;
    size_t change_count;
    size_t change_cap;
    uint64_t *marks;
    uint64_t forgotten;
};

struct overlay *overlay_new(size_t max_bytes)
{
    struct overlay *o = xcalloc(1, sizeof *o);
    o->max_bytes = max_bytes;
    o->bucket_count = FIRST_BUCKETS;
    o->buckets = xcalloc(o->bucket_count, sizeof *o->buckets);
    return o;
}

struct overlay_base overlay_base_of(const struct table_def *t, const struct cell *row)
{
    struct overlay_base base = {0};
    struct hash_state a, b;
    if (!row)
        return base;
    hash_start(&a, 1);
    hash_start(&b, 2);
    for (uint16_t i = 0; i < t->column_count; i++) {
        const uint8_t kind = row[i].absent ? 2 : row[i].null;
        const uint64_t n = kind ? 0 : row[i].data.n;
        const struct span parts[] = {
            span_of(&kind, 1), span_of(&n, sizeof n), {row[i].data.p, (size_t)n}
        };
        for (size_t k = 0; k < sizeof parts / sizeof *parts; k++) {
            hash_add(&a, parts[k]);
            hash_add(&b, parts[k]);
        }
    }
    base.a = hash_end(&a);
    base.b = hash_end(&b) | 1;
    return base;
}

/* ---- states ---- */

static size_t row_bytes(const struct cell *row, uint16_t columns)
{
    size_t n = row ? columns * sizeof *row : 0;
    for (uint16_t i = 0; row && i < columns; i++)
        n += row[i].null || row[i].absent ? 0 : row[i].data.n;
    return n;
}

static struct cell *copy_row(char **cells, char **bytes, const struct cell *row, uint16_t columns)
{
    if (!row)
        return NULL;
    struct cell *out = (struct cell *)(void *)*cells;
    *cells += columns * sizeof *out;
    for (uint16_t i = 0; i < columns; i++) {
        out[i] = (struct cell){.null = row[i].null, .absent = row[i].absent};
        if (row[i].null || row[i].absent)
            continue;
        if (row[i].data.n > 0)
            memcpy(*bytes, row[i].data.p, row[i].data.n);
        out[i].data = span_of(*bytes, row[i].data.n);
        *bytes += row[i].data.n;
    }
    return out;
}

static struct state *state_new(const struct overlay_row *r)
{
    const uint16_t columns = r->def->column_count;
    const size_t links = r->tag_count * sizeof(struct link);
    const size_t rows = (size_t)1 + (r->row != NULL) + (r->grave != NULL);
    const size_t size = sizeof(struct state) + links + row_bytes(r->key, columns) + row_bytes(r->row, columns) +
                        row_bytes(r->grave, columns);
    struct state *s = xcalloc(1, size);
    *s = (struct state){.table = r->table,
                        .fingerprint = r->def->fingerprint,
                        .columns = columns,
                        .base = r->base,
                        .seq = r->seq,
                        .buried = r->buried,
                        .bytes = size + sizeof(struct overlay_entry),
                        .link_count = r->tag_count};
    char *at = (char *)(s + 1);
    s->links = (struct link *)(void *)at;
    char *cells = at + links;
    char *bytes = cells + rows * columns * sizeof(struct cell);
    s->key = copy_row(&cells, &bytes, r->key, columns);
    s->row = copy_row(&cells, &bytes, r->row, columns);
    s->grave = copy_row(&cells, &bytes, r->grave, columns);
    for (size_t i = 0; i < r->tag_count; i++)
        s->links[i].tag = r->tags[i];
    return s;
}

/* ---- tags ---- */

static struct link **bucket_of(const struct overlay *o, uint64_t tag)
{
    return &o->buckets[tag & (o->bucket_count - 1)];
}

static void grow(struct overlay *o)
{
    struct link **old = o->buckets;
    size_t count = o->bucket_count;
    o->bucket_count *= 2;
    o->buckets = xcalloc(o->bucket_count, sizeof *o->buckets);
    for (size_t i = 0; i < count; i++) {
        while (old[i]) {
            struct link *l = old[i];
            old[i] = l->next;
            l->next = *bucket_of(o, l->tag);
            *bucket_of(o, l->tag) = l;
        }
    }
    free(old);
}

static void tie(struct overlay *o, struct overlay_entry *e)
{
    for (size_t i = 0; i < e->now->link_count; i++) {
        struct link *l = &e->now->links[i];
        if (++o->link_count > o->bucket_count)
            grow(o);
        l->entry = e;
        l->next = *bucket_of(o, l->tag);
        *bucket_of(o, l->tag) = l;
    }
}

static void untie(struct overlay *o, struct overlay_entry *e)
{
    for (size_t i = 0; i < e->now->link_count; i++) {
        struct link **at = bucket_of(o, e->now->links[i].tag);
        while (*at != &e->now->links[i])
            at = &(*at)->next;
        *at = (*at)->next;
        o->link_count--;
    }
}

struct overlay_entry *overlay_find(const struct overlay *o, uint64_t tag, const struct overlay_entry *last)
{
    bool passed = !last;
    for (struct link *l = *bucket_of(o, tag); l; l = l->next) {
        if (l->tag != tag)
            continue;
        if (passed && l->entry != last)
            return l->entry;
        passed = passed || l->entry == last;
    }
    return NULL;
}

/* ---- entries ---- */

static void list(struct overlay *o, struct overlay_entry *e)
{
    e->older = o->newest;
    e->newer = NULL;
    if (o->newest)
        o->newest->newer = e;
    else
        o->oldest = e;
    o->newest = e;
}

static void unlist(struct overlay *o, struct overlay_entry *e)
{
    if (e->older)
        e->older->newer = e->newer;
    else
        o->oldest = e->newer;
    if (e->newer)
        e->newer->older = e->older;
    else
        o->newest = e->older;
}

/* The state is the caller's from then on; NULL: there was none. */
static struct state *take_state(struct overlay *o, struct overlay_entry *e)
{
    struct state *s = e->now;
    if (!s)
        return NULL;
    untie(o, e);
    unlist(o, e);
    o->bytes -= s->bytes;
    o->count--;
    e->now = NULL;
    return s;
}

static void give_state(struct overlay *o, struct overlay_entry *e, struct state *s)
{
    e->now = s;
    tie(o, e);
    list(o, e);
    o->bytes += s->bytes;
    o->count++;
}

static void note_change(struct overlay *o, struct overlay_entry *e, struct state *before)
{
    if (o->change_count == o->change_cap) {
        o->change_cap = o->change_cap ? 2 * o->change_cap : 64;
        o->changes = xreallocarray(o->changes, o->change_cap, sizeof *o->changes);
    }
    o->changes[o->change_count++] = (struct change){e, before};
    o->bytes += before ? before->bytes : 0;
}

struct overlay_entry *overlay_put(struct overlay *o, struct overlay_entry *e, const struct overlay_row *row)
{
    struct state *s = state_new(row); /* before the former one, to which `row` may point, goes */
    if (!e)
        e = xcalloc(1, sizeof *e);
    note_change(o, e, take_state(o, e));
    give_state(o, e, s);
    return e;
}

void overlay_drop(struct overlay *o, struct overlay_entry *e)
{
    note_change(o, e, take_state(o, e));
}

bool overlay_get(const struct overlay_entry *e, const struct table_def *def, struct overlay_row *out)
{
    const struct state *s = e->now;
    if (s->fingerprint != def->fingerprint)
        return false;
    *out = (struct overlay_row){.table = s->table,
                                .key = s->key,
                                .base = s->base,
                                .seq = s->seq,
                                .row = s->row,
                                .grave = s->grave,
                                .buried = s->buried};
    return true;
}

/* ---- forgetting ---- */

static uint64_t *mark_of(const struct overlay *o, uint64_t tag, uint64_t *bit)
{
    uint64_t at = hash64(span_of(&tag, sizeof tag), 3) & (MARK_BITS - 1);
    *bit = UINT64_C(1) << (at & 63);
    return &o->marks[at >> 6];
}

bool overlay_forgot(const struct overlay *o, uint64_t tag)
{
    uint64_t bit;
    return o->marks && (*mark_of(o, tag, &bit) & bit) != 0;
}

static void forget(struct overlay *o, struct overlay_entry *e)
{
    if (!o->marks)
        o->marks = xcalloc(MARK_BITS / 64, sizeof *o->marks);
    for (size_t i = 0; i < e->now->link_count; i++) {
        uint64_t bit;
        *mark_of(o, e->now->links[i].tag, &bit) |= bit;
    }
    o->forgotten++;
    free(take_state(o, e));
    free(e);
}

/* ---- keeping and undoing ---- */

size_t overlay_mark(const struct overlay *o)
{
    return o->change_count;
}

void overlay_undo(struct overlay *o, size_t mark)
{
    while (o->change_count > mark) {
        const struct change c = o->changes[--o->change_count];
        free(take_state(o, c.entry));
        o->bytes -= c.before ? c.before->bytes : 0;
        if (c.before)
            give_state(o, c.entry, c.before);
        else
            free(c.entry);
    }
}

static int by_entry(const void *a, const void *b)
{
    const struct change *x = a, *y = b;
    return (x->entry > y->entry) - (x->entry < y->entry);
}

/* What was dropped holds nothing: the entry goes with the last change of it. */
void overlay_keep(struct overlay *o)
{
    if (o->change_count > 1)
        qsort(o->changes, o->change_count, sizeof *o->changes, by_entry);
    for (size_t i = 0; i < o->change_count; i++) {
        struct overlay_entry *e = o->changes[i].entry;
        o->bytes -= o->changes[i].before ? o->changes[i].before->bytes : 0;
        free(o->changes[i].before);
        if (i + 1 < o->change_count && o->changes[i + 1].entry == e)
            continue;
        if (!e->now)
            free(e);
    }
    o->change_count = 0;
    while (o->bytes > o->max_bytes && o->oldest)
        forget(o, o->oldest);
}

void overlay_free(struct overlay **overlay)
{
    struct overlay *o = *overlay;
    if (!o)
        return;
    overlay_keep(o);
    while (o->oldest) {
        struct overlay_entry *e = o->oldest;
        free(take_state(o, e));
        free(e);
    }
    free(o->buckets);
    free(o->changes);
    free(o->marks);
    free(o);
    *overlay = NULL;
}

size_t overlay_count(const struct overlay *o)
{
    return o->count;
}

size_t overlay_bytes(const struct overlay *o)
{
    return o->bytes;
}

uint64_t overlay_forgotten(const struct overlay *o)
{
    return o->forgotten;
}
