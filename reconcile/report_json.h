/* The report as JSON Lines: an object a difference, the summary last. docs/reconcile.md has the members. */
#ifndef DRC_RECONCILE_REPORT_JSON_H
#define DRC_RECONCILE_REPORT_JSON_H

#include "reconcile/report.h"

struct report_json;

/* -1: cannot be written (fatal 64). `options` outlive it; a path of "-" is stdout. */
MUST_CHECK int report_json_open(struct report_json **out, const struct report_options *options, struct err *err);
void report_json_close(struct report_json **j);

/* `type`: "difference" or "unsettled". */
void report_json_difference(struct report_json *j, const char *type, const struct difference *d);
void report_json_item(struct report_json *j, const struct report_item *item);
void report_json_fact(struct report_json *j, const char *name, const char *text);
void report_json_table(struct report_json *j, struct span db, struct span table, const struct table_counts *c);
/* `db`.n 0: of no table. */
void report_json_problem(struct report_json *j, struct span db, struct span table, const char *text);
/* -1: not all could be written. */
MUST_CHECK int report_json_summary(struct report_json *j, const struct report_totals *totals, struct err *err);

/* {"id": 7}: the columns of d's key. */
void report_json_put_key(struct buf *out, const struct difference *d);

#endif
