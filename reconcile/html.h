/* The report as one page that needs nothing but itself: no network, no other file, no script but its own.
 *
 * At most a thousand differences of each class are on it, the rest is counted. Rows go to an unnamed file of $TMPDIR,
 * else /var/tmp, until the summary is known and the page is written. Everything that comes from databases is escaped.
 */
#ifndef DRC_RECONCILE_HTML_H
#define DRC_RECONCILE_HTML_H

#include "reconcile/report.h"

struct html;

/* -1: the file cannot be written (fatal 64). `options` outlive it. */
MUST_CHECK int html_open(struct html **out, const struct report_options *options, struct err *err);
void html_close(struct html **h);

void html_difference(struct html *h, const struct difference *d, bool unsettled);
void html_item(struct html *h, const struct report_item *item);
void html_fact(struct html *h, const char *name, const char *text);
void html_table(struct html *h, struct span db, struct span table, const struct table_counts *c);
void html_problem(struct html *h, struct span db, struct span table, const char *text);
void html_moment(struct html *h, enum timeline_series series, uint64_t time_us, uint64_t value);
/* Writes the page. -1: not all could be written. */
MUST_CHECK int html_summary(struct html *h, const struct report_totals *totals, struct err *err);

#endif
