/* Which of two cells comes first, as the server would say. */
#include "common/model/cell.h"
#include "common/model/column_type.h"

static int order_u64(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

static int order_bytes(struct span a, struct span b)
{
    size_t n = a.n < b.n ? a.n : b.n;
    int c = n > 0 ? memcmp(a.p, b.p, n) : 0;
    return c ? c : order_u64(a.n, b.n);
}

/* Little-endian of any width; signed ones are lifted so that they compare as unsigned. */
static int order_le(struct span a, struct span b, bool is_signed)
{
    struct bytes ra = bytes_of(a), rb = bytes_of(b);
    if (a.n != b.n || a.n == 0 || a.n > 8)
        return order_bytes(a, b);
    uint64_t lift = is_signed ? (uint64_t)1 << (8 * a.n - 1) : 0;
    return order_u64(bytes_le(&ra, a.n) ^ lift, bytes_le(&rb, b.n) ^ lift);
}

static int order_float(const struct column *c, struct span a, struct span b)
{
    float fa, fb;
    double da, db;
    size_t size = column_info(c)->size;
    if (a.n != size || b.n != size)
        return order_bytes(a, b);
    if (c->type == COLUMN_FLOAT) {
        memcpy(&fa, a.p, sizeof fa);
        memcpy(&fb, b.p, sizeof fb);
        return (fa > fb) - (fa < fb);
    }
    memcpy(&da, a.p, sizeof da);
    memcpy(&db, b.p, sizeof db);
    return (da > db) - (da < db);
}

/* The forms with a fraction are big-endian and offset: their bytes compare as they do. */
static int order_temporal(const struct column *c, struct span a, struct span b)
{
    if (column_info(c)->rule == CELL_FRACTION)
        return order_bytes(a, b);
    return order_le(a, b, c->type == COLUMN_TIME);
}

int cell_compare(const struct column *c, const struct cell *a, const struct cell *b)
{
    bool no_a = a->null || a->absent, no_b = b->null || b->absent;
    if (no_a || no_b)
        return (int)no_b - (int)no_a;
    switch (column_info(c)->kind) {
    case KIND_INTEGER:
        return order_le(a->data, b->data, !c->is_unsigned);
    case KIND_FLOAT:
        return order_float(c, a->data, b->data);
    case KIND_TEMPORAL:
        return order_temporal(c, a->data, b->data);
    case KIND_MEMBER:
        return order_le(a->data, b->data, false);
    case KIND_STRING:
    case KIND_JSON:
    case KIND_BYTES:
        return order_bytes(cell_payload(c, a), cell_payload(c, b));
    case KIND_DECIMAL: /* sign, then big-endian digits, negative ones complemented */
    case KIND_BIT:
    case KIND_OTHER:
        break;
    }
    return order_bytes(a->data, b->data);
}

bool cell_is_ordered(const struct column *c)
{
    enum column_kind kind = column_info(c)->kind;
    return kind == KIND_INTEGER || kind == KIND_FLOAT || kind == KIND_DECIMAL || kind == KIND_BIT ||
           kind == KIND_TEMPORAL;
}
