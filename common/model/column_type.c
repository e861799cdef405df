/* The table of column types, and what is told or asked about a column by it. */
#include "common/model/column_type.h"

#include <stdio.h>
#include <strings.h>

#include "common/model/collation.h"

/* clang-format off */
const struct column_type_info column_types[256] = {
    [COLUMN_TINY]       = {"tinyint",   CELL_FIXED,    1, KIND_INTEGER,  0, 0},
    [COLUMN_SHORT]      = {"smallint",  CELL_FIXED,    2, KIND_INTEGER,  0, 0},
    [COLUMN_INT24]      = {"mediumint", CELL_FIXED,    3, KIND_INTEGER,  0, 0},
    [COLUMN_LONG]       = {"int",       CELL_FIXED,    4, KIND_INTEGER,  0, 0},
    [COLUMN_LONGLONG]   = {"bigint",    CELL_FIXED,    8, KIND_INTEGER,  0, 0},
    [COLUMN_FLOAT]      = {"float",     CELL_FIXED,    4, KIND_FLOAT,    4, 4},
    [COLUMN_DOUBLE]     = {"double",    CELL_FIXED,    8, KIND_FLOAT,    8, 8},
    [COLUMN_NULL]       = {"null",      CELL_FIXED,    0, KIND_OTHER,    0, 0},
    [COLUMN_NEWDECIMAL] = {"decimal",   CELL_DECIMAL,  0, KIND_DECIMAL,  1 << 8, 65 << 8 | 38},
    [COLUMN_BIT]        = {"bit",       CELL_BITS,     0, KIND_BIT,      1, 64},
    [COLUMN_YEAR]       = {"year",      CELL_FIXED,    1, KIND_TEMPORAL, 0, 0},
    [COLUMN_DATE]       = {"date",      CELL_FIXED,    3, KIND_TEMPORAL, 0, 0},
    [COLUMN_NEWDATE]    = {"date",      CELL_FIXED,    3, KIND_TEMPORAL, 0, 0},
    /* Forms of MySQL before 5.6, and of MariaDB with mysql56_temporal_format off: of the latter with a fraction, longer,
     * no TABLE_MAP tells. */
    [COLUMN_TIME]       = {"time (old format)",      CELL_FIXED, 3, KIND_TEMPORAL, 0, 0},
    [COLUMN_DATETIME]   = {"datetime (old format)",  CELL_FIXED, 8, KIND_TEMPORAL, 0, 0},
    [COLUMN_TIMESTAMP]  = {"timestamp (old format)", CELL_FIXED, 4, KIND_TEMPORAL, 0, 0},
    [COLUMN_TIME2]      = {"time",      CELL_FRACTION, 3, KIND_TEMPORAL, 0, 6},
    [COLUMN_DATETIME2]  = {"datetime",  CELL_FRACTION, 5, KIND_TEMPORAL, 0, 6},
    [COLUMN_TIMESTAMP2] = {"timestamp", CELL_FRACTION, 4, KIND_TEMPORAL, 0, 6},
    [COLUMN_VARCHAR]    = {"varchar",   CELL_STRING,   0, KIND_STRING,   0, UINT16_MAX},
    [COLUMN_VAR_STRING] = {"varchar",   CELL_STRING,   0, KIND_STRING,   0, UINT16_MAX},
    [COLUMN_STRING]     = {"char",      CELL_STRING,   0, KIND_STRING,   0, UINT16_MAX},
    [COLUMN_VARCHAR_COMPRESSED] = {"compressed varchar", CELL_STRING, 0, KIND_STRING, 0, UINT16_MAX},
    [COLUMN_BLOB_COMPRESSED]    = {"compressed blob",    CELL_BLOB,   0, KIND_STRING, 1, 4},
    [COLUMN_TINY_BLOB]  = {"blob",      CELL_BLOB,     0, KIND_STRING,   1, 4},
    [COLUMN_BLOB]       = {"blob",      CELL_BLOB,     0, KIND_STRING,   1, 4},
    [COLUMN_MEDIUM_BLOB] = {"blob",     CELL_BLOB,     0, KIND_STRING,   1, 4},
    [COLUMN_LONG_BLOB]  = {"blob",      CELL_BLOB,     0, KIND_STRING,   1, 4},
    [COLUMN_ENUM]       = {"enum",      CELL_META,     0, KIND_MEMBER,   1, 2},
    [COLUMN_SET]        = {"set",       CELL_META,     0, KIND_MEMBER,   1, 8},
    [COLUMN_JSON]       = {"json",      CELL_BLOB,     0, KIND_JSON,     1, 4},
    [COLUMN_GEOMETRY]   = {"geometry",  CELL_BLOB,     0, KIND_BYTES,    1, 4},
    [COLUMN_VECTOR]     = {"vector",    CELL_BLOB,     0, KIND_BYTES,    1, 4},
};
/* clang-format on */

bool column_valid(const struct column *c)
{
    const struct column_type_info *info = column_info(c);
    if (info->rule == CELL_UNKNOWN || c->meta < info->meta_min || c->meta > info->meta_max)
        return false;
    if (info->kind == KIND_DECIMAL)
        return (c->meta & 0xff) <= 38 && (c->meta & 0xff) <= c->meta >> 8;
    return true;
}

