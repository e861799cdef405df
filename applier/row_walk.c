/* Splitting row images: they were checked when the record was read, so that a failure here is our own mistake. */
#include "applier/row_walk.h"

#include <assert.h>

void row_walk_start(struct row_walk *w, const struct rows *rows, struct arena *arena)
{
    *w = (struct row_walk){.rows = rows, .r = bytes_of(rows->images), .arena = arena, .left = rows->count};
}

static const struct cell *split(struct row_walk *w, const uint8_t *present)
{
    const struct table_def *t = w->rows->table;
    struct cell *cells = arena_alloc(w->arena, t->column_count * sizeof *cells);
    image_split(cells, t, present, &w->r);
    return cells;
}

bool row_walk_next(struct row_walk *w, struct row_step *out)
{
    if (w->left == 0)
        return false;
    const uint8_t *start = w->r.p;
    *out = (struct row_step){0};
    if (w->rows->op != ROWS_INSERT)
        out->before = split(w, w->rows->present_before);
    if (w->rows->op != ROWS_DELETE)
        out->after = split(w, w->rows->present_after);
    assert(!w->r.bad);
    out->raw = span_of(start, (size_t)(w->r.p - start));
    w->left--;
    return true;
}
