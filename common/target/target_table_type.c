/* From information_schema's words for a column to the type and meta that its cells have in a binlog. */
#include "common/target/target_table_type.h"

#include <stdlib.h>
#include <string.h>

enum meta_rule { META_FIXED, META_BYTES, META_DECIMAL, META_FRACTION, META_BITS, META_ENUM, META_SET };

struct type_rule {
    const char *data_type;
    uint8_t type;
    enum meta_rule rule;
    uint16_t meta; /* META_FIXED: the meta itself; META_BYTES: 0, from the octet length */
    enum read_form form;
};

static const struct type_rule rules[] = {
    {"tinyint",            COLUMN_TINY,       META_FIXED,    0,  READ_PLAIN },
    {"smallint",           COLUMN_SHORT,      META_FIXED,    0,  READ_PLAIN },
    {"mediumint",          COLUMN_INT24,      META_FIXED,    0,  READ_PLAIN },
    {"int",                COLUMN_LONG,       META_FIXED,    0,  READ_PLAIN },
    {"bigint",             COLUMN_LONGLONG,   META_FIXED,    0,  READ_PLAIN },
    {"decimal",            COLUMN_NEWDECIMAL, META_DECIMAL,  0,  READ_PLAIN },
    {"float",              COLUMN_FLOAT,      META_FIXED,    4,  READ_PLAIN },
    {"double",             COLUMN_DOUBLE,     META_FIXED,    8,  READ_PLAIN },
    {"bit",                COLUMN_BIT,        META_BITS,     0,  READ_PLAIN },
    {"year",               COLUMN_YEAR,       META_FIXED,    0,  READ_PLAIN },
    {"date",               COLUMN_DATE,       META_FIXED,    0,  READ_PLAIN },
    {"time",               COLUMN_TIME2,      META_FRACTION, 0,  READ_PLAIN },
    {"datetime",           COLUMN_DATETIME2,  META_FRACTION, 0,  READ_PLAIN },
    {"timestamp",          COLUMN_TIMESTAMP2, META_FRACTION, 0,  READ_PLAIN },
    {"char",               COLUMN_STRING,     META_BYTES,    0,  READ_PLAIN },
    {"binary",             COLUMN_STRING,     META_BYTES,    0,  READ_PLAIN },
    {"varchar",            COLUMN_VARCHAR,    META_BYTES,    0,  READ_PLAIN },
    {"varbinary",          COLUMN_VARCHAR,    META_BYTES,    0,  READ_PLAIN },
    {"tinytext",           COLUMN_BLOB,       META_FIXED,    1,  READ_PLAIN },
    {"tinyblob",           COLUMN_BLOB,       META_FIXED,    1,  READ_PLAIN },
    {"text",               COLUMN_BLOB,       META_FIXED,    2,  READ_PLAIN },
    {"blob",               COLUMN_BLOB,       META_FIXED,    2,  READ_PLAIN },
    {"mediumtext",         COLUMN_BLOB,       META_FIXED,    3,  READ_PLAIN },
    {"mediumblob",         COLUMN_BLOB,       META_FIXED,    3,  READ_PLAIN },
    {"longtext",           COLUMN_BLOB,       META_FIXED,    4,  READ_PLAIN },
    {"longblob",           COLUMN_BLOB,       META_FIXED,    4,  READ_PLAIN },
    {"enum",               COLUMN_ENUM,       META_ENUM,     0,  READ_NUMBER},
    {"set",                COLUMN_SET,        META_SET,      0,  READ_NUMBER},
    {"uuid",               COLUMN_STRING,     META_FIXED,    16, READ_UUID  },
    {"inet6",              COLUMN_STRING,     META_FIXED,    16, READ_INET6 },
    {"inet4",              COLUMN_STRING,     META_FIXED,    4,  READ_INET4 },
    {"json",               COLUMN_JSON,       META_FIXED,    4,  READ_PLAIN },
    {"vector",             COLUMN_VECTOR,     META_FIXED,    4,  READ_VECTOR},
    {"geometry",           COLUMN_GEOMETRY,   META_FIXED,    4,  READ_PLAIN },
    {"point",              COLUMN_GEOMETRY,   META_FIXED,    4,  READ_PLAIN },
    {"linestring",         COLUMN_GEOMETRY,   META_FIXED,    4,  READ_PLAIN },
    {"polygon",            COLUMN_GEOMETRY,   META_FIXED,    4,  READ_PLAIN },
    {"multipoint",         COLUMN_GEOMETRY,   META_FIXED,    4,  READ_PLAIN },
    {"multilinestring",    COLUMN_GEOMETRY,   META_FIXED,    4,  READ_PLAIN },
    {"multipolygon",       COLUMN_GEOMETRY,   META_FIXED,    4,  READ_PLAIN },
    {"geometrycollection", COLUMN_GEOMETRY,   META_FIXED,    4,  READ_PLAIN },
    {"geomcollection",     COLUMN_GEOMETRY,   META_FIXED,    4,  READ_PLAIN },
};

