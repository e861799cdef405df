/* Encoding SQL values as binlog cells.
 *
 * Formats: MariaDB sql/compat56.cc (temporals), sql/field.cc (strings). */
#include "common/target/cell_encode.h"

#include "common/model/decimal.h"

/* Stored widths of ENUM and SET are in the meta, of integers in the type. */
static size_t integer_width(const struct column *c)
{
    switch (c->type) {
    case COLUMN_TINY:
    case COLUMN_YEAR:
        return 1;
    case COLUMN_SHORT:
        return 2;
    case COLUMN_INT24:
        return 3;
    case COLUMN_LONG:
        return 4;
    case COLUMN_LONGLONG:
        return 8;
    default:
        return c->meta;
    }
}

void cell_encode_integer(struct buf *out, const struct column *c, uint64_t v)
{
    if (c->type == COLUMN_YEAR)
        v = v ? v - 1900 : 0;
    buf_put_le(out, v, integer_width(c));
}

/* BINARY loses zeros at its end; from CHAR the server has taken the spaces already. */
static struct span stripped(const struct column *c, struct span v)
{
    bool bytes = c->collation == COLLATION_BINARY || c->collation == COLLATION_NONE;
    while (bytes && v.n > 0 && v.p[v.n - 1] == 0)
        v.n--;
    return v;
}

void cell_encode_bytes(struct buf *out, const struct column *c, struct span v)
{
    switch (c->type) {
    case COLUMN_BIT:
        break;
    case COLUMN_STRING:
        v = stripped(c, v);
        buf_put_le(out, v.n, c->meta > 255 ? 2 : 1);
        break;
    case COLUMN_VARCHAR:
    case COLUMN_VAR_STRING:
        buf_put_le(out, v.n, c->meta > 255 ? 2 : 1);
        break;
    case COLUMN_VARCHAR_COMPRESSED: /* a header byte of 0 says: stored as it is; nothing at all is the empty text */
        buf_put_le(out, v.n ? v.n + 1 : 0, c->meta > 255 ? 2 : 1);
        if (v.n)
            buf_put_u8(out, 0);
        break;
    case COLUMN_BLOB_COMPRESSED:
        buf_put_le(out, v.n ? v.n + 1 : 0, c->meta);
        if (v.n)
            buf_put_u8(out, 0);
        break;
    default:
        buf_put_le(out, v.n, c->meta);
        break;
    }
    buf_put_span(out, v);
}

/* Days from 1970-01-01 of a Gregorian date. */
static int64_t days_of(int64_t y, unsigned m, unsigned d)
{
    y -= m <= 2;
    int64_t era = y / 400;
    unsigned yoe = (unsigned)(y - era * 400);
    unsigned doy = (153 * (m + (m > 2 ? -3u : 9u)) + 2) / 5 + d - 1;
    unsigned doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
    return era * 146097 + (int64_t)doe - 719468;
}

static uint32_t unix_seconds(const struct cell_time *t)
{
    if (t->year == 0) /* the zero timestamp */
        return 0;
    int64_t days = days_of(t->year, t->month, t->day);
    return (uint32_t)(days * 86400 + t->hour * 3600 + t->minute * 60 + t->second);
}

/* Bytes and value of the fraction at fsp digits: 0, 1, 2 or 3 bytes of hundredths, ten-thousandths, microseconds. */
static size_t fraction_bytes(unsigned fsp)
{
    return (fsp + 1) / 2;
}

static uint32_t fraction_value(unsigned fsp, uint32_t microsecond)
{
    static const uint32_t unit[] = {1000000, 10000, 10000, 100, 100, 1, 1};
    return microsecond / unit[fsp];
}

static void put_datetime2(struct buf *out, unsigned fsp, const struct cell_time *t)
{
    uint64_t ymd = (uint64_t)(t->year * 13 + t->month) << 5 | t->day;
    uint64_t hms = (uint64_t)t->hour << 12 | t->minute << 6 | t->second;
    buf_put_be(out, (ymd << 17 | hms) + 0x8000000000u, 5);
    buf_put_be(out, fraction_value(fsp, t->microsecond), fraction_bytes(fsp));
}

/* One signed number of integer and fraction part, offset so that bytes order as values do. */
static void put_time2(struct buf *out, unsigned fsp, const struct cell_time *t)
{
    unsigned bits = 8 * (unsigned)fraction_bytes(fsp);
    int64_t packed = (int64_t)(t->hour << 12 | t->minute << 6 | t->second);
    packed = packed * ((int64_t)1 << bits) + fraction_value(fsp, t->microsecond);
    if (t->negative)
        packed = -packed;
    buf_put_be(out, (uint64_t)(packed + ((int64_t)0x800000 << bits)), 3 + fraction_bytes(fsp));
}

static void put_old_time(struct buf *out, const struct cell_time *t)
{
    int64_t v = (int64_t)(t->hour * 10000 + t->minute * 100 + t->second);
    buf_put_le(out, (uint64_t)(t->negative ? -v : v), 3);
}

static void put_old_datetime(struct buf *out, const struct cell_time *t)
{
    uint64_t ymd = (uint64_t)t->year * 10000 + t->month * 100 + t->day;
    buf_put_le(out, ymd * 1000000 + t->hour * 10000 + t->minute * 100 + t->second, 8);
}

void cell_encode_time(struct buf *out, const struct column *c, const struct cell_time *t)
{
    switch (c->type) {
    case COLUMN_DATE:
    case COLUMN_NEWDATE:
        buf_put_le(out, t->day | t->month << 5 | t->year << 9, 3);
        break;
    case COLUMN_DATETIME2:
        put_datetime2(out, c->meta, t);
        break;
    case COLUMN_TIME2:
        put_time2(out, c->meta, t);
        break;
    case COLUMN_TIMESTAMP2:
        buf_put_be(out, unix_seconds(t), 4);
        buf_put_be(out, fraction_value(c->meta, t->microsecond), fraction_bytes(c->meta));
        break;
    case COLUMN_TIMESTAMP:
        buf_put_le(out, unix_seconds(t), 4);
        break;
    case COLUMN_DATETIME:
        put_old_datetime(out, t);
        break;
    default:
        put_old_time(out, t);
        break;
    }
}

bool cell_encode_decimal(struct buf *out, const struct column *c, struct span text)
{
    return decimal_from_text(out, text, c->meta >> 8, c->meta & 0xff);
}