bool column_is_old_temporal(const struct column *c)
{
    return c->type == COLUMN_TIME || c->type == COLUMN_DATETIME || c->type == COLUMN_TIMESTAMP;
}

bool table_has_old_temporals(const struct table_def *t)
{
    for (size_t i = 0; i < t->column_count; i++)
        if (column_is_old_temporal(&t->columns[i]))
            return true;
    return false;
}

static bool is_binary(const struct column *c)
{
    return c->collation == COLLATION_NONE || c->collation == COLLATION_BINARY;
}

static bool is_blob(const struct column *c)
{
    return column_info(c)->kind == KIND_STRING && column_info(c)->rule == CELL_BLOB;
}

/* What SQL calls a string column: by its length's length, and whether it is of bytes or of text. */
static const char *string_name(const struct column *c)
{
    static const char *const blobs[4][2] = {
        {"tinytext",   "tinyblob"  },
        {"text",       "blob"      },
        {"mediumtext", "mediumblob"},
        {"longtext",   "longblob"  }
    };
    if (is_blob(c))
        return c->meta >= 1 && c->meta <= 4 ? blobs[c->meta - 1][is_binary(c)] : "blob";
    if (c->type == COLUMN_STRING)
        return is_binary(c) ? "binary" : "char";
    return is_binary(c) ? "varbinary" : "varchar";
}

static void put_string_type(const struct column *c, struct buf *out)
{
    buf_put_str(out, string_name(c));
    if (!is_blob(c))
        buf_printf(out, is_binary(c) ? "(%u)" : "(%u bytes)", c->meta);
    if (c->type == COLUMN_BLOB_COMPRESSED || c->type == COLUMN_VARCHAR_COMPRESSED)
        buf_put_str(out, " compressed");
    if (!is_binary(c))
        buf_printf(out, " collation %u", c->collation);
}

const char *column_type_text(const struct column *c, struct buf *out)
{
    const struct column_type_info *info = column_info(c);
    buf_clear(out);
    if (!info->name)
        buf_printf(out, "unknown type %u", c->type);
    else if (info->kind == KIND_STRING)
        put_string_type(c, out);
    else
        buf_put_str(out, info->name);
    if (info->kind == KIND_DECIMAL)
        buf_printf(out, "(%u,%u)", c->meta >> 8, c->meta & 0xff);
    else if (info->kind == KIND_BIT || (info->rule == CELL_FRACTION && c->meta > 0))
        buf_printf(out, "(%u)", c->meta);
    else if (info->kind == KIND_MEMBER)
        buf_printf(out, " of %u members", c->member_count);
    else if (c->type == COLUMN_GEOMETRY && c->subtype)
        buf_printf(out, " subtype %u", c->subtype);
    else if (c->type == COLUMN_VECTOR && c->subtype)
        buf_printf(out, "(%u)", c->subtype);
    if (c->is_unsigned)
        buf_put_str(out, " unsigned");
    return buf_cstr(out);
}

static bool same_members(const struct column *from, const struct column *to)
{
    if (from->member_count > to->member_count)
        return false;
    for (size_t i = 0; i < from->member_count; i++) {
        if (!span_eq(from->members[i], to->members[i]))
            return false;
    }
    return true;
}

/* The character sets of two text columns: the same, or not known to differ. */
static bool same_charset(const struct column *from, const struct column *to)
{
    const char *a = collation_charset(from->collation), *b = collation_charset(to->collation);
    if (is_binary(from) || is_binary(to))
        return is_binary(from) == is_binary(to);
    return a && b ? strcasecmp(a, b) == 0 : from->collation == to->collation;
}

bool column_same_cells(const struct column *from, const struct column *to, struct buf *why)
{
    const char *phrase = NULL;
    enum column_kind kind = column_info(from)->kind;
    bool number = kind == KIND_INTEGER || kind == KIND_FLOAT || kind == KIND_DECIMAL;
    if (from->type != to->type)
        phrase = "another type";
    else if (from->meta != to->meta)
        phrase = "another length or precision";
    else if (number && from->is_unsigned != to->is_unsigned)
        phrase = "another sign";
    else if ((kind == KIND_STRING || kind == KIND_MEMBER) && !same_charset(from, to))
        phrase = "another character set";
    else if (kind == KIND_MEMBER && !same_members(from, to))
        phrase = "other members, or in another order";
    else if (from->type == COLUMN_GEOMETRY && to->subtype != 0 && from->subtype != to->subtype)
        phrase = "another kind of geometry";
    else if (from->type == COLUMN_VECTOR && to->subtype != 0 && from->subtype != to->subtype)
        phrase = "another number of dimensions";
    if (phrase && why) {
        struct buf a = {0}, b = {0};
        buf_printf(why, "%s: %s there, %s here", phrase, column_type_text(from, &a), column_type_text(to, &b));
        buf_free(&a);
        buf_free(&b);
    }
    return !phrase;
}
