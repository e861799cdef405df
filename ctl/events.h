/* Printing what a stream or a binlog holds, as text for people or as JSON Lines for programs. */
#ifndef DRC_CTL_EVENTS_H
#define DRC_CTL_EVENTS_H

#include "common/base/map.h"
#include "common/model/mask.h"
#include "ctl/events_filter.h"

/* How to print, as the command line says it. */
struct events_options {
    struct events_filter filter;
    uint64_t limit; /* transactions and what else is printed as one */
    int64_t from;   /* offset of a topic, byte of the first binlog file; negative: its beginning */
    bool json;
    bool verbose;            /* text: whole images of updates, whole values */
    bool control;            /* what is no transaction too, and records that readers pass over */
    bool follow;             /* topics: go on with what comes in */
    const struct mask *mask; /* columns of which no values are told; NULL: none */
};

/* Kept over all of a run: the definitions seen, and memory that is reused. */
struct events_printer {
    const struct events_options *options;
    struct table_cache tables;
    struct arena arena; /* of what is in hand */
    struct buf out;     /* what is not written yet */
    struct map held;    /* XIDs whose bodies were shown, where tables are asked for */
    uint64_t shown;
};

void events_printer_free(struct events_printer *p);
/* Write and forget what is in `out`. */
void events_flush(struct events_printer *p);

/* The rows of one table and operation, each as {"op": …, "db": …, "table": …, "before": {…}, "after": {…}} in an open
 * JSON array (`first`: nothing is in it yet), or as indented lines of text. */
void events_put_rows(struct events_printer *p, const struct rows *rows, bool *first);
/* A DDL statement: JSON members without braces, or an indented line of text. */
void events_put_ddl(struct events_printer *p, const struct ddl *d);
/* A JSON string member `"name": "text"`. */
void events_put_text(struct buf *out, const char *name, struct span text);
/* A name of XA: as a JSON member after a comma, or as text after a blank. */
void events_put_xid(struct events_printer *p, struct span xid);

/* An XA body was shown: what is about its end will be too. */
void events_note_held(struct events_printer *p, struct span xid);
bool events_was_held(const struct events_printer *p, struct span xid);

#endif
