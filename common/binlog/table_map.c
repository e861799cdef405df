/* TABLE_MAP events: column types by a table, then the optional metadata's fields by another. */
#include "common/binlog/table_map.h"

#include <stdio.h>

#include "common/binlog/column_meta.h"

#define TABLE_MAP_FIXED_LEN 8
#define TABLE_ID_LEN 6
#define MEMBERS_MAX 65535
#define SET_MEMBERS_MAX 64

int table_map_read(struct table_map *out, const struct event *e, const struct event_format *f, struct err *err)
{
    struct bytes r = bytes_of(e->body);
    size_t fixed = event_fixed_len(f, EVENT_TABLE_MAP, TABLE_MAP_FIXED_LEN);
    out->id = bytes_le(&r, TABLE_ID_LEN);
    out->flags = bytes_u16(&r);
    bytes_skip(&r, fixed > TABLE_MAP_FIXED_LEN ? fixed - TABLE_MAP_FIXED_LEN : 0);
    out->definition = bytes_take(&r, bytes_left(&r));
    return r.bad ? event_malformed(e, "too short", err) : 0;
}

struct builder {
    struct table_def *t;
    struct arena *arena;
    enum flavor flavor;
    bool names; /* the column names were there */
    bool key;   /* and a primary key, of which there is one */
};

/* Walk the columns of one kind, in order: start with *i = 0. */
static struct column *next_column(struct builder *b, size_t *i, bool (*is)(const struct column *c, enum flavor f))
{
    while (*i < b->t->column_count) {
        struct column *c = &b->t->columns[(*i)++];
        if (is(c, b->flavor))
            return c;
    }
    return NULL;
}

static void read_signedness(struct builder *b, struct bytes *r)
{
    size_t i = 0;
    uint8_t bits = 0;
    unsigned left = 0;
    for (struct column *c; (c = next_column(b, &i, column_meta_numeric)) && !r->bad;) {
        if (left == 0) {
            bits = bytes_u8(r);
            left = 8;
        }
        bool is_unsigned = bits >> --left & 1;
        c->is_unsigned = is_unsigned && c->type != COLUMN_YEAR; /* listed, but it has no sign to speak of */
    }
}

static uint16_t read_collation(struct bytes *r)
{
    uint64_t id = bytes_lenenc(r);
    if (id > UINT16_MAX)
        bytes_fail(r);
    return (uint16_t)id;
}

/* One collation for all, and pairs of the how-manieth column of that kind and its collation. */
static void read_default_collation(struct builder *b, struct bytes *r,
                                   bool (*is)(const struct column *c, enum flavor f))
{
    uint16_t usual = read_collation(r);
    uint64_t index = bytes_left(r) ? bytes_lenenc(r) : UINT64_MAX;
    uint64_t at = 0;
    size_t i = 0;
    for (struct column *c; (c = next_column(b, &i, is)); at++) {
        c->collation = usual;
        if (at != index)
            continue;
        c->collation = read_collation(r);
        uint64_t next = bytes_left(r) ? bytes_lenenc(r) : UINT64_MAX;
        if (next <= index)
            bytes_fail(r);
        index = next;
    }
    if (index != UINT64_MAX)
        bytes_fail(r); /* there is no such column */
}

static void read_each_collation(struct builder *b, struct bytes *r, bool (*is)(const struct column *c, enum flavor f))
{
    size_t i = 0;
    for (struct column *c; (c = next_column(b, &i, is)) && !r->bad;)
        c->collation = read_collation(r);
}

static void read_default_charset(struct builder *b, struct bytes *r)
{
    read_default_collation(b, r, column_meta_text);
}

static void read_column_charset(struct builder *b, struct bytes *r)
{
    read_each_collation(b, r, column_meta_text);
}

static void read_enum_default_charset(struct builder *b, struct bytes *r)
{
    read_default_collation(b, r, column_meta_members);
}

static void read_enum_column_charset(struct builder *b, struct bytes *r)
{
    read_each_collation(b, r, column_meta_members);
}

static struct span take_lenenc(struct bytes *r)
{
    uint64_t n = bytes_lenenc(r);
    return bytes_take(r, n <= bytes_left(r) ? (size_t)n : SIZE_MAX);
}

