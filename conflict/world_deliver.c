/* The small world's applier: what a transaction meets where it arrives, and what becomes of it. */
#include "conflict/world_private.h"

#include <assert.h>

/* ---- rows as cells ---- */

static const struct cell *cells_of(struct world *w, const struct world_row *row)
{
    size_t n = w->table->column_count;
    if (!row->there)
        return NULL;
    struct cell *cells = arena_zalloc(&w->arena, n * sizeof *cells);
    for (size_t i = 0; i < n; i++) {
        uint8_t *p = arena_alloc(&w->arena, 8);
        for (size_t b = 0; b < 8; b++)
            p[b] = (uint8_t)((uint64_t)row->v[i] >> (8 * b));
        cells[i].data = span_of(p, 8);
    }
    return cells;
}

static struct world_row row_of(const struct world *w, const struct cell *cells)
{
    struct world_row row = {.there = cells != NULL};
    for (size_t i = 0; cells && i < w->table->column_count; i++) {
        struct bytes r = bytes_of(cells[i].data);
        row.v[i] = (int64_t)bytes_le(&r, 8);
    }
    return row;
}

static bool same_rows(const struct world *w, const struct world_row *a, const struct world_row *b)
{
    if (a->there != b->there)
        return false;
    for (size_t i = 0; a->there && i < w->table->column_count; i++)
        if (!w->ignored[i] && a->v[i] != b->v[i])
            return false;
    return true;
}

/* ---- what a change meets ---- */

/* Everything that a case points to. */
struct meeting {
    struct conflict_case c;
    struct known_room known;
    struct known_change changes[WORLD_REGIONS];
    struct conflict_tombstone tombstone;
};

/* What an applier that takes for present what is still to come would take for the newest. */
static size_t newest_written(const struct world *w, size_t region, size_t key)
{
    for (size_t n = w->written[region]; n > 0; n--)
        for (size_t i = 0; i < w->streams[region][n - 1].count; i++)
            if (w->streams[region][n - 1].changes[i].key == key)
                return n;
    return 0;
}

static struct known_change newest_of(const struct world *w, const struct world_place *p, const struct world_txn *t,
                                     size_t region, size_t to, size_t key)
{
    bool premature = w->setting.fault == WORLD_PREMATURE && region != to;
    size_t newest = premature ? newest_written(w, region, key) : p->newest[region];
    struct known_change k = {.seq = newest, .deleted_seq = p->newest_delete[region]};
    if (newest > 0)
        k.version = w->streams[region][newest - 1].version;
    k.concurrent = newest > t->cut[region] && newest > p->outdone[t->region][region] && newest > p->ended[region];
    k.unseen_delete = k.deleted_seq > t->cut[region];
    return k;
}

/* What has been written to the key there and is not in the transaction's cut. */
static void know_versions(const struct world *w, const struct world_place *p, const struct world_txn *t, size_t to,
                          size_t key, struct meeting *m)
{
    size_t count = 0;
    for (size_t r = 0; r < w->setting.region_count; r++)
        if (r != t->region && (r == to || w->setting.fault != WORLD_BLIND))
            m->changes[count++] = newest_of(w, p, t, r, to, key);
    m->known.incoming = t->version;
    known_tell(&m->c, &m->known, m->changes, count);
}

static void meet(struct world *w, struct meeting *m, const struct world_place *p, const struct world_txn *t,
                 const struct world_change *x, size_t to)
{
    const struct policy_rule *rule = w->setting.other[to] ? w->setting.other[to] : w->setting.rule;
    *m = (struct meeting){
        .c = {.rule = rule,
              .table = w->table,
              .before = cells_of(w, &x->before),
              .incoming = cells_of(w, &x->after),
              .local = cells_of(w, &p->row),
              .from = w->setting.regions[t->region],
              .to = w->setting.regions[to],
              .buries = w->setting.buries}
    };
    if (w->setting.causal)
        know_versions(w, p, t, to, x->key, m);
    if (w->setting.causal || p->row.there || !p->tombstone.there || !w->setting.buries ||
        (w->setting.unaware && !x->before.there))
        return;
    m->tombstone.columns = cells_of(w, &p->tombstone.columns);
    m->c.tombstone = &m->tombstone;
}

/* ---- what becomes of it ---- */

/* Of two deletes the later one is remembered: by version columns where the rule has some, else by stamp. */
static bool later_delete(const struct world *w, const struct world_tombstone *old, const struct world_txn *t,
                         const struct world_row *row)
{
    const struct policy_rule *rule = w->setting.rule;
    for (size_t i = 0; i < rule->by_count; i++) {
        int k = table_def_find(w->table, span_str(rule->by[i]));
        if (row->v[k] != old->columns.v[k])
            return row->v[k] > old->columns.v[k];
    }
    return conflict_version_compare(&t->version, &old->version) > 0;
}

static void remember_delete(const struct world *w, struct world_place *p, const struct world_txn *t,
                            const struct world_row *row)
{
    struct world_tombstone *old = &p->tombstone;
    if (p->row.there || !old->there || later_delete(w, old, t, row))
        *old = (struct world_tombstone){.there = true, .version = t->version, .columns = *row};
}

