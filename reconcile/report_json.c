/* Objects, one a line, written as they come. */
#include "reconcile/report_json.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "common/base/clock.h"
#include "common/base/mem.h"
#include "common/base/utf8.h"

struct report_json {
    const struct report_options *options;
    FILE *out;
    struct buf line;
    struct buf facts;  /* objects for the summary, separated by commas */
    struct buf tables; /* the same */
};

static const char *const side_names[2] = {"source", "target"};

int report_json_open(struct report_json **out, const struct report_options *options, struct err *err)
{
    bool to_stdout = strcmp(options->json_path, "-") == 0;
    FILE *f = to_stdout ? stdout : fopen(options->json_path, "we");
    if (!f)
        return err_fatal(err, EXIT_BAD_USAGE, "cannot write %s: %s", options->json_path, strerror(errno));
    struct report_json *j = xcalloc(1, sizeof *j);
    j->options = options;
    j->out = f;
    *out = j;
    return 0;
}

void report_json_close(struct report_json **json)
{
    struct report_json *j = *json;
    if (!j)
        return;
    if (j->out != stdout)
        fclose(j->out);
    buf_free(&j->line);
    buf_free(&j->facts);
    buf_free(&j->tables);
    free(j);
    *json = NULL;
}

static void put_string(struct buf *out, struct span v)
{
    buf_put_str(out, "\"");
    utf8_put_json(out, v);
    buf_put_str(out, "\"");
}

static void put_member(struct buf *out, const char *name, struct span v)
{
    buf_printf(out, ", \"%s\": ", name);
    put_string(out, v);
}

static struct buf *begin(struct report_json *j, const char *type)
{
    buf_clear(&j->line);
    buf_printf(&j->line, "{\"type\": \"%s\"", type);
    return &j->line;
}

/* Length of a character that some readers end a line at, or a terminal obeys: U+0080 to U+009F, U+2028, U+2029. */
static size_t line_breaker(const uint8_t *p, size_t left)
{
    if (left >= 2 && p[0] == 0xc2 && p[1] >= 0x80 && p[1] < 0xa0)
        return 2;
    return left >= 3 && p[0] == 0xe2 && p[1] == 0x80 && (p[2] == 0xa8 || p[2] == 0xa9) ? 3 : 0;
}

/* An object a line, whoever splits lines. Outside of strings JSON has no such characters, so each becomes an escape. */
static void end(struct report_json *j)
{
    const uint8_t *p = j->line.data;
    size_t from = 0;
    for (size_t i = 0, n; i < j->line.len; i += n ? n : 1) {
        n = line_breaker(p + i, j->line.len - i);
        if (n == 0)
            continue;
        fwrite(p + from, 1, i - from, j->out);
        fprintf(j->out, n == 2 ? "\\u00%02x" : "\\u20%02x", n == 2 ? p[i + 1] : p[i + 2] - 0x80);
        from = i + n;
    }
    fwrite(p + from, 1, j->line.len - from, j->out);
    fputs("}\n", j->out);
}

/* ---- a difference ---- */

static void put_name_of(struct buf *out, struct span name, bool *first)
{
    buf_put_str(out, *first ? "" : ", ");
    put_string(out, name);
    *first = false;
}

void report_json_put_key(struct buf *out, const struct difference *d)
{
    bool first = true;
    buf_put_str(out, "{");
    for (size_t i = 0; i < d->column_count && d->class != DIFFERENCE_DEFINITION; i++) {
        const struct difference_column *c = &d->columns[i];
        struct span value = difference_key_value(c);
        if (!c->key || !value.p)
            continue;
        put_name_of(out, c->name, &first);
        buf_put_str(out, ": ");
        buf_put_span(out, value);
    }
    buf_put_str(out, "}");
}

static void put_differing(struct buf *out, const struct difference *d)
{
    bool first = true;
    buf_put_str(out, ", \"columns\": [");
    for (size_t i = 0; i < d->column_count; i++)
        if (d->columns[i].differs)
            put_name_of(out, d->columns[i].name, &first);
    buf_put_str(out, "]");
}

/* An object of what is known of the row on that side; null: it is not there. */
static void put_image(struct buf *out, const struct difference *d, int side)
{
    bool first = true;
    buf_printf(out, ", \"%s\": ", side_names[side]);
    if (!difference_has_row(d, side)) {
        buf_put_str(out, "null");
        return;
    }
    buf_put_str(out, "{");
    for (size_t i = 0; i < d->column_count; i++) {
        if (!d->columns[i].value[side].p)
            continue;
        put_name_of(out, d->columns[i].name, &first);
        buf_put_str(out, ": ");
        buf_put_span(out, d->columns[i].value[side]);
    }
    buf_put_str(out, "}");
}

static void put_write(struct buf *out, const struct difference *d, int side)
{
    const struct difference_write *w = &d->last[side];
    char at[CLOCK_TEXT_LEN];
    buf_printf(out, "%s\"%s\": ", side ? ", " : "", side_names[side]);
    if (!w->region) {
        buf_put_str(out, "null");
        return;
    }
    buf_put_str(out, "{\"region\": ");
    put_string(out, span_str(w->region));
    if (w->gtid.n > 0)
        put_member(out, "gtid", w->gtid);
    if (w->seq > 0)
        buf_printf(out, ", \"seq\": %" PRIu64, w->seq);
    if (w->time_us > 0)
        put_member(out, "at", span_str(clock_text(at, w->time_us)));
    buf_put_str(out, "}");
}

