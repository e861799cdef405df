/* Walking a table in chunks of its key.
 *
 * While both sides sum one chunk, it is known already where the next but one begins: of keys that are numbers by
 * arithmetic where they lie densely; else one side has been asked, in turn, so that neither waits for the other, and
 * finding the bounds costs both the same. Chunks of such keys are summed in parts, by one statement: of one that
 * differs, no more than the parts that do are read again. */
#include "reconcile/keyed.h"

#include "reconcile/keyed_walk.h"
#include "reconcile/number_key.h"
#include "reconcile/ready.h"
#include "reconcile/state.h"
#include "reconcile/throttle.h"

#define CHUNK_START 1000u
#define CHUNK_MIN 200u
#define CHUNK_MAX 60000u /* rows */
#define SLOTS 4u  /* chunks whose bounds are needed at once: before the oldest that is summed, to the next but one */
#define PARTS 48u /* of a chunk after one that differed: what differs comes in clusters, or is everywhere */
#define PARTS_IF_EQUAL 8u /* of one after an equal one */
#define PART_ROWS 1000u   /* at least; a part costs a server about as much as a hundred rows */

/* A statement that may be under way. */
struct ask {
    struct side_query query;
    bool pending;
};

struct chunk {
    struct plan_range range; /* `lower` is the upper end of the chunk before */
    struct plan_range parts[PARTS];
    size_t part_count;
    uint64_t about_rows;
    struct arena arena; /* of the ends in them, but for range.lower */
    struct ask sum[2];
    struct ask bound; /* its row, if there is one, is the upper end */
    int bound_side;
};

struct march {
    struct keyed_walk walk;
    struct chunk slots[SLOTS];
    struct number_key numbers;
    uint64_t chunk_rows;
    bool differed;     /* the last chunk */
    uint64_t finished; /* chunks, of this run */
    uint64_t took_ms;  /* by the last of them */
};

static struct chunk *slot(struct march *m, uint64_t number)
{
    return &m->slots[number % SLOTS];
}

/* ---- statements under way: each side gives its own back in order ---- */

static void give(struct march *m, struct ask *a, int side)
{
    a->pending = true;
    side_give(m->walk.run->scans[side], &a->query.job);
}

/* What comes back before it stays where it is until somebody asks for it. */
static int await(struct march *m, struct ask *a, int side, struct err *err)
{
    struct side *s = m->walk.run->scans[side];
    while (a->pending) {
        struct side_job *taken;
        (void)!side_take(s, &taken, NULL); /* its error is in the job */
        ((struct ask *)taken)->pending = false;
    }
    if (a->query.job.err.class == ERR_NONE)
        return 0;
    *err = a->query.job.err;
    return err_prefix(err, "%s", side_region(s));
}

static void await_all(struct march *m)
{
    struct err ignored = {0};
    for (unsigned i = 0; i < SLOTS; i++) {
        struct chunk *c = &m->slots[i];
        for (int side = 0; side < 2; side++)
            if (c->sum[side].pending)
                (void)!await(m, &c->sum[side], side, &ignored);
        if (c->bound.pending)
            (void)!await(m, &c->bound, c->bound_side, &ignored);
    }
}

static void ask_sums(struct march *m, uint64_t number)
{
    struct chunk *c = slot(m, number);
    uint64_t parts = c->about_rows / PART_ROWS, most = m->differed ? PARTS : PARTS_IF_EQUAL;
    parts = parts < 1 ? 1 : parts > most ? most : parts;
    c->part_count = number_key_cut(&m->numbers, c->parts, &c->range, parts, &c->arena);
    for (int side = 0; side < 2; side++) {
        side_query_start(&c->sum[side].query);
        plan_put_sums(m->walk.plan, side, c->parts, c->part_count, &c->sum[side].query.sql);
        give(m, &c->sum[side], side);
    }
}

static void ask_bound_of(struct march *m, struct chunk *c, int side)
{
    c->bound_side = side;
    side_query_start(&c->bound.query);
    plan_put_nth(m->walk.plan, side, &c->range, m->chunk_rows, &c->bound.query.sql);
    give(m, &c->bound, side);
}

