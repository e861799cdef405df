/* local + (after - before), exactly: integers of any width, and DECIMAL digit by digit. */
#include "conflict/add.h"

#include "common/model/column_type.h"
#include "common/model/decimal.h"

#define DIGITS_MAX 65

bool cell_can_add(const struct column *c)
{
    enum column_kind kind = column_info(c)->kind;
    return kind == KIND_DECIMAL || (kind == KIND_INTEGER && c->type != COLUMN_YEAR);
}

static bool has_value(const struct cell *v)
{
    return !v->null && !v->absent;
}

/* ---- integers ---- */

static __int128 read_integer(const struct column *c, const struct cell *v)
{
    struct bytes r = bytes_of(v->data);
    size_t n = v->data.n;
    uint64_t raw = bytes_le(&r, n);
    if (c->is_unsigned)
        return raw;
    unsigned unused = 64 - 8 * (unsigned)n;
    return (int64_t)(raw << unused) >> unused;
}

static bool add_integer(struct cell *out, const struct column *c, const struct cell *const in[3], struct arena *a)
{
    size_t n = column_info(c)->size;
    for (size_t i = 0; i < 3; i++)
        if (in[i] && in[i]->data.n != n)
            return false;
    __int128 sum = read_integer(c, in[0]) + read_integer(c, in[1]) - (in[2] ? read_integer(c, in[2]) : 0);
    __int128 span = (__int128)1 << (8 * n);
    __int128 low = c->is_unsigned ? 0 : -span / 2;
    if (sum < low || sum >= low + span)
        return false;
    uint8_t *p = arena_alloc(a, n);
    uint64_t raw = (uint64_t)sum;
    for (size_t i = 0; i < n; i++)
        p[i] = (uint8_t)(raw >> (8 * i));
    *out = (struct cell){.data = span_of(p, n)};
    return true;
}

/* ---- DECIMAL ---- */

/* Add `sign` times the value's digits, the most significant first, to the sums. */
static bool add_digits(int sums[DIGITS_MAX], int sign, struct span s, unsigned precision, unsigned scale)
{
    struct buf text = {0};
    bool good = decimal_put_text(s, precision, scale, &text);
    size_t i = 0, whole = 0;
    if (good && text.len > 0 && text.data[0] == '-') {
        sign = -sign;
        i = 1;
    }
    for (size_t k = i; k < text.len && text.data[k] != '.'; k++)
        whole++;
    if (precision == scale) { /* the "0" before the point is no digit of it */
        i++;
        whole = 0;
    }
    size_t place = precision - scale - whole;
    for (; good && i < text.len; i++)
        if (text.data[i] != '.')
            sums[place++] += sign * (text.data[i] - '0');
    buf_free(&text);
    return good;
}

/* Carry, so that each digit is 0..9: the carry out of the first one. */
static int carry(int sums[DIGITS_MAX], unsigned precision)
{
    int over = 0;
    for (unsigned i = precision; i > 0; i--) {
        int v = sums[i - 1] + over;
        over = v >= 0 ? v / 10 : -((9 - v) / 10);
        sums[i - 1] = v - 10 * over;
    }
    return over;
}

/* Digits in groups of nine of four bytes, the short group first or last. */
static uint8_t *pack(uint8_t *p, const int *digits, unsigned count, bool short_first)
{
    static const uint8_t sizes[10] = {0, 1, 1, 2, 2, 3, 3, 4, 4, 4};
    unsigned rest = count % 9;
    for (unsigned done = 0, n; done < count; done += n) {
        n = rest && (short_first ? done == 0 : count - done < 9) ? rest : 9;
        uint32_t v = 0;
        for (unsigned i = 0; i < n; i++)
            v = v * 10 + (uint32_t)digits[done + i];
        for (unsigned i = sizes[n]; i > 0; i--)
            *p++ = (uint8_t)(v >> (8 * (i - 1)));
    }
    return p;
}

static bool add_decimal(struct cell *out, const struct column *c, const struct cell *const in[3], struct arena *a)
{
    static const int signs[3] = {1, 1, -1};
    unsigned precision = c->meta >> 8, scale = c->meta & 0xff;
    size_t n = decimal_size(precision, scale);
    int sums[DIGITS_MAX] = {0};
    for (size_t i = 0; i < 3; i++)
        if (in[i] && !add_digits(sums, signs[i], in[i]->data, precision, scale))
            return false;
    int over = carry(sums, precision);
    bool negative = over < 0;
    if (negative) {
        /* Tens' complement back: the digits stand for themselves minus 10^precision, times the carry. */
        for (unsigned i = 0; i < precision; i++)
            sums[i] = -sums[i];
        over = -over + carry(sums, precision);
    }
    if (over != 0)
        return false;
    uint8_t *p = arena_alloc(a, n);
    (void)pack(pack(p, sums, precision - scale, true), sums + (precision - scale), scale, false);
    p[0] ^= 0x80;
    for (size_t i = 0; negative && i < n; i++)
        p[i] = (uint8_t)~p[i];
    *out = (struct cell){.data = span_of(p, n)};
    return true;
}

bool cell_add(struct cell *out, const struct column *c, const struct cell *local, const struct cell *after,
              const struct cell *before, struct arena *a)
{
    const struct cell *const in[3] = {local, after, before};
    for (size_t i = 0; i < 3; i++)
        if (in[i] && !has_value(in[i]))
            return false;
    return column_info(c)->kind == KIND_DECIMAL ? add_decimal(out, c, in, a) : add_integer(out, c, in, a);
}