static void read_names(struct builder *b, struct bytes *r)
{
    for (size_t i = 0; i < b->t->column_count && !r->bad; i++) {
        struct span name = take_lenenc(r);
        if (name.n == 0 || name.n > 256)
            bytes_fail(r);
        else
            b->t->columns[i].name = arena_copy(b->arena, name);
    }
    b->names = !r->bad;
}

static void read_members(struct builder *b, struct bytes *r, uint8_t type, size_t limit)
{
    for (size_t i = 0; i < b->t->column_count && !r->bad; i++) {
        struct column *c = &b->t->columns[i];
        if (c->type != type)
            continue;
        uint64_t count = bytes_lenenc(r);
        if (count == 0 || count > limit || count > bytes_left(r)) {
            bytes_fail(r);
            break;
        }
        c->member_count = (uint16_t)count;
        c->members = arena_zalloc(b->arena, (size_t)count * sizeof *c->members);
        for (size_t m = 0; m < count; m++)
            c->members[m] = arena_copy(b->arena, take_lenenc(r));
    }
}

static void read_set_members(struct builder *b, struct bytes *r)
{
    read_members(b, r, COLUMN_SET, SET_MEMBERS_MAX);
}

static void read_enum_members(struct builder *b, struct bytes *r)
{
    read_members(b, r, COLUMN_ENUM, MEMBERS_MAX);
}

static void read_subtypes(struct builder *b, struct bytes *r, uint8_t type)
{
    for (size_t i = 0; i < b->t->column_count && !r->bad; i++) {
        if (b->t->columns[i].type != type)
            continue;
        uint64_t subtype = bytes_lenenc(r);
        if (subtype > UINT16_MAX)
            bytes_fail(r);
        b->t->columns[i].subtype = (uint16_t)subtype;
    }
}

static void read_geometry_types(struct builder *b, struct bytes *r)
{
    read_subtypes(b, r, COLUMN_GEOMETRY);
}

static void read_vector_dimensions(struct builder *b, struct bytes *r)
{
    read_subtypes(b, r, COLUMN_VECTOR);
}

static void read_key(struct builder *b, struct bytes *r, bool prefixes)
{
    if (b->key)
        bytes_fail(r);
    b->key = true;
    for (uint16_t order = 0; bytes_left(r) > 0; order++) {
        uint64_t index = bytes_lenenc(r);
        uint64_t prefix = prefixes ? bytes_lenenc(r) : 0;
        if (r->bad || index >= b->t->column_count || prefix > UINT16_MAX ||
            b->t->columns[index].key_order != COLUMN_NO_KEY) {
            bytes_fail(r);
            return;
        }
        b->t->columns[index].key_order = order;
        b->t->columns[index].key_prefix = (uint16_t)prefix;
    }
}

static void read_simple_key(struct builder *b, struct bytes *r)
{
    read_key(b, r, false);
}

static void read_prefixed_key(struct builder *b, struct bytes *r)
{
    read_key(b, r, true);
}

static void read_visibility(struct builder *b, struct bytes *r)
{
    uint8_t bits = 0;
    for (size_t i = 0; i < b->t->column_count && !r->bad; i++) {
        if (i % 8 == 0)
            bits = bytes_u8(r);
        b->t->columns[i].invisible = !(bits >> (7 - i % 8) & 1);
    }
}

/* Fields of the optional metadata by number; one that is not here is passed over. */
static void (*const fields[])(struct builder *b, struct bytes *r) = {
    [1] = read_signedness,
    [2] = read_default_charset,
    [3] = read_column_charset,
    [4] = read_names,
    [5] = read_set_members,
    [6] = read_enum_members,
    [7] = read_geometry_types,
    [8] = read_simple_key,
    [9] = read_prefixed_key,
    [10] = read_enum_default_charset,
    [11] = read_enum_column_charset,
    [12] = read_visibility,
    [TABLE_MAP_VECTOR_DIMENSIONS] = read_vector_dimensions,
};
#define FIELD_COUNT (sizeof fields / sizeof fields[0])

static bool read_optional(struct builder *b, struct bytes *r)
{
    while (bytes_left(r) > 0) {
        uint8_t type = bytes_u8(r);
        struct bytes value = bytes_of(take_lenenc(r));
        if (type < FIELD_COUNT && fields[type] && !r->bad)
            fields[type](b, &value);
        if (value.bad)
            bytes_fail(r);
    }
    return !r->bad;
}

