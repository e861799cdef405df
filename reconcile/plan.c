/* Choosing key and columns. */
#include "reconcile/plan.h"

#include <stdlib.h>

#include "common/base/mem.h"
#include "common/base/utf8.h"
#include "reconcile/value.h"

static bool usable(const struct target_table *t, const struct target_key *k)
{
    if (k->count == 0 || k->nullable || k->expression)
        return false;
    bool primary = strcmp(k->name, "PRIMARY") == 0;
    for (uint16_t i = 0; i < k->count; i++) {
        if (!value_can_be_key(&t->def->columns[k->columns[i]], &t->columns[k->columns[i]]))
            return false;
        if (k->prefix[i] && !primary) /* its order is not the column's: only worth it where there is nothing better */
            return false;
    }
    return true;
}

static bool same_columns(const struct target_key *a, const struct target_key *b)
{
    return a->count == b->count && memcmp(a->columns, b->columns, a->count * sizeof *a->columns) == 0;
}

static const struct target_key *find_same(const struct target_table *t, const struct target_key *key)
{
    for (size_t i = 0; i < t->key_count; i++)
        if (same_columns(&t->keys[i], key) && usable(t, &t->keys[i]))
            return &t->keys[i];
    return NULL;
}

/* Small is good: fewer columns, and numbers before texts. The primary key, which the rows are stored by, before all. */
static unsigned cost(const struct target_table *t, const struct target_key *k)
{
    unsigned sum = strcmp(k->name, "PRIMARY") == 0 ? 0 : 1000;
    for (uint16_t i = 0; i < k->count; i++)
        sum += t->columns[k->columns[i]].charset ? 30 : 10;
    return sum;
}

static void choose_key(struct plan *p, const struct target_table *a, const struct target_table *b)
{
    const struct target_key *best = NULL;
    for (size_t i = 0; i < a->key_count; i++) {
        const struct target_key *k = &a->keys[i];
        const struct target_key *other = usable(a, k) ? find_same(b, k) : NULL;
        if (!other || (best && cost(a, best) <= cost(a, k)))
            continue;
        best = k;
        p->key_names[0] = k->name;
        p->key_names[1] = other->name;
    }
    p->key_count = best ? best->count : 0;
    p->key = xcalloc(p->key_count, sizeof *p->key);
    if (best)
        memcpy(p->key, best->columns, best->count * sizeof *p->key);
}

/* What one side computes and the other stores is no value to compare, and no pair of columns that a link may serve: it
 * cannot see this from a binlog. */
static bool same_generated(const struct target_table *a, const struct target_table *b, struct buf *why)
{
    for (uint16_t i = 0; i < a->def->column_count; i++) {
        const struct column *c = &a->def->columns[i];
        if (c->generated == b->def->columns[i].generated)
            continue;
        buf_clear(why);
        buf_printf(why, "`%.*s` is generated at the %s and an ordinary column at the %s", SPAN_ARG(c->name),
                   c->generated ? "source" : "target", c->generated ? "target" : "source");
        return false;
    }
    return true;
}

bool plan_make(struct plan *out, const struct target_table *a, const struct target_table *b, struct buf *why)
{
    struct buf other_way = {0};
    *out = (struct plan){
        .tables = {a, b}
    };
    /* One of them may have more members in an ENUM, or allow NULL where the other does not: their rows can be compared.
     */
    bool comparable = target_table_takes(b, a->def, why) || target_table_takes(a, b->def, &other_way);
    buf_free(&other_way);
    if (!comparable || !same_generated(a, b, why))
        return false;
    buf_clear(why);
    out->columns = xcalloc(a->def->column_count, sizeof *out->columns);
    for (uint16_t i = 0; i < a->def->column_count; i++)
        if (!a->def->columns[i].generated && !b->def->columns[i].generated)
            out->columns[out->column_count++] = i;
    choose_key(out, a, b);
    return true;
}

void plan_free(struct plan *p)
{
    free(p->columns);
    free(p->key);
    *p = (struct plan){0};
}

void plan_put_json(const struct plan *p, const struct span *values, bool all, struct buf *out)
{
    const struct target_table *t = p->tables[0];
    const uint16_t *columns = all ? p->columns : p->key;
    uint16_t count = all ? p->column_count : p->key_count;
    buf_put_str(out, "{");
    for (uint16_t i = 0; i < count; i++) {
        uint16_t c = columns[i];
        buf_put_str(out, i == 0 ? "\"" : ", \"");
        utf8_put_json(out, t->def->columns[c].name);
        buf_put_str(out, "\": ");
        value_put_json(out, &t->def->columns[c], &t->columns[c], values[i]);
    }
    buf_put_str(out, "}");
}
