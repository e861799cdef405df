/* What a run has found: text for people, JSON Lines for programs, a page to look at, counts for the exit code.
 *
 * Nothing grows with what is found: the text keeps its first thousand differences, the JSON is written as it comes.
 * What masks hide is taken out before any of them sees it. One thread. */
#ifndef DRC_RECONCILE_REPORT_H
#define DRC_RECONCILE_REPORT_H

#include <stdio.h>

#include "common/base/buf.h"
#include "common/base/err.h"
#include "reconcile/difference.h"
#include "reconcile/timeline.h"

enum { RECONCILE_EQUAL = 0, RECONCILE_DIFFERENT = 1, RECONCILE_INCOMPLETE = 2 };

/* Counted for each table, then added up. */
struct table_counts {
    uint64_t rows; /* of the side that has more */
    uint64_t chunks;
    uint64_t in_flight; /* differed when first seen, became equal: changes under way */
    uint64_t unsettled; /* were still being changed when the last look was taken */
    uint64_t found[DIFFERENCE_CLASSES];
    uint64_t causes[DIFFERENCE_CAUSES];
    uint64_t took_ms;
    const char *problem; /* why it could not be compared whole, or NULL */
};

/* What a run comes to. */
struct report_totals {
    struct table_counts all;
    uint64_t tables;
    uint64_t problems;
    uint64_t items; /* of a mode's own that count as differences */
    double seconds;
    int exit_code;
};

struct report_options {
    const char *mode; /* "full", … */
    const char *regions[2];
    const char *json_path;   /* NULL: none; "-": stdout, then no text is printed */
    const char *html_path;   /* NULL: none */
    const struct mask *mask; /* columns whose values are told nowhere; NULL: none */
    bool quiet;              /* text: only tables that differ, no summary when all are equal */
    const char *items;       /* of a mode that compares no rows, what its items are: "transactions lost"; else NULL */
};

/* Something that a mode tells beside differences of rows: a transaction that is missing, what a window covers. */
struct report_item {
    const char *type; /* in the JSON, and the heading: "transaction" */
    struct span json; /* members after "type", without braces: "gtid": "0-1-2", …; .n 0: only the text */
    struct span text; /* a line, or more of them, parted by newlines */
    bool sum;         /* it stands under the summary, whatever else there is */
    bool difference;  /* it counts for the exit code as a difference does */
};

struct report;

/* -1: a file cannot be written (fatal 64). */
MUST_CHECK int report_open(struct report **out, const struct report_options *options, struct err *err);
void report_close(struct report **r);

/* Both also count it in `counts`. */
void report_difference(struct report *r, struct table_counts *counts, const struct difference *d);
void report_unsettled(struct report *r, struct table_counts *counts, const struct difference *d);
/* The table's line, after its differences. */
void report_table(struct report *r, struct span db, struct span table, const struct table_counts *counts);
void report_item(struct report *r, const struct report_item *item);
/* When something happened, for the timeline of the page. */
void report_moment(struct report *r, enum timeline_series series, uint64_t time_us, uint64_t value);
/* Is there a page, so that it is worth asking for more moments? */
bool report_has_timeline(const struct report *r);
/* What a run is about, or how far it can speak: "window" -> "eu 0-1-7 .. 0-1-900". Told at the head of the report,
 * so before the first table. */
void report_fact(struct report *r, const char *name, const char *text);
/* Hand on each difference, as it is told (behind masks), to somebody else too. */
void report_watch(struct report *r, void (*told)(void *context, const struct difference *shown, bool unsettled),
                  void *context);
/* Something that makes the run incomplete, apart from a table's own problem. */
void report_problem(struct report *r, const char *text);
/* The end: summary in all forms; returns the exit code. */
int report_summary(struct report *r);

/* Sum over all classes. */
uint64_t table_counts_found(const struct table_counts *c);

#endif