static void ask_bound(struct march *m, uint64_t number, const struct span *lower)
{
    struct chunk *c = slot(m, number);
    struct span upper;
    arena_reset(&c->arena);
    c->range = (struct plan_range){lower, NULL};
    c->about_rows = m->chunk_rows;
    if (number_key_upper(&m->numbers, &upper, lower, m->chunk_rows, &c->arena))
        c->range.upper = memcpy(arena_alloc(&c->arena, sizeof upper), &upper, sizeof upper);
    else
        ask_bound_of(m, c, (int)(number % 2));
}

/* A side may have fewer rows left than a chunk. When both have, it is the last chunk, and open. */
static int take_bound(struct march *m, uint64_t number, struct err *err)
{
    struct chunk *c = slot(m, number);
    const struct db_rows *rows = &c->bound.query.rows;
    uint16_t n = m->walk.plan->key_count;
    if (c->range.upper)
        return 0;
    if (await(m, &c->bound, c->bound_side, err))
        return -1;
    if (rows->row_count == 0) {
        ask_bound_of(m, c, !c->bound_side);
        if (await(m, &c->bound, c->bound_side, err))
            return -1;
    }
    if (rows->row_count == 0)
        return 0;
    struct span *key = arena_alloc(&c->arena, n * sizeof *key);
    for (uint16_t i = 0; i < n; i++)
        key[i] = arena_copy(&c->arena, db_cell(rows, 0, i));
    c->range.upper = key;
    return 0;
}

/* ---- chunks ---- */

/* How far numbers go. */
static int find_last(struct march *m, struct err *err)
{
    struct side_query *q = m->walk.query;
    for (int side = 0; side < 2; side++) {
        side_query_start(&q[side]);
        plan_put_last(m->walk.plan, side, &q[side].sql);
    }
    if (side_both(m->walk.run->sides, &q[0].job, &q[1].job, err))
        return -1;
    for (int side = 0; side < 2; side++)
        if (q[side].rows.row_count > 0)
            number_key_reach(&m->numbers, db_cell(&q[side].rows, 0, 0));
    return 0;
}

/* Towards chunks that take the target time, at most twice as much or half as much at once. */
static void adapt(struct march *m, uint64_t took_ms)
{
    const struct run *run = m->walk.run;
    uint64_t n = m->chunk_rows;
    if (run->chunk_rows > 0)
        return;
    if (took_ms < run->chunk_ms / 2)
        n *= 2;
    else if (took_ms > run->chunk_ms * 3 / 2)
        n /= 2;
    m->chunk_rows = n < CHUNK_MIN ? CHUNK_MIN : n > CHUNK_MAX ? CHUNK_MAX : n;
}

/* What a successor would need to go on behind this chunk. */
static int note(struct march *m, const struct chunk *c, struct err *err)
{
    struct keyed_walk *w = &m->walk;
    const struct table_def *def = w->plan->tables[0]->def;
    for (; w->noted < w->suspects.count; w->noted++)
        state_suspect(w->run->state, w->suspects.list[w->noted].key, w->plan->key_count);
    if (!c->range.upper)
        return 0;
    return state_chunk(w->run->state, def->db, def->name, w->counts, c->range.upper, w->plan->key_count, err);
}

static struct keyed_sums whole_of(const struct keyed_sums *parts, size_t count)
{
    struct keyed_sums all = {.equal = true};
    for (size_t i = 0; i < count; i++) {
        all.rows[0] += parts[i].rows[0];
        all.rows[1] += parts[i].rows[1];
        all.equal = all.equal && parts[i].equal;
    }
    return all;
}