static bool says(struct span text, const char *word)
{
    return text.n > 0 && memmem(text.p, text.n, word, strlen(word)) != NULL;
}

/* One escaped character inside the quotes of a member, as the server writes it under an empty sql_mode. */
static uint8_t unescape(uint8_t c)
{
    switch (c) {
    case '0':
        return 0;
    case 'n':
        return '\n';
    case 'r':
        return '\r';
    case 'Z':
        return 0x1a;
    default:
        return c;
    }
}

/* The next quoted member at or after *at into `out`; false at the end. */
static bool next_member(struct span text, size_t *at, struct buf *out)
{
    size_t i = *at;
    while (i < text.n && text.p[i] != '\'')
        i++;
    if (i == text.n)
        return false;
    buf_clear(out);
    for (i++; i < text.n; i++) {
        bool more = i + 1 < text.n;
        if (text.p[i] == '\'' && more && text.p[i + 1] == '\'')
            buf_put_u8(out, text.p[i++]);
        else if (text.p[i] == '\'')
            break;
        else if (text.p[i] == '\\' && more)
            buf_put_u8(out, unescape(text.p[++i]));
        else
            buf_put_u8(out, text.p[i]);
    }
    *at = i + 1;
    return true;
}

static void read_members(struct column *c, struct span column_type, struct arena *a)
{
    struct buf member = {0};
    size_t at = 0;
    uint16_t count = 0;
    while (next_member(column_type, &at, &member))
        count++;
    c->members = arena_zalloc(a, count * sizeof *c->members);
    for (at = 0; c->member_count < count && next_member(column_type, &at, &member);)
        c->members[c->member_count++] = arena_copy(a, buf_span(&member));
    buf_free(&member);
}

static uint16_t set_bytes(uint16_t members)
{
    uint16_t bytes = (uint16_t)((members + 7) / 8);
    return bytes > 4 ? 8 : bytes;
}

static uint16_t meta_of(struct column *c, const struct type_rule *rule, const struct type_facts *f, struct arena *a)
{
    switch (rule->rule) {
    case META_BYTES:
        return (uint16_t)f->octet_length;
    case META_DECIMAL:
        return (uint16_t)(f->precision << 8 | f->scale);
    case META_FRACTION:
        return (uint16_t)f->fraction;
    case META_BITS:
        return (uint16_t)f->precision;
    case META_ENUM:
        read_members(c, f->column_type, a);
        return c->member_count > 255 ? 2 : 1;
    case META_SET:
        read_members(c, f->column_type, a);
        return set_bytes(c->member_count);
    case META_FIXED:
        break;
    }
    return rule->meta;
}

/* Columns from before MariaDB 10.1 keep the old encodings until they are rebuilt; the server marks them. */
static void old_temporal(struct column *c, struct span column_type)
{
    if (!says(column_type, "mariadb-5.3"))
        return;
    if (c->type == COLUMN_TIME2)
        c->type = COLUMN_TIME;
    else if (c->type == COLUMN_DATETIME2)
        c->type = COLUMN_DATETIME;
    else if (c->type == COLUMN_TIMESTAMP2)
        c->type = COLUMN_TIMESTAMP;
}

