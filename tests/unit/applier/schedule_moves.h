/* What tests of the schedule do with it: transactions of one row and one key, put, taken and committed. */
#ifndef DRC_TESTS_UNIT_APPLIER_SCHEDULE_MOVES_H
#define DRC_TESTS_UNIT_APPLIER_SCHEDULE_MOVES_H

#include <stdlib.h>

#include "applier/schedule.h"
#include "tests/unit/cmocka_all.h"

static const struct ledger_state nothing;

static inline struct schedule *open_schedule(uint32_t workers)
{
    const struct schedule_setup setup = {
        .max_bytes = 1u << 20, .workers = workers, .group_rows = 1000, .from = &nothing};
    return schedule_new(&setup);
}

static inline void touch_key(struct writeset *w, uint64_t hash, bool shared)
{
    w->touches = realloc(w->touches, (w->count + 1) * sizeof *w->touches);
    w->touches[w->count++] = (struct touch){hash, shared};
    w->tables = realloc(w->tables, sizeof *w->tables);
    w->tables[0] = 1;
    w->table_count = 1;
}

static inline struct txn *make(uint64_t seq, unsigned flags)
{
    struct txn *t = txn_new();
    t->head.seq = seq;
    t->head.flags = (uint8_t)flags;
    t->row_total = 1;
    return t;
}

#define WHOLE (RECORD_FIRST | RECORD_LAST)

static inline void put_part(struct schedule *s, uint64_t seq, unsigned flags, uint64_t key)
{
    struct writeset w = {0};
    if (key)
        touch_key(&w, key, false);
    assert_int_equal(schedule_put(s, make(seq, flags), &w), 0);
    writeset_free(&w);
}

static inline void put(struct schedule *s, uint64_t seq, uint64_t key)
{
    put_part(s, seq, WHOLE, key);
}

/* Its seq; 0: nothing. */
static inline struct txn *take(struct schedule *s, uint32_t worker)
{
    return schedule_take(s, worker, 0);
}

static inline void commit(struct schedule *s, uint32_t worker, struct txn *t)
{
    schedule_committed(s, worker, &t, 1);
    txn_free(&t);
}

static inline uint64_t take_and_commit(struct schedule *s, uint32_t worker)
{
    struct txn *t = take(s, worker);
    uint64_t seq = t ? t->head.seq : 0;
    if (t)
        commit(s, worker, t);
    return seq;
}

static inline void put_long(struct schedule *s, uint64_t seq, uint64_t key)
{
    struct writeset w = {0};
    struct txn *t = make(seq, WHOLE);
    touch_key(&w, key, false);
    t->row_total = 5000;
    assert_int_equal(schedule_put(s, t, &w), 0);
    writeset_free(&w);
}

#endif