/* What both sides say of a chunk; and if they do not agree, which rows it is, while the next one is being summed. */
static int finish(struct march *m, uint64_t number, struct err *err)
{
    struct chunk *c = slot(m, number);
    struct keyed_walk *w = &m->walk;
    struct keyed_sums parts[PARTS];
    if (number < m->finished)
        return 0;
    if (await(m, &c->sum[0], 0, err) || await(m, &c->sum[1], 1, err))
        return -1;
    keyed_take_sums(parts, c->part_count, &c->sum[0].query, &c->sum[1].query);
    const struct keyed_sums all = whole_of(parts, c->part_count);
    uint64_t took_ms[2] = {c->sum[0].query.job.took_ms, c->sum[1].query.job.took_ms};
    w->counts->chunks++;
    if (!all.equal) {
        ready_begin(w->run);
        if (keyed_search(w, c->parts, parts, c->part_count, err) || keyed_settle(w, run_wants(w->run, w->counts), err))
            return -1;
    }
    w->counts->rows += all.rows[all.rows[1] > all.rows[0]];
    meter_show(w->run->meter, w->counts->rows, "comparing");
    adapt(m, took_ms[took_ms[1] > took_ms[0]]);
    m->took_ms = took_ms[took_ms[1] > took_ms[0]] + w->took_ms;
    w->took_ms = 0;
    number_key_learn(&m->numbers, &c->range, all.rows[all.rows[1] > all.rows[0]]);
    m->differed = !all.equal;
    m->finished = number + 1;
    if (run_wants(w->run, w->counts) == 0)
        return err_data(err, "%s", run_end_text(w->run));
    return note(m, c, err);
}

/* Let others have their turn; nothing is under way meanwhile. */
static int rest(struct march *m, uint64_t number, struct err *err)
{
    struct run *run = m->walk.run;
    if (!throttle_holds(run->throttle))
        return 0;
    if (number > 0 && finish(m, number - 1, err))
        return -1;
    await_all(m);
    throttle_wait(run->throttle, run->meter, m->walk.counts->rows, m->took_ms);
    return 0;
}

static int march(struct march *m, const struct span *from, struct err *err)
{
    ask_bound(m, 0, from);
    if (take_bound(m, 0, err))
        return -1;
    if (slot(m, 0)->range.upper) {
        if (m->numbers.usable && find_last(m, err))
            return -1;
        ask_bound(m, 1, slot(m, 0)->range.upper);
    }
    for (uint64_t n = 0;; n++) {
        const struct span *upper = slot(m, n)->range.upper;
        if (rest(m, n, err))
            return -1;
        ask_sums(m, n);
        if (n > 0 && finish(m, n - 1, err))
            return -1;
        if (!upper)
            return finish(m, n, err);
        if (take_bound(m, n + 1, err))
            return -1;
        if (slot(m, n + 1)->range.upper)
            ask_bound(m, n + 2, slot(m, n + 1)->range.upper);
    }
}

static void march_free(struct march *m)
{
    for (unsigned i = 0; i < SLOTS; i++) {
        struct chunk *c = &m->slots[i];
        arena_free(&c->arena);
        side_query_free(&c->sum[0].query);
        side_query_free(&c->sum[1].query);
        side_query_free(&c->bound.query);
    }
    keyed_walk_free(&m->walk);
}

/* Take over what a former run had seen and not settled. */
static int take_place(struct march *m, const struct state_place *place, struct err *err)
{
    uint16_t n = m->walk.plan->key_count;
    struct suspects *to = &m->walk.suspects;
    if (place->key_count != n)
        return err_data(err, "its key is another one than when the state was written: remove that file");
    for (size_t i = 0; i < place->suspects.count; i++)
        suspects_ref(to, place->suspects.list[i].id, place->suspects.list[i].key, n);
    m->walk.noted = to->count;
    return 0;
}

int keyed_compare(struct run *run, const struct plan *plan, struct table_counts *counts, struct err *err)
{
    struct march m = {
        .walk = {.run = run, .plan = plan, .counts = counts}
    };
    const struct table_def *def = plan->tables[0]->def;
    const struct state_place *place = state_place_in(run->state, def->db, def->name);
    m.chunk_rows = run->chunk_rows ? run->chunk_rows : CHUNK_START;
    number_key_make(&m.numbers, plan);
    int rc = place ? take_place(&m, place, err) : 0;
    if (rc == 0)
        rc = march(&m, place ? place->key : NULL, err);
    await_all(&m);
    if (keyed_settle(&m.walk, 1, rc ? NULL : err))
        rc = -1;
    march_free(&m);
    return rc;
}
