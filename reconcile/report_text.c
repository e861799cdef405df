/* Lines for people: nothing of a value can move a terminal's cursor, and long values are cut. */
#include "reconcile/report_text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/mem.h"
#include "common/base/utf8.h"
#include "reconcile/report_json.h"

#define DIFFERENCES_MAX 1000 /* shown; the JSON has all */
#define KEY_MAX 400
#define VALUE_MAX 200
#define LINE_MAX_BYTES 16384 /* of an item: a statement that makes a table has to be whole */

struct report_text {
    const struct report_options *options;
    FILE *out;
    bool headed;
    struct buf kept; /* lines of differences and items, for the summary */
    uint64_t count;  /* of them; those beyond DIFFERENCES_MAX are only counted */
    struct buf sums; /* lines behind the summary */
    struct buf scratch;
};

struct report_text *report_text_new(FILE *out, const struct report_options *options)
{
    struct report_text *t = xcalloc(1, sizeof *t);
    t->options = options;
    t->out = out;
    return t;
}

void report_text_free(struct report_text **text)
{
    struct report_text *t = *text;
    if (!t)
        return;
    buf_free(&t->kept);
    buf_free(&t->sums);
    buf_free(&t->scratch);
    free(t);
    *text = NULL;
}

static void put_table(struct buf *out, struct span db, struct span table)
{
    utf8_put_printable(out, db, VALUE_MAX);
    buf_put_str(out, ".");
    utf8_put_printable(out, table, VALUE_MAX);
}

/* ---- a difference ---- */

static void put_cause(struct buf *out, const struct difference *d)
{
    if (d->cause != CAUSE_UNKNOWN)
        buf_printf(out, ", %s", difference_cause_name(d->cause));
    if (d->journal_id > 0)
        buf_printf(out, " (conflict %" PRIu64 "%s%s)", d->journal_id, d->journal_at ? " at " : "",
                   d->journal_at ? d->journal_at : "");
}

static void put_head(struct report_text *t, const char *what, const struct difference *d)
{
    struct buf *out = &t->kept;
    buf_put_str(out, "  ");
    put_table(out, d->db, d->table);
    buf_clear(&t->scratch);
    report_json_put_key(&t->scratch, d);
    if (t->scratch.len > 2) {
        buf_put_str(out, " ");
        utf8_put_printable(out, buf_span(&t->scratch), KEY_MAX);
    }
    buf_printf(out, " %s", what);
    put_cause(out, d);
    if (d->copies[0] || d->copies[1])
        buf_printf(out, ": %" PRIu64 " times in %s, %" PRIu64 " in %s", d->copies[0], t->options->regions[0],
                   d->copies[1], t->options->regions[1]);
    if (d->detail) { /* it may have names and defaults of columns in it */
        buf_put_str(out, ": ");
        utf8_put_printable(out, span_str(d->detail), LINE_MAX_BYTES);
    }
    buf_put_str(out, "\n");
}

static void put_value(struct report_text *t, const struct difference_column *c, int side)
{
    buf_printf(&t->kept, " %s ", t->options->regions[side]);
    if (c->value[side].p)
        utf8_put_printable(&t->kept, c->value[side], VALUE_MAX);
    else
        buf_put_str(&t->kept, "-");
}

/* A line a column that differs, where anything of it is known. */
static void put_columns(struct report_text *t, const struct difference *d)
{
    for (size_t i = 0; i < d->column_count; i++) {
        const struct difference_column *c = &d->columns[i];
        if (!c->differs)
            continue;
        buf_put_str(&t->kept, "      ");
        utf8_put_printable(&t->kept, c->name, VALUE_MAX);
        if (c->value[0].p || c->value[1].p) {
            buf_put_str(&t->kept, ":");
            put_value(t, c, 0);
            buf_put_str(&t->kept, " |");
            put_value(t, c, 1);
        }
        buf_put_str(&t->kept, "\n");
    }
}

static void put_writes(struct report_text *t, const struct difference *d)
{
    char at[CLOCK_TEXT_LEN];
    for (int side = 0; side < 2; side++) {
        const struct difference_write *w = &d->last[side];
        if (!w->region)
            continue;
        buf_printf(&t->kept, "      last written in %s by %s", t->options->regions[side], w->region);
        if (w->gtid.n > 0) {
            buf_put_str(&t->kept, " ");
            utf8_put_printable(&t->kept, w->gtid, VALUE_MAX);
        }
        if (w->time_us > 0)
            buf_printf(&t->kept, " at %s", clock_text(at, w->time_us));
        buf_put_str(&t->kept, "\n");
    }
}

void report_text_difference(struct report_text *t, const char *what, const struct difference *d)
{
    if (t->count++ >= DIFFERENCES_MAX)
        return;
    put_head(t, what, d);
    if (difference_has_row(d, 0) && difference_has_row(d, 1))
        put_columns(t, d);
    put_writes(t, d);
}

