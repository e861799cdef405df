/* The fast path: many source transactions in one target transaction.
 *
 * Rows are written in source order, and that order makes right what the source's own order made right: unique values
 * that move from row to row, swaps of them by way of a third, parents before their children, rows that refer to rows of
 * their own table, a key that is deleted and inserted again.
 *
 * Changes of one key collapse only where this cannot touch that order. An update that changes no column of any unique
 * or foreign key is nobody's business but its own row's: it is written with the change of the row before it, at that
 * one's place (insert + update: one insert; update + update: one update), or, when a delete follows, not at all. A row
 * that comes and goes inside the group is left out where no other unique key and no foreign key could have told, and
 * its absence has been read; but not where versions tell what is concurrent: there it holds its key until COMMIT. So a
 * key whose unique or foreign-key columns change twice needs no cut: both are written. Rows of tables without a primary
 * key are written as they came. */
#include <stdlib.h>

#include "applier/bury.h"
#include "applier/conflict_entry.h"
#include "applier/group.h"
#include "applier/row_walk.h"
#include "common/base/mem.h"
#include "common/target/journal.h"

#define TURN_MS 1000u /* with row locks in hand: shorter than a lock wait of whoever might wait for these */

/* One row to be written. */
struct write {
    struct span before;
    struct span after;
    const struct rows *rows; /* of the change: its flags, and which columns the images have */
    uint32_t table;
    bool plain; /* an update that changes no column of any key */
    bool keyed; /* not an update that changes its row's key */
};

/* Rows to be written, from the last exact transaction on. */
struct writes {
    struct group *g;
    struct write *list;
    size_t count;
    size_t cap;
    size_t sent; /* number of all that went before: places in key entries count from there */
    struct buf images;
};

/* ---- gathering and collapsing ---- */

static size_t add_write(struct writes *w, const struct change *c, struct span before, struct span after)
{
    if (w->count == w->cap) {
        w->cap = w->cap ? 2 * w->cap : 256;
        w->list = xreallocarray(w->list, w->cap, sizeof *w->list);
    }
    w->list[w->count++] = (struct write){
        .before = before, .after = after, .table = c->table, .rows = c->rows, .plain = c->plain, .keyed = !c->moved};
    return w->sent + w->count;
}

/* The last write of the key's row, when it has not been sent. */
static struct write *last_write(const struct writes *w, const struct key_entry *e)
{
    return e->write > w->sent ? &w->list[e->write - w->sent - 1] : NULL;
}

/* True: the change has become part of a write before it. */
static bool collapse(const struct group_table *t, const struct change *c, struct write *last, struct span *before)
{
    if (!last || last->after.n == 0 || !t->collapses)
        return false;
    if (c->after.n > 0 && c->before.n > 0) {
        if (c->plain)
            last->after = c->after;
        return c->plain;
    }
    if (last->before.n == 0 && t->cancels && !t->causal && c->key->read) { /* it came and went */
        last->after = (struct span){0};
        return true;
    }
    if (last->before.n > 0 && last->plain && last->keyed) { /* what was updated goes as it was */
        *before = last->before;
        last->before = last->after = (struct span){0};
    }
    return false;
}

static void put_clean(struct writes *w, const struct change *c)
{
    struct span before = c->before;
    if (!c->key) {
        (void)add_write(w, c, c->before, c->after);
        return;
    }
    bool gone = c->after.n == 0;
    if (c->before.n > 0 && collapse(&w->g->tables[c->table], c, last_write(w, c->key), &before)) {
        c->key->write = gone ? 0 : c->key->write;
        return;
    }
    size_t place = add_write(w, c, before, c->after);
    c->key->write = gone || c->moved ? 0 : place;
    if (c->moved)
        c->moved->write = place;
}

/* A key that stays free is held by a row that comes and goes (hold_absence in apply_exact.c). */
static void hold_absence(struct writes *w, const struct change *c)
{
    struct span row = c->after.n > 0 ? c->after : c->before;
    (void)add_write(w, c, (struct span){0}, row);
    (void)add_write(w, c, row, (struct span){0});
}

static int put_settled(struct writes *w, const struct change *c, struct err *err)
{
    struct settled row;
    int rc = group_settle(w->g, c, &row, err);
    if (rc == 1 && (row.before.n > 0 || row.after.n > 0))
        (void)add_write(w, c, row.before, row.after);
    else if (rc == 1 && !c->key->present && w->g->tables[c->table].causal)
        hold_absence(w, c);
    return rc;
}

