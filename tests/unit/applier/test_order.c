/* The watermark and what the ledger's rows say, against a naive model: whatever commits, and whenever all stops, the
 * union of the slots' rows is what is in effect. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "applier/order.h"
#include "common/base/mem.h"
#include "tests/unit/cmocka_all.h"

enum { SLOTS = 3, SEQS = 60 };

/* Stamps rise with seq in a stream; here they need not. */
static uint64_t stamp_of(uint64_t seq)
{
    return 100 + seq * 37 % 64;
}

static struct txn *make_txn(uint64_t seq)
{
    struct txn *t = txn_new();
    char text[32];
    t->head.seq = seq;
    t->head.chain = 1000 + seq;
    t->head.stamp = stamp_of(seq);
    t->head.epoch = 1;
    t->head.flags = RECORD_FIRST | RECORD_LAST;
    t->next_offset = (int64_t)(10 * seq);
    (void)snprintf(text, sizeof text, "held as of %d", (int)(seq / 7));
    t->held = arena_copy(&t->arena, span_str(text));
    return t;
}

static struct place *add(struct order *o, uint64_t seq)
{
    struct place *p = xcalloc(1, sizeof *p);
    struct txn *t = make_txn(seq);
    order_add(o, p, t);
    txn_free(&t);
    return p;
}

static void free_places(struct place *p)
{
    while (p) {
        struct place *next = p->next;
        place_free(p);
        free(p);
        p = next;
    }
}

static void close_order(struct order *o)
{
    free_places(o->first);
    order_free(o);
}

static void the_watermark_stops_before_what_is_missing(void **state)
{
    (void)state;
    struct order o;
    struct ledger_state from = {0}, row;
    struct place *p[4];
    order_init(&o, &from, SLOTS);
    for (size_t i = 1; i <= 3; i++)
        p[i] = add(&o, i);
    free_places(order_done(&o, (struct place *[]){p[2]}, 1, 0));
    assert_int_equal(o.state.seq, 0);
    assert_true(order_has(&o, 2));
    order_state(&o, &row, (struct place *[]){p[1]}, 1, 1);
    assert_int_equal(row.seq, 2); /* 1 by this commit, 2 by the other one before */
    assert_int_equal(row.chain, 1002);
    assert_int_equal(row.offset, 20);
    assert_int_equal(o.state.seq, 0);
    ledger_state_free(&row);
    order_state(&o, &row, (struct place *[]){p[3]}, 1, 2);
    assert_int_equal(row.seq, 0);
    assert_true(watermark_has(&row.done, 3));
    assert_false(watermark_has(&row.done, 2)); /* that is for another slot to say */
    ledger_state_free(&row);
    free_places(order_done(&o, (struct place *[]){p[1]}, 1, 1));
    assert_int_equal(o.state.seq, 2);
    close_order(&o);
}

static void an_act_moves_the_epoch_and_no_seq(void **state)
{
    (void)state;
    struct order o;
    struct ledger_state from = {0};
    order_init(&o, &from, 1);
    struct place *one = add(&o, 1), *act = xcalloc(1, sizeof *act);
    struct txn *t = make_txn(1);
    t->head.act = span_str("act");
    t->head.epoch = 2;
    t->head.chain = 77;
    order_add(&o, act, t);
    txn_free(&t);
    free_places(order_done(&o, &one, 1, 0));
    assert_int_equal(o.state.epoch, 1);
    free_places(order_done(&o, &act, 1, 0));
    assert_int_equal(o.state.epoch, 2);
    assert_int_equal(o.state.seq, 1);
    assert_int_equal(o.state.chain, 1001);
    close_order(&o);
}

static void a_void_place_leaves_its_sets_to_the_next(void **state)
{
    (void)state;
    struct order o;
    struct ledger_state from = {0};
    order_init(&o, &from, 1);
    struct place *gone = add(&o, 7), *next = add(&o, 7);
    assert_false(next->has_sets);
    order_remove(&o, gone);
    place_free(gone);
    free(gone);
    free_places(order_done(&o, &next, 1, 0));
    assert_true(span_is(buf_span(&o.state.held), "held as of 1"));

    gone = add(&o, 14); /* void before anything came behind it */
    order_remove(&o, gone);
    place_free(gone);
    free(gone);
    next = add(&o, 14);
    free_places(order_done(&o, &next, 1, 0));
    assert_true(span_is(buf_span(&o.state.held), "held as of 2"));
    close_order(&o);
}

