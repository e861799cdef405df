/* Hashing a transaction's rows: all of their cells, and their shape. */
#include "common/stream/txn_hash.h"

/* What the upper bits of a shape's fingerprint are. */
#define SHAPE_MARK ((uint64_t)0x5a17 << 48)
#define SHAPE_BITS (((uint64_t)1 << 48) - 1)

void txn_hash_start(struct txn_hash *h)
{
    *h = (struct txn_hash){0};
    hash_start(&h->cells, 0);
    hash_start(&h->shape, 0);
}

static void add_head(struct hash_state *state, const struct table_def *t, enum rows_op op)
{
    uint8_t head[4] = {0xff, (uint8_t)op, (uint8_t)t->db.n, (uint8_t)t->name.n};
    hash_add(state, span_of(head, sizeof head));
    hash_add(state, t->db);
    hash_add(state, t->name);
}

static void end_run(struct txn_hash *h)
{
    if (h->run > 0)
        hash_add(&h->shape, span_of(&h->run, sizeof h->run));
    h->run = 0;
}

void txn_hash_rows(struct txn_hash *h, const struct rows *rows)
{
    if (h->table != rows->table || h->op != rows->op) {
        end_run(h);
        add_head(&h->cells, rows->table, rows->op);
        add_head(&h->shape, rows->table, rows->op);
        h->table = rows->table;
        h->op = rows->op;
    }
    hash_add(&h->cells, rows->images);
    h->run += rows->count;
    h->narrowed = h->narrowed || rows_columns(rows);
}

void txn_hash_xid(struct txn_hash *h, struct span xid)
{
    end_run(h);
    hash_add(&h->cells, xid);
    hash_add(&h->shape, xid);
}

static uint64_t shape_of(const struct txn_hash *h)
{
    struct txn_hash whole = *h;
    end_run(&whole);
    return SHAPE_MARK | (hash_end(&whole.shape) & SHAPE_BITS);
}

uint64_t txn_hash_end(const struct txn_hash *h)
{
    return h->narrowed ? shape_of(h) : hash_end(&h->cells);
}

bool txn_hash_is(const struct txn_hash *h, uint64_t fingerprint, bool surely)
{
    if (fingerprint == hash_end(&h->cells) || fingerprint == shape_of(h))
        return true;
    bool is_shape = (fingerprint & ~SHAPE_BITS) == SHAPE_MARK;
    return h->narrowed && !is_shape && !surely;
}
