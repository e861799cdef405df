/* The forms of pairs: one function for each kind of value; the first that knows the kinds of both decides. */
#include "reconcile/value_pair.h"

#include <string.h>

#include "common/model/charset.h"
#include "common/model/collation.h"
#include "common/model/column_type.h"
#include "common/target/convert_rules.h"

#define MOST_DIGITS 65u
#define INTEGER_DIGITS 20u

static bool both_of(const struct value pair[2], enum value_class class)
{
    return pair[0].class == class && pair[1].class == class;
}

static bool is_number(const struct value *v)
{
    return (v->class == VALUE_INTEGER && v->c->type != COLUMN_YEAR) || v->class == VALUE_DECIMAL;
}

static void set_class(struct value pair[2], enum value_class class)
{
    pair[0].class = pair[1].class = class;
}

static void set_shown(struct value pair[2], const struct column *c)
{
    pair[0].shown = pair[1].shown = c;
}

/* ---- numbers ---- */

static bool pair_integers(struct value pair[2], struct arena *a)
{
    (void)a;
    return both_of(pair, VALUE_INTEGER) && (pair[0].c->type == COLUMN_YEAR) == (pair[1].c->type == COLUMN_YEAR);
}

static unsigned scale_of(const struct value *v)
{
    return v->class == VALUE_DECIMAL ? v->c->meta & 0xffu : 0;
}

static unsigned whole_of(const struct value *v)
{
    return v->class == VALUE_DECIMAL ? (v->c->meta >> 8) - scale_of(v) : INTEGER_DIGITS;
}

static bool pair_decimals(struct value pair[2], struct arena *a)
{
    (void)a;
    if (!is_number(&pair[0]) || !is_number(&pair[1]))
        return false;
    if (both_of(pair, VALUE_DECIMAL) && pair[0].c->meta == pair[1].c->meta)
        return true;
    unsigned scale = scale_of(&pair[0]) > scale_of(&pair[1]) ? scale_of(&pair[0]) : scale_of(&pair[1]);
    unsigned whole = whole_of(&pair[0]) > whole_of(&pair[1]) ? whole_of(&pair[0]) : whole_of(&pair[1]);
    set_class(pair, VALUE_DECIMAL);
    pair[0].decimal = pair[1].decimal = (uint16_t)((whole + scale) << 8 | scale);
    return whole + scale <= MOST_DIGITS;
}

static bool pair_floats(struct value pair[2], struct arena *a)
{
    (void)a;
    if (pair[0].c->type == COLUMN_FLOAT && pair[1].c->type == COLUMN_DOUBLE)
        set_shown(pair, pair[1].c);
    else
        set_shown(pair, pair[0].c);
    return both_of(pair, VALUE_FLOAT);
}

static bool pair_bits(struct value pair[2], struct arena *a)
{
    (void)a;
    set_shown(pair, pair[pair[1].c->meta > pair[0].c->meta].c);
    return pair[0].c->type == COLUMN_BIT && pair[1].c->type == COLUMN_BIT;
}

/* ---- members ---- */

/* In the numbers of the side whose column has all members of the other's. */
static bool pair_members(struct value pair[2], struct arena *a)
{
    if (pair[0].c->type != pair[1].c->type || (pair[0].c->type != COLUMN_ENUM && pair[0].c->type != COLUMN_SET))
        return false;
    for (int from = 0; from < 2; from++) {
        struct buf why = {0};
        struct convert_pair p = convert_pair_of(pair[from].c, pair[!from].c, pair[!from].tc->form, a);
        const struct convert_rule *rule = convert_rule_for(&p, a, &why);
        buf_free(&why);
        if (!rule)
            continue;
        pair[from].members = rule->convert ? p.members : NULL;
        set_shown(pair, pair[!from].c);
        return true;
    }
    return false;
}

/* ---- times ---- */

enum family { NO_TIME, DATES, TIMES, DATETIMES, TIMESTAMPS };

static enum family family_of(const struct value *v)
{
    static const uint8_t families[256] = {
        [COLUMN_DATE] = DATES,           [COLUMN_NEWDATE] = DATES,        [COLUMN_TIME] = TIMES,
        [COLUMN_TIME2] = TIMES,          [COLUMN_DATETIME] = DATETIMES,   [COLUMN_DATETIME2] = DATETIMES,
        [COLUMN_TIMESTAMP] = TIMESTAMPS, [COLUMN_TIMESTAMP2] = TIMESTAMPS};
    return v->tc->form == READ_PLAIN ? (enum family)families[v->c->type] : NO_TIME;
}

/* What a text lacks that has `digits` of a second, or is a day, to be one with `most` of them. */
static const char *suffix_of(const struct value *v, enum family other, unsigned most, struct arena *a)
{
    bool day = family_of(v) == DATES && other == DATETIMES;
    unsigned digits = v->c->meta;
    struct buf text = {0};
    if (day)
        buf_put_str(&text, " 00:00:00");
    if (most > digits && digits == 0)
        buf_put_str(&text, ".");
    for (unsigned i = digits; i < most; i++)
        buf_put_str(&text, "0");
    const char *suffix = text.len ? arena_strdup(a, buf_span(&text)) : NULL;
    buf_free(&text);
    return suffix;
}

