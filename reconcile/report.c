/* One entry for all forms: masks first, then each form that is wanted, then the counts. */
#include "reconcile/report.h"

#include <stdlib.h>

#include "common/base/clock.h"
#include "common/base/mem.h"
#include "common/base/utf8.h"
#include "reconcile/html.h"
#include "reconcile/report_json.h"
#include "reconcile/report_text.h"

#define PROBLEM_MAX 4000 /* bytes of a line on stderr */

struct report {
    struct report_options options;
    struct report_text *text; /* NULL: none */
    struct report_json *json; /* NULL: none */
    struct html *html;        /* NULL: none */
    struct report_totals totals;
    uint64_t began_ms;
    void (*told)(void *context, const struct difference *shown, bool unsettled); /* NULL: nobody else */
    void *told_context;
    struct difference_column *masked; /* of the difference in hand */
    size_t masked_room;
};

int report_open(struct report **out, const struct report_options *options, struct err *err)
{
    bool to_stdout = options->json_path && strcmp(options->json_path, "-") == 0;
    struct report *r = xcalloc(1, sizeof *r);
    r->options = *options;
    r->began_ms = clock_mono_ms();
    if ((options->json_path && report_json_open(&r->json, &r->options, err)) ||
        (options->html_path && html_open(&r->html, &r->options, err))) {
        report_close(&r);
        return -1;
    }
    if (!to_stdout)
        r->text = report_text_new(stdout, &r->options);
    *out = r;
    return 0;
}

void report_close(struct report **report)
{
    struct report *r = *report;
    if (!r)
        return;
    report_json_close(&r->json);
    report_text_free(&r->text);
    html_close(&r->html);
    free(r->masked);
    free(r);
    *report = NULL;
}

static struct difference mask(struct report *r, const struct difference *d)
{
    struct difference shown = *d;
    if (d->column_count > r->masked_room) {
        r->masked_room = d->column_count;
        r->masked = xreallocarray(r->masked, r->masked_room, sizeof *r->masked);
    }
    difference_mask(r->masked, d, r->options.mask);
    shown.columns = r->masked;
    return shown;
}

void report_difference(struct report *r, struct table_counts *counts, const struct difference *d)
{
    const struct difference shown = mask(r, d);
    counts->found[d->class]++;
    counts->causes[d->cause]++;
    if (r->text)
        report_text_difference(r->text, difference_class_name(d->class), &shown);
    if (r->json)
        report_json_difference(r->json, "difference", &shown);
    if (r->html)
        html_difference(r->html, &shown, false);
    if (r->told)
        r->told(r->told_context, &shown, false);
}

void report_unsettled(struct report *r, struct table_counts *counts, const struct difference *d)
{
    const struct difference shown = mask(r, d);
    counts->unsettled++;
    if (r->text)
        report_text_difference(r->text, "unsettled", &shown);
    if (r->json)
        report_json_difference(r->json, "unsettled", &shown);
    if (r->html)
        html_difference(r->html, &shown, true);
    if (r->told)
        r->told(r->told_context, &shown, true);
}

void report_watch(struct report *r, void (*told)(void *context, const struct difference *shown, bool unsettled),
                  void *context)
{
    r->told = told;
    r->told_context = context;
}

void report_item(struct report *r, const struct report_item *item)
{
    r->totals.items += item->difference;
    if (r->text)
        report_text_item(r->text, item);
    if (r->json)
        report_json_item(r->json, item);
    if (r->html)
        html_item(r->html, item);
}

void report_moment(struct report *r, enum timeline_series series, uint64_t time_us, uint64_t value)
{
    if (r->html)
        html_moment(r->html, series, time_us, value);
}

bool report_has_timeline(const struct report *r)
{
    return r->html != NULL;
}

void report_fact(struct report *r, const char *name, const char *text)
{
    if (r->text)
        report_text_fact(r->text, name, text);
    if (r->json)
        report_json_fact(r->json, name, text);
    if (r->html)
        html_fact(r->html, name, text);
}

uint64_t table_counts_found(const struct table_counts *c)
{
    uint64_t sum = 0;
    for (int i = 0; i < DIFFERENCE_CLASSES; i++)
        sum += c->found[i];
    return sum;
}

static void add(struct table_counts *to, const struct table_counts *c)
{
    to->rows += c->rows;
    to->chunks += c->chunks;
    to->in_flight += c->in_flight;
    to->unsettled += c->unsettled;
    for (int i = 0; i < DIFFERENCE_CLASSES; i++)
        to->found[i] += c->found[i];
    for (int i = 0; i < DIFFERENCE_CAUSES; i++)
        to->causes[i] += c->causes[i];
}

/* On stderr in every case, so that a run that is watched tells it at once. */
static void tell_problem(struct report *r, struct span db, struct span table, const char *text)
{
    struct buf name = {0};
    r->totals.problems++;
    if (db.n > 0) {
        utf8_put_printable(&name, db, 200);
        buf_put_str(&name, ".");
        utf8_put_printable(&name, table, 200);
        buf_put_str(&name, " was not compared whole: ");
    }
    utf8_put_printable(&name, span_str(text), PROBLEM_MAX); /* it may have a name or a value in it */
    fprintf(stderr, "drc-reconcile: %s\n", buf_cstr(&name));
    if (r->json)
        report_json_problem(r->json, db, table, text);
    if (r->html)
        html_problem(r->html, db, table, text);
    buf_free(&name);
}

void report_table(struct report *r, struct span db, struct span table, const struct table_counts *c)
{
    r->totals.tables++;
    add(&r->totals.all, c);
    if (r->text)
        report_text_table(r->text, db, table, c);
    if (r->json)
        report_json_table(r->json, db, table, c);
    if (r->html)
        html_table(r->html, db, table, c);
    if (c->problem)
        tell_problem(r, db, table, c->problem);
}

void report_problem(struct report *r, const char *text)
{
    tell_problem(r, (struct span){0}, (struct span){0}, text);
}

static int exit_code(const struct report_totals *t)
{
    if (t->problems > 0 || t->all.unsettled > 0)
        return RECONCILE_INCOMPLETE;
    return table_counts_found(&t->all) + t->items > 0 ? RECONCILE_DIFFERENT : RECONCILE_EQUAL;
}

int report_summary(struct report *r)
{
    struct err err = {0};
    r->totals.seconds = (double)(clock_mono_ms() - r->began_ms) / 1000;
    r->totals.exit_code = exit_code(&r->totals);
    if (r->html && html_summary(r->html, &r->totals, &err)) {
        report_problem(r, err.text);
        r->totals.exit_code = RECONCILE_INCOMPLETE;
    }
    if (r->json && report_json_summary(r->json, &r->totals, &err)) {
        report_problem(r, err.text);
        r->totals.exit_code = RECONCILE_INCOMPLETE;
    }
    if (r->text && report_text_summary(r->text, &r->totals, &err)) {
        report_problem(r, err.text);
        r->totals.exit_code = RECONCILE_INCOMPLETE;
    }
    return r->totals.exit_code;
}
