/* From a status to the text format of Prometheus. */
#include "common/link/metrics.h"

#include <inttypes.h>
#include <string.h>

static const char *const type_names[] = {[METRIC_GAUGE] = "gauge",
                                         [METRIC_COUNTER] = "counter",
                                         [METRIC_HISTOGRAM] = "histogram",
                                         [METRIC_CHOICE] = "gauge",
                                         [METRIC_INFO] = "gauge"};

/* ---- numbers ---- */

/* Exact: a double would lose the last digits of a time since 1970. */
static void put_fraction(struct buf *out, json_int_t n, uint64_t unit, int digits)
{
    uint64_t size = n < 0 ? (uint64_t) - (n + 1) + 1 : (uint64_t)n;
    buf_printf(out, "%s%" PRIu64, n < 0 ? "-" : "", size / unit);
    if (size % unit)
        buf_printf(out, ".%0*" PRIu64, digits, size % unit);
}

static void put_number(struct buf *out, const json_t *value, enum metric_unit unit)
{
    json_int_t n = json_is_boolean(value) ? json_is_true(value) : json_integer_value(value);
    if (json_is_real(value))
        buf_printf(out, "%.9g", json_real_value(value) / (unit == METRIC_US ? 1e6 : unit == METRIC_MS ? 1e3 : 1));
    else if (unit == METRIC_US)
        put_fraction(out, n, 1000000, 6);
    else if (unit == METRIC_MS)
        put_fraction(out, n, 1000, 3);
    else
        buf_printf(out, "%" PRId64, (int64_t)n);
}

static bool is_number(const json_t *value)
{
    return json_is_number(value) || json_is_boolean(value);
}

/* ---- labels ---- */

static void put_label(struct buf *labels, const char *name, const char *value)
{
    buf_printf(labels, "%s%s=\"", labels->len ? "," : "", name);
    for (const char *p = value; *p; p++) {
        if (*p == '\n')
            buf_put_str(labels, "\\n");
        else if (*p == '"' || *p == '\\')
            buf_printf(labels, "\\%c", *p);
        else
            buf_put_u8(labels, (uint8_t)*p);
    }
    buf_put_str(labels, "\"");
}

/* Which daemon it is. */
static void put_owner(struct buf *labels, const json_t *status)
{
    static const char *const names[] = {"pair", "region", "from", "to"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *value = json_string_value(json_object_get(status, names[i]));
        if (value)
            put_label(labels, names[i], value);
    }
}

/* ---- one metric ---- */

struct sheet {
    struct buf *out;
    const struct buf *owner; /* labels of all */
    const struct metric *m;
};

/* "name_suffix{labels,label="value",extra} " */
static void put_name(const struct sheet *s, const char *suffix, const char *value, const char *extra)
{
    struct buf labels = {0};
    buf_put_span(&labels, buf_span(s->owner));
    if (s->m->label && value)
        put_label(&labels, s->m->label, value);
    if (extra)
        put_label(&labels, "le", extra);
    buf_printf(s->out, "%s%s{%s} ", s->m->name, suffix, buf_cstr(&labels));
    buf_free(&labels);
}

static void put_sample(const struct sheet *s, const char *value, const json_t *number)
{
    put_name(s, "", value, NULL);
    put_number(s->out, number, s->m->unit);
    buf_put_str(s->out, "\n");
}

static void put_histogram(const struct sheet *s, const char *value, const json_t *o)
{
    struct histogram h;
    uint64_t sum = 0;
    if (!metrics_histogram_read(&h, o))
        return;
    for (size_t i = 0; i <= HISTOGRAM_BOUNDS; i++) {
        struct buf bound = {0};
        sum += h.buckets[i];
        if (i < HISTOGRAM_BOUNDS)
            put_fraction(&bound, (json_int_t)histogram_bounds_us[i], 1000000, 6);
        else
            buf_put_str(&bound, "+Inf");
        while (i < HISTOGRAM_BOUNDS && histogram_bounds_us[i] % 1000000 && bound.data[bound.len - 1] == '0')
            bound.len--;
        put_name(s, "_bucket", value, buf_cstr(&bound));
        buf_printf(s->out, "%" PRIu64 "\n", sum);
        buf_free(&bound);
    }
    put_name(s, "_sum", value, NULL);
    put_fraction(s->out, (json_int_t)h.sum_us, 1000000, 6);
    buf_put_str(s->out, "\n");
    put_name(s, "_count", value, NULL);
    buf_printf(s->out, "%" PRIu64 "\n", h.count);
}

