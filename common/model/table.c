/* Table definitions: sealing, the wire form, copying, finding a column. */
#include "common/model/table.h"

#include <assert.h>
#include <strings.h>

#include "common/base/hash.h"

#define MAX_NAME 256
#define MAX_MEMBERS UINT16_MAX

enum wire_flags { WIRE_UNSIGNED = 1, WIRE_NULLABLE = 2, WIRE_INVISIBLE = 4, WIRE_GENERATED = 8, WIRE_ALL = 15 };

static uint16_t count_key(const struct table_def *t)
{
    uint16_t n = 0;
    for (size_t i = 0; i < t->column_count; i++)
        n = (uint16_t)(n + (t->columns[i].key_order != COLUMN_NO_KEY));
    return n;
}

void table_def_seal(struct table_def *t, struct arena *a)
{
    t->key_count = count_key(t);
    t->key = arena_alloc(a, t->key_count * sizeof *t->key);
    memset(t->key, 0xff, t->key_count * sizeof *t->key);
    for (uint16_t i = 0; i < t->column_count; i++) {
        uint16_t order = t->columns[i].key_order;
        if (order == COLUMN_NO_KEY)
            continue;
        assert(order < t->key_count && t->key[order] == UINT16_MAX);
        t->key[order] = i;
    }
    struct buf wire = {0};
    table_def_put(t, &wire);
    t->fingerprint = hash64(buf_span(&wire), 0);
    buf_free(&wire);
}

/* Of a column: name, type, meta, flags, collation, place in the key from 1 (0: none), key prefix, subtype, members. */
static void put_column(const struct column *c, struct buf *out)
{
    buf_put_sized(out, c->name);
    buf_put_u8(out, c->type);
    buf_put_varint(out, c->meta);
    buf_put_u8(out, (uint8_t)((c->is_unsigned ? WIRE_UNSIGNED : 0) | (c->nullable ? WIRE_NULLABLE : 0) |
                              (c->invisible ? WIRE_INVISIBLE : 0) | (c->generated ? WIRE_GENERATED : 0)));
    buf_put_varint(out, c->collation);
    buf_put_varint(out, c->key_order == COLUMN_NO_KEY ? 0 : c->key_order + 1u);
    buf_put_varint(out, c->key_prefix);
    buf_put_varint(out, c->subtype);
    buf_put_varint(out, c->member_count);
    for (size_t i = 0; i < c->member_count; i++)
        buf_put_sized(out, c->members[i]);
}

void table_def_put(const struct table_def *t, struct buf *out)
{
    buf_put_sized(out, t->db);
    buf_put_sized(out, t->name);
    buf_put_varint(out, t->column_count);
    for (size_t i = 0; i < t->column_count; i++)
        put_column(&t->columns[i], out);
}

/* A number of at most `max`. */
static uint64_t read_up_to(struct bytes *r, uint64_t max)
{
    uint64_t v = bytes_varint(r);
    if (v <= max)
        return v;
    bytes_fail(r);
    return 0;
}

static struct span read_name(struct bytes *r, struct arena *a)
{
    struct span s = bytes_sized(r);
    if (s.n == 0 || s.n > MAX_NAME)
        bytes_fail(r);
    return r->bad ? (struct span){0} : arena_copy(a, s);
}

static void read_members(struct column *c, struct bytes *r, struct arena *a)
{
    uint64_t count = read_up_to(r, MAX_MEMBERS);
    if (count > bytes_left(r)) /* a byte each at least: bounds what is allocated */
        bytes_fail(r);
    if (r->bad || count == 0)
        return;
    c->members = arena_alloc(a, count * sizeof *c->members);
    c->member_count = (uint16_t)count;
    for (size_t i = 0; i < count; i++)
        c->members[i] = arena_copy(a, bytes_sized(r));
}

