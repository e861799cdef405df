/* The key map of a group: first expectation and present state of every key in it. */
#include "applier/keymap.h"

#include <stdlib.h>

#include "common/base/mem.h"

/* Groups touch few tables, and mostly the same one again: the newest are looked at first. */
static size_t table_number(struct keymap *m, const struct table_def *t)
{
    for (size_t i = m->table_count; i > 0; i--)
        if (m->tables[i - 1].def == t)
            return i - 1;
    if (m->table_count == m->table_cap) {
        m->table_cap = m->table_cap ? 2 * m->table_cap : 8;
        m->tables = xreallocarray(m->tables, m->table_cap, sizeof *m->tables);
    }
    m->tables[m->table_count] = (struct key_table){.def = t};
    return m->table_count++;
}

static void **slot_of(struct keymap *m, size_t table, const struct cell *image)
{
    buf_clear(&m->scratch);
    buf_put_le(&m->scratch, table, 4);
    image_put_key(image, m->tables[table].def, &m->scratch);
    return map_ref(&m->entries, buf_span(&m->scratch));
}

static struct key_entry *add_entry(struct keymap *m, size_t table, void **slot, size_t txn)
{
    struct key_entry *e = arena_zalloc(&m->arena, sizeof *e);
    struct span key = buf_span(&m->scratch);
    e->key = arena_copy(&m->arena, span_of(key.p + 4, key.n - 4));
    e->txn = txn;
    e->next = m->tables[table].entries;
    m->tables[table].entries = e;
    *slot = e;
    return e;
}

bool keymap_insert(struct keymap *m, const struct table_def *t, const struct cell *after, size_t txn)
{
    size_t table = table_number(m, t);
    void **slot = slot_of(m, table, after);
    struct key_entry *e = *slot ? *slot : add_entry(m, table, slot, txn);
    if (e->now)
        return false;
    e->now = after;
    return true;
}

/* The entry of a row that must be there as `before`; NULL when the group left something else. */
static struct key_entry *expect_row(struct keymap *m, const struct table_def *t, const struct cell *before, size_t txn)
{
    size_t table = table_number(m, t);
    void **slot = slot_of(m, table, before);
    struct key_entry *e = *slot;
    if (e)
        return e->now && image_equal(e->now, before, t, NULL) ? e : NULL;
    e = add_entry(m, table, slot, txn);
    e->expect = before;
    m->tables[table].to_verify++;
    return e;
}

bool keymap_delete(struct keymap *m, const struct table_def *t, const struct cell *before, size_t txn)
{
    struct key_entry *e = expect_row(m, t, before, txn);
    if (e)
        e->now = NULL;
    return e != NULL;
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

bool keymap_update(struct keymap *m, const struct table_def *t, const struct cell *before, const struct cell *after,
                   size_t txn)
{
    if (!same_key(t, before, after))
        return keymap_delete(m, t, before, txn) && keymap_insert(m, t, after, txn);
    struct key_entry *e = expect_row(m, t, before, txn);
    if (e)
        e->now = after;
    return e != NULL;
}

struct key_entry *keymap_find(struct keymap *m, const struct table_def *t, const struct cell *image)
{
    size_t table = table_number(m, t);
    buf_clear(&m->scratch);
    buf_put_le(&m->scratch, table, 4);
    image_put_key(image, t, &m->scratch);
    return map_get(&m->entries, buf_span(&m->scratch));
}

void keymap_clear(struct keymap *m)
{
    map_clear(&m->entries);
    arena_reset(&m->arena);
    m->table_count = 0;
}

void keymap_free(struct keymap *m)
{
    map_free(&m->entries);
    arena_free(&m->arena);
    buf_free(&m->scratch);
    free(m->tables);
    *m = (struct keymap){0};
}
