/* Random histories through the schedule, held against a naive model of what may change places.
 *
 * A dice decides everything: what comes, which worker moves, how far it gets, what it finds in doubt. Workers do as
 * worker.c does: gather a group, with what cannot join it in hand as the next; bring the first few into effect; give
 * all back when the first is in doubt. The model knows of each transaction what it touches, and asks of all earlier
 * ones, one by one. */
#include <stdlib.h>
#include <time.h>

#include "applier/schedule.h"
#include "applier/touches.h"
#include "tests/unit/cmocka_all.h"

enum { HISTORY = 120, KEYS = 12, WORKERS = 4, PARTS = 3, MOST_KEYS = 3, GROUP = 6, TABLES = 3 };

/* What one fragment touches (a whole transaction is one). */
struct part_model {
    uint64_t keys[MOST_KEYS]; /* a key's table is its rest by TABLES */
    bool shared[MOST_KEYS];
    size_t count;
    uint64_t whole; /* a table that it touches as a whole, from 1; 0: none */
};

enum fate {
    NOT_HERE,
    AT_SCHEDULE,
    IN_HAND,
    IN_EFFECT,
    VOID,
};

struct txn_model {
    struct part_model parts[PARTS];
    size_t part_count;
    size_t begun; /* fragments */
    bool alone;
    bool is_void; /* whoever has it in hand does not know yet */
    enum fate fate;
    uint64_t seq;
};

struct hand {
    struct txn *group[GROUP + 1];
    size_t count;
    struct txn *next;
    struct txn *open;  /* of a big one: its newest fragment */
    struct txn *doubt; /* one that waits for its transaction's turn */
};

struct history {
    struct schedule *s;
    unsigned seed; /* of this history */
    unsigned state;
    struct txn_model txns[HISTORY + 1]; /* from 1, in the order in which they come */
    size_t come;
    uint64_t seq;
    size_t parts_come; /* of the one that is coming; 0: none is */
    struct hand hands[WORKERS];
    bool giant; /* the first one fills the index of keys */
};

static unsigned dice(struct history *h, unsigned sides)
{
    return (unsigned)rand_r(&h->state) % sides;
}

/* Each transaction carries its number in the model. */
static size_t number_of(const struct txn *t)
{
    return (size_t)t->head.commit_us;
}

/* ---- the model ---- */

static bool key_meets(const struct part_model *a, const struct part_model *b)
{
    for (size_t i = 0; i < a->count; i++)
        for (size_t k = 0; k < b->count; k++)
            if (a->keys[i] == b->keys[k] && !(a->shared[i] && b->shared[k]))
                return true;
    return false;
}

static bool whole_meets(const struct part_model *a, const struct part_model *b)
{
    for (size_t k = 0; a->whole && k < b->count; k++)
        if (b->keys[k] % TABLES + 1 == a->whole)
            return true;
    return a->whole && a->whole == b->whole;
}

static bool part_meets(const struct part_model *a, const struct part_model *b)
{
    return key_meets(a, b) || whole_meets(a, b) || whole_meets(b, a);
}

static bool meets_part(const struct txn_model *earlier, const struct part_model *p)
{
    for (size_t i = 0; i < earlier->part_count; i++)
        if (part_meets(&earlier->parts[i], p))
            return true;
    return false;
}

static bool is_before_it(const struct hand *hand, size_t n, const struct history *h, const struct txn_model *m)
{
    for (size_t i = 0; i < n; i++)
        if (&h->txns[number_of(hand->group[i])] == m)
            return true;
    return false;
}

static bool is_missing(const struct txn_model *m)
{
    return !m->is_void && (m->fate == AT_SCHEDULE || m->fate == IN_HAND);
}

/* It is about to be written, behind the first n of the worker's group: nothing may be missing that it must not pass. */
static void check_begin(const struct history *h, uint32_t worker, size_t n, const struct txn *t)
{
    size_t number = number_of(t);
    const struct txn_model *m = &h->txns[number];
    const struct part_model *p = &m->parts[m->begun];
    for (size_t e = 1; e < number; e++) {
        const struct txn_model *earlier = &h->txns[e];
        if (!is_missing(earlier) || is_before_it(&h->hands[worker], n, h, earlier))
            continue;
        bool last = m->begun + 1 == m->part_count;
        if (t->exact || (m->alone && last) || p->whole || earlier->alone || meets_part(earlier, p))
            fail_msg("transaction %zu was begun before %zu was in effect (seed %u)", number, e, h->seed);
    }
}

/* ---- what comes ---- */

static struct part_model random_part(struct history *h)
{
    struct part_model p = {.count = 1 + dice(h, MOST_KEYS)};
    for (size_t i = 0; i < p.count; i++) {
        p.keys[i] = 1 + dice(h, KEYS) + (dice(h, 2) ? 1000 * i : 0);
        p.shared[i] = dice(h, 4) == 0;
    }
    p.whole = dice(h, 30) == 0 ? 1 + dice(h, TABLES) : 0;
    return p;
}

static void add_number(uint64_t **list, size_t *count, uint64_t number)
{
    *list = realloc(*list, (*count + 1) * sizeof **list);
    (*list)[(*count)++] = number;
}

