/* Chains of entries, newest first, under buckets that grow with them. */
#include "applier/touches.h"

#include <assert.h>
#include <stdlib.h>

#include "common/base/mem.h"

#define FIRST_BUCKETS 1024

struct touched {
    uint64_t hash;
    struct touched *older;
    struct touched **newer; /* what points to this one */
    struct toucher *who;
    bool shared;
};

struct touches {
    struct touched **buckets;
    size_t cap; /* a power of two */
    size_t count;
    struct map coarse; /* table -> the last toucher of it as a whole */
    uint64_t question;
};

struct touches *touches_new(void)
{
    struct touches *t = xcalloc(1, sizeof *t);
    t->cap = FIRST_BUCKETS;
    t->buckets = xcalloc(t->cap, sizeof *t->buckets);
    return t;
}

void touches_free(struct touches **t)
{
    if (!*t)
        return;
    assert((*t)->count == 0);
    map_free(&(*t)->coarse);
    free((*t)->buckets);
    free(*t);
    *t = NULL;
}

size_t touches_count(const struct touches *t)
{
    return t->count;
}

/* ---- asking ---- */

struct question {
    const struct toucher *self;
    uint64_t mark;
    touches_found *found;
    void *context;
};

static void name(const struct question *q, struct toucher *who)
{
    if (who == q->self || who->asked == q->mark)
        return;
    who->asked = q->mark;
    q->found(q->context, who);
}

/* The newest one that touches the key alone ends the search: it waited for all before it. Sharers did not. */
static void ask_key(const struct touches *t, const struct question *q, const struct touch *key)
{
    for (struct touched *e = t->buckets[key->hash & (t->cap - 1)]; e; e = e->older) {
        if (e->hash != key->hash || e->who == q->self)
            continue;
        if (!(e->shared && key->shared))
            name(q, e->who);
        if (!e->shared)
            return;
    }
}

static void ask_table(const struct touches *t, const struct question *q, uint64_t table)
{
    struct toucher *who = map_get(&t->coarse, span_of(&table, sizeof table));
    if (who)
        name(q, who);
}

void touches_ask(struct touches *t, const struct toucher *self, const struct writeset *w, touches_found *found,
                 void *context)
{
    const struct question q = {.self = self, .mark = ++t->question, .found = found, .context = context};
    for (size_t i = 0; i < w->count; i++)
        ask_key(t, &q, &w->touches[i]);
    if (t->coarse.count == 0)
        return;
    for (size_t i = 0; i < w->table_count; i++)
        ask_table(t, &q, w->tables[i]);
    for (size_t i = 0; i < w->whole_count; i++)
        ask_table(t, &q, w->whole[i]);
}

/* ---- putting ---- */

static void link_entry(struct touches *t, struct touched *e)
{
    struct touched **head = &t->buckets[e->hash & (t->cap - 1)];
    e->older = *head;
    e->newer = head;
    if (*head)
        (*head)->newer = &e->older;
    *head = e;
}

/* Chains keep their order: each is taken from its oldest end. */
static void grow(struct touches *t)
{
    struct touched **old = t->buckets;
    size_t old_cap = t->cap;
    t->cap *= 2;
    t->buckets = xcalloc(t->cap, sizeof *t->buckets);
    for (size_t i = 0; i < old_cap; i++) {
        struct touched *reversed = NULL;
        for (struct touched *e = old[i], *older; e; e = older) {
            older = e->older;
            e->older = reversed;
            reversed = e;
        }
        for (struct touched *e = reversed, *newer; e; e = newer) {
            newer = e->older;
            link_entry(t, e);
        }
    }
    free(old);
}

static void add_coarse(struct touches *t, struct toucher *self, uint64_t table)
{
    *map_ref(&t->coarse, span_of(&table, sizeof table)) = self;
    for (size_t i = 0; i < self->coarse_count; i++)
        if (self->coarse[i] == table)
            return;
    self->coarse = xreallocarray(self->coarse, self->coarse_count + 1, sizeof *self->coarse);
    self->coarse[self->coarse_count++] = table;
}

size_t touches_put(struct touches *t, struct toucher *self, const struct writeset *w)
{
    bool listed = t->count + w->count <= TOUCHES_MOST;
    for (size_t i = 0; i < w->whole_count; i++)
        add_coarse(t, self, w->whole[i]);
    for (size_t i = 0; i < w->table_count && !listed; i++)
        add_coarse(t, self, w->tables[i]);
    if (!listed || w->count == 0)
        return 0;
    struct touched *block = xcalloc(w->count, sizeof *block);
    while (t->count + w->count > t->cap)
        grow(t);
    for (size_t i = 0; i < w->count; i++) {
        block[i] = (struct touched){.hash = w->touches[i].hash, .who = self, .shared = w->touches[i].shared};
        link_entry(t, &block[i]);
    }
    t->count += w->count;
    self->blocks = xreallocarray(self->blocks, self->block_count + 1, sizeof *self->blocks);
    self->block_counts = xreallocarray(self->block_counts, self->block_count + 1, sizeof *self->block_counts);
    self->block_counts[self->block_count] = w->count;
    self->blocks[self->block_count++] = block;
    return w->count * sizeof *block;
}

void touches_leave(struct touches *t, struct toucher *self)
{
    for (size_t b = 0; b < self->block_count; b++) {
        for (size_t i = 0; i < self->block_counts[b]; i++) {
            struct touched *e = &self->blocks[b][i];
            *e->newer = e->older;
            if (e->older)
                e->older->newer = e->newer;
        }
        t->count -= self->block_counts[b];
        free(self->blocks[b]);
    }
    for (size_t i = 0; i < self->coarse_count; i++) {
        void **last = map_ref(&t->coarse, span_of(&self->coarse[i], sizeof self->coarse[i]));
        if (*last == self)
            *last = NULL;
    }
    free(self->blocks);
    free(self->block_counts);
    free(self->coarse);
    *self = (struct toucher){.asked = self->asked};
}