/* The row that a slot wrote last. */
struct row {
    struct ledger_state state;
    bool written;
};

static void check_union(const struct row *rows, const bool *in_effect)
{
    struct watermark all = {0};
    uint64_t seq = 0, stamp = 0, greatest = 0;
    for (size_t i = 0; i < SLOTS; i++) {
        stamp = rows[i].state.stamp > stamp ? rows[i].state.stamp : stamp;
        struct buf ranges = {0};
        struct watermark back = {.low = rows[i].state.seq};
        watermark_put_ranges_above(&rows[i].state.done, rows[i].state.seq, &ranges);
        struct bytes r = bytes_of(buf_span(&ranges));
        watermark_read_ranges(&back, &r);
        assert_false(r.bad);
        watermark_union(&all, &back);
        if (rows[i].state.seq > seq)
            seq = rows[i].state.seq;
        watermark_free(&back);
        buf_free(&ranges);
        if (!rows[i].written || rows[i].state.seq == 0)
            continue;
        char held[32];
        (void)snprintf(held, sizeof held, "held as of %d", (int)(rows[i].state.seq / 7));
        assert_int_equal(rows[i].state.chain, 1000 + rows[i].state.seq);
        assert_true(span_is(buf_span(&rows[i].state.held), held));
    }
    for (uint64_t s = 1; s <= SEQS; s++)
        assert_int_equal(watermark_has(&all, s), in_effect[s]);
    for (uint64_t s = 1; s <= SEQS; s++)
        greatest = in_effect[s] && stamp_of(s) > greatest ? stamp_of(s) : greatest;
    assert_int_equal(stamp, greatest);
    assert_true(seq <= all.low);
    watermark_free(&all);
}

/* Open target transactions overlap: the row is made at BEGIN, and counts at COMMIT or never. */
static void run_history(unsigned seed)
{
    struct order o;
    struct ledger_state from = {0};
    struct row rows[SLOTS] = {0};
    struct ledger_state open_rows[SLOTS];
    struct place *open[SLOTS][4], *places[SEQS + 1] = {0};
    size_t open_count[SLOTS] = {0};
    bool in_effect[SEQS + 1] = {0}, taken[SEQS + 1] = {0};
    uint64_t put = 0;
    order_init(&o, &from, SLOTS);
    for (int step = 0; step < 600; step++) {
        size_t slot = (size_t)rand_r(&seed) % SLOTS;
        if (put < SEQS && rand_r(&seed) % 3 == 0) {
            put++;
            places[put] = add(&o, put);
        } else if (open_count[slot] == 0) {
            size_t wanted = 1 + (size_t)rand_r(&seed) % 4;
            for (uint64_t s = 1; s <= put && open_count[slot] < wanted; s++) {
                if (taken[s] || rand_r(&seed) % 3 == 0)
                    continue;
                taken[s] = true;
                open[slot][open_count[slot]++] = places[s];
            }
            if (open_count[slot] > 0)
                order_state(&o, &open_rows[slot], open[slot], open_count[slot], (uint32_t)slot);
        } else if (rand_r(&seed) % 4 == 0) { /* ROLLBACK */
            for (size_t i = 0; i < open_count[slot]; i++)
                taken[open[slot][i]->seq] = false;
            ledger_state_free(&open_rows[slot]);
            open_count[slot] = 0;
        } else {
            for (size_t i = 0; i < open_count[slot]; i++)
                in_effect[open[slot][i]->seq] = true;
            ledger_state_free(&rows[slot].state);
            rows[slot] = (struct row){open_rows[slot], true};
            free_places(order_done(&o, open[slot], open_count[slot], (uint32_t)slot));
            open_count[slot] = 0;
            check_union(rows, in_effect);
        }
    }
    for (size_t i = 0; i < SLOTS; i++) {
        if (open_count[i] > 0)
            ledger_state_free(&open_rows[i]);
        ledger_state_free(&rows[i].state);
    }
    close_order(&o);
}

static void the_union_of_the_rows_is_what_is_in_effect(void **state)
{
    (void)state;
    unsigned seed = (unsigned)time(NULL);
    print_message("seed %u\n", seed);
    for (unsigned i = 0; i < 300; i++)
        run_history(seed + i);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_watermark_stops_before_what_is_missing),
        cmocka_unit_test(an_act_moves_the_epoch_and_no_seq),
        cmocka_unit_test(a_void_place_leaves_its_sets_to_the_next),
        cmocka_unit_test(the_union_of_the_rows_is_what_is_in_effect),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
