/* Conversion plans: matching columns by name, choosing a rule for each, and carrying them out on rows. */
#include "common/target/convert.h"

#include <assert.h>
#include <stdlib.h>

#include "common/base/mem.h"
#include "common/model/column_type.h"
#include "common/target/computed_columns.h"
#include "common/target/convert_rules.h"

struct convert_column {
    int from; /* the source's column; -1: only the target has it, or it computes it itself */
    const struct convert_rule *rule;
    struct convert_pair pair;
};

/* ---- making ---- */

struct making {
    struct convert_plan *plan;
    const uint8_t *brought; /* columns of the source; NULL: all */
    struct convert_column *columns;
    struct buf *why;
};

static bool column_of_source(struct making *m, uint16_t i)
{
    const struct table_def *source = m->plan->source, *here = m->plan->table->def;
    const struct column *from = &source->columns[i];
    int at = table_def_find(here, from->name);
    if (at < 0 && computed_column_is_hash(from))
        return true;
    if (at >= 0 && table_bitmap_has(m->brought, i)) {
        m->columns[at].from = i;
        return true;
    }
    if (at >= 0 && here->columns[at].generated)
        return true;
    buf_printf(m->why,
               at < 0 ? "`%.*s` is only at the source"
                      : "`%.*s` is generated at the source, which leaves it out of its binlog, and not at the target: "
                        "let it be generated there as well",
               SPAN_ARG(from->name));
    return false;
}

/* Rows do not say what it holds: can the server? */
static bool column_of_target_alone(struct making *m, uint16_t i)
{
    const struct target_table *t = m->plan->table;
    const struct column *to = &t->def->columns[i];
    if (to->key_order != COLUMN_NO_KEY)
        buf_printf(m->why, "`%.*s` of the primary key is only at the target", SPAN_ARG(to->name));
    else if (t->columns[i].fill == FILL_NONE)
        buf_printf(m->why, "`%.*s` is only at the target, and has no default", SPAN_ARG(to->name));
    else
        return true;
    return false;
}

static bool column_of_both(struct making *m, uint16_t i)
{
    struct convert_plan *p = m->plan;
    struct convert_column *c = &m->columns[i];
    const struct column *from = &p->source->columns[c->from], *to = &p->table->def->columns[i];
    c->pair = convert_pair_of(from, to, p->table->columns[i].form, &p->arena);
    struct buf phrase = {0};
    c->rule = convert_rule_for(&c->pair, &p->arena, &phrase);
    bool fits = true;
    if (to->generated && to->key_order == COLUMN_NO_KEY && (!c->rule || c->rule->convert)) {
        c->from = -1;
    } else if (!c->rule) {
        buf_put_span(m->why, buf_span(&phrase));
        fits = false;
    } else if (from->nullable && !to->nullable) {
        buf_printf(m->why, "`%.*s` may be NULL at the source and not at the target", SPAN_ARG(to->name));
        fits = false;
    }
    buf_free(&phrase);
    return fits;
}

static bool match_columns(struct making *m)
{
    struct convert_plan *p = m->plan;
    const struct table_def *def = p->table->def;
    for (uint16_t i = 0; i < def->column_count; i++)
        m->columns[i].from = -1;
    for (uint16_t i = 0; i < p->source->column_count; i++)
        if (!column_of_source(m, i))
            return false;
    for (uint16_t i = 0; i < def->column_count; i++)
        if (!(m->columns[i].from < 0 ? column_of_target_alone(m, i) : column_of_both(m, i)))
            return false;
    return true;
}

/* MySQL's UCA 9.0 collations, which MariaDB has not: between the two no equal collation can be asked for. */
static bool mysql_only(uint16_t collation)
{
    return collation >= 255 && collation <= 323;
}

static bool tells_apart_alike(const struct column *from, const struct column *to)
{
    bool texts = column_info(from)->kind == KIND_STRING && column_info(to)->kind == KIND_STRING;
    return !texts || from->collation == to->collation || mysql_only(from->collation) != mysql_only(to->collation);
}

/* Rows that the source tells apart by a key must be apart at the target, and the other way round. */
static bool key_collations_fit(const struct making *m)
{
    const struct target_table *t = m->plan->table;
    for (size_t k = 0; k < t->key_count; k++) {
        for (uint16_t p = 0; p < t->keys[k].count; p++) {
            uint16_t i = t->keys[k].columns[p];
            const struct column *to = &t->def->columns[i];
            const struct column *from = m->columns[i].from < 0 ? to : &m->plan->source->columns[m->columns[i].from];
            if (tells_apart_alike(from, to))
                continue;
            buf_printf(m->why,
                       "`%.*s` of key %s has collation %u at the source and %u at the target, which tell other values "
                       "apart",
                       SPAN_ARG(to->name), t->keys[k].name, from->collation, to->collation);
            return false;
        }
    }
    return true;
}

