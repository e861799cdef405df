/* Statements of several rows, each told by its number, so that a key in another spelling finds its row as well. */
#include "reconcile/images.h"

#include <stdlib.h>

#include "common/base/utf8.h"
#include "common/model/json_text.h"

#define STATEMENT_BYTES (256u << 10)
#define LONG_BATCH 8 /* rows with long values */

void images_free(struct images *m)
{
    side_query_free(&m->query[0]);
    side_query_free(&m->query[1]);
    arena_free(&m->arena);
    *m = (struct images){0};
}

static size_t batch_max(const struct plan *plan, size_t count)
{
    size_t max = IMAGES_BATCH;
    for (uint16_t i = 0; i < plan->column_count; i++)
        if (plan_image_may_be_cut(&plan->columns[i].of[0]) || plan->columns[i].of[0].class == VALUE_DOCUMENT)
            max = LONG_BATCH;
    return count < max ? count : max;
}

static void put_statements(struct images *m, const struct span *const *keys, size_t count)
{
    size_t max = batch_max(m->plan, count);
    for (m->count = 0; m->count < max; m->count++) {
        if (m->query[0].sql.len > STATEMENT_BYTES || m->query[1].sql.len > STATEMENT_BYTES)
            return;
        for (int side = 0; side < 2; side++)
            plan_put_image(m->plan, side, keys[m->count], m->count, &m->query[side].sql);
    }
}

static void place_rows(struct images *m, int side)
{
    const struct db_rows *rows = &m->query[side].rows;
    for (size_t i = 0; i < m->count; i++)
        m->rows[side][i] = NULL;
    for (size_t r = 0; r < rows->row_count; r++) {
        size_t at = strtoull((const char *)db_cell(rows, r, 0).p, NULL, 10);
        if (at < m->count)
            m->rows[side][at] = &rows->cells[r * rows->column_count + 1];
    }
}

int images_read(struct images *m, struct run *run, const struct plan *plan, const struct span *const *keys,
                size_t count, struct err *err)
{
    m->plan = plan;
    for (int side = 0; side < 2; side++)
        side_query_start(&m->query[side]);
    put_statements(m, keys, count);
    if (side_both(run->sides, &m->query[0].job, &m->query[1].job, err))
        return -1;
    place_rows(m, 0);
    place_rows(m, 1);
    return 0;
}

/* ---- values ---- */

/* "70000 9f86d0…": of a value that is too long to be shown. */
static void put_long_json(struct buf *out, struct span text)
{
    size_t digits = 0;
    while (digits < text.n && text.p[digits] != ' ')
        digits++;
    buf_printf(out, "{\"length\": %.*s, \"sha256\": \"", (int)digits, (const char *)text.p);
    buf_put(out, text.p + digits + 1, text.n > digits ? text.n - digits - 1 : 0);
    buf_put_str(out, "\"}");
}

static struct span value_json(const struct value *v, struct span text, struct span cut, struct arena *a)
{
    struct buf json = {0};
    if (cut.p)
        put_long_json(&json, cut);
    else if (v->class == VALUE_DOCUMENT && text.n > PLAN_IMAGE_MAX)
        buf_printf(&json, "{\"length\": %zu}", text.n);
    else
        value_put_json(&json, v, text);
    struct span copy = arena_copy(a, buf_span(&json));
    buf_free(&json);
    return copy;
}

static bool same_document(struct span a, struct span b)
{
    struct buf x = {0}, y = {0};
    bool json = a.p && b.p && json_text_put_normal(a, &x) && json_text_put_normal(b, &y);
    bool same = json ? span_eq(buf_span(&x), buf_span(&y)) : !a.p == !b.p && span_eq(a, b);
    buf_free(&x);
    buf_free(&y);
    return same;
}

static bool same_text(const struct span *a, const struct span *b)
{
    return !a->p == !b->p && span_eq(*a, *b);
}

static bool is_key(const struct plan *p, const struct column *c)
{
    for (uint16_t i = 0; i < p->key_count; i++)
        if (p->key[i].of[0].c == c)
            return true;
    return p->key_count == 0;
}

const struct difference_column *images_columns(const struct plan *plan, const struct span *const rows[2],
                                               struct arena *a)
{
    struct difference_column *columns = arena_zalloc(a, plan->column_count * sizeof *columns);
    size_t at = 0;
    for (uint16_t i = 0; i < plan->column_count; i++) {
        const struct plan_column *p = &plan->columns[i];
        struct difference_column *c = &columns[i];
        bool cut = plan_image_may_be_cut(&p->of[0]);
        c->name = p->of[0].c->name;
        c->key = is_key(plan, p->of[0].c);
        if (rows[0] && rows[1])
            c->differs = p->of[0].class == VALUE_DOCUMENT ? !same_document(rows[0][at], rows[1][at])
                                                          : !same_text(&rows[0][at], &rows[1][at]) ||
                                                                (cut && !same_text(&rows[0][at + 1], &rows[1][at + 1]));
        for (int side = 0; side < 2; side++)
            if (rows[side])
                c->value[side] =
                    value_json(&p->of[side], rows[side][at], cut ? rows[side][at + 1] : (struct span){0}, a);
        at += cut ? 2 : 1;
    }
    return columns;
}

bool images_difference(struct images *m, struct difference *out, size_t i)
{
    const struct span *const rows[2] = {m->rows[0][i], m->rows[1][i]};
    bool differs = !rows[0] != !rows[1];
    if (!rows[0] && !rows[1])
        return false;
    arena_reset(&m->arena);
    *out = (struct difference){
        .class = !rows[0]   ? DIFFERENCE_EXTRA
                 : !rows[1] ? DIFFERENCE_MISSING
                            : DIFFERENCE_DIVERGED,
        .db = m->plan->tables[0]->def->db,
        .table = m->plan->tables[0]->def->name,
        .columns = images_columns(m->plan, rows, &m->arena),
        .column_count = m->plan->column_count,
    };
    for (size_t c = 0; c < out->column_count; c++)
        differs = differs || out->columns[c].differs;
    return differs;
}