static void take_effect(struct world *w, struct world_place *p, const struct world_txn *t, const struct world_change *x,
                        const struct world_row *result)
{
    if (!x->after.there && !result->there)
        remember_delete(w, p, t, &x->before);
    p->row = *result;
}

/* What is remembered of a decision. */
static void note_winner(const struct world *w, const struct meeting *m, const struct conflict_outcome *out,
                        struct world_place *p, const struct world_txn *t)
{
    for (size_t r = 0; w->setting.causal && r < w->setting.region_count; r++) {
        if (r != t->region && p->newest[r] > t->cut[r] && known_ends_others(&m->c))
            p->ended[r] = p->newest[r];
        if (r != t->region && known_outdoes(&m->c, out))
            p->outdone[t->region][r] = p->newest[r];
    }
    if (w->setting.causal && known_is_ended(&m->c, out))
        p->ended[t->region] = t->number;
}

/* 1: it had its effect; 0: it lost, and its transaction with it; -1: it waits for the operator. */
static int judge(struct world *w, struct meeting *m, struct world_place *p, const struct world_txn *t,
                 const struct world_change *x)
{
    struct conflict_outcome out;
    struct err err = {0};
    bool stopped = conflict_judge(&m->c, &out, &w->arena, &err) != 0;
    w->judged = true;
    w->kind = m->c.kind;
    w->verdict = stopped ? VERDICT_STOP : out.verdict;
    if (stopped || out.verdict == VERDICT_STOP || out.verdict == VERDICT_PARK) {
        w->waits = true;
        return -1;
    }
    struct world_row result = row_of(w, conflict_result(&m->c, &out));
    w->journaled++;
    if (out.scope == SCOPE_TRANSACTION)
        return 0;
    note_winner(w, m, &out, p, t);
    take_effect(w, p, t, x, &result);
    return 1;
}

static int apply_change(struct world *w, const struct world_txn *t, const struct world_change *x, size_t to)
{
    struct world_place *p = &w->sites[to].places[x->key];
    struct meeting m;
    meet(w, &m, p, t, x, to);
    bool expected = same_rows(w, &p->row, &x->before);
    if (conflict_meets(&m.c, expected))
        return judge(w, &m, p, t, x);
    take_effect(w, p, t, x, &x->after);
    w->silent_losers += !expected;
    return 1;
}

/* Whatever became of it: from now on it has been there. */
static void note_arrival(struct world *w, const struct world_txn *t, size_t to)
{
    struct world_site *s = &w->sites[to];
    s->in_effect[t->region] = t->number;
    if (s->stamp < t->version.stamp >> 12)
        s->stamp = t->version.stamp >> 12;
    for (size_t i = 0; i < t->count; i++) {
        struct world_place *p = &s->places[t->changes[i].key];
        p->newest[t->region] = t->number;
        if (!t->changes[i].after.there)
            p->newest_delete[t->region] = t->number;
    }
}

bool world_can_deliver(const struct world *w, size_t from, size_t to)
{
    const struct world_site *s = &w->sites[to];
    if (from == to || s->in_effect[from] == w->written[from])
        return false;
    const struct world_txn *t = &w->streams[from][s->in_effect[from]];
    bool waits = w->setting.causal && w->setting.fault != WORLD_HASTY;
    for (size_t r = 0; waits && r < w->setting.region_count; r++)
        if (r != from && r != to && t->cut[r] > s->in_effect[r])
            return false;
    return true;
}

void world_deliver(struct world *w, size_t from, size_t to)
{
    assert(world_can_deliver(w, from, to));
    struct world_site *s = &w->sites[to];
    const struct world_txn *t = &w->streams[from][s->in_effect[from]];
    const struct world_site before = *s;
    w->judged = false;
    for (size_t i = 0; i < t->count; i++) {
        if (apply_change(w, t, &t->changes[i], to) == 1)
            continue;
        *s = before;
        break;
    }
    note_arrival(w, t, to);
    world_say_delivery(w, t, to);
    arena_reset(&w->arena);
}

void world_restart(struct world *w, size_t from, size_t to)
{
    static const size_t nothing[WORLD_REGIONS];
    bool forgets = false;
    for (size_t k = 0; k < WORLD_KEYS; k++) {
        size_t *outdone = w->sites[to].places[k].outdone[from];
        forgets = forgets || memcmp(outdone, nothing, sizeof nothing) != 0;
        memset(outdone, 0, sizeof nothing);
    }
    if (forgets)
        world_say_restart(w, from, to);
}

/* ---- how it ends ---- */

bool world_is_settled(const struct world *w)
{
    for (size_t from = 0; from < w->setting.region_count; from++)
        for (size_t to = 0; to < w->setting.region_count; to++)
            if (w->sites[to].in_effect[from] != w->written[from])
                return false;
    return true;
}

bool world_is_equal(const struct world *w)
{
    for (size_t r = 1; r < w->setting.region_count; r++)
        for (size_t k = 0; k < WORLD_KEYS; k++)
            if (!same_rows(w, &w->sites[0].places[k].row, &w->sites[r].places[k].row))
                return false;
    return true;
}
