/* Printing findings. */
#include "reconcile/report.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/mem.h"
#include "common/base/utf8.h"

#define TEXT_FINDINGS 1000 /* shown as text; the JSON has all */

struct report {
    struct report_options options;
    FILE *text; /* NULL: none */
    FILE *json; /* NULL: none */
    struct table_counts all;
    uint64_t tables;
    uint64_t problems;
    uint64_t began_ms;
    bool headed;
    struct buf findings; /* text lines of the table in hand, printed after its own line */
    uint64_t finding_lines;
    struct buf scratch;
};

static const char *const class_names[FINDING_CLASSES] = {
    [FINDING_MISSING] = "missing_at_target",
    [FINDING_EXTRA] = "extra_at_target",
    [FINDING_DIVERGED] = "diverged",
    [FINDING_DEFINITION] = "definition",
};

const char *finding_class_name(enum finding_class c)
{
    return class_names[c];
}

int report_open(struct report **out, const struct report_options *options, struct err *err)
{
    bool to_stdout = options->json_path && strcmp(options->json_path, "-") == 0;
    FILE *json = to_stdout ? stdout : NULL;
    if (options->json_path && !to_stdout && !(json = fopen(options->json_path, "we")))
        return err_fatal(err, EXIT_BAD_USAGE, "cannot write %s: %s", options->json_path, strerror(errno));
    struct report *r = xcalloc(1, sizeof *r);
    *r = (struct report){
        .options = *options, .text = to_stdout ? NULL : stdout, .json = json, .began_ms = clock_mono_ms()};
    *out = r;
    return 0;
}

void report_close(struct report **report)
{
    struct report *r = *report;
    if (!r)
        return;
    if (r->json && r->json != stdout)
        fclose(r->json);
    buf_free(&r->findings);
    buf_free(&r->scratch);
    free(r);
    *report = NULL;
}

static void put_name(struct buf *out, const struct finding *f)
{
    utf8_put_printable(out, f->db, 200);
    buf_put_str(out, ".");
    utf8_put_printable(out, f->table, 200);
}

static void put_text_line(struct report *r, const char *what, const struct finding *f)
{
    struct buf *out = &r->findings;
    if (r->finding_lines++ >= TEXT_FINDINGS || !r->text)
        return;
    buf_printf(out, "  %s ", what);
    put_name(out, f);
    if (f->key.n > 2) {
        buf_put_str(out, " ");
        utf8_put_printable(out, f->key, 400);
    }
    if (f->columns.n > 0) {
        buf_put_str(out, " in ");
        utf8_put_printable(out, f->columns, 400);
    }
    if (f->counts[0] || f->counts[1])
        buf_printf(out, " %" PRIu64 " times in %s, %" PRIu64 " in %s", f->counts[0], r->options.regions[0],
                   f->counts[1], r->options.regions[1]);
    if (f->detail)
        buf_printf(out, ": %s", f->detail);
    buf_put_str(out, "\n");
}

static void put_string(struct buf *out, const char *name, struct span v)
{
    buf_printf(out, "\"%s\": \"", name);
    utf8_put_json(out, v);
    buf_put_str(out, "\"");
}

static void put_json_line(struct report *r, const char *type, const struct finding *f)
{
    struct buf *out = &r->scratch;
    if (!r->json)
        return;
    buf_clear(out);
    buf_printf(out, "{\"type\": \"%s\", ", type);
    put_string(out, "db", f->db);
    buf_put_str(out, ", ");
    put_string(out, "table", f->table);
    buf_put_str(out, ", \"key\": ");
    if (f->key.n > 0)
        buf_put_span(out, f->key);
    else
        buf_put_str(out, "{}");
    buf_printf(out, ", \"class\": \"%s\"", class_names[f->class]);
    if (f->columns.n > 0) {
        buf_put_str(out, ", \"columns\": ");
        buf_put_span(out, f->columns);
    }
    if (f->counts[0] || f->counts[1])
        buf_printf(out, ", \"count_at_source\": %" PRIu64 ", \"count_at_target\": %" PRIu64, f->counts[0],
                   f->counts[1]);
    if (f->detail) {
        buf_put_str(out, ", ");
        put_string(out, "detail", span_str(f->detail));
    }
    buf_put_str(out, "}\n");
    fwrite(out->data, 1, out->len, r->json);
}

void report_finding(struct report *r, struct table_counts *counts, const struct finding *f)
{
    counts->found[f->class]++;
    put_text_line(r, class_names[f->class], f);
    put_json_line(r, "difference", f);
}

void report_unsettled(struct report *r, struct table_counts *counts, const struct finding *f)
{
    counts->unsettled++;
    put_text_line(r, "unsettled", f);
    put_json_line(r, "unsettled", f);
}

static uint64_t found(const struct table_counts *c)
{
    uint64_t sum = 0;
    for (int i = 0; i < FINDING_CLASSES; i++)
        sum += c->found[i];
    return sum;
}

static void add(struct table_counts *to, const struct table_counts *c)
{
    to->rows += c->rows;
    to->chunks += c->chunks;
    to->in_flight += c->in_flight;
    to->unsettled += c->unsettled;
    for (int i = 0; i < FINDING_CLASSES; i++)
        to->found[i] += c->found[i];
}