/* ---- sending ---- */

static bool is_nothing(const struct write *row)
{
    return span_eq(row->before, row->after); /* both empty, or an update that led back */
}

static enum rows_op op_of(const struct write *row)
{
    return row->before.n == 0 ? ROWS_INSERT : row->after.n == 0 ? ROWS_DELETE : ROWS_UPDATE;
}

/* The bytes of one row change as a rows event has them; where they stand together already they are not copied. */
static struct span bytes_of_row(struct writes *w, const struct write *row)
{
    if (row->before.n == 0 || row->after.n == 0)
        return row->before.n == 0 ? row->after : row->before;
    if (row->before.p + row->before.n == row->after.p)
        return span_of(row->before.p, row->before.n + row->after.n);
    buf_clear(&w->images);
    buf_put_span(&w->images, row->before);
    buf_put_span(&w->images, row->after);
    return buf_span(&w->images);
}

/* Rows that stand side by side in the source's event go out as they stand there. */
static size_t run_length(const struct writes *w, size_t first, struct span *bytes)
{
    const struct write *row = &w->list[first];
    size_t next = first + 1;
    for (; next < w->count; next++) {
        const struct write *other = &w->list[next];
        const uint8_t *start = other->before.n > 0 ? other->before.p : other->after.p;
        bool joined =
            other->before.n == 0 || other->after.n == 0 || other->before.p + other->before.n == other->after.p;
        if (start != bytes->p + bytes->n || !joined || other->rows != row->rows || op_of(other) != op_of(row) ||
            is_nothing(other))
            break;
        bytes->n += other->before.n + other->after.n;
    }
    return next - first;
}

static int send_rows(struct writes *w, struct err *err)
{
    struct rows_writer *writer = w->g->sink->writer;
    int rc = 0;
    for (size_t i = 0, n; rc == 0 && i < w->count; i += n) {
        const struct write *row = &w->list[i];
        n = 1;
        if (is_nothing(row))
            continue;
        struct span bytes = bytes_of_row(w, row);
        if (bytes.p != w->images.data)
            n = run_length(w, i, &bytes);
        const struct target_table *target = w->g->tables[row->table].target;
        struct rows put = *row->rows;
        put.table = target->def;
        put.op = op_of(row);
        put.count = (uint32_t)n;
        put.images = bytes;
        rc = rows_writer_put(writer, target, &put, err);
    }
    w->sent += w->count;
    w->count = 0;
    return rc || rows_writer_flush(writer, err) ? -1 : 0;
}

/* A transaction in doubt, at its place: everything before it is written, nothing after it. */
static int apply_inside(struct writes *w, uint32_t txn, struct err *err)
{
    struct group *g = w->g;
    struct apply_outcome out = {0};
    if (send_rows(w, err) || group_send_journal(g, err))
        return -1;
    int rc = exact_rows(g->sink, g->txns[txn], true, &out, err);
    if (rc == 0)
        rc = group_doubt(g, txn);
    if (rc == 1)
        g->sink->counts.exact++;
    apply_outcome_free(&out);
    return rc;
}

/* What ends the row of a key leaves a tombstone, whether it is written or not. */
static int bury(struct group *g, const struct change *c, struct err *err)
{
    const struct group_table *t = &g->tables[c->table];
    bool stays = c->key && c->key->way == KEY_SETTLE && c->key->present;
    if (!g->sink->buries || !c->key || (c->after.n > 0 && !c->moved) || stays)
        return 0;
    const struct conflict_place place = {
        .sink = g->sink, .txn = g->txns[c->txn], .table = t->target->def, .rule = t->rule};
    return bury_row(&place, row_cells(t->target->def, t->plan->present, c->before, &g->arena), err);
}

/* ---- verdicts ---- */

static bool is_settled(const struct change *c)
{
    return c->key && c->key->way == KEY_SETTLE;
}

static bool is_to_be_judged(const struct group *g, const struct change *c)
{
    return g->exact[c->txn] || is_settled(c);
}

/* May the group wait for its turn as it is? What it has read is locked, so that whatever comes into effect meanwhile
 * cannot have changed it; but for rows that were not there. A big transaction's worker waits by itself. */