static void add_touch(struct writeset *w, uint64_t hash, bool shared)
{
    if (w->count == w->cap) {
        w->cap = w->cap ? 2 * w->cap : 8;
        w->touches = realloc(w->touches, w->cap * sizeof *w->touches);
    }
    w->touches[w->count++] = (struct touch){hash, shared};
    if (w->table_count < TABLES)
        add_number(&w->tables, &w->table_count, hash % TABLES + 1);
}

static struct writeset writeset_of(const struct part_model *p)
{
    struct writeset w = {0};
    for (size_t i = 0; i < p->count; i++)
        add_touch(&w, p->keys[i], p->shared[i]);
    if (p->whole)
        add_number(&w.whole, &w.whole_count, p->whole);
    return w;
}

static void put_part(struct history *h)
{
    struct txn_model *m = &h->txns[h->come];
    struct txn *t = txn_new();
    size_t i = h->parts_come++;
    bool last = h->parts_come == m->part_count;
    struct writeset w = writeset_of(&m->parts[i]);
    if (h->giant && h->come == 1) /* keys that nobody else has */
        for (uint64_t k = 0; k < TOUCHES_MOST - 40; k++)
            add_touch(&w, 1000000 + k, false);
    w.alone = m->alone && last; /* of a big one: only its last fragment tells */
    writeset_seal(&w);
    t->head.seq = m->seq;
    t->head.commit_us = h->come;
    t->head.flags = (uint8_t)((i == 0 ? RECORD_FIRST : 0) | (last ? RECORD_LAST : 0));
    t->row_total = 1;
    assert_int_equal(schedule_put(h->s, t, &w), 0);
    writeset_free(&w);
    m->fate = m->fate == NOT_HERE ? AT_SCHEDULE : m->fate;
    h->parts_come = last ? 0 : h->parts_come;
}

/* The fragments so far are void, and the next transaction has their seq. */
static void put_news(struct history *h)
{
    struct txn *news = txn_new();
    news->abandon = true;
    assert_int_equal(schedule_put(h->s, news, &(struct writeset){0}), 0);
    h->parts_come = 0;
    h->seq--;
    h->txns[h->come].is_void = true;
    if (h->txns[h->come].fate == AT_SCHEDULE)
        h->txns[h->come].fate = VOID;
}

static bool has_come(const struct history *h)
{
    return h->come == HISTORY && h->parts_come == 0;
}

static void come(struct history *h)
{
    if (h->parts_come > 0) {
        if (dice(h, 8) == 0)
            put_news(h);
        else
            put_part(h);
        return;
    }
    struct txn_model *m = &h->txns[++h->come];
    m->part_count = dice(h, 5) == 0 ? 2 + dice(h, PARTS - 1) : 1;
    m->alone = dice(h, 25) == 0;
    m->seq = ++h->seq;
    for (size_t i = 0; i < m->part_count; i++)
        m->parts[i] = random_part(h);
    put_part(h);
}

/* ---- what workers do ---- */

static void take(struct history *h, uint32_t worker)
{
    struct hand *hand = &h->hands[worker];
    struct txn *t = hand->count > 0 ? schedule_take_behind(h->s, worker, hand->group[hand->count - 1])
                                    : schedule_take(h->s, worker, 0);
    if (!t)
        return;
    struct txn_model *m = &h->txns[number_of(t)];
    if (m->fate != AT_SCHEDULE)
        fail_msg("transaction %zu was handed out twice (seed %u)", number_of(t), h->seed);
    m->fate = IN_HAND;
    if (t->alone || !txn_is_whole(t))
        hand->next = t;
    else
        hand->group[hand->count++] = t;
}

static void into_effect(struct history *h, uint32_t worker, size_t n)
{
    struct hand *hand = &h->hands[worker];
    for (size_t i = 0; i < n; i++)
        check_begin(h, worker, i, hand->group[i]);
    for (size_t i = 0; i < n; i++)
        h->txns[number_of(hand->group[i])].fate = IN_EFFECT;
    schedule_committed(h->s, worker, hand->group, n);
    for (size_t i = 0; i < n; i++)
        txn_free(&hand->group[i]);
    hand->count -= n;
    memmove(hand->group, hand->group + n, hand->count * sizeof(struct txn *));
}

static void give_back(struct history *h, uint32_t worker)
{
    struct hand *hand = &h->hands[worker];
    if (hand->next && txn_is_fragment(hand->next)) {
        hand->group[hand->count++] = hand->next;
        hand->next = NULL;
    }
    for (size_t i = 0; i < hand->count; i++) {
        struct txn_model *m = &h->txns[number_of(hand->group[i])];
        m->fate = AT_SCHEDULE;
        m->begun = 0;
    }
    schedule_return(h->s, worker, hand->group, hand->count);
    hand->count = 0;
}

