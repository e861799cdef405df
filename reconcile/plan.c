/* Choosing key and columns; what documents add to checksums. */
#include "reconcile/plan.h"

#include <inttypes.h>
#include <string.h>

#include "common/base/hash.h"
#include "common/model/json_text.h"
#include "reconcile/value_pair.h"

/* ---- columns ---- */

struct making {
    struct plan *plan;
    void (*tell)(void *context, const char *phrase);
    void *context;
};

static void tell_of(const struct making *m, const struct column *c, const char *what)
{
    if (!m->tell)
        return;
    struct buf phrase = {0};
    buf_printf(&phrase, "`%.*s` is %s", SPAN_ARG(c->name), what);
    m->tell(m->context, buf_cstr(&phrase));
    buf_free(&phrase);
}

/* The pair of the source's column i; false: there is none to compare. */
static bool pair_of(const struct making *m, struct plan_column *out, uint16_t i)
{
    struct plan *p = m->plan;
    const struct target_table *a = p->tables[0], *b = p->tables[1];
    int at = table_def_find(b->def, a->def->columns[i].name);
    struct buf why = {0};
    if (at < 0)
        return false;
    out->of[0] = (struct value){.c = &a->def->columns[i], .tc = &a->columns[i]};
    out->of[1] = (struct value){.c = &b->def->columns[at], .tc = &b->columns[at]};
    bool comparable = value_pair(out->of, &p->arena, &why);
    if (!comparable && m->tell)
        m->tell(m->context, buf_cstr(&why));
    buf_free(&why);
    return comparable;
}

/* What one side computes and the other stores is no value to compare: it is told, since a link cannot see it from a
 * binlog. What both compute follows from the rest. */
static bool is_stored(const struct making *m, uint16_t i)
{
    const struct table_def *here = m->plan->tables[1]->def;
    const struct column *c = &m->plan->tables[0]->def->columns[i];
    int at = table_def_find(here, c->name);
    bool generated = at >= 0 && here->columns[at].generated;
    if (at < 0)
        tell_of(m, c, "only at the source");
    else if (c->generated && !generated)
        tell_of(m, c, "generated at the source and an ordinary column at the target");
    else if (!c->generated && generated)
        tell_of(m, c, "generated at the target and an ordinary column at the source");
    return at >= 0 && !c->generated && !generated;
}

static void choose_columns(const struct making *m)
{
    struct plan *p = m->plan;
    const struct table_def *there = p->tables[0]->def, *here = p->tables[1]->def;
    p->columns = arena_alloc(&p->arena, there->column_count * sizeof *p->columns);
    for (uint16_t i = 0; i < there->column_count; i++) {
        struct plan_column *c = &p->columns[p->column_count];
        if (!is_stored(m, i) || !pair_of(m, c, i))
            continue;
        p->document_count = (uint16_t)(p->document_count + (c->of[0].class == VALUE_DOCUMENT));
        p->column_count++;
    }
    for (uint16_t i = 0; i < here->column_count; i++)
        if (table_def_find(there, here->columns[i].name) < 0)
            tell_of(m, &here->columns[i], "only at the target");
}

/* ---- the key ---- */

static bool usable(const struct target_key *k)
{
    bool primary = strcmp(k->name, "PRIMARY") == 0;
    if (k->count == 0 || k->nullable || k->expression || k->hidden)
        return false;
    for (uint16_t i = 0; i < k->count; i++)
        if (k->prefix[i] && !primary) /* its order is not the column's: only worth it where there is nothing better */
            return false;
    return true;
}

/* The same columns in the same order. */
static bool same_columns(const struct plan *p, const struct target_key *a, const struct target_key *b)
{
    if (a->count != b->count)
        return false;
    for (uint16_t i = 0; i < a->count; i++) {
        struct span name = p->tables[0]->def->columns[a->columns[i]].name;
        if (table_def_find(p->tables[1]->def, name) != b->columns[i])
            return false;
    }
    return true;
}

/* Small is good: fewer columns, and numbers before texts. The primary key, which the rows are stored by, before all. */
static unsigned cost(const struct target_table *t, const struct target_key *k)
{
    unsigned sum = strcmp(k->name, "PRIMARY") == 0 ? 0 : 1000;
    for (uint16_t i = 0; i < k->count; i++)
        sum += t->columns[k->columns[i]].charset ? 30 : 10;
    return sum;
}

