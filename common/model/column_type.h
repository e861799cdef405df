/* The one table of column types: what each is called, how long its cells are, which meta it can have. Pure. */
#ifndef DRC_MODEL_COLUMN_TYPE_H
#define DRC_MODEL_COLUMN_TYPE_H

#include "common/model/table.h"

/* What the length of a cell depends on. */
enum cell_rule {
    CELL_UNKNOWN = 0, /* no such type in a binlog */
    CELL_FIXED,       /* `size` */
    CELL_META,        /* meta */
    CELL_BITS,        /* meta bits, rounded up */
    CELL_DECIMAL,     /* precision and scale in meta */
    CELL_FRACTION,    /* `size`, and a byte for each two digits of a second */
    CELL_STRING,      /* a length of 1 byte where meta is at most 255, of 2 bytes above; then that many */
    CELL_BLOB,        /* a length of meta bytes; then that many */
};

/* What a value is, where it is asked for kinds of types rather than types. */
enum column_kind {
    KIND_OTHER = 0,
    KIND_INTEGER, /* little-endian; is_unsigned counts */
    KIND_FLOAT,
    KIND_DECIMAL,
    KIND_BIT,
    KIND_TEMPORAL,
    KIND_STRING, /* of a collation, or bytes */
    KIND_MEMBER, /* ENUM, SET */
    KIND_JSON,
    KIND_BYTES, /* GEOMETRY, VECTOR */
};

struct column_type_info {
    const char *name; /* as in SQL; NULL: CELL_UNKNOWN */
    enum cell_rule rule;
    uint8_t size;
    enum column_kind kind;
    uint16_t meta_min;
    uint16_t meta_max;
};

/* Indexed by type. */
extern const struct column_type_info column_types[256];

static inline const struct column_type_info *column_info(const struct column *c)
{
    return &column_types[c->type];
}

#endif