/* Newlines are ours: what comes from databases is escaped before. */
static void put_lines(struct buf *out, struct span text)
{
    while (text.n > 0) {
        const uint8_t *end = memchr(text.p, '\n', text.n);
        size_t n = end ? (size_t)(end - text.p) : text.n;
        utf8_put_printable(out, span_of(text.p, n), LINE_MAX_BYTES);
        buf_put_str(out, "\n");
        n += end != NULL;
        text = span_of(text.p + n, text.n - n);
    }
}

void report_text_item(struct report_text *t, const struct report_item *item)
{
    if (item->sum) {
        buf_printf(&t->sums, "%s: ", item->type);
        put_lines(&t->sums, item->text);
        return;
    }
    if (t->count++ >= DIFFERENCES_MAX)
        return;
    buf_printf(&t->kept, "  %s ", item->type);
    put_lines(&t->kept, item->text);
}

/* ---- tables ---- */

void report_text_fact(struct report_text *t, const char *name, const char *text)
{
    if (t->options->quiet)
        return;
    buf_clear(&t->scratch);
    utf8_put_printable(&t->scratch, span_str(text), LINE_MAX_BYTES);
    fprintf(t->out, "# %s: %s\n", name, buf_cstr(&t->scratch));
    fflush(t->out);
}

void report_text_table(struct report_text *t, struct span db, struct span table, const struct table_counts *c)
{
    char at[CLOCK_TEXT_LEN];
    if (t->options->quiet && table_counts_found(c) == 0 && c->unsettled == 0 && !c->problem)
        return;
    if (!t->headed)
        fprintf(t->out, "%19s %6s %7s %10s %8s %9s %9s %8s %s\n", "TS", "ERRORS", "DIFFS", "ROWS", "CHUNKS",
                "IN_FLIGHT", "UNSETTLED", "TIME", "TABLE");
    t->headed = true;
    buf_clear(&t->scratch);
    put_table(&t->scratch, db, table);
    clock_text(at, clock_wall_us());
    fprintf(t->out, "%.19s %6d %7" PRIu64 " %10" PRIu64 " %8" PRIu64 " %9" PRIu64 " %9" PRIu64 " %8.2f %s\n", at,
            c->problem ? 1 : 0, table_counts_found(c), c->rows, c->chunks, c->in_flight, c->unsettled,
            (double)c->took_ms / 1000, buf_cstr(&t->scratch));
    fflush(t->out);
}

/* ---- the summary ---- */

static void print_kept(struct report_text *t)
{
    if (t->count == 0)
        return;
    fputs(t->options->items ? "\nTransactions:\n" : "\nDifferences:\n", t->out);
    fwrite(t->kept.data, 1, t->kept.len, t->out);
    if (t->count > DIFFERENCES_MAX)
        fprintf(t->out, "  ... and %" PRIu64 " more; --json FILE has all\n", t->count - DIFFERENCES_MAX);
    fputs("\n", t->out);
}

static void print_causes(struct report_text *t, const struct table_counts *c)
{
    const char *before = "causes: ";
    if (table_counts_found(c) == 0 || c->causes[CAUSE_UNKNOWN] == table_counts_found(c))
        return;
    for (int i = 0; i < DIFFERENCE_CAUSES; i++) {
        if (c->causes[i] == 0)
            continue;
        fprintf(t->out, "%s%" PRIu64 " %s", before, c->causes[i], difference_cause_name((enum difference_cause)i));
        before = ", ";
    }
    fputs("\n", t->out);
}

static void print_summary(struct report_text *t, const struct report_totals *totals)
{
    const struct table_counts *all = &totals->all;
    if (t->options->quiet && totals->exit_code == RECONCILE_EQUAL)
        return;
    print_kept(t);
    if (t->options->items) {
        fprintf(t->out, "%s%" PRIu64 " %s, told in %.1f s%s\n", totals->problems > 0 ? "at least " : "", totals->items,
                t->options->items, totals->seconds, totals->problems > 0 ? "; incomplete, see above" : "");
        return;
    }
    fprintf(t->out, "%" PRIu64 " tables, %" PRIu64 " rows in %.1f s: %" PRIu64 " differences (", totals->tables,
            all->rows, totals->seconds, table_counts_found(all));
    for (int i = 0; i < DIFFERENCE_CLASSES; i++)
        fprintf(t->out, "%s%" PRIu64 " %s", i ? ", " : "", all->found[i],
                difference_class_name((enum difference_class)i));
    fprintf(t->out, "), %" PRIu64 " in flight, %" PRIu64 " unsettled%s\n", all->in_flight, all->unsettled,
            totals->problems > 0 ? "; incomplete, see above" : "");
    print_causes(t, all);
    if (t->sums.len > 0)
        fwrite(t->sums.data, 1, t->sums.len, t->out);
}

int report_text_summary(struct report_text *t, const struct report_totals *totals, struct err *err)
{
    print_summary(t, totals);
    if (fflush(t->out) || ferror(t->out))
        return err_fatal(err, EXIT_BAD_USAGE, "not all of the report could be written to stdout");
    return 0;
}