/* Names end with a NUL that their length does not count. */
static struct span take_name(struct bytes *r, struct arena *a)
{
    size_t n = bytes_u8(r);
    struct span s = bytes_take(r, n);
    if (bytes_u8(r) != 0)
        bytes_fail(r);
    return arena_copy(a, s);
}

/* Types, metadata and the bitmap of nullable columns. `*unknown` becomes a type that we do not know, or stays -1. */
static bool read_columns(struct table_def *t, int *unknown, struct bytes *r, struct arena *a)
{
    uint64_t count = bytes_lenenc(r);
    if (r->bad || count == 0 || count > TABLE_COLUMNS_MAX || count > bytes_left(r))
        return false;
    t->column_count = (uint16_t)count;
    t->columns = arena_zalloc(a, (size_t)count * sizeof *t->columns);
    struct span types = bytes_take(r, (size_t)count);
    struct bytes meta = bytes_of(take_lenenc(r));
    struct span nullable = bytes_take(r, ((size_t)count + 7) / 8);
    if (r->bad)
        return false;
    for (size_t i = 0; i < count; i++) {
        struct column *c = &t->columns[i];
        c->key_order = COLUMN_NO_KEY;
        c->nullable = nullable.p[i / 8] >> (i % 8) & 1;
        if (!column_meta_read(c, types.p[i], &meta)) {
            *unknown = types.p[i];
            return false;
        }
    }
    return !meta.bad && bytes_left(&meta) == 0;
}

/* What FULL metadata must have brought. */
static bool is_full(const struct builder *b)
{
    const struct table_def *t = b->t;
    bool full = b->names;
    for (size_t i = 0; i < t->column_count; i++)
        if (column_meta_members(&t->columns[i], b->flavor) && t->columns[i].member_count == 0)
            full = false;
    return full;
}

static void number_columns(struct table_def *t, struct arena *a)
{
    char name[16];
    t->nameless = true;
    for (size_t i = 0; i < t->column_count; i++) {
        snprintf(name, sizeof name, "@%zu", i + 1);
        t->columns[i].name = arena_copy(a, span_str(name));
    }
}

int table_map_lacks_names(const struct table_def *t, struct err *err)
{
    return err_stop(err, MSG_STOP_NO_COLUMN_NAMES,
                    "table %.*s.%.*s: the binlog lacks its column names; run: SET GLOBAL binlog_row_metadata=FULL",
                    SPAN_ARG(t->db), SPAN_ARG(t->name));
}

int table_map_parse_bare(struct table_def **out, struct bytes *r, struct arena *a, struct err *err)
{
    struct table_def *t = arena_zalloc(a, sizeof *t);
    int unknown = -1;
    t->db = take_name(r, a);
    t->name = take_name(r, a);
    if (r->bad)
        return err_fatal(err, EXIT_UNSAFE, "TABLE_MAP event: malformed: its table's name");
    *out = t;
    if (read_columns(t, &unknown, r, a))
        return 0;
    if (unknown < 0)
        return err_fatal(err, EXIT_UNSAFE, "TABLE_MAP event of %.*s.%.*s: malformed: its columns", SPAN_ARG(t->db),
                         SPAN_ARG(t->name));
    return err_fatal(
        err, EXIT_UNSAFE,
        "table %.*s.%.*s: a column of type %d, which this program does not know or whose metadata is malformed",
        SPAN_ARG(t->db), SPAN_ARG(t->name), unknown);
}

int table_map_parse(struct table_def **out, struct span definition, enum flavor flavor, struct arena *a,
                    struct err *err)
{
    struct bytes r = bytes_of(definition);
    struct builder b = {.arena = a, .flavor = flavor};
    if (table_map_parse_bare(&b.t, &r, a, err) < 0)
        return -1;
    if (!read_optional(&b, &r))
        return err_fatal(err, EXIT_UNSAFE, "TABLE_MAP event of %.*s.%.*s: malformed: its optional metadata",
                         SPAN_ARG(b.t->db), SPAN_ARG(b.t->name));
    if (!is_full(&b))
        number_columns(b.t, a);
    table_def_seal(b.t, a);
    *out = b.t;
    return 0;
}
