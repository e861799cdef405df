/* The verification of a group: one locking read a table of what its changes expect, and what follows from it.
 *
 * Read is what the first change of a key expects as its before image. That an inserted row is not there yet is for the
 * server's duplicate-key error to tell, which costs nothing; but a row that the group inserts and deletes again is not
 * written, so that its absence has to be read, and after such an error (`careful`) so have all others. */
#include <stdlib.h>

#include "applier/group.h"
#include "applier/row_walk.h"
#include "common/base/mem.h"
#include "common/target/row_reader.h"

static int by_key(const void *a, const void *b)
{
    const struct key_entry *x = *(struct key_entry *const *)a, *y = *(struct key_entry *const *)b;
    size_t n = x->key.n < y->key.n ? x->key.n : y->key.n;
    int order = n ? memcmp(x->key.p, y->key.p, n) : 0;
    return order ? order : (x->key.n > y->key.n) - (x->key.n < y->key.n);
}

/* Is it what the group expects? */
static bool is_expected(const struct group_table *t, struct span expect, struct span image, const struct cell *cells)
{
    const struct table_def *def = t->target->def;
    if (!t->plan->present && keymap_same_bytes(def, expect, image))
        return true;
    struct arena a = {0};
    bool same = convert_same(t->plan, row_cells(def, t->plan->present, expect, &a), cells);
    arena_free(&a);
    return same;
}

/* A row that was read, into its key's entry. False: the group knows no key of these bytes. */
static bool take_row(struct group *g, const struct group_table *t, struct cell *cells, struct span image)
{
    struct bytes r = bytes_of(image);
    image_split(cells, t->target->def, NULL, &r);
    struct key_entry *e = keymap_find(&g->keys, t->keys, cells);
    if (!e || !e->read)
        return false;
    e->there = true;
    e->as_expected = e->expect.n > 0 && is_expected(t, e->expect, image, cells);
    if (!e->as_expected)
        e->local = arena_copy(&g->arena, image);
    return true;
}

static int read_chunk(struct group *g, const struct group_table *t, struct key_entry **entries, size_t n,
                      struct err *err)
{
    struct row_reader *reader = sink_reader(g->sink);
    struct span keys[ROW_READER_MOST], image;
    struct cell *cells = arena_alloc(&g->arena, t->target->def->column_count * sizeof *cells);
    bool strange = false;
    int rc;
    for (size_t i = 0; i < n; i++)
        keys[i] = entries[i]->key;
    if (row_reader_start(reader, t->target, keys, n, err))
        return -1;
    while ((rc = row_reader_next(reader, &image, err)) == 1)
        strange = !take_row(g, t, cells, image) || strange;
    for (size_t i = 0; rc == 0 && i < n; i++) {
        struct key_entry *e = entries[i];
        e->as_expected = e->as_expected || (e->expect.n == 0 && !e->there);
        /* A row that goes by another spelling of a key may be the one that was looked for. */
        if (strange && !e->there)
            e->way = KEY_EXACT;
    }
    return rc;
}

static bool is_to_be_read(const struct group *g, const struct group_table *t, const struct key_entry *e)
{
    bool inserted = e->expect.n == 0;
    return !inserted || g->careful || (t->cancels && e->now.n == 0);
}

/* Keys are sorted, so that every applier and every such read takes its locks in the same order. */
static int read_table(struct group *g, const struct group_table *t, struct err *err)
{
    const struct key_table *keys = &g->keys.tables[t->keys];
    struct key_entry **sorted = xmalloc((keys->count + 1) * sizeof *sorted);
    size_t n = 0;
    int rc = 0;
    for (struct key_entry *e = keys->entries; e; e = e->next) {
        e->read = is_to_be_read(g, t, e);
        if (e->read)
            sorted[n++] = e;
    }
    qsort(sorted, n, sizeof *sorted, by_key);
    for (size_t at = 0; rc == 0 && at < n; at += ROW_READER_MOST)
        rc = read_chunk(g, t, sorted + at, n - at < ROW_READER_MOST ? n - at : ROW_READER_MOST, err);
    free(sorted);
    return rc;
}

/* A key at which something else was found, or of which a change does not know all, is judged by what was found, where
 * that says all there is to know. */
static void choose_way(const struct group_table *t, struct key_entry *e)
{
    const struct versions_question *q = e->question;
    bool contested = q && versions_are_contested(q);
    bool expected = (!e->read || e->as_expected) && !contested;
    if (e->way == KEY_EXACT || (e->way == KEY_CLEAN && expected))
        return;
    bool sure = e->there || !e->read || !t->text_key;
    e->way = t->settles && !e->moves && sure ? KEY_SETTLE : KEY_EXACT;
}

static bool is_tied(const struct key_entry *e)
{
    return e && (e->way == KEY_EXACT || e->tied);
}

static void tie(struct key_entry *e)
{
    if (e)
        e->tied = true;
}

/* Who shares a key with a transaction that goes row by row, and comes later, cannot know what it will find there. */
static void spread_exact(struct group *g)
{
    for (size_t i = 0, end; i < g->change_count; i = end) {
        uint32_t txn = g->changes[i].txn;
        bool exact = g->exact[txn];
        for (end = i; end < g->change_count && g->changes[end].txn == txn; end++)
            exact = exact || is_tied(g->changes[end].key) || is_tied(g->changes[end].moved);
        g->exact[txn] = exact;
        for (size_t k = i; exact && k < end; k++) {
            tie(g->changes[k].key);
            tie(g->changes[k].moved);
        }
    }
}

int group_verify(struct group *g, struct err *err)
{
    for (size_t i = 0; i < g->table_count; i++) {
        const struct group_table *t = &g->tables[i];
        if (t->target->def->key_count == 0)
            continue;
        if (read_table(g, t, err))
            return -1;
    }
    return 1;
}

void group_choose(struct group *g)
{
    for (size_t i = 0; i < g->table_count; i++) {
        const struct group_table *t = &g->tables[i];
        if (t->target->def->key_count == 0)
            continue;
        for (struct key_entry *e = g->keys.tables[t->keys].entries; e; e = e->next)
            choose_way(t, e);
    }
    spread_exact(g);
}
