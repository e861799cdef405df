/* Cells of numbers, times and members, made those of another column. */
#include "common/model/column_type.h"
#include "common/model/temporal.h"
#include "common/target/cell_encode.h"
#include "common/target/convert_cell.h"

#define DOES_NOT_FIT "it does not fit the target's column"

static uint64_t read_integer(const struct column *c, struct span cell)
{
    struct bytes r = bytes_of(cell);
    unsigned unused = 64 - 8u * column_info(c)->size;
    uint64_t v = bytes_le(&r, column_info(c)->size) << unused;
    return c->is_unsigned ? v >> unused : (uint64_t)((int64_t)v >> unused);
}

bool convert_integer(const struct convert_pair *p, struct span cell, struct buf *out, const char **why)
{
    (void)why;
    cell_encode_integer(out, &p->to, read_integer(&p->from, cell));
    return true;
}

/* By way of its text. */
static bool put_as_decimal(const struct convert_pair *p, struct span cell, struct buf *out, const char **why)
{
    struct cell v = {.data = cell};
    struct buf text = {0};
    bool good = cell_put_text(&p->from, &v, &text) && cell_encode_decimal(out, &p->to, buf_span(&text));
    if (!good)
        *why = DOES_NOT_FIT;
    buf_free(&text);
    return good;
}

bool convert_integer_decimal(const struct convert_pair *p, struct span cell, struct buf *out, const char **why)
{
    return put_as_decimal(p, cell, out, why);
}

bool convert_decimal(const struct convert_pair *p, struct span cell, struct buf *out, const char **why)
{
    return put_as_decimal(p, cell, out, why);
}

bool convert_float(const struct convert_pair *p, struct span cell, struct buf *out, const char **why)
{
    float single;
    (void)p;
    (void)why;
    memcpy(&single, cell.p, sizeof single);
    double twice = (double)single;
    buf_put(out, &twice, sizeof twice);
    return true;
}

bool convert_bit(const struct convert_pair *p, struct span cell, struct buf *out, const char **why)
{
    struct bytes r = bytes_of(cell);
    (void)why;
    buf_put_be(out, bytes_be(&r, cell.n), (p->to.meta + 7u) / 8);
    return true;
}

bool convert_temporal(const struct convert_pair *p, struct span cell, struct buf *out, const char **why)
{
    struct temporal t;
    unsigned fsp = column_info(&p->from)->rule == CELL_FRACTION ? p->from.meta : 0;
    if (!temporal_read(&t, p->from.type, fsp, cell)) {
        *why = "it is no value of its type";
        return false;
    }
    const struct cell_time time = {.year = t.year,
                                   .month = t.month,
                                   .day = t.day,
                                   .hour = t.hour,
                                   .minute = t.minute,
                                   .second = t.second,
                                   .microsecond = t.micro,
                                   .negative = t.negative};
    cell_encode_time(out, &p->to, &time);
    return true;
}

/* ENUM: 0 is the empty error value, which has no member. SET: a bit a member. */
bool convert_members(const struct convert_pair *p, struct span cell, struct buf *out, const char **why)
{
    struct bytes r = bytes_of(cell);
    uint64_t v = bytes_le(&r, cell.n), turned = 0;
    uint16_t count = p->from.member_count;
    bool known = p->from.type == COLUMN_ENUM ? v <= count : count >= 64 || v >> count == 0;
    if (!known) {
        *why = "it is none of the source's members";
        return false;
    }
    if (p->from.type == COLUMN_ENUM)
        turned = v ? p->members[v - 1] + 1u : 0;
    for (uint16_t i = 0; p->from.type == COLUMN_SET && i < count; i++)
        turned |= (v >> i & 1) << p->members[i];
    cell_encode_integer(out, &p->to, turned);
    return true;
}
