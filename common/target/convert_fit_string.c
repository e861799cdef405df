/* Which texts and bytes go into which columns: lengths, character sets, JSON, UUID and addresses, VECTOR. */
#include "common/model/charset.h"
#include "common/model/collation.h"
#include "common/model/column_type.h"
#include "common/target/convert_fit.h"

#define UUID_CHARACTERS 36
#define MOST_DIMENSIONS 16383u
#define FLOAT_BYTES 4u

static bool is_string(const struct column *c)
{
    return column_info(c)->kind == KIND_STRING;
}

static bool is_bytes(const struct column *c)
{
    return is_string(c) && (c->collation == COLLATION_BINARY || c->collation == COLLATION_NONE);
}

static bool is_text(const struct column *c)
{
    return is_string(c) && !is_bytes(c);
}

/* Bytes of text, or bytes, that it can hold. */
static uint64_t capacity(const struct column *c)
{
    if (column_info(c)->rule == CELL_BLOB)
        return ((uint64_t)1 << (8 * c->meta)) - 1;
    return c->meta - (c->type == COLUMN_VARCHAR_COMPRESSED && c->meta > 0 ? 1u : 0u);
}

static const struct charset *charset_of(const struct column *c)
{
    return is_text(c) ? charset_find(collation_charset(c->collation)) : NULL;
}

/* Characters that it can hold in any case. */
static uint64_t characters(const struct column *c)
{
    const struct charset *set = charset_of(c);
    return set ? capacity(c) / charset_widest(set) : 0;
}

/* CHAR loses blanks at its end and BINARY zeros: only from each other they lose nothing. */
static bool keeps_its_end(const struct convert_pair *p)
{
    return p->form == READ_PLAIN && (p->to.type != COLUMN_STRING || p->from.type == COLUMN_STRING);
}

enum convert_fit convert_fits_text(struct convert_pair *p, struct arena *a)
{
    const char *there = collation_charset(p->from.collation), *here = collation_charset(p->to.collation);
    (void)a;
    if (!is_text(&p->from) || !is_text(&p->to) || !there || !here || strcmp(there, here) != 0)
        return CONVERT_OTHER;
    return keeps_its_end(p) && capacity(&p->to) >= capacity(&p->from) ? CONVERT_FITS : CONVERT_NARROW;
}

/* In characters where the source's column is bounded by them; TEXT is bounded by bytes, and each value is looked at. */
enum convert_fit convert_fits_charset(struct convert_pair *p, struct arena *a)
{
    const struct charset *from = charset_of(&p->from), *to = charset_of(&p->to);
    bool blob = column_info(&p->from)->rule == CELL_BLOB;
    bool into_blob = column_info(&p->to)->rule == CELL_BLOB;
    (void)a;
    if (!is_text(&p->from) || !is_text(&p->to) || (from && from == to))
        return CONVERT_OTHER;
    if (!from || !to || !charset_holds(to, from) || !keeps_its_end(p))
        return CONVERT_NARROW;
    if (blob && into_blob)
        return p->to.meta >= p->from.meta ? CONVERT_FITS : CONVERT_NARROW;
    uint64_t most = blob ? capacity(&p->from) : characters(&p->from);
    return characters(&p->to) >= most ? CONVERT_FITS : CONVERT_NARROW;
}

enum convert_fit convert_fits_bytes(struct convert_pair *p, struct arena *a)
{
    (void)a;
    if (!is_bytes(&p->from) || !is_bytes(&p->to) || p->to.subtype > 0 || p->form != READ_PLAIN)
        return CONVERT_OTHER;
    return keeps_its_end(p) && capacity(&p->to) >= capacity(&p->from) ? CONVERT_FITS : CONVERT_NARROW;
}

/* ---- JSON ---- */

enum convert_fit convert_fits_json_text(struct convert_pair *p, struct arena *a)
{
    (void)a;
    if (p->from.type != COLUMN_JSON || !is_string(&p->to))
        return CONVERT_OTHER;
    return charset_of(&p->to) ? CONVERT_FITS : CONVERT_NARROW;
}

