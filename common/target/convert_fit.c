/* Which numbers, times and members go into which columns. */
#include "common/target/convert_fit.h"

#include "common/model/charset.h"
#include "common/model/collation.h"
#include "common/model/column_type.h"

static enum column_kind kind_of(const struct column *c)
{
    return column_info(c)->kind;
}

static enum convert_fit fits_if(bool fits)
{
    return fits ? CONVERT_FITS : CONVERT_NARROW;
}

/* ---- the same cells ---- */

/* Strings whose cells differ in nothing but how long they may be. BINARY(n) loses the zeros at its end, and gets more
 * of them in a longer column, as the server itself does it. */
static bool only_longer(const struct convert_pair *p)
{
    const struct column *from = &p->from, *to = &p->to;
    struct column as_long = *from;
    bool string = column_info(from)->rule == CELL_STRING && p->form == READ_PLAIN && to->subtype == 0;
    if (!string || from->type != to->type || from->meta > to->meta || (from->meta > 255) != (to->meta > 255))
        return false;
    as_long.meta = to->meta;
    return column_same_cells(&as_long, to, NULL);
}

/* A number without a sign is the same number in a column with one, where the sign takes no bit. */
static bool only_signed(const struct convert_pair *p)
{
    struct column with_sign = p->from;
    bool apart = kind_of(&p->from) == KIND_FLOAT || kind_of(&p->from) == KIND_DECIMAL;
    with_sign.is_unsigned = false;
    return apart && !p->to.is_unsigned && column_same_cells(&with_sign, &p->to, NULL);
}

static bool only_more_dimensions(const struct convert_pair *p)
{
    const struct column *from = &p->from, *to = &p->to;
    return from->type == COLUMN_VECTOR && to->type == COLUMN_VECTOR && from->meta == to->meta && from->subtype > 0 &&
           from->subtype <= to->subtype;
}

/* MariaDB's VECTOR, in which BINLOG puts bytes of any number: convert_fits_own_vector has them counted. */
static bool is_own_vector(const struct column *c)
{
    return c->type == COLUMN_VARCHAR && c->subtype > 0;
}

enum convert_fit convert_fits_same(struct convert_pair *p, struct arena *a)
{
    (void)a;
    if (is_own_vector(&p->to))
        return CONVERT_OTHER;
    bool same =
        column_same_cells(&p->from, &p->to, NULL) || only_longer(p) || only_signed(p) || only_more_dimensions(p);
    return same ? CONVERT_FITS : CONVERT_OTHER;
}

/* ---- numbers ---- */

static unsigned integer_bits(const struct column *c)
{
    return 8u * column_info(c)->size;
}

enum convert_fit convert_fits_integer(struct convert_pair *p, struct arena *a)
{
    const struct column *from = &p->from, *to = &p->to;
    (void)a;
    if (kind_of(from) != KIND_INTEGER || kind_of(to) != KIND_INTEGER)
        return CONVERT_OTHER;
    unsigned needed = integer_bits(from) + (from->is_unsigned && !to->is_unsigned ? 1 : 0);
    return fits_if((from->is_unsigned || !to->is_unsigned) && integer_bits(to) >= needed);
}

static unsigned whole_digits(const struct column *decimal)
{
    return (decimal->meta >> 8) - (decimal->meta & 0xffu);
}

enum convert_fit convert_fits_integer_decimal(struct convert_pair *p, struct arena *a)
{
    static const uint8_t digits[9][2] = {
        [1] = {3,  3 },
          [2] = {5,  5 },
          [3] = {7,  8 },
          [4] = {10, 10},
          [8] = {19, 20}
    };
    const struct column *from = &p->from, *to = &p->to;
    (void)a;
    if (kind_of(from) != KIND_INTEGER || kind_of(to) != KIND_DECIMAL)
        return CONVERT_OTHER;
    return fits_if((from->is_unsigned || !to->is_unsigned) &&
                   whole_digits(to) >= digits[column_info(from)->size][from->is_unsigned]);
}

