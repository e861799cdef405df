/* What a forecast says, for people and as JSON. */
#include <inttypes.h>
#include <stdio.h>

#include "applier/shadow_forecast.h"
#include "common/base/utf8.h"

/* ---- text ---- */

static void put_line(const struct tally_line *line)
{
    printf("  %-30s %-20s %-13s %10" PRIu64 "  (", line->table[0] ? line->table : "-", line->kind,
           line->cause[0] ? line->cause : "-", line->count);
    for (size_t i = 0; line->verdicts[i].name; i++)
        printf("%s%s %" PRIu64, i ? ", " : "", line->verdicts[i].name, line->verdicts[i].count);
    puts(")");
    for (size_t i = 0; i < line->example_count; i++) {
        const struct tally_example *e = &line->examples[i];
        printf("      seq %" PRIu64 "%s%s: %s\n", e->seq, e->key[0] ? ", row " : "", e->key, e->why);
    }
}

static void put_count(const char *what, const struct shadow_count *c)
{
    if (c->count > 0)
        printf("%s: %" PRIu64 "; the first at seq %" PRIu64 ": %s\n", what, c->count, c->seq, c->why);
}

static void print_text(const struct forecast *f)
{
    size_t count;
    const struct tally_line *lines = tally_lines(f->shadow.tally, &count);
    printf("Forecast of link %s: %" PRIu64 " transactions with %" PRIu64 " rows, up to seq %" PRIu64
           "; nothing was written.\n",
           f->sink.link, f->judged, f->rows, f->last_seq);
    if (f->in_effect > 0)
        printf("In effect at the target already: %" PRIu64 " more.\n", f->in_effect);
    printf("Journal entries that there would be: %" PRIu64 "\n", tally_total(f->shadow.tally));
    for (size_t i = 0; i < count; i++)
        put_line(&lines[i]);
    put_count("The link would stop", &f->stops);
    put_count("Transactions that could not be judged", &f->unjudged);
    if (f->statements > 0)
        printf("DDL statements, not run: %" PRIu64 "; rows were judged by the definitions that the target has now\n",
               f->statements);
    if (f->shadow.cascades > 0)
        printf("Deletes and key changes that change children by a foreign key, which is not followed: %" PRIu64 "\n",
               f->shadow.cascades);
    if (overlay_forgotten(f->shadow.overlay) > 0)
        printf("Rows of which it was forgotten what would be there: %" PRIu64 "\n",
               overlay_forgotten(f->shadow.overlay));
    if (f->over)
        puts("Nothing can be told beyond this.");
}

/* ---- JSON ---- */

static void put_string(struct buf *out, const char *text)
{
    buf_put_u8(out, '"');
    utf8_put_json(out, span_str(text));
    buf_put_u8(out, '"');
}

static void put_json_count(struct buf *out, const char *name, const struct shadow_count *c)
{
    buf_printf(out, ", \"%s\": {\"count\": %" PRIu64, name, c->count);
    if (c->count > 0) {
        buf_printf(out, ", \"seq\": %" PRIu64 ", \"why\": ", c->seq);
        put_string(out, c->why);
    }
    buf_put_u8(out, '}');
}

static void put_json_line(struct buf *out, const struct tally_line *line)
{
    buf_put_str(out, "{\"table\": ");
    if (line->table[0])
        put_string(out, line->table);
    else
        buf_put_str(out, "null");
    buf_printf(out, ", \"kind\": \"%s\", \"cause\": \"%s\", \"count\": %" PRIu64 ", \"verdicts\": {", line->kind,
               line->cause, line->count);
    for (size_t i = 0; line->verdicts[i].name; i++)
        buf_printf(out, "%s\"%s\": %" PRIu64, i ? ", " : "", line->verdicts[i].name, line->verdicts[i].count);
    buf_put_str(out, "}, \"examples\": [");
    for (size_t i = 0; i < line->example_count; i++) {
        const struct tally_example *e = &line->examples[i];
        buf_printf(out, "%s{\"seq\": %" PRIu64 ", \"row_key\": %s, \"why\": ", i ? ", " : "", e->seq,
                   e->key[0] ? e->key : "null");
        put_string(out, e->why);
        buf_put_u8(out, '}');
    }
    buf_put_str(out, "]}");
}

static void print_json(const struct forecast *f)
{
    struct buf out = {0};
    size_t count;
    const struct tally_line *lines = tally_lines(f->shadow.tally, &count);
    buf_put_str(&out, "{\"link\": ");
    put_string(&out, f->sink.link);
    buf_printf(&out,
               ", \"first_seq\": %" PRIu64 ", \"last_seq\": %" PRIu64 ", \"transactions\": %" PRIu64
               ", \"rows\": %" PRIu64 ", \"in_effect\": %" PRIu64 ", \"statements\": %" PRIu64
               ", \"cascades\": %" PRIu64 ", \"forgotten\": %" PRIu64 ", \"complete\": %s, \"entries\": %" PRIu64,
               f->first_seq, f->last_seq, f->judged, f->rows, f->in_effect, f->statements, f->shadow.cascades,
               overlay_forgotten(f->shadow.overlay), f->over ? "false" : "true", tally_total(f->shadow.tally));
    put_json_count(&out, "stops", &f->stops);
    put_json_count(&out, "unjudged", &f->unjudged);
    buf_put_str(&out, ", \"conflicts\": [");
    for (size_t i = 0; i < count; i++) {
        buf_put_str(&out, i ? ", " : "");
        put_json_line(&out, &lines[i]);
    }
    buf_put_str(&out, "]}");
    puts(buf_cstr(&out));
    buf_free(&out);
}

void shadow_report(const struct forecast *f)
{
    if (f->setup->json)
        print_json(f);
    else
        print_text(f);
    (void)fflush(stdout);
}