/* The key's columns as pairs; false: it cannot be walked by them. */
static bool key_columns(const struct making *m, const struct target_key *k, struct plan_column *out, bool *same_order)
{
    const struct making silent = {.plan = m->plan};
    for (uint16_t i = 0; i < k->count; i++) {
        if (!pair_of(&silent, &out[i], k->columns[i]) || !value_can_be_key(&out[i].of[0]) ||
            !value_can_be_key(&out[i].of[1]))
            return false;
        *same_order = *same_order && value_same_order(out[i].of);
    }
    return true;
}

static void try_keys(const struct making *m, const struct target_key *a, const struct target_key *b, unsigned *least)
{
    struct plan *p = m->plan;
    bool same_order = true;
    if (!usable(a) || !usable(b) || !same_columns(p, a, b))
        return;
    struct plan_column *columns = arena_alloc(&p->arena, a->count * sizeof *columns);
    if (!key_columns(m, a, columns, &same_order))
        return;
    unsigned sum = cost(p->tables[0], a) + (same_order ? 0 : 10000);
    if (p->key_count > 0 && *least <= sum)
        return;
    *least = sum;
    p->key = columns;
    p->key_count = a->count;
    p->key_names[0] = a->name;
    p->key_names[1] = b->name;
    p->apart = !same_order;
}

static void choose_key(const struct making *m)
{
    const struct target_table *a = m->plan->tables[0], *b = m->plan->tables[1];
    unsigned least = 0;
    for (size_t i = 0; i < a->key_count; i++)
        for (size_t j = 0; j < b->key_count; j++)
            try_keys(m, &a->keys[i], &b->keys[j], &least);
}

void plan_make(struct plan *out, const struct target_table *a, const struct target_table *b,
               void (*tell)(void *context, const char *phrase), void *context)
{
    const struct making m = {.plan = out, .tell = tell, .context = context};
    *out = (struct plan){
        .tables = {a, b}
    };
    choose_columns(&m);
    choose_key(&m);
    out->apart = out->apart || out->document_count > 0;
}

/* CRC32C came with MariaDB 10.8. */
enum plan_sum plan_sum_of(enum flavor flavor, uint32_t version)
{
    if (flavor == FLAVOR_MYSQL)
        return PLAN_SUM_WIDE;
    return version >= 100800 ? PLAN_SUM_CRC : PLAN_SUM_ADD;
}

void plan_sum_by(struct plan *p, const enum plan_sum sides[2])
{
    bool same = sides[0] == sides[1];
    p->sum = same && p->key_count > 0 ? sides[0] : PLAN_SUM_ADD;
}

void plan_free(struct plan *p)
{
    arena_free(&p->arena);
    *p = (struct plan){0};
}

/* ---- documents ---- */

/* One number for what it says. Of a text that is no JSON: for the text. */
static uint64_t document_hash(struct span text)
{
    struct buf normal = {0};
    bool good = json_text_put_normal(text, &normal);
    uint64_t hash = good ? hash64(buf_span(&normal), 0) : hash64(text, 1);
    buf_free(&normal);
    return hash;
}

static struct span hash_text(uint64_t hash, struct arena *a)
{
    struct buf text = {0};
    buf_printf(&text, "%016" PRIx64, hash);
    struct span copy = arena_copy(a, buf_span(&text));
    buf_free(&text);
    return copy;
}

void plan_take_documents(const struct plan *p, struct db_rows *rows, bool lookup, struct arena *a)
{
    for (size_t r = 0; r < rows->row_count && p->document_count > 0; r++) {
        struct span *checksum = &rows->cells[r * rows->column_count + p->key_count], *next = checksum + 1;
        uint64_t hash = hash64(*checksum, 0);
        for (uint16_t i = 0; i < p->column_count; i++) {
            bool document = p->columns[i].of[0].class == VALUE_DOCUMENT;
            if (document && next->p)
                *next = hash_text(document_hash(*next), a);
            if (document)
                hash = hash64(next->p ? *next : span_str("N"), hash);
            next += document || lookup;
        }
        *checksum = hash_text(hash, a);
    }
}
