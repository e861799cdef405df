/* A table as the target has it: definition in the binlog's terms, unique keys, and what stands in the way of writing
 * it.
 *
 * Loaded from information_schema over one connection; owned by whoever loaded it, immutable, not tied to the
 * connection. The definition lists every column in table order, generated and invisible ones included, as the server's
 * row images have it. */
#ifndef DRC_TARGET_TARGET_TABLE_H
#define DRC_TARGET_TARGET_TABLE_H

#include "common/link/db.h"
#include "common/model/record.h"

/* How a column is to be selected so that its cell can be made from what comes back. */
enum read_form {
    READ_PLAIN,
    READ_NUMBER, /* ENUM and SET: the number, not the text */
    READ_UUID,   /* MariaDB's types that are fixed bytes inside and text outside */
    READ_INET6,
    READ_INET4,
    READ_VECTOR, /* MySQL's: the bytes; its own type is unknown to the client library */
};

enum column_fill {
    FILL_NONE = 0, /* nothing: such a row cannot be */
    FILL_ALWAYS,   /* a constant, NULL, or what the server computes of every row */
    FILL_BY_SQL,   /* an expression that the server computes of rows that come by a statement only, not by BINLOG */
    FILL_BY_ROWS,  /* generated, and computed of rows by BINLOG as well: to write them, and to find them */
};

struct target_column {
    enum read_form form;
    const char *charset;   /* name of its character set; NULL for types without one and for byte strings */
    const char *collation; /* the same of its collation; "" */
    enum column_fill fill; /* what it gets where a row brings no value */
    bool padded;           /* as text it has zeros in front: ZEROFILL, YEAR */
};

struct target_key {
    const char *name; /* "PRIMARY" first */
    uint16_t *columns;
    uint16_t *prefix; /* characters or bytes of each part, 0: whole */
    uint16_t count;
    bool nullable;   /* one of its columns may be NULL */
    bool expression; /* a part of it is an expression: `columns` are not all of it */
    bool hidden;     /* the optimizer may not use it (MySQL: INVISIBLE, MariaDB: IGNORED), nor be made to */
};

struct target_table {
    const struct table_def *def;
    struct target_column *columns; /* as def->columns */
    struct target_key *keys;       /* unique ones */
    size_t key_count;
    bool *in_foreign_key; /* one a column: part of a foreign key of this table, or of one that refers to it */
    bool is_parent;       /* a foreign key refers to it */
    bool cascades;        /* by one that changes the rows that refer to it (CASCADE, SET NULL, SET DEFAULT) */
    bool transactional;
    bool has_triggers;
    uint64_t metadata; /* what target_table_touch compares */
    struct arena arena;
};

/* 1: loaded; 0: there is no such table; -1: error. ERR_DATA with one phrase: it is there, but rows cannot be written to
 * it (a view, a sequence, a system-versioned table, a type that we do not know). A table that the account may not see
 * is fatal 77. */
MUST_CHECK int target_table_load(struct target_table **out, struct db *db, struct span schema, struct span name,
                                 struct err *err);
/* The same but for its place among foreign keys (in_foreign_key is NULL): to find who refers to a table MariaDB opens
 * every table that it has, which makes looking at all of them slow. */
MUST_CHECK int target_table_load_columns(struct target_table **out, struct db *db, struct span schema, struct span name,
                                         struct err *err);
void target_table_free(struct target_table **t);

/* The first touch of a table in a transaction: holds its metadata lock until the end, and tells whether columns are
 * still those of `t`. 1: they are; 0: they changed, load it again; -1: error (a missing table is 0). */
MUST_CHECK int target_table_touch(const struct target_table *t, struct db *db, struct err *err);

/* Within a transaction: no ALTER comes in between what is loaded then. 0 also when it is not there, or nothing that can
 * be read; -1: error, also fatal 77 when the account may not see it. Part of load. */
MUST_CHECK int target_table_hold(struct db *db, struct span schema, struct span name, struct err *err);

/* What the server says of the columns now, as one number. Part of load and touch. */
MUST_CHECK int target_table_metadata(uint64_t *out, const struct target_table *t, struct db *db, struct err *err);

/* The first column of which rows with these columns (NULL: all) bring no value, and that only plain SQL can do without:
 * the server computes it of statements alone, or compares it, generated, where no primary key tells which row is
 * meant; -1: none. An update leaves a default as it is. */
int target_table_lacks(const struct target_table *t, enum rows_op op, const uint8_t *present);
/* The same for whatever operation. */
int target_table_ever_lacks(const struct target_table *t, const uint8_t *present);

/* The column list that both reading and touching use, comma-separated, each in its read form. */
void target_table_put_columns(const struct target_table *t, struct buf *out);
/* `schema`.`name` */
void target_table_put_name(const struct target_table *t, struct buf *out);

/* Complete an error of a statement that looks for rows without a key: where no answer came in time, the table is named.
 * Returns -1. */
int target_search_error(const struct db *db, const struct table_def *t, struct err *err);

#endif
