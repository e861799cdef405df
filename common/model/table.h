/* The definition of a table at one point of its stream: what the cells of its rows mean.
 *
 * It comes out of a TABLE_MAP event with full metadata, travels in each record that has rows of the table, and also
 * describes a table as a target server reports it. Immutable once built; lives in the arena that it was built in. */
#ifndef DRC_MODEL_TABLE_H
#define DRC_MODEL_TABLE_H

#include "common/base/arena.h"
#include "common/base/buf.h"
#include "common/base/bytes.h"
#include "common/base/err.h"

/* Column types by their numbers in the binlog (MariaDB and MySQL agree, but for 242 and 140/141). */
enum column_type {
    COLUMN_DECIMAL = 0,
    COLUMN_TINY = 1,
    COLUMN_SHORT = 2,
    COLUMN_LONG = 3,
    COLUMN_FLOAT = 4,
    COLUMN_DOUBLE = 5,
    COLUMN_NULL = 6,
    COLUMN_TIMESTAMP = 7,
    COLUMN_LONGLONG = 8,
    COLUMN_INT24 = 9,
    COLUMN_DATE = 10,
    COLUMN_TIME = 11,
    COLUMN_DATETIME = 12,
    COLUMN_YEAR = 13,
    COLUMN_NEWDATE = 14,
    COLUMN_VARCHAR = 15,
    COLUMN_BIT = 16,
    COLUMN_TIMESTAMP2 = 17,
    COLUMN_DATETIME2 = 18,
    COLUMN_TIME2 = 19,
    COLUMN_BLOB_COMPRESSED = 140,    /* MariaDB; cells hold the compressed form, see compressed.h */
    COLUMN_VARCHAR_COMPRESSED = 141, /* MariaDB; meta is one byte above the declared length */
    COLUMN_VECTOR = 242,             /* MySQL 9 */
    COLUMN_JSON = 245,
    COLUMN_NEWDECIMAL = 246,
    COLUMN_ENUM = 247,
    COLUMN_SET = 248,
    COLUMN_TINY_BLOB = 249,
    COLUMN_MEDIUM_BLOB = 250,
    COLUMN_LONG_BLOB = 251,
    COLUMN_BLOB = 252,
    COLUMN_VAR_STRING = 253,
    COLUMN_STRING = 254,
    COLUMN_GEOMETRY = 255,
};

#define TABLE_COLUMNS_MAX 4096u
#define COLUMN_NO_KEY UINT16_MAX
#define COLLATION_NONE 0u
#define COLLATION_BINARY 63u

struct column {
    struct span name; /* UTF-8, as the server writes it */
    uint8_t type;     /* enum column_type: the real one (STRING resolved to ENUM, SET or STRING) */
    uint16_t meta;    /* what the cell's length depends on (column_type.h has the table): length bytes of blobs,
                       * JSON, GEOMETRY and VECTOR, bytes of strings (up to 65535), precision<<8|scale of NEWDECIMAL,
                       * bits of BIT, fsp of TIME2, DATETIME2, TIMESTAMP2, bytes of ENUM and SET, 4/8 of
                       * FLOAT/DOUBLE; 0 for all others */
    bool is_unsigned; /* numeric types */
    bool nullable;
    bool invisible;
    bool generated;       /* known for target tables only; false from a TABLE_MAP */
    uint16_t collation;   /* id; COLLATION_NONE for types without, COLLATION_BINARY for byte strings */
    uint16_t key_order;   /* place in the primary key from 0, or COLUMN_NO_KEY */
    uint16_t key_prefix;  /* bytes-or-characters prefix of the primary key part, 0: the whole column */
    uint16_t subtype;     /* GEOMETRY: which kind; VECTOR, also of a MariaDB target, whose type is VARCHAR: how many
                           * dimensions; 0: any, not known */
    struct span *members; /* ENUM, SET: texts in order, in the column's character set */
    uint16_t member_count;
};

struct table_def {
    struct span db;
    struct span name;
    struct column *columns;
    uint16_t column_count;
    uint16_t *key;      /* columns of the primary key in key order */
    uint16_t key_count; /* 0: the table has none */
    bool nameless; /* from a TABLE_MAP without column names: cells can be walked, but not told; columns are "@1" … */
    uint64_t fingerprint; /* over everything above, by table_def_seal: equal definitions have equal ones */
};

/* Bytes of a bitmap of its columns, as rows events have them. */
static inline size_t table_bitmap_len(const struct table_def *t)
{
    return (t->column_count + 7u) / 8;
}

/* Is column i in it? NULL: every column is. */
static inline bool table_bitmap_has(const uint8_t *columns, size_t i)
{
    return !columns || columns[i / 8] >> i % 8 & 1;
}

/* Fill `key` from the columns' key_order, and the fingerprint. Asserts that key orders are 0..n-1. */
void table_def_seal(struct table_def *t, struct arena *a);

/* The wire form, also what the fingerprint is over. Read copies into the arena; marks r bad when malformed (bounded:
 * at most 4096 columns, names of at most 256 bytes), then returns NULL. A read definition is sealed. */
void table_def_put(const struct table_def *t, struct buf *out);
struct table_def *table_def_read(struct bytes *r, struct arena *a);

/* A copy of the whole definition in another arena. */
struct table_def *table_def_copy(const struct table_def *t, struct arena *a);

/* Index of the column of that name (case-insensitive for ASCII as servers compare column names), or -1. */
int table_def_find(const struct table_def *t, struct span column);

/* Is it a type that rows events have, with a meta that it can have? Whoever builds a definition out of bytes from
 * outside asks it; a cell of any other column is malformed. The old forms of TIME, DATETIME and TIMESTAMP (types 11,
 * 12, 7) are taken to have no fraction: MariaDB's with a fraction (mysql56_temporal_format=OFF) are longer, and no
 * TABLE_MAP tells. */
bool column_valid(const struct column *c);

/* One of those three? */
bool column_is_old_temporal(const struct column *c);
bool table_has_old_temporals(const struct table_def *t);

/* "int unsigned", "varchar(40 bytes) collation 45", "decimal(10,2)": for messages. Replaces what `out` held; returns
 * its buf_cstr. */
const char *column_type_text(const struct column *c, struct buf *out);

/* Do cells of `from` mean the same, byte by byte, in a column of `to` (same type, meta, sign, character set; ENUM and
 * SET: the members of `from` are the first ones of `to`)? `why` (may be NULL) gets one phrase appended. */
bool column_same_cells(const struct column *from, const struct column *to, struct buf *why);

/* system schemas and our own: never captured, never written: mysql, sys, performance_schema, information_schema, drc */
bool table_is_reserved(struct span db);

#endif
