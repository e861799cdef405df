/* Splitting row images: they were checked when the record was read, so that a failure here is our own mistake. */
#include "applier/row_walk.h"

#include <assert.h>

void row_walk_start(struct row_walk *w, const struct rows *rows, struct arena *arena)
{
    const size_t size = rows->table->column_count * sizeof(struct cell);
    *w = (struct row_walk){.rows = rows, .r = bytes_of(rows->images), .left = rows->count};
    w->before = arena_alloc(arena, size);
    w->after = arena_alloc(arena, size);
}

static struct span split(struct row_walk *w, struct cell *cells, const uint8_t *present)
{
    const uint8_t *start = w->r.p;
    image_split(cells, w->rows->table, present, &w->r);
    return span_of(start, (size_t)(w->r.p - start));
}

bool row_walk_next(struct row_walk *w, struct row_step *out)
{
    if (w->left == 0)
        return false;
    *out = (struct row_step){0};
    if (w->rows->op != ROWS_INSERT) {
        out->before_image = split(w, w->before, w->rows->present_before);
        out->before = w->before;
    }
    if (w->rows->op != ROWS_DELETE) {
        out->after_image = split(w, w->after, w->rows->present_after);
        out->after = w->after;
    }
    assert(!w->r.bad);
    w->left--;
    return true;
}

const struct cell *row_cells(const struct table_def *t, const uint8_t *present, struct span image, struct arena *arena)
{
    struct bytes r = bytes_of(image);
    struct cell *cells = arena_alloc(arena, t->column_count * sizeof *cells);
    image_split(cells, t, present, &r);
    assert(!r.bad && bytes_left(&r) == 0);
    return cells;
}