static void print_table_line(struct report *r, const struct finding *name, const struct table_counts *c)
{
    char at[CLOCK_TEXT_LEN];
    struct buf full = {0};
    if (!r->headed)
        fprintf(r->text, "%19s %7s %10s %8s %9s %9s %8s %s\n", "TS", "DIFFS", "ROWS", "CHUNKS", "IN_FLIGHT",
                "UNSETTLED", "TIME", "TABLE");
    r->headed = true;
    put_name(&full, name);
    clock_text(at, clock_wall_us());
    fprintf(r->text, "%.19s %7" PRIu64 " %10" PRIu64 " %8" PRIu64 " %9" PRIu64 " %9" PRIu64 " %8.2f %s\n", at, found(c),
            c->rows, c->chunks, c->in_flight, c->unsettled, (double)c->took_ms / 1000, buf_cstr(&full));
    fputs(buf_cstr(&r->findings), r->text);
    if (r->finding_lines > TEXT_FINDINGS)
        fprintf(r->text, "  ... and %" PRIu64 " more; --json FILE has all\n", r->finding_lines - TEXT_FINDINGS);
    fflush(r->text);
    buf_free(&full);
}

/* On stderr, and in the JSON: type "problem", with the table that it is about. */
static void put_problem(struct report *r, const struct finding *table, const char *text)
{
    struct buf *out = &r->scratch;
    buf_clear(out);
    if (table)
        put_name(out, table);
    fprintf(stderr, "drc-reconcile: %s%s%s\n", table ? buf_cstr(out) : "", table ? " was not compared whole: " : "",
            text);
    if (!r->json)
        return;
    buf_clear(out);
    buf_put_str(out, "{\"type\": \"problem\"");
    if (table) {
        buf_put_str(out, ", ");
        put_string(out, "db", table->db);
        buf_put_str(out, ", ");
        put_string(out, "table", table->table);
    }
    buf_put_str(out, ", ");
    put_string(out, "detail", span_str(text));
    buf_put_str(out, "}\n");
    fwrite(out->data, 1, out->len, r->json);
}

void report_table(struct report *r, struct span db, struct span table, const struct table_counts *c)
{
    const struct finding name = {.db = db, .table = table};
    bool clean = found(c) == 0 && c->unsettled == 0 && !c->problem;
    r->tables++;
    r->problems += c->problem != NULL;
    add(&r->all, c);
    if (r->text && !(r->options.quiet && clean))
        print_table_line(r, &name, c);
    if (c->problem)
        put_problem(r, &name, c->problem);
    if (r->json)
        fflush(r->json);
    buf_clear(&r->findings);
    r->finding_lines = 0;
}

void report_problem(struct report *r, const char *text)
{
    r->problems++;
    put_problem(r, NULL, text);
}

static int exit_code(const struct report *r)
{
    if (r->problems > 0 || r->all.unsettled > 0)
        return RECONCILE_INCOMPLETE;
    return found(&r->all) > 0 ? RECONCILE_DIFFERENT : RECONCILE_EQUAL;
}

static void print_json_summary(struct report *r, double seconds)
{
    struct buf *out = &r->scratch;
    buf_clear(out);
    buf_put_str(out, "{\"type\": \"summary\", ");
    put_string(out, "source", span_str(r->options.regions[0]));
    buf_put_str(out, ", ");
    put_string(out, "target", span_str(r->options.regions[1]));
    buf_printf(out,
               ", \"tables\": %" PRIu64 ", \"rows\": %" PRIu64 ", \"chunks\": %" PRIu64 ", \"differences\": %" PRIu64,
               r->tables, r->all.rows, r->all.chunks, found(&r->all));
    for (int i = 0; i < FINDING_CLASSES; i++)
        buf_printf(out, ", \"%s\": %" PRIu64, class_names[i], r->all.found[i]);
    buf_printf(out, ", \"in_flight\": %" PRIu64 ", \"unsettled\": %" PRIu64 ", \"problems\": %" PRIu64,
               r->all.in_flight, r->all.unsettled, r->problems);
    buf_printf(out, ", \"seconds\": %.3f, \"exit_code\": %d}\n", seconds, exit_code(r));
    fwrite(out->data, 1, out->len, r->json);
    fflush(r->json);
}

int report_summary(struct report *r)
{
    double seconds = (double)(clock_mono_ms() - r->began_ms) / 1000;
    int code = exit_code(r);
    if (r->json)
        print_json_summary(r, seconds);
    if (!r->text || (r->options.quiet && code == RECONCILE_EQUAL))
        return code;
    fprintf(r->text,
            "%" PRIu64 " tables, %" PRIu64 " rows in %.1f s: %" PRIu64 " differences (%" PRIu64
            " missing_at_target, %" PRIu64 " extra_at_target, %" PRIu64 " diverged, %" PRIu64 " definition), %" PRIu64
            " in flight, %" PRIu64 " unsettled%s\n",
            r->tables, r->all.rows, seconds, found(&r->all), r->all.found[FINDING_MISSING], r->all.found[FINDING_EXTRA],
            r->all.found[FINDING_DIVERGED], r->all.found[FINDING_DEFINITION], r->all.in_flight, r->all.unsettled,
            r->problems > 0 ? "; incomplete, see above" : "");
    fflush(r->text);
    return code;
}
