/* The key map of a group: first expectation and present state of every key in it. */
#include "applier/keymap.h"

#include <stdlib.h>

#include "applier/row_walk.h"
#include "common/base/hash.h"
#include "common/base/mem.h"

#define FIRST_SLOTS 64

uint32_t keymap_table(struct keymap *m, const struct table_def *def, const uint8_t *present, const bool *ignore)
{
    for (size_t i = m->table_count; i > 0; i--)
        if (m->tables[i - 1].def == def)
            return (uint32_t)(i - 1);
    if (m->table_count == m->table_cap) {
        m->table_cap = m->table_cap ? 2 * m->table_cap : 8;
        m->tables = xreallocarray(m->tables, m->table_cap, sizeof *m->tables);
    }
    m->tables[m->table_count] = (struct key_table){.def = def, .present = present, .ignore = ignore};
    return (uint32_t)m->table_count++;
}

/* ---- finding ---- */

/* The slot of the key in scratch, or the free one where it belongs. The map has slots. */
static struct key_entry **slot_of(const struct keymap *m, uint32_t table, uint64_t hash)
{
    size_t i = (size_t)hash & (m->cap - 1);
    for (;; i = (i + 1) & (m->cap - 1)) {
        const struct key_entry *e = m->slots[i];
        if (!e || (e->hash == hash && e->table == table && span_eq(e->key, buf_span(&m->scratch))))
            return &m->slots[i];
    }
}

static void grow(struct keymap *m)
{
    struct key_entry **old = m->slots;
    size_t old_cap = m->cap;
    m->cap = old_cap ? 2 * old_cap : FIRST_SLOTS;
    m->slots = xcalloc(m->cap, sizeof *m->slots);
    for (size_t i = 0; i < old_cap; i++) {
        if (!old[i])
            continue;
        size_t at = (size_t)old[i]->hash & (m->cap - 1);
        while (m->slots[at])
            at = (at + 1) & (m->cap - 1);
        m->slots[at] = old[i];
    }
    free(old);
}

static uint64_t key_of(struct keymap *m, uint32_t table, const struct cell *cells)
{
    buf_clear(&m->scratch);
    image_put_key(cells, m->tables[table].def, &m->scratch);
    return hash64(buf_span(&m->scratch), table);
}

struct key_entry *keymap_find(struct keymap *m, uint32_t table, const struct cell *image)
{
    return m->count ? *slot_of(m, table, key_of(m, table, image)) : NULL;
}

/* The key's entry; *is_new when this is its first change. */
static struct key_entry *touch(struct keymap *m, uint32_t table, const struct cell *cells, uint32_t txn, bool *is_new)
{
    if (2 * (m->count + 1) > m->cap)
        grow(m);
    uint64_t hash = key_of(m, table, cells);
    struct key_entry **slot = slot_of(m, table, hash);
    *is_new = !*slot;
    if (*slot)
        return *slot;
    struct key_table *t = &m->tables[table];
    struct key_entry *e = arena_alloc(&m->arena, sizeof *e);
    *e = (struct key_entry){.next = t->entries, .hash = hash, .table = table, .txn = txn};
    e->key = arena_copy(&m->arena, buf_span(&m->scratch));
    t->entries = *slot = e;
    t->count++;
    m->count++;
    return e;
}

/* ---- comparing ---- */

/* Bits of the NULL bitmap beyond the last column are set by some writers and not by others. */
bool keymap_same_bytes(const struct table_def *def, struct span a, struct span b)
{
    size_t last = (def->column_count + 7u) / 8 - 1;
    uint8_t spare = (uint8_t)(def->column_count % 8 ? 0xffu << def->column_count % 8 : 0);
    return a.n == b.n && a.n > last && memcmp(a.p, b.p, last) == 0 && (a.p[last] | spare) == (b.p[last] | spare) &&
           memcmp(a.p + last + 1, b.p + last + 1, a.n - last - 1) == 0;
}

bool keymap_same(const struct keymap *m, uint32_t table, struct span a, struct span b)
{
    const struct key_table *t = &m->tables[table];
    if (t->present ? span_eq(a, b) : keymap_same_bytes(t->def, a, b))
        return true;
    struct arena cells = {0};
    bool same = image_equal(row_cells(t->def, t->present, a, &cells), row_cells(t->def, t->present, b, &cells), t->def,
                            t->ignore);
    arena_free(&cells);
    return same;
}

/* ---- changes ---- */

struct key_entry *keymap_insert(struct keymap *m, uint32_t table, const struct key_image *after, uint32_t txn)
{
    bool is_new;
    struct key_entry *e = touch(m, table, after->cells, txn, &is_new);
    if (e->now.n > 0)
        e->way = KEY_EXACT;
    e->now = after->image;
    return e;
}

/* The entry of a row that must be there as `before`. */
static struct key_entry *expect_row(struct keymap *m, uint32_t table, const struct key_image *before, uint32_t txn)
{
    bool is_new;
    struct key_entry *e = touch(m, table, before->cells, txn, &is_new);
    if (is_new) {
        e->expect = before->image;
        e->read = true;
    } else if (e->now.n == 0 || !keymap_same(m, table, e->now, before->image)) {
        e->way = KEY_EXACT;
    }
    return e;
}

struct key_entry *keymap_delete(struct keymap *m, uint32_t table, const struct key_image *before, uint32_t txn)
{
    struct key_entry *e = expect_row(m, table, before, txn);
    e->now = (struct span){0};
    return e;
}

static bool same_key(const struct table_def *t, const struct cell *a, const struct cell *b)
{
    for (uint16_t i = 0; i < t->key_count; i++) {
        const struct cell *x = &a[t->key[i]], *y = &b[t->key[i]];
        if (x->null != y->null || (!x->null && !span_eq(x->data, y->data)))
            return false;
    }
    return true;
}

struct key_entry *keymap_update(struct keymap *m, uint32_t table, const struct key_image *before,
                                const struct key_image *after, uint32_t txn, struct key_entry **moved)
{
    struct key_entry *e = expect_row(m, table, before, txn);
    *moved = NULL;
    if (same_key(m->tables[table].def, before->cells, after->cells)) {
        e->now = after->image;
        return e;
    }
    e->now = (struct span){0};
    *moved = keymap_insert(m, table, after, txn);
    e->moves = (*moved)->moves = true;
    return e;
}

void keymap_free(struct keymap *m)
{
    free(m->slots);
    free(m->tables);
    arena_free(&m->arena);
    buf_free(&m->scratch);
    *m = (struct keymap){0};
}