enum convert_fit convert_fits_float(struct convert_pair *p, struct arena *a)
{
    (void)a;
    if (kind_of(&p->from) != KIND_FLOAT || kind_of(&p->to) != KIND_FLOAT)
        return CONVERT_OTHER;
    return fits_if(p->from.type == COLUMN_FLOAT && p->to.type == COLUMN_DOUBLE &&
                   (p->from.is_unsigned || !p->to.is_unsigned));
}

enum convert_fit convert_fits_decimal(struct convert_pair *p, struct arena *a)
{
    const struct column *from = &p->from, *to = &p->to;
    (void)a;
    if (kind_of(from) != KIND_DECIMAL || kind_of(to) != KIND_DECIMAL)
        return CONVERT_OTHER;
    return fits_if((from->is_unsigned || !to->is_unsigned) && whole_digits(to) >= whole_digits(from) &&
                   (to->meta & 0xff) >= (from->meta & 0xff));
}

enum convert_fit convert_fits_bit(struct convert_pair *p, struct arena *a)
{
    (void)a;
    if (p->from.type != COLUMN_BIT || p->to.type != COLUMN_BIT)
        return CONVERT_OTHER;
    return fits_if(p->to.meta >= p->from.meta);
}

/* ---- times ---- */

enum family { NO_TIME, TIMES, DATETIMES, TIMESTAMPS };

static enum family family_of(const struct column *c)
{
    static const uint8_t families[256] = {
        [COLUMN_TIME] = TIMES,          [COLUMN_TIME2] = TIMES,          [COLUMN_DATETIME] = DATETIMES,
        [COLUMN_DATETIME2] = DATETIMES, [COLUMN_TIMESTAMP] = TIMESTAMPS, [COLUMN_TIMESTAMP2] = TIMESTAMPS};
    return families[c->type];
}

enum convert_fit convert_fits_temporal(struct convert_pair *p, struct arena *a)
{
    (void)a;
    if (family_of(&p->from) == NO_TIME || family_of(&p->from) != family_of(&p->to))
        return CONVERT_OTHER;
    return fits_if(p->to.meta >= p->from.meta); /* of the old forms it is 0 */
}

enum convert_fit convert_fits_date(struct convert_pair *p, struct arena *a)
{
    (void)a;
    return p->from.type == COLUMN_DATE && family_of(&p->to) == DATETIMES ? CONVERT_FITS : CONVERT_OTHER;
}

/* ---- members ---- */

/* A member's text to compare by: in UTF-8, where its character set is known here; *comparable otherwise tells whether
 * the other column's has the same. */
static struct span member_text(const struct column *c, uint16_t i, struct arena *a)
{
    const struct charset *set = charset_find(collation_charset(c->collation));
    struct buf text = {0};
    struct span out = c->members[i];
    if (set && charset_convert(&text, charset_find("utf8mb4"), set, out))
        out = arena_copy(a, buf_span(&text));
    buf_free(&text);
    return out;
}

static bool members_comparable(const struct column *from, const struct column *to)
{
    const char *there = collation_charset(from->collation), *here = collation_charset(to->collation);
    return there && here && (strcmp(there, here) == 0 || (charset_find(there) && charset_find(here)));
}

/* The place of a text among the target's members, the same place first; -1: none. */
static int find_member(const struct column *to, struct span text, uint16_t place, struct arena *a)
{
    if (place < to->member_count && span_eq(member_text(to, place, a), text))
        return place;
    for (uint16_t i = 0; i < to->member_count; i++)
        if (span_eq(member_text(to, i, a), text))
            return i;
    return -1;
}

enum convert_fit convert_fits_members(struct convert_pair *p, struct arena *a)
{
    const struct column *from = &p->from, *to = &p->to;
    if (kind_of(from) != KIND_MEMBER || from->type != to->type)
        return CONVERT_OTHER;
    if (!members_comparable(from, to))
        return CONVERT_NARROW;
    uint16_t *members = arena_alloc(a, from->member_count * sizeof *members);
    for (uint16_t i = 0; i < from->member_count; i++) {
        int at = find_member(to, member_text(from, i, a), i, a);
        if (at < 0)
            return CONVERT_NARROW;
        members[i] = (uint16_t)at;
    }
    p->members = members;
    return CONVERT_FITS;
}