static void put_choice(const struct sheet *s, const char *chosen)
{
    for (const char *const *w = s->m->words; *w; w++) {
        put_name(s, "", *w, NULL);
        buf_printf(s->out, "%d\n", strcmp(*w, chosen) == 0);
    }
}

static void put_values(const struct sheet *s, const json_t *member)
{
    const char *name;
    json_t *value;
    switch (s->m->type) {
    case METRIC_CHOICE:
        put_choice(s, json_string_value(member));
        return;
    case METRIC_INFO:
        put_name(s, "", json_string_value(member), NULL);
        buf_put_str(s->out, "1\n");
        return;
    case METRIC_GAUGE:
    case METRIC_COUNTER:
    case METRIC_HISTOGRAM:
        break;
    }
    if (!s->m->label)
        put_sample(s, NULL, member);
    else
        json_object_foreach((json_t *)member, name, value)
        {
            if (s->m->type == METRIC_HISTOGRAM)
                put_histogram(s, name, value);
            else if (is_number(value))
                put_sample(s, name, value);
        }
}

static bool fits(const struct metric *m, const json_t *member)
{
    if (m->type == METRIC_CHOICE || m->type == METRIC_INFO)
        return json_is_string(member);
    return m->label ? json_object_size(member) > 0 : is_number(member);
}

void metrics_put(struct buf *out, const json_t *status)
{
    struct buf owner = {0};
    put_owner(&owner, status);
    for (const struct metric *m = metrics_table(status); m && m->name; m++) {
        const json_t *member = json_object_get(status, m->member);
        const struct sheet s = {out, &owner, m};
        if (!fits(m, member))
            continue;
        buf_printf(out, "# HELP %s %s.\n# TYPE %s %s\n", m->name, m->help, m->name, type_names[m->type]);
        put_values(&s, member);
    }
    buf_free(&owner);
}

/* ---- histograms in a status ---- */

json_t *metrics_histogram(const struct histogram *h)
{
    json_t *buckets = json_array();
    for (size_t i = 0; i <= HISTOGRAM_BOUNDS; i++)
        (void)json_array_append_new(buckets, json_integer((json_int_t)h->buckets[i]));
    json_t *o = json_object();
    (void)json_object_set_new(o, "count", json_integer((json_int_t)h->count));
    (void)json_object_set_new(o, "sum_us", json_integer((json_int_t)h->sum_us));
    (void)json_object_set_new(o, "buckets", buckets);
    return o;
}

bool metrics_histogram_read(struct histogram *out, const json_t *o)
{
    const json_t *buckets = json_object_get(o, "buckets");
    if (json_array_size(buckets) != HISTOGRAM_BOUNDS + 1)
        return false;
    for (size_t i = 0; i <= HISTOGRAM_BOUNDS; i++)
        out->buckets[i] = (uint64_t)json_integer_value(json_array_get(buckets, i));
    out->count = (uint64_t)json_integer_value(json_object_get(o, "count"));
    out->sum_us = (uint64_t)json_integer_value(json_object_get(o, "sum_us"));
    return true;
}

/* ---- the document ---- */

