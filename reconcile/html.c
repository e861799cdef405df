/* What is kept until the page is written, and the order of its parts. */
#include "reconcile/html_private.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/base/mem.h"

#define SHOWN_MAX 1000u /* of each class */
#define CLEAN_MAX 500u  /* tables without a difference that are listed */
#define ITEMS_MAX 1000u
#define NOTES_BYTES (256u << 10) /* of facts, of problems */

/* ---- the file of rows ---- */

static FILE *open_unnamed(void)
{
    const char *folder = getenv("TMPDIR");
    char path[4096];
    snprintf(path, sizeof path, "%s/drc-html-XXXXXX", folder && *folder ? folder : "/var/tmp");
    int fd = mkostemp(path, O_CLOEXEC);
    if (fd < 0)
        return NULL;
    unlink(path);
    return fdopen(fd, "w+");
}

int html_open(struct html **out, const struct report_options *options, struct err *err)
{
    struct html *h = xcalloc(1, sizeof *h);
    h->options = options;
    h->out = fopen(options->html_path, "we");
    if (!h->out) {
        err_fatal(err, EXIT_BAD_USAGE, "cannot write %s: %s", options->html_path, strerror(errno));
        goto failed;
    }
    h->rows = open_unnamed();
    if (!h->rows) {
        err_fatal(err, EXIT_BAD_USAGE, "cannot write a temporary file ($TMPDIR, else /var/tmp): %s", strerror(errno));
        goto failed;
    }
    *out = h;
    return 0;
failed:
    html_close(&h);
    return -1;
}

void html_close(struct html **html)
{
    struct html *h = *html;
    if (!h)
        return;
    if (h->out)
        fclose(h->out);
    if (h->rows)
        fclose(h->rows);
    for (size_t i = 0; i < h->section_count; i++)
        buf_free(&h->sections[i].name);
    free(h->sections);
    free(h->pieces);
    map_free(&h->section_of);
    buf_free(&h->tables);
    buf_free(&h->facts);
    buf_free(&h->problems);
    buf_free(&h->items);
    buf_free(&h->scratch);
    free(h);
    *html = NULL;
}

/* ---- differences ---- */

static struct html_section *section_of(struct html *h, struct span db, struct span table, size_t *at)
{
    buf_clear(&h->scratch);
    buf_put_sized(&h->scratch, db);
    buf_put_sized(&h->scratch, table);
    void **known = map_ref(&h->section_of, buf_span(&h->scratch));
    if (!*known) {
        if (h->section_count == h->section_room) {
            h->section_room = h->section_room ? h->section_room * 2 : 16;
            h->sections = xreallocarray(h->sections, h->section_room, sizeof *h->sections);
        }
        struct html_section *s = &h->sections[h->section_count++];
        *s = (struct html_section){0};
        html_put_text(&s->name, db);
        buf_put_str(&s->name, ".");
        html_put_text(&s->name, table);
        *known = (void *)h->section_count;
    }
    *at = (size_t)*known - 1;
    return &h->sections[*at];
}

static void note_time(struct html *h, const struct difference *d)
{
    uint64_t last = d->last[0].time_us > d->last[1].time_us ? d->last[0].time_us : d->last[1].time_us;
    if (last > 0)
        timeline_add(&h->timeline, TIMELINE_DIFFERENCES, last, 1);
}

void html_difference(struct html *h, const struct difference *d, bool unsettled)
{
    int kind = unsettled ? HTML_UNSETTLED : (int)d->class;
    size_t at;
    struct html_section *s = section_of(h, d->db, d->table, &at);
    s->found[kind]++;
    h->found[kind][d->cause]++;
    if (!unsettled)
        note_time(h, d);
    if (h->shown[kind] >= SHOWN_MAX)
        return;
    h->shown[kind]++;
    s->shown++;
    buf_clear(&h->scratch);
    html_put_difference(&h->scratch, h, d, unsettled);
    if (h->piece_count == h->piece_room) {
        h->piece_room = h->piece_room ? h->piece_room * 2 : 256;
        h->pieces = xreallocarray(h->pieces, h->piece_room, sizeof *h->pieces);
    }
    h->pieces[h->piece_count++] = (struct html_piece){at, ftell(h->rows), h->scratch.len};
    fwrite(h->scratch.data, 1, h->scratch.len, h->rows);
}

