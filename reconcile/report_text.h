/* The report as text: a line a table, as percona-toolkit prints them, then the differences, then the summary. */
#ifndef DRC_RECONCILE_REPORT_TEXT_H
#define DRC_RECONCILE_REPORT_TEXT_H

#include "reconcile/report.h"

struct report_text;

/* `options` outlive it. */
struct report_text *report_text_new(FILE *out, const struct report_options *options);
void report_text_free(struct report_text **t);

/* Kept until the summary, the first thousand of them. */
void report_text_difference(struct report_text *t, const char *what, const struct difference *d);
void report_text_item(struct report_text *t, const struct report_item *item);
void report_text_fact(struct report_text *t, const char *name, const char *text);
void report_text_table(struct report_text *t, struct span db, struct span table, const struct table_counts *c);
/* -1: not all of the text could be written (fatal 64). */
MUST_CHECK int report_text_summary(struct report_text *t, const struct report_totals *totals, struct err *err);

#endif
