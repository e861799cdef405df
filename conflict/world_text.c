/* What the small world tells: its history in one line, its rows, its sums. */
#include "conflict/world_private.h"

static void put_row(const struct world *w, const struct world_row *row, struct buf *out)
{
    for (size_t i = 1; i < w->table->column_count; i++)
        buf_printf(out, "%s%.*s=%lld", i > 1 ? " " : "", SPAN_ARG(w->table->columns[i].name), (long long)row->v[i]);
}

static void put_change(const struct world *w, const struct world_change *x, struct buf *out)
{
    buf_printf(out, "%s %zu", !x->before.there ? "inserts" : x->after.there ? "updates" : "deletes", x->key + 1);
    if (!x->after.there)
        return;
    buf_put_str(out, " (");
    put_row(w, &x->after, out);
    buf_put_str(out, ")");
}

void world_say_write(struct world *w, const struct world_txn *t)
{
    buf_printf(&w->history, "%s%s ", w->history.len ? "; " : "", w->setting.regions[t->region]);
    for (size_t i = 0; i < t->count; i++) {
        buf_put_str(&w->history, i ? " and " : "");
        put_change(w, &t->changes[i], &w->history);
    }
}

void world_say_delivery(struct world *w, const struct world_txn *t, size_t to)
{
    buf_printf(&w->history, "; %s hears %s", w->setting.regions[to], w->setting.regions[t->region]);
    if (w->judged)
        buf_printf(&w->history, ": %s, %s", conflict_kind_name(w->kind), conflict_verdict_name(w->verdict));
}

void world_say_restart(struct world *w, size_t from, size_t to)
{
    buf_printf(&w->history, "; %s:%s restarts", w->setting.regions[from], w->setting.regions[to]);
}

void world_put_rows(const struct world *w, size_t region, struct buf *out)
{
    bool any = false;
    for (size_t k = 0; k < WORLD_KEYS; k++) {
        const struct world_row *row = &w->sites[region].places[k].row;
        if (!row->there)
            continue;
        buf_printf(out, "%s%zu (", any ? ", " : "", k + 1);
        put_row(w, row, out);
        buf_put_str(out, ")");
        any = true;
    }
    if (!any)
        buf_put_str(out, "nothing");
}

void world_put_history(const struct world *w, struct buf *out)
{
    buf_put_span(out, buf_span(&w->history));
    for (size_t r = 0; r < w->setting.region_count; r++) {
        buf_printf(out, "; %s ends with ", w->setting.regions[r]);
        world_put_rows(w, r, out);
    }
}

bool world_waits_for_operator(const struct world *w)
{
    return w->waits;
}

bool world_counter(const struct world *w, size_t region, size_t key, int64_t *value)
{
    const struct world_row *row = &w->sites[region].places[key].row;
    if (w->counter < 0 || !row->there)
        return false;
    *value = row->v[w->counter];
    return true;
}

int64_t world_counter_sum(const struct world *w, size_t key)
{
    return w->sums[key];
}

uint64_t world_journaled(const struct world *w)
{
    return w->journaled;
}

uint64_t world_silent_losers(const struct world *w)
{
    return w->silent_losers;
}

bool world_last_verdict(const struct world *w, enum conflict_kind *kind, enum conflict_verdict *verdict)
{
    *kind = w->kind;
    *verdict = w->verdict;
    return w->judged;
}