static const char preface[] =
    "# Metrics, health and the status page\n"
    "\n"
    "<!-- Generated from common/link/metrics*.c by `drcctl --help-metrics`. Change it there. -->\n"
    "\n"
    "Each daemon answers HTTP where the pair file says so: `regions.<region>.metrics` for a region's capture,\n"
    "`links[].metrics` for a link's applier; a port alone is one of 127.0.0.1.\n"
    "\n"
    "| Path | What it is |\n"
    "|---|---|\n"
    "| `/` | the status page: the pair as far as this host knows it, lag, rates, conflicts, positions, the last lines "
    "of the log; needs no script and nothing from elsewhere |\n"
    "| `/metrics` | all of the tables below, in the text format of Prometheus |\n"
    "| `/healthz` | 200 `ok` while every thread gets on; else 503 and which one does not |\n"
    "| `/readyz` | 200 `ready` while the stream stands and the lag is known; else 503 and why not, in one line |\n"
    "\n"
    "## Who may read\n"
    "\n"
    "It is plain text and asks nobody for a password. On loopback it answers only requests that call the host by an "
    "address or\n"
    "`localhost`, so that no page of somebody else's can read it through a browser here. Another address is possible "
    "and warned of:\n"
    "let only the monitoring reach it, or put what encrypts and authenticates before a port of loopback. No password "
    "is in any\n"
    "answer; names of hosts, tables and accounts, and statements in errors, can be. At most 32 clients are served at "
    "a time, each\n"
    "for 20 s; a busy or missing port never stops the daemon: it says so, and tries again.\n"
    "\n"
    "```yaml\n"
    "# prometheus.yml\n"
    "scrape_configs:\n"
    "  - job_name: drc\n"
    "    static_configs: [{targets: [\"127.0.0.1:9611\", \"127.0.0.1:9612\"]}]\n"
    "rule_files: [/usr/share/doc/drc/prometheus/drc-alerts.yml]\n"
    "```\n"
    "\n"
    "A dashboard for Grafana lies in `/usr/share/doc/drc/grafana/drc.json`: import it, and choose the data source.\n"
    "\n"
    "## Lag\n"
    "\n"
    "Each stage of the way is measured by heartbeats, about one a second (`capture.heartbeat`), whether there is "
    "traffic or not:\n"
    "nothing is written to a database for it. Where the two ends of a stage are told by two clocks, the result is as "
    "good as those\n"
    "agree: run NTP, and watch the two metrics of clocks. What would be negative counts as 0.\n"
    "\n"
    "| Stage | Metric | From | To | Clock |\n"
    "|---|---|---|---|---|\n"
    "| `captured` | `drc_capture_stage_seconds` | the source is asked for its position | the capture has read up to "
    "it | the capture's, monotonic |\n"
    "| `acknowledged` | `drc_capture_stage_seconds` | a heartbeat record is made, behind all before it | Kafka has "
    "acknowledged it | the capture's, monotonic |\n"
    "| `transported` | `drc_applier_stage_seconds` | it is given to the producer (Kafka's timestamp of the record; it "
    "includes the acknowledgement) | the applier has read it | two: the capture host's and the applier host's |\n"
    "| `applied` | `drc_applier_stage_seconds` | it is read | all before it is in effect, which readers of the target "
    "see | the applier's, monotonic |\n"
    "| `total` | `drc_applier_stage_seconds` | the source had committed it | all before it is in effect | two: the "
    "source's and the applier host's |\n"
    "\n"
    "`drc_applier_lag_seconds` is the age of the newest point of the source's history up to which the target has "
    "everything; it\n"
    "grows by a second a second while anything on the way stands still, the capture itself too. A parked transaction "
    "does not hold\n"
    "it up; `drc_applier_parked_transactions` tells of those.\n";

static const char *const unit_names[] = {
    [METRIC_NUMBER] = "", [METRIC_BYTES] = "bytes", [METRIC_US] = "seconds", [METRIC_MS] = "seconds"};

static void print_table(FILE *out, const char *title, const char *labels, const struct metric *table)
{
    (void)fprintf(out,
                  "\n## %s\n\nEach has the labels %s.\n\n"
                  "| Metric | Type | Unit | Own label | Member of the status | Meaning |\n|---|---|---|---|---|---|\n",
                  title, labels);
    for (const struct metric *m = table; m->name; m++)
        (void)fprintf(out, "| `%s` | %s | %s | %s%s%s | `%s` | %s. |\n", m->name, type_names[m->type],
                      unit_names[m->unit], m->label ? "`" : "", m->label ? m->label : "", m->label ? "`" : "",
                      m->member, m->help);
}

void metrics_print_markdown(FILE *out)
{
    (void)fputs(preface, out);
    print_table(out, "The capture's", "`pair` and `region`", metrics_of_capture);
    print_table(out, "The applier's", "`pair`, `from` and `to`", metrics_of_applier);
}
