/* What a run has found: text for people, JSON Lines for programs, counts for the exit code. */
#ifndef DRC_RECONCILE_REPORT_H
#define DRC_RECONCILE_REPORT_H

#include <stdio.h>

#include "common/base/buf.h"
#include "common/base/err.h"

enum { RECONCILE_EQUAL = 0, RECONCILE_DIFFERENT = 1, RECONCILE_INCOMPLETE = 2 };

/* The first region of --pair is the source, the second the target. */
enum finding_class { FINDING_MISSING, FINDING_EXTRA, FINDING_DIVERGED, FINDING_DEFINITION, FINDING_CLASSES };
const char *finding_class_name(enum finding_class c); /* "missing_at_target", … */

struct finding {
    enum finding_class class;
    struct span db;
    struct span table;
    struct span key;     /* JSON object: key column -> value; {} when it is the table itself */
    struct span columns; /* JSON array of the names of columns that differ; empty: does not apply */
    const char *detail;  /* a sentence, or NULL */
    uint64_t counts[2];  /* equal rows on each side, where that is what differs; else 0, 0 */
};

/* Counted for each table, then added up. */
struct table_counts {
    uint64_t rows; /* of the side that has more */
    uint64_t chunks;
    uint64_t in_flight; /* differed when first seen, became equal: changes under way */
    uint64_t unsettled; /* were still being changed when the last look was taken */
    uint64_t found[FINDING_CLASSES];
    uint64_t took_ms;
    const char *problem; /* why it could not be compared whole, or NULL */
};

struct report_options {
    const char *regions[2];
    const char *json_path; /* NULL: none; "-": stdout, then no text is printed */
    bool quiet;            /* text: only tables that differ, no summary when all are equal */
};

struct report;

/* -1: the JSON file cannot be written (fatal 64). */
MUST_CHECK int report_open(struct report **out, const struct report_options *options, struct err *err);
void report_close(struct report **r);

/* Both also count it in `counts`. */
void report_finding(struct report *r, struct table_counts *counts, const struct finding *f);
void report_unsettled(struct report *r, struct table_counts *counts, const struct finding *f);
/* The table's line. */
void report_table(struct report *r, struct span db, struct span table, const struct table_counts *counts);
/* Something that makes the run incomplete, apart from a table's own problem. */
void report_problem(struct report *r, const char *text);
/* The end: summary in both forms; returns the exit code. */
int report_summary(struct report *r);

#endif
