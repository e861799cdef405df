/* Printing what a stream or a binlog holds, as text for people or as JSON Lines for programs. */
#ifndef DRC_CTL_EVENTS_H
#define DRC_CTL_EVENTS_H

#include "common/model/record.h"

/* Kept over all records of a run: the definitions seen, and memory that is reused. */
struct events_printer {
    bool json;
    struct table_cache tables;
    struct arena arena; /* of the record in hand */
    struct buf out;
};

void events_printer_free(struct events_printer *p);

/* One record of a topic: a line, and for text one more a row. Fails (fatal, 69) when its body is malformed. */
MUST_CHECK int events_print_record(struct events_printer *p, const struct record *rec, int64_t offset, struct err *err);

/* The rows of one table and operation, each as {"op": …, "db": …, "table": …, "before": {…}, "after": {…}} in an open
 * JSON array
 * (`first`: nothing is in it yet), or as indented lines of text. */
void events_put_rows(struct events_printer *p, const struct rows *rows, bool *first);
/* A DDL statement: JSON members without braces, or an indented line of text. */
void events_put_ddl(struct events_printer *p, const struct ddl *d);
/* A JSON string member `"name": "text"`. */
void events_put_text(struct buf *out, const char *name, struct span text);

#endif