/* Of those for which the schedule permits a verdict nothing earlier may be missing. */
static void check_verdicts(struct history *h, uint32_t worker)
{
    const struct hand *hand = &h->hands[worker];
    size_t n = dice(h, 20) == 0 ? schedule_await_order(h->s, worker, hand->group, hand->count, 0)
                                : schedule_in_order(h->s, hand->group, hand->count);
    for (size_t i = 0; i < n; i++)
        for (size_t e = 1; e < number_of(hand->group[i]); e++)
            if (is_missing(&h->txns[e]) && !is_before_it(hand, i, h, &h->txns[e]))
                fail_msg("a verdict on %zu before %zu (seed %u)", number_of(hand->group[i]), e, h->seed);
}

static void apply(struct history *h, uint32_t worker)
{
    struct hand *hand = &h->hands[worker];
    size_t n = 1 + dice(h, (unsigned)hand->count);
    check_verdicts(h, worker);
    if (hand->group[0]->exact)
        into_effect(h, worker, 1);
    else if (dice(h, 6) == 0)
        give_back(h, worker);
    else
        into_effect(h, worker, n);
}

static void write_fragment(struct history *h, uint32_t worker, struct txn *t)
{
    struct hand *hand = &h->hands[worker];
    txn_free(&hand->open);
    hand->open = t;
    h->txns[number_of(t)].begun++;
    if (!(t->head.flags & RECORD_LAST))
        return;
    h->txns[number_of(t)].fate = IN_EFFECT;
    schedule_committed(h->s, worker, &t, 1);
    txn_free(&hand->open);
}

/* Some are in doubt: these wait until nothing earlier is missing, with the transaction in hand. */
static void begin_fragment(struct history *h, uint32_t worker, struct txn *t)
{
    check_begin(h, worker, 0, t);
    if (dice(h, 3) == 0)
        h->hands[worker].doubt = t;
    else
        write_fragment(h, worker, t);
}

static void await_turn(struct history *h, uint32_t worker)
{
    struct hand *hand = &h->hands[worker];
    struct txn *t = hand->doubt;
    if (schedule_await_order(h->s, worker, &t, 1, 0) == 0)
        return;
    for (size_t e = 1; e < number_of(t); e++)
        if (is_missing(&h->txns[e]))
            fail_msg("the turn of %zu came before %zu was in effect (seed %u)", number_of(t), e, h->seed);
    hand->doubt = NULL;
    write_fragment(h, worker, t);
}

static void go_on(struct history *h, uint32_t worker)
{
    struct hand *hand = &h->hands[worker];
    struct txn *t = schedule_take_fragment(h->s, worker, 0);
    if (t && t->abandon) {
        h->txns[number_of(hand->open)].fate = VOID;
        schedule_dropped(h->s, worker);
        txn_free(&hand->open);
        txn_free(&t);
    } else if (t) {
        begin_fragment(h, worker, t);
    }
}

static void work(struct history *h, uint32_t worker)
{
    struct hand *hand = &h->hands[worker];
    struct txn *next = hand->next;
    if (hand->doubt) {
        await_turn(h, worker);
    } else if (hand->open) {
        go_on(h, worker);
    } else if (!next && hand->count < GROUP && dice(h, 3) > 0) {
        take(h, worker);
    } else if (hand->count > 0) {
        apply(h, worker);
    } else if (next) {
        hand->next = NULL;
        if (!txn_is_whole(next))
            begin_fragment(h, worker, next);
        else
            hand->group[hand->count++] = next;
    }
}

/* ---- histories ---- */

static bool is_over(const struct history *h)
{
    for (size_t i = 1; i <= HISTORY; i++)
        if (h->txns[i].fate != IN_EFFECT && h->txns[i].fate != VOID)
            return false;
    return true;
}

static void run_history(unsigned seed, bool giant)
{
    static const struct ledger_state nothing;
    const struct schedule_setup setup = {.max_bytes = 1u << 30, .workers = WORKERS, .group_rows = 4, .from = &nothing};
    struct history h = {.s = schedule_new(&setup), .seed = seed, .state = seed, .giant = giant};
    for (size_t steps = 0; !has_come(&h) || !is_over(&h); steps++) {
        if (steps > 200 * HISTORY)
            fail_msg("nobody gets anything, with %zu to do (seed %u)", schedule_items(h.s), seed);
        if (!has_come(&h) && dice(&h, 3) == 0)
            come(&h);
        work(&h, dice(&h, WORKERS));
    }
    assert_int_equal(schedule_items(h.s), 0);
    assert_int_equal(schedule_bytes(h.s), 0);
    schedule_free(&h.s);
}

static void no_history_breaks_the_order_of_a_key_or_stands_still(void **state)
{
    (void)state;
    unsigned seed = (unsigned)time(NULL);
    print_message("seed %u\n", seed);
    for (unsigned i = 0; i < 1000; i++)
        run_history(seed + i, false);
}

static void nor_does_one_beside_a_giant(void **state)
{
    (void)state;
    unsigned seed = (unsigned)time(NULL);
    print_message("seed %u\n", seed);
    for (unsigned i = 0; i < 5; i++)
        run_history(seed + i, true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_history_breaks_the_order_of_a_key_or_stands_still),
        cmocka_unit_test(nor_does_one_beside_a_giant),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
