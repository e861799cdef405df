/* Taking dates and times apart: one small function per packed form. */
#include "common/model/temporal.h"

#include <time.h>

#include "common/base/bytes.h"
#include "common/model/table.h"

#define MAX_FSP 6
#define TIME_OFFSET 0x800000
#define DATETIME_OFFSET 0x8000000000

static const unsigned powers[MAX_FSP + 1] = {1, 10, 100, 1000, 10000, 100000, 1000000};

static bool in_range(const struct temporal *t, unsigned max_hour)
{
    return t->year <= 9999 && t->month <= 12 && t->day <= 31 && t->hour <= max_hour && t->minute <= 59 &&
           t->second <= 59 && t->micro <= 999999;
}

/* hour:10 (TIME) or 5 (DATETIME), minute:6, second:6 */
static void split_hms(struct temporal *t, uint64_t hms)
{
    t->hour = (unsigned)(hms >> 12);
    t->minute = (unsigned)(hms >> 6) & 63;
    t->second = (unsigned)hms & 63;
}

/* year*13+month:17, day:5, hour:5, minute:6, second:6 */
static bool split_datetime(struct temporal *t, uint64_t v)
{
    uint64_t months = v >> 22;
    t->year = (unsigned)(months / 13);
    t->month = (unsigned)(months % 13);
    t->day = (unsigned)(v >> 17) & 31;
    split_hms(t, v & 0x1ffff);
    return in_range(t, 23);
}

bool temporal_from_packed_datetime(struct temporal *out, int64_t packed)
{
    *out = (struct temporal){.micro = (unsigned)(packed & 0xffffff)};
    return packed >= 0 && split_datetime(out, (uint64_t)packed >> 24);
}

bool temporal_from_packed_time(struct temporal *out, int64_t packed)
{
    uint64_t v = packed < 0 ? 0 - (uint64_t)packed : (uint64_t)packed;
    *out = (struct temporal){.negative = packed < 0, .micro = (unsigned)(v & 0xffffff)};
    if (v >> 24 >= TIME_OFFSET)
        return false;
    split_hms(out, v >> 24);
    return in_range(out, 838);
}

/* The fraction behind a value: hundredths in 1 byte, ten-thousandths in 2, microseconds in 3, big-endian. False when it
 * is out of range or has digits beyond the fsp. */
static bool read_fraction(unsigned *micro, struct bytes *r, unsigned fsp)
{
    unsigned bytes = (fsp + 1) / 2;
    uint64_t v = bytes_be(r, bytes) * powers[MAX_FSP - 2 * bytes];
    *micro = (unsigned)v;
    return v <= 999999 && v % powers[MAX_FSP - fsp] == 0;
}

static bool read_timestamp_seconds(struct temporal *t, uint64_t seconds)
{
    struct tm tm;
    time_t when = (time_t)seconds;
    if (seconds == 0)
        return t->micro == 0; /* the zero date */
    gmtime_r(&when, &tm);
    t->year = (unsigned)tm.tm_year + 1900;
    t->month = (unsigned)tm.tm_mon + 1;
    t->day = (unsigned)tm.tm_mday;
    t->hour = (unsigned)tm.tm_hour;
    t->minute = (unsigned)tm.tm_min;
    t->second = (unsigned)tm.tm_sec;
    return true;
}

static bool read_timestamp2(struct temporal *t, struct bytes *r, unsigned fsp)
{
    uint64_t seconds = bytes_be(r, 4);
    return read_fraction(&t->micro, r, fsp) && read_timestamp_seconds(t, seconds);
}

static bool read_timestamp(struct temporal *t, struct bytes *r, unsigned fsp)
{
    (void)fsp;
    return read_timestamp_seconds(t, bytes_le(r, 4));
}

static bool read_datetime2(struct temporal *t, struct bytes *r, unsigned fsp)
{
    uint64_t v = bytes_be(r, 5);
    return v >= DATETIME_OFFSET && split_datetime(t, v - DATETIME_OFFSET) && read_fraction(&t->micro, r, fsp);
}