static void read_column(struct column *c, struct bytes *r, struct arena *a)
{
    c->name = read_name(r, a);
    c->type = bytes_u8(r);
    c->meta = (uint16_t)read_up_to(r, UINT16_MAX);
    uint8_t flags = bytes_u8(r);
    c->is_unsigned = flags & WIRE_UNSIGNED;
    c->nullable = flags & WIRE_NULLABLE;
    c->invisible = flags & WIRE_INVISIBLE;
    c->generated = flags & WIRE_GENERATED;
    c->collation = (uint16_t)read_up_to(r, UINT16_MAX);
    uint64_t order = read_up_to(r, TABLE_COLUMNS_MAX);
    c->key_order = order == 0 ? COLUMN_NO_KEY : (uint16_t)(order - 1);
    c->key_prefix = (uint16_t)read_up_to(r, UINT16_MAX);
    c->subtype = (uint16_t)read_up_to(r, UINT16_MAX);
    read_members(c, r, a);
    if ((flags & ~WIRE_ALL) || !column_valid(c))
        bytes_fail(r);
}

/* Are the places in the key 0..n-1, each once? */
static bool key_orders_hold(const struct table_def *t)
{
    uint16_t n = count_key(t);
    uint64_t seen[TABLE_COLUMNS_MAX / 64] = {0};
    for (size_t i = 0; i < t->column_count; i++) {
        uint16_t order = t->columns[i].key_order;
        if (order == COLUMN_NO_KEY)
            continue;
        if (order >= n || seen[order / 64] >> (order % 64) & 1)
            return false;
        seen[order / 64] |= (uint64_t)1 << (order % 64);
    }
    return true;
}

struct table_def *table_def_read(struct bytes *r, struct arena *a)
{
    struct table_def *t = arena_zalloc(a, sizeof *t);
    t->db = read_name(r, a);
    t->name = read_name(r, a);
    uint64_t count = read_up_to(r, TABLE_COLUMNS_MAX);
    if (count == 0 || count > bytes_left(r))
        bytes_fail(r);
    if (r->bad)
        return NULL;
    t->columns = arena_zalloc(a, count * sizeof *t->columns);
    t->column_count = (uint16_t)count;
    for (size_t i = 0; i < count && !r->bad; i++)
        read_column(&t->columns[i], r, a);
    if (r->bad || !key_orders_hold(t)) {
        bytes_fail(r);
        return NULL;
    }
    table_def_seal(t, a);
    return t;
}

struct table_def *table_def_copy(const struct table_def *t, struct arena *a)
{
    struct table_def *to = arena_alloc(a, sizeof *to);
    *to = *t;
    to->db = arena_copy(a, t->db);
    to->name = arena_copy(a, t->name);
    to->columns = arena_alloc(a, t->column_count * sizeof *to->columns);
    for (size_t i = 0; i < t->column_count; i++) {
        struct column *c = &to->columns[i];
        *c = t->columns[i];
        c->name = arena_copy(a, c->name);
        c->members = arena_alloc(a, c->member_count * sizeof *c->members);
        for (size_t k = 0; k < c->member_count; k++)
            c->members[k] = arena_copy(a, t->columns[i].members[k]);
    }
    to->key = arena_alloc(a, t->key_count * sizeof *to->key);
    if (t->key_count > 0)
        memcpy(to->key, t->key, t->key_count * sizeof *to->key);
    return to;
}

static bool same_name(struct span a, struct span b)
{
    return a.n == b.n && strncasecmp((const char *)a.p, (const char *)b.p, a.n) == 0;
}

int table_def_find(const struct table_def *t, struct span column)
{
    for (int i = 0; i < t->column_count; i++) {
        if (same_name(t->columns[i].name, column))
            return i;
    }
    return -1;
}

bool table_is_reserved(struct span db)
{
    static const char *const reserved[] = {"mysql", "sys", "performance_schema", "information_schema", "drc"};
    for (size_t i = 0; i < sizeof reserved / sizeof reserved[0]; i++) {
        if (same_name(db, span_str(reserved[i])))
            return true;
    }
    return false;
}
