/* What a daemon measures, for Prometheus: one table says each metric's name, type, unit and meaning, and from which
 * member of the daemon's own status it comes; /metrics and docs/metrics.md are made from it.
 *
 * The status is the object that `status json` gives on the control socket: so metrics, page, drcctl and systemd can
 * never say different things. Pure. */
#ifndef DRC_LINK_METRICS_H
#define DRC_LINK_METRICS_H

#include <jansson.h>
#include <stdio.h>

#include "common/base/buf.h"
#include "common/base/histogram.h"

enum metric_type {
    METRIC_GAUGE,
    METRIC_COUNTER,
    METRIC_HISTOGRAM, /* the member is an object of metrics_histogram's, by the values of `label` */
    METRIC_CHOICE,    /* the member is a text: 1 for that value of `label`, 0 for the other `words` */
    METRIC_INFO,      /* the member is a text: 1, with the text as the value of `label` */
};

enum metric_unit { METRIC_NUMBER, METRIC_BYTES, METRIC_US, METRIC_MS }; /* of the member; times go out in seconds */

struct metric {
    const char *name;
    enum metric_type type;
    enum metric_unit unit;
    const char *member;       /* of the status; missing or null: nothing is told */
    const char *label;        /* NULL: the member is one number; else an object of numbers, by this label's values */
    const char *const *words; /* METRIC_CHOICE: all values, until a NULL */
    const char *help;         /* a sentence without full stop */
};

/* The two daemons' tables, each ended by a row without a name. */
extern const struct metric metrics_of_capture[];
extern const struct metric metrics_of_applier[];
/* The one for a status, by its member `program`; NULL: of neither. */
const struct metric *metrics_table(const json_t *status);

/* Append the text format (version 0.0.4): every metric of the status, labelled with its pair and region, or its pair,
 * from and to. */
void metrics_put(struct buf *out, const json_t *status);

/* A histogram as the status has it: {"count": n, "sum_us": n, "buckets": […]}, one number a bucket. */
json_t *metrics_histogram(const struct histogram *h);
/* The way back; false: it is none. */
bool metrics_histogram_read(struct histogram *out, const json_t *o);

/* docs/metrics.md. */
void metrics_print_markdown(FILE *out);

#endif