/* Value and fraction are one number, offset so that it compares as bytes; of a negative one the fraction counts down.
 */
static bool read_time2(struct temporal *t, struct bytes *r, unsigned fsp)
{
    unsigned bytes = (fsp + 1) / 2;
    int64_t v = (int64_t)bytes_be(r, 3 + bytes) - ((int64_t)TIME_OFFSET << (8 * bytes));
    int64_t size = v < 0 ? -v : v;
    t->negative = v < 0;
    t->micro = (unsigned)(size & ((1 << (8 * bytes)) - 1)) * powers[MAX_FSP - 2 * bytes];
    split_hms(t, (uint64_t)size >> (8 * bytes));
    return t->micro % powers[MAX_FSP - fsp] == 0 && in_range(t, 838);
}

static bool read_time(struct temporal *t, struct bytes *r, unsigned fsp)
{
    (void)fsp;
    int32_t v = (int32_t)(bytes_le(r, 3) << 8) / 256; /* sign of 24 bits */
    unsigned size = (unsigned)(v < 0 ? -v : v);
    t->negative = v < 0;
    t->hour = size / 10000;
    t->minute = size / 100 % 100;
    t->second = size % 100;
    return in_range(t, 838);
}

static bool read_date(struct temporal *t, struct bytes *r, unsigned fsp)
{
    (void)fsp;
    uint64_t v = bytes_le(r, 3);
    t->day = v & 31;
    t->month = v >> 5 & 15;
    t->year = (unsigned)(v >> 9);
    return in_range(t, 0);
}

static bool read_datetime(struct temporal *t, struct bytes *r, unsigned fsp)
{
    (void)fsp;
    uint64_t v = bytes_le(r, 8);
    unsigned date = (unsigned)(v / 1000000 % 100000000), clock = (unsigned)(v % 1000000);
    t->year = date / 10000;
    t->month = date / 100 % 100;
    t->day = date % 100;
    t->hour = clock / 10000;
    t->minute = clock / 100 % 100;
    t->second = clock % 100;
    return v <= 99991231235959 && in_range(t, 23);
}

bool temporal_read(struct temporal *out, uint8_t type, unsigned fsp, struct span s)
{
    static bool (*const readers[256])(struct temporal *, struct bytes *,
                                      unsigned) = {[COLUMN_TIMESTAMP2] = read_timestamp2,
                                                   [COLUMN_TIMESTAMP] = read_timestamp,
                                                   [COLUMN_DATETIME2] = read_datetime2,
                                                   [COLUMN_DATETIME] = read_datetime,
                                                   [COLUMN_TIME2] = read_time2,
                                                   [COLUMN_TIME] = read_time,
                                                   [COLUMN_DATE] = read_date,
                                                   [COLUMN_NEWDATE] = read_date};
    struct bytes r = bytes_of(s);
    *out = (struct temporal){0};
    return readers[type] && fsp <= MAX_FSP && readers[type](out, &r, fsp) && !r.bad && bytes_left(&r) == 0;
}

void temporal_put_date(const struct temporal *t, struct buf *out)
{
    buf_printf(out, "%04u-%02u-%02u", t->year, t->month, t->day);
}

void temporal_put_time(const struct temporal *t, unsigned fsp, struct buf *out)
{
    buf_printf(out, "%s%02u:%02u:%02u", t->negative ? "-" : "", t->hour, t->minute, t->second);
    if (fsp > 0)
        buf_printf(out, ".%0*u", (int)fsp, t->micro / powers[MAX_FSP - fsp]);
}

void temporal_put_datetime(const struct temporal *t, unsigned fsp, struct buf *out)
{
    temporal_put_date(t, out);
    buf_put_u8(out, ' ');
    temporal_put_time(t, fsp, out);
}