static bool may_wait(const struct group *g)
{
    for (size_t i = 0; i < g->change_count; i++) {
        const struct key_entry *e = g->changes[i].key;
        if (is_settled(&g->changes[i]) && e->read && !e->there)
            return false;
    }
    return txn_is_whole(g->txns[0]);
}

/* A verdict may be given inside the group when everything before its transaction is in effect, or in the group: which
 * others may be about to bring about, so that it waits a while for that. The first one of which it cannot be said is
 * doubt. 1: there is none. */
static int group_may_judge(struct group *g)
{
    size_t last = g->change_count;
    while (last > 0 && !is_to_be_judged(g, &g->changes[last - 1]))
        last--;
    if (last == 0)
        return 1;
    size_t ready = schedule_in_order(g->sink->schedule, g->txns, g->count);
    if (ready == 0 && may_wait(g))
        ready = schedule_await_order(g->sink->schedule, g->sink->slot.slot, g->txns, g->count, TURN_MS);
    for (size_t i = 0; i < last; i++) {
        const struct change *c = &g->changes[i];
        if (c->txn >= ready && is_to_be_judged(g, c)) {
            g->out->early = true;
            return group_doubt(g, c->txn);
        }
    }
    return 1;
}

/* Rows that are to be judged may be written behind all others where nothing can tell: no other unique key, no foreign
 * key. Then everything else can be written before the turn has come, which is most of the work. */
static bool settles_apart(const struct group *g)
{
    for (size_t i = 0; i < g->count; i++)
        if (g->exact[i])
            return false;
    for (size_t i = 0; i < g->change_count; i++) {
        const struct group_table *t = &g->tables[g->changes[i].table];
        if (is_settled(&g->changes[i]) && (t->bound_count > 0 || !t->cancels))
            return false;
    }
    return txn_is_whole(g->txns[0]);
}

/* ---- writing ---- */

static int write_change(struct writes *w, size_t i, struct err *err)
{
    struct group *g = w->g;
    const struct change *c = &g->changes[i];
    bool is_first = i == 0 || g->changes[i - 1].txn != c->txn;
    if (g->exact[c->txn])
        return is_first ? apply_inside(w, c->txn, err) : 1;
    int rc = 1;
    if (is_settled(c))
        rc = put_settled(w, c, err);
    else
        put_clean(w, c);
    return rc == 1 && bury(g, c, err) ? -1 : rc;
}

enum part { ALL, CLEAN, SETTLED };

static int write_part(struct writes *w, enum part part, struct err *err)
{
    int rc = 1;
    for (size_t i = 0; rc == 1 && i < w->g->change_count; i++)
        if (part == ALL || (part == SETTLED) == is_settled(&w->g->changes[i]))
            rc = write_change(w, i, err);
    return rc == 1 && send_rows(w, err) ? -1 : rc;
}

static int write_group(struct writes *w, struct err *err)
{
    bool apart = settles_apart(w->g);
    int rc = apart ? write_part(w, CLEAN, err) : 1;
    if (rc == 1)
        rc = group_may_judge(w->g);
    if (rc == 1)
        rc = write_part(w, apart ? SETTLED : ALL, err);
    return rc == 1 && group_send_journal(w->g, err) ? -1 : rc;
}

static void group_free(struct group *g)
{
    journal_batch_free(&g->journal);
    keymap_free(&g->keys);
    arena_free(&g->arena);
    buf_free(&g->scratch);
    free(g->tables);
    free(g->changes);
}

int fast_rows(struct sink *s, struct txn *const *txns, size_t count, bool careful, struct apply_outcome *out,
              struct err *err)
{
    struct group g = {.sink = s, .txns = txns, .count = count, .out = out, .careful = careful};
    struct writes w = {.g = &g};
    struct err found = {0};
    int rc = group_plan(&g, &found);
    if (rc == 1)
        rc = group_verify(&g, &found);
    if (rc == 1)
        rc = group_weigh(&g, &found);
    if (rc == 1)
        group_choose(&g);
    if (rc == 1)
        rc = write_group(&w, &found);
    if (rc == 1)
        rc = group_confirm(&g, &found);
    if (rc == 1)
        sink_add_conflicts(&s->counts, &g.conflicts);
    if (rc == -1 && found.class == ERR_DATA) /* the server refused a row, and does not say whose */
        rc = group_doubt(&g, count);
    else if (rc == -1 && err)
        *err = found;
    group_free(&g);
    free(w.list);
    buf_free(&w.images);
    return rc;
}
