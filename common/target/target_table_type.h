/* One column as information_schema tells it, in the binlog's terms. Pure. */
#ifndef DRC_TARGET_TARGET_TABLE_TYPE_H
#define DRC_TARGET_TARGET_TABLE_TYPE_H

#include "common/target/target_table.h"

/* What the server says of a column; numbers are 0 where it says NULL. */
struct type_facts {
    enum flavor flavor;      /* of the server */
    bool computes_rows;      /* computed_columns_by_rows */
    struct span data_type;   /* "varchar" */
    struct span column_type; /* "varchar(10) … COMPRESSED" */
    struct span charset;     /* empty: none */
    uint64_t octet_length;
    uint64_t precision;
    uint64_t scale;
    uint64_t fraction;        /* digits of a second */
    uint64_t collation;       /* id */
    struct span extra;        /* "auto_increment", "STORED GENERATED" */
    bool has_default;         /* not NULL */
    struct span default_text; /* as an expression in MariaDB ("'a'", "uuid()"), as it is in MySQL */
};

/* Fill type, meta, sign, collation, members of `c`, whose nullable and generated are set, and all of `tc`. False: a
 * type that we do not know. */
bool target_type_of(struct column *c, struct target_column *tc, const struct type_facts *facts, struct arena *a);

#endif