/* ---- all else that is told ---- */

static void put_entry(struct buf *out, const char *name, struct span text)
{
    if (out->len > NOTES_BYTES)
        return;
    buf_put_str(out, "<div><dt>");
    html_put_text(out, span_str(name));
    buf_put_str(out, "</dt><dd>");
    html_put_text(out, text);
    buf_put_str(out, "</dd></div>\n");
}

void html_fact(struct html *h, const char *name, const char *text)
{
    put_entry(&h->facts, name, span_str(text));
}

void html_item(struct html *h, const struct report_item *item)
{
    if (h->item_count++ < ITEMS_MAX)
        put_entry(&h->items, item->type, item->text);
}

void html_problem(struct html *h, struct span db, struct span table, const char *text)
{
    if (h->problems.len > NOTES_BYTES)
        return;
    buf_put_str(&h->problems, "<li>");
    if (db.n > 0) {
        buf_put_str(&h->problems, "<b>");
        html_put_text(&h->problems, db);
        buf_put_str(&h->problems, ".");
        html_put_text(&h->problems, table);
        buf_put_str(&h->problems, "</b> was not compared whole: ");
    }
    html_put_text(&h->problems, span_str(text));
    buf_put_str(&h->problems, "</li>\n");
}

static void put_cell(struct buf *out, uint64_t n, const char *class)
{
    buf_printf(out, "<td class=\"n%s%s\">", n == 0 ? " zero" : "", class);
    html_put_number(out, n);
    buf_put_str(out, "</td>");
}

void html_table(struct html *h, struct span db, struct span table, const struct table_counts *c)
{
    struct buf *out = &h->tables;
    uint64_t found = table_counts_found(c);
    bool clean = found == 0 && c->unsettled == 0 && !c->problem;
    h->clean_tables += clean;
    if (clean && h->clean_shown++ >= CLEAN_MAX)
        return;
    buf_printf(out, "<tr%s><th scope=\"row\">", clean ? " class=\"clean\"" : "");
    html_put_text(out, db);
    buf_put_str(out, ".<wbr>");
    html_put_text(out, table);
    buf_put_str(out, c->problem ? " <em>incomplete</em></th>" : "</th>");
    put_cell(out, found, "");
    put_cell(out, c->rows, "");
    put_cell(out, c->in_flight, " wide");
    put_cell(out, c->unsettled, "");
    buf_printf(out, "<td class=\"n wide\">%.2f s</td></tr>\n", (double)c->took_ms / 1000);
}

void html_moment(struct html *h, enum timeline_series series, uint64_t time_us, uint64_t value)
{
    timeline_add(&h->timeline, series, time_us, value);
}

/* ---- the page ---- */

static void flush(struct html *h)
{
    fwrite(h->scratch.data, 1, h->scratch.len, h->out);
    buf_clear(&h->scratch);
}

static int copy_piece(struct html *h, const struct html_piece *p, struct err *err)
{
    uint8_t *room = buf_grow(&h->scratch, p->length);
    if (fseek(h->rows, p->at, SEEK_SET) || fread(room, 1, p->length, h->rows) != p->length)
        return err_fatal(err, EXIT_BAD_USAGE, "not all rows of %s could be kept: %s", h->options->html_path,
                         strerror(errno));
    flush(h);
    return 0;
}

/* Pieces lie in the order in which they came: those of a table are picked out. */
static int put_sections(struct html *h, struct err *err)
{
    for (size_t s = 0; s < h->section_count; s++) {
        html_put_section(&h->scratch, h, &h->sections[s]);
        flush(h);
        for (size_t i = 0; h->sections[s].shown > 0 && i < h->piece_count; i++)
            if (h->pieces[i].section == s && copy_piece(h, &h->pieces[i], err))
                return -1;
        buf_put_str(&h->scratch, "</section>\n");
    }
    return 0;
}

int html_summary(struct html *h, const struct report_totals *totals, struct err *err)
{
    buf_clear(&h->scratch);
    html_put_head(&h->scratch, h, totals);
    html_put_filters(&h->scratch, h);
    flush(h);
    if (put_sections(h, err))
        return -1;
    html_put_end(&h->scratch, h);
    flush(h);
    if (fflush(h->out) || ferror(h->out))
        return err_fatal(err, EXIT_BAD_USAGE, "not all of %s could be written", h->options->html_path);
    return 0;
}