static void finish(struct making *m)
{
    struct convert_plan *p = m->plan;
    uint16_t n = p->table->def->column_count;
    uint8_t *present = arena_zalloc(&p->arena, (n + 7u) / 8);
    bool *ignore = arena_zalloc(&p->arena, n * sizeof *ignore);
    uint16_t here = 0;
    p->identity = n == p->source->column_count;
    for (uint16_t i = 0; i < n; i++) {
        const struct convert_column *c = &m->columns[i];
        ignore[i] = p->table->def->columns[i].generated;
        p->identity = p->identity && c->from == i && !c->rule->convert;
        p->by_meaning = p->by_meaning || (c->from >= 0 && c->rule->same);
        present[i / 8] |= (uint8_t)((c->from >= 0) << i % 8);
        here = (uint16_t)(here + (c->from >= 0));
    }
    p->present = here == n ? NULL : present;
    p->ignore = ignore;
    p->columns = m->columns;
}

int convert_plan_make(struct convert_plan **out, const struct target_table *t, const struct table_def *source,
                      const uint8_t *columns, struct buf *why)
{
    struct convert_plan *p = xcalloc(1, sizeof *p);
    struct making m = {.plan = p, .brought = columns, .why = why};
    p->source = source;
    p->table = t;
    m.columns = arena_zalloc(&p->arena, t->def->column_count * sizeof *m.columns);
    *out = NULL;
    if (!t->transactional)
        buf_put_str(why, "its engine at the target is not transactional");
    else if (match_columns(&m) && key_collations_fit(&m))
        *out = p;
    if (!*out) {
        convert_plan_free(&p);
        return 0;
    }
    finish(&m);
    return 1;
}

void convert_plan_free(struct convert_plan **p)
{
    if (!*p)
        return;
    arena_free(&(*p)->arena);
    free(*p);
    *p = NULL;
}

/* ---- rows ---- */

static int convert_cell(struct cell *out, const struct convert_plan *p, uint16_t i, const struct cell *in,
                        struct arena *a, struct err *err)
{
    const struct convert_column *c = &p->columns[i];
    const struct table_def *def = p->table->def;
    struct buf bytes = {0};
    const char *why = "";
    *out = *in;
    if (in->null || in->absent || !c->rule->convert)
        return 0;
    bool fits = c->rule->convert(&c->pair, in->data, &bytes, &why);
    out->data = arena_copy(a, buf_span(&bytes));
    buf_free(&bytes);
    if (fits)
        return 0;
    struct buf there = {0}, here = {0};
    err_data(err, "column `%.*s` of `%.*s`.`%.*s`: a value of %s cannot be one of %s: %s",
             SPAN_ARG(def->columns[i].name), SPAN_ARG(def->db), SPAN_ARG(def->name),
             column_type_text(&c->pair.from, &there), column_type_text(&c->pair.to, &here), why);
    buf_free(&there);
    buf_free(&here);
    return -1;
}

int convert_image(struct cell *out, const struct convert_plan *p, const struct cell *in, struct arena *a,
                  struct err *err)
{
    for (uint16_t i = 0; i < p->table->def->column_count; i++) {
        int from = p->columns[i].from;
        if (from < 0)
            out[i] = (struct cell){.absent = true};
        else if (convert_cell(&out[i], p, i, &in[from], a, err))
            return -1;
    }
    return 0;
}

int convert_rows(struct rows *out, const struct convert_plan *p, const struct rows *in, struct arena *a,
                 struct err *err)
{
    const struct table_def *from = p->source, *to = p->table->def;
    *out = *in;
    out->table = to;
    if (p->identity)
        return 0;
    struct cell *theirs = arena_alloc(a, from->column_count * sizeof *theirs);
    struct cell *ours = arena_alloc(a, to->column_count * sizeof *ours);
    struct bytes r = bytes_of(in->images);
    struct buf images = {0};
    bool after = in->op == ROWS_INSERT;
    int rc = 0;
    while (rc == 0 && bytes_left(&r) > 0) {
        image_split(theirs, from, after ? in->present_after : in->present_before, &r);
        assert(!r.bad); /* checked when the record was read */
        rc = convert_image(ours, p, theirs, a, err);
        if (rc == 0)
            image_put(ours, to, p->present, &images);
        after = in->op == ROWS_UPDATE ? !after : after;
    }
    out->images = arena_copy(a, buf_span(&images));
    out->present_before = out->present_after = p->present;
    buf_free(&images);
    return rc;
}

bool convert_same(const struct convert_plan *p, const struct cell *expected, const struct cell *local)
{
    const struct table_def *def = p->table->def;
    if (!p->by_meaning)
        return image_equal(expected, local, def, p->ignore);
    for (uint16_t i = 0; i < def->column_count; i++) {
        const struct convert_column *c = &p->columns[i];
        const struct cell *x = &expected[i], *y = &local[i];
        if (p->ignore[i] || x->absent || y->absent)
            continue;
        bool by_meaning = c->from >= 0 && c->rule->same && !x->null && !y->null;
        if (!(by_meaning ? c->rule->same(&c->pair, x, y) : cell_equal(&def->columns[i], x, y)))
            return false;
    }
    return true;
}