static void put_cause(struct buf *out, const struct difference *d)
{
    buf_printf(out, ", \"cause\": \"%s\"", difference_cause_name(d->cause));
    if (d->journal_id > 0)
        buf_printf(out, ", \"journal_id\": %" PRIu64, d->journal_id);
    if (d->journal_at)
        put_member(out, "journal_at", span_str(d->journal_at));
}

void report_json_difference(struct report_json *j, const char *type, const struct difference *d)
{
    struct buf *out = begin(j, type);
    put_member(out, "db", d->db);
    put_member(out, "table", d->table);
    buf_put_str(out, ", \"key\": ");
    report_json_put_key(out, d);
    buf_printf(out, ", \"class\": \"%s\"", difference_class_name(d->class));
    put_cause(out, d);
    if (d->column_count > 0) {
        put_differing(out, d);
        for (int side = 0; side < 2; side++)
            put_image(out, d, side);
    }
    if (d->copies[0] || d->copies[1])
        buf_printf(out, ", \"count_at_source\": %" PRIu64 ", \"count_at_target\": %" PRIu64, d->copies[0],
                   d->copies[1]);
    if (d->last[0].region || d->last[1].region) {
        buf_put_str(out, ", \"last_write\": {");
        put_write(out, d, 0);
        put_write(out, d, 1);
        buf_put_str(out, "}");
    }
    if (d->detail)
        put_member(out, "detail", span_str(d->detail));
    end(j);
}

/* ---- the rest: lines are what was found, all else is in the summary ---- */

static void begin_object(struct buf *out, const char *name, struct span v)
{
    buf_printf(out, "%s{\"%s\": ", out->len ? ", " : "", name);
    put_string(out, v);
}

static void put_list(struct buf *out, const char *name, const struct buf *objects)
{
    buf_printf(out, ", \"%s\": [", name);
    buf_put_span(out, buf_span(objects));
    buf_put_str(out, "]");
}

void report_json_item(struct report_json *j, const struct report_item *item)
{
    struct buf *out = begin(j, item->type);
    if (item->json.n > 0) {
        buf_put_str(out, ", ");
        buf_put_span(out, item->json);
    } else {
        put_member(out, "text", item->text);
    }
    end(j);
}

void report_json_fact(struct report_json *j, const char *name, const char *text)
{
    struct buf *out = &j->facts;
    begin_object(out, "name", span_str(name));
    put_member(out, "text", span_str(text));
    buf_put_str(out, "}");
}

static void put_counts(struct buf *out, const struct table_counts *c)
{
    bool first = true;
    buf_printf(out, ", \"rows\": %" PRIu64 ", \"chunks\": %" PRIu64 ", \"differences\": %" PRIu64, c->rows, c->chunks,
               table_counts_found(c));
    for (int i = 0; i < DIFFERENCE_CLASSES; i++)
        buf_printf(out, ", \"%s\": %" PRIu64, difference_class_name((enum difference_class)i), c->found[i]);
    buf_put_str(out, ", \"causes\": {");
    for (int i = 0; i < DIFFERENCE_CAUSES; i++) {
        if (c->causes[i] == 0)
            continue;
        put_name_of(out, span_str(difference_cause_name((enum difference_cause)i)), &first);
        buf_printf(out, ": %" PRIu64, c->causes[i]);
    }
    buf_printf(out, "}, \"in_flight\": %" PRIu64 ", \"unsettled\": %" PRIu64, c->in_flight, c->unsettled);
}

void report_json_table(struct report_json *j, struct span db, struct span table, const struct table_counts *c)
{
    struct buf *out = &j->tables;
    begin_object(out, "db", db);
    put_member(out, "table", table);
    put_counts(out, c);
    buf_printf(out, ", \"seconds\": %.3f}", (double)c->took_ms / 1000);
    fflush(j->out);
}

void report_json_problem(struct report_json *j, struct span db, struct span table, const char *text)
{
    struct buf *out = begin(j, "problem");
    if (db.n > 0) {
        put_member(out, "db", db);
        put_member(out, "table", table);
    }
    put_member(out, "detail", span_str(text));
    end(j);
}

int report_json_summary(struct report_json *j, const struct report_totals *t, struct err *err)
{
    struct buf *out = begin(j, "summary");
    put_member(out, "mode", span_str(j->options->mode));
    put_member(out, "source", span_str(j->options->regions[0]));
    put_member(out, "target", span_str(j->options->regions[1]));
    buf_printf(out, ", \"tables\": %" PRIu64, t->tables);
    put_counts(out, &t->all);
    put_list(out, "by_table", &j->tables);
    put_list(out, "facts", &j->facts);
    buf_printf(out, ", \"problems\": %" PRIu64 ", \"seconds\": %.3f, \"exit_code\": %d", t->problems, t->seconds,
               t->exit_code);
    end(j);
    if (fflush(j->out) || ferror(j->out))
        return err_fatal(err, EXIT_BAD_USAGE, "not all of %s could be written", j->options->json_path);
    return 0;
}