static bool pair_times(struct value pair[2], struct arena *a)
{
    enum family x = family_of(&pair[0]), y = family_of(&pair[1]);
    bool days = (x == DATES && y == DATETIMES) || (x == DATETIMES && y == DATES);
    if (x == NO_TIME || (x != y && !days))
        return false;
    unsigned most = pair[0].c->meta > pair[1].c->meta ? pair[0].c->meta : pair[1].c->meta;
    pair[0].suffix = suffix_of(&pair[0], y, most, a);
    pair[1].suffix = suffix_of(&pair[1], x, most, a);
    return true;
}

/* ---- UUID and addresses ---- */

static bool is_fixed(const struct value *v)
{
    enum read_form form = v->tc->form;
    return form == READ_UUID || form == READ_INET6 || form == READ_INET4;
}

static bool is_string(const struct value *v)
{
    return !is_fixed(v) && (v->class == VALUE_STRING || v->class == VALUE_LONG) &&
           column_info(v->c)->kind == KIND_STRING;
}

static bool is_text(const struct value *v)
{
    return is_string(v) && v->tc->charset;
}

static bool is_bytes(const struct value *v)
{
    return is_string(v) && !v->tc->charset;
}

/* As what a text of exactly so many characters is written by the applier that has 16, or 4, bytes. */
static enum read_form form_of_text(const struct value *text, const struct value *bytes)
{
    const struct charset *set = charset_find(text->tc->charset);
    unsigned n = set ? text->c->meta / charset_widest(set) : 0;
    if (bytes->c->type != COLUMN_STRING || column_info(text->c)->rule != CELL_STRING)
        return READ_PLAIN;
    if (bytes->c->meta == 16 && n == 36)
        return READ_UUID;
    if (bytes->c->meta == 16 && (n == 39 || n == 45))
        return READ_INET6;
    return bytes->c->meta == 4 && n == 15 ? READ_INET4 : READ_PLAIN;
}

static bool pair_fixed(struct value pair[2], struct arena *a)
{
    const struct value *x = &pair[0], *y = &pair[1];
    enum read_form form = READ_PLAIN;
    (void)a;
    if (is_fixed(x) && is_fixed(y))
        return x->tc->form == y->tc->form;
    if (is_fixed(x) || is_fixed(y))
        form = is_string(is_fixed(x) ? y : x) ? (is_fixed(x) ? x : y)->tc->form : READ_PLAIN;
    else if (is_text(x) && is_bytes(y))
        form = form_of_text(x, y);
    else if (is_bytes(x) && is_text(y))
        form = form_of_text(y, x);
    if (form == READ_PLAIN)
        return false;
    set_class(pair, VALUE_FIXED);
    pair[0].fixed = pair[1].fixed = form;
    return true;
}

/* ---- texts and bytes ---- */

static void set_long(struct value pair[2])
{
    if (pair[0].class != pair[1].class)
        set_class(pair, VALUE_LONG);
}

static bool pair_texts(struct value pair[2], struct arena *a)
{
    (void)a;
    if (!is_text(&pair[0]) || !is_text(&pair[1]))
        return false;
    pair[0].recode = pair[1].recode = strcmp(pair[0].tc->charset, pair[1].tc->charset) != 0;
    set_long(pair);
    return true;
}

static bool is_vector(const struct value *v)
{
    return v->c->type == COLUMN_VECTOR;
}

static bool pair_bytes(struct value pair[2], struct arena *a)
{
    (void)a;
    if (!(is_bytes(&pair[0]) || is_vector(&pair[0])) || !(is_bytes(&pair[1]) || is_vector(&pair[1])))
        return false;
    pair[0].trim = pair[1].trim =
        pair[0].c->type == COLUMN_STRING && pair[1].c->type == COLUMN_STRING && pair[0].c->meta != pair[1].c->meta;
    set_long(pair);
    return true;
}

static bool pair_documents(struct value pair[2], struct arena *a)
{
    bool there = pair[0].c->type == COLUMN_JSON, here = pair[1].c->type == COLUMN_JSON;
    (void)a;
    if (there && here)
        return true;
    if (!(there && is_text(&pair[1])) && !(here && is_text(&pair[0])))
        return false;
    set_class(pair, VALUE_DOCUMENT);
    return true;
}

static bool pair_geometries(struct value pair[2], struct arena *a)
{
    (void)a;
    return both_of(pair, VALUE_GEOMETRY);
}

/* ---- the choice ---- */

static void start(struct value *v)
{
    *v = (struct value){.c = v->c, .tc = v->tc, .class = value_class_of(v->c, v->tc), .shown = v->c};
}

bool value_pair(struct value pair[2], struct arena *a, struct buf *why)
{
    static bool (*const kinds[])(struct value[2], struct arena *) = {
        pair_integers, pair_decimals, pair_floats, pair_bits,      pair_members,   pair_times,
        pair_fixed,    pair_texts,    pair_bytes,  pair_documents, pair_geometries};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        start(&pair[0]);
        start(&pair[1]);
        if (kinds[i](pair, a))
            return true;
    }
    struct buf there = {0}, here = {0};
    buf_printf(why, "`%.*s`: %s at the source and %s at the target cannot be compared", SPAN_ARG(pair[0].c->name),
               column_type_text(pair[0].c, &there), column_type_text(pair[1].c, &here));
    buf_free(&there);
    buf_free(&here);
    return false;
}
