/* Sets of keys: what a transaction may meet that is not in effect. */
#include "applier/writeset.h"

void keyset_free(struct keyset *k)
{
    map_free(&k->hashes);
    map_free(&k->tables);
    map_free(&k->whole);
    *k = (struct keyset){0};
}

void keyset_clear(struct keyset *k)
{
    map_clear(&k->hashes);
    map_clear(&k->tables);
    map_clear(&k->whole);
    k->all = false;
}

static void add(struct map *m, uint64_t number)
{
    static const char there[] = "there";
    *map_ref(m, span_of(&number, sizeof number)) = (void *)there;
}

static bool has(const struct map *m, uint64_t number)
{
    return map_get(m, span_of(&number, sizeof number)) != NULL;
}

void keyset_add(struct keyset *k, const struct writeset *w)
{
    for (size_t i = 0; i < w->count; i++)
        add(&k->hashes, w->touches[i].hash);
    for (size_t i = 0; i < w->table_count; i++)
        add(&k->tables, w->tables[i]);
    for (size_t i = 0; i < w->whole_count; i++)
        add(&k->whole, w->whole[i]);
    k->all = k->all || w->alone;
}

bool keyset_meets(const struct keyset *k, const struct writeset *w)
{
    if (k->all || (w->alone && (k->hashes.count > 0 || k->whole.count > 0)))
        return true;
    for (size_t i = 0; i < w->whole_count; i++)
        if (has(&k->tables, w->whole[i]) || has(&k->whole, w->whole[i]))
            return true;
    for (size_t i = 0; k->whole.count > 0 && i < w->table_count; i++)
        if (has(&k->whole, w->tables[i]))
            return true;
    for (size_t i = 0; i < w->count; i++)
        if (has(&k->hashes, w->touches[i].hash))
            return true;
    return false;
}