/* "vector(2048)" */
static void dimensions(struct column *c, struct target_column *tc, const struct type_facts *f)
{
    const char *open = f->column_type.n > 0 ? memchr(f->column_type.p, '(', f->column_type.n) : NULL;
    if (c->type != COLUMN_VECTOR)
        return;
    if (open) /* what information_schema tells ends with a NUL */
        c->subtype = (uint16_t)strtoul(open + 1, NULL, 10);
    if (f->flavor == FLAVOR_MARIADB) { /* a VARBINARY by its cells, and by its type in a binlog */
        c->type = COLUMN_VARCHAR;
        c->meta = (uint16_t)(c->subtype * 4);
        c->collation = COLLATION_BINARY;
        tc->form = READ_PLAIN;
    }
}

static void compressed(struct column *c, struct span column_type)
{
    if (!says(column_type, " COMPRESSED"))
        return;
    if (c->type == COLUMN_BLOB) {
        c->type = COLUMN_BLOB_COMPRESSED;
    } else if (c->type == COLUMN_VARCHAR) {
        c->type = COLUMN_VARCHAR_COMPRESSED;
        c->meta++; /* its cells have a header byte */
    }
}

static const struct type_rule *rule_of(struct span data_type)
{
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        if (span_is(data_type, rules[i].data_type))
            return &rules[i];
    return NULL;
}

/* In MariaDB's words: a number, or one quoted string, which may be one of bits. NULL is "NULL". */
static bool is_constant(struct span text)
{
    size_t i = 0;
    if (text.n > 0 && memchr("bBxX", text.p[0], 4))
        i++;
    if (text.n > i + 1 && text.p[i] == '\'') {
        for (i++; i < text.n; i++) {
            bool doubled = text.p[i] == '\'' && i + 1 < text.n && text.p[i + 1] == '\'';
            if (text.p[i] == '\'' && !doubled)
                break;
            i += doubled || text.p[i] == '\\';
        }
        return i + 1 == text.n;
    }
    for (i = 0; i < text.n; i++)
        if (!memchr("0123456789.+-eE", text.p[i], 15))
            return span_is(text, "NULL");
    return text.n > 0;
}

/* Of what comes by BINLOG without a value for it, servers compute no expression, and few a stored generated column. */
static enum column_fill fill_of(const struct column *c, const struct type_facts *f)
{
    bool maria = f->flavor == FLAVOR_MARIADB;
    if (says(f->extra, "auto_increment"))
        return FILL_NONE;
    if (c->generated && f->computes_rows)
        return FILL_BY_ROWS;
    if (c->generated)
        return says(f->extra, "STORED GENERATED") ? FILL_BY_SQL : FILL_ALWAYS;
    if (!f->has_default)
        return c->nullable ? FILL_ALWAYS : FILL_NONE;
    bool constant = maria ? is_constant(f->default_text) : !says(f->extra, "DEFAULT_GENERATED");
    return constant ? FILL_ALWAYS : FILL_BY_SQL;
}

bool target_type_of(struct column *c, struct target_column *tc, const struct type_facts *f, struct arena *a)
{
    const struct type_rule *rule = rule_of(f->data_type);
    if (!rule)
        return false;
    c->type = rule->type;
    c->meta = meta_of(c, rule, f, a);
    c->is_unsigned = says(f->column_type, "unsigned") || c->type == COLUMN_YEAR;
    tc->padded = says(f->column_type, "zerofill") || c->type == COLUMN_YEAR;
    tc->form = rule->form;
    tc->fill = fill_of(c, f);
    old_temporal(c, f->column_type);
    compressed(c, f->column_type);
    dimensions(c, tc, f);
    if (f->charset.n > 0) {
        tc->charset = arena_strdup(a, f->charset);
        c->collation = (uint16_t)f->collation;
    } else if (c->type == COLUMN_STRING || c->type == COLUMN_VARCHAR || c->type == COLUMN_BLOB ||
               c->type == COLUMN_BLOB_COMPRESSED || c->type == COLUMN_VARCHAR_COMPRESSED || c->type == COLUMN_VECTOR) {
        c->collation = COLLATION_BINARY;
    }
    return true;
}