enum convert_fit convert_fits_text_json(struct convert_pair *p, struct arena *a)
{
    (void)a;
    if (!is_string(&p->from) || p->to.type != COLUMN_JSON)
        return CONVERT_OTHER;
    return charset_of(&p->from) ? CONVERT_FITS : CONVERT_NARROW;
}

/* ---- UUID and addresses ---- */

/* No TABLE_MAP tells UUID, INET6 and INET4 from BINARY. */
static bool is_fixed(const struct column *c, unsigned bytes)
{
    return is_bytes(c) && c->type == COLUMN_STRING && c->meta == bytes;
}

enum convert_fit convert_fits_uuid_text(struct convert_pair *p, struct arena *a)
{
    (void)a;
    return is_fixed(&p->from, 16) && characters(&p->to) == UUID_CHARACTERS ? CONVERT_FITS : CONVERT_OTHER;
}

enum convert_fit convert_fits_inet_text(struct convert_pair *p, struct arena *a)
{
    uint64_t n = characters(&p->to);
    (void)a;
    bool fits = (is_fixed(&p->from, 16) && (n == 39 || n == 45)) || (is_fixed(&p->from, 4) && n == 15);
    return fits ? CONVERT_FITS : CONVERT_OTHER;
}

enum convert_fit convert_fits_text_uuid(struct convert_pair *p, struct arena *a)
{
    (void)a;
    return charset_of(&p->from) && p->form == READ_UUID ? CONVERT_FITS : CONVERT_OTHER;
}

enum convert_fit convert_fits_text_inet(struct convert_pair *p, struct arena *a)
{
    (void)a;
    return charset_of(&p->from) && (p->form == READ_INET6 || p->form == READ_INET4) ? CONVERT_FITS : CONVERT_OTHER;
}

enum convert_fit convert_fits_fixed_bytes(struct convert_pair *p, struct arena *a)
{
    bool fixed = p->form == READ_UUID || p->form == READ_INET6 || p->form == READ_INET4;
    (void)a;
    if (!fixed || !is_bytes(&p->from))
        return CONVERT_OTHER;
    bool varies = p->from.type != COLUMN_STRING; /* a shorter BINARY can never have that many bytes */
    return varies && capacity(&p->from) >= p->to.meta ? CONVERT_FITS : CONVERT_NARROW;
}

/* ---- VECTOR ---- */

enum convert_fit convert_fits_vector_bytes(struct convert_pair *p, struct arena *a)
{
    uint64_t most = FLOAT_BYTES * (p->from.subtype ? p->from.subtype : MOST_DIMENSIONS);
    (void)a;
    if (p->from.type != COLUMN_VECTOR || !is_bytes(&p->to) || p->form != READ_PLAIN || p->to.type == COLUMN_STRING)
        return CONVERT_OTHER;
    if (p->to.subtype > 0) /* MariaDB's VECTOR(n) holds n floats and no fewer */
        return p->to.subtype == p->from.subtype ? CONVERT_FITS : CONVERT_NARROW;
    return capacity(&p->to) >= most ? CONVERT_FITS : CONVERT_NARROW;
}

/* MariaDB's VECTOR is a VARBINARY to a binlog. */
enum convert_fit convert_fits_own_vector(struct convert_pair *p, struct arena *a)
{
    (void)a;
    if (p->to.type != COLUMN_VARCHAR || p->to.subtype == 0 || p->from.type != COLUMN_VARCHAR || !is_bytes(&p->from))
        return CONVERT_OTHER;
    return p->from.meta == p->to.meta ? CONVERT_FITS : CONVERT_NARROW;
}

enum convert_fit convert_fits_bytes_vector(struct convert_pair *p, struct arena *a)
{
    uint64_t most = FLOAT_BYTES * (p->to.subtype ? p->to.subtype : MOST_DIMENSIONS);
    (void)a;
    if (p->to.type != COLUMN_VECTOR || !is_bytes(&p->from) || p->from.type == COLUMN_STRING)
        return CONVERT_OTHER;
    return capacity(&p->from) <= most ? CONVERT_FITS : CONVERT_NARROW;
}
