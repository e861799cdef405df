/* The lines of what a server answers to SHOW CREATE TABLE: columns, keys, foreign keys, the table's options. Pure. */
#ifndef DRC_CHECK_CREATE_TEXT_H
#define DRC_CHECK_CREATE_TEXT_H

#include "common/base/buf.h"
#include "common/base/span.h"

enum create_kind {
    CREATE_COLUMN,
    CREATE_PRIMARY,
    CREATE_UNIQUE,
    CREATE_KEY,
    CREATE_FOREIGN,
    CREATE_CHECK,
    CREATE_OTHER
};

struct create_line {
    enum create_kind kind;
    struct span name; /* as it stands there, with its back quotes; empty for the primary key */
    struct span text; /* the line, without its comma */
};

/* Spans point into the text. */
struct create_text {
    struct create_line *lines;
    size_t count;
    struct span charset; /* "utf8mb4" of the table's options; empty where they say none */
    struct span collation;
    struct span body; /* from the opening parenthesis to the end */
};

void create_text_read(struct create_text *out, struct span text);
void create_text_free(struct create_text *t);
/* The line of that kind whose name is the same; for keys: whose text is. NULL: there is none. */
const struct create_line *create_text_find(const struct create_text *t, const struct create_line *line);
/* The one that has the name of that key or constraint, so that no other can be given it; NULL: there is none. */
const struct create_line *create_text_named(const struct create_text *t, const struct create_line *line);

#endif
