/* The page around the differences: what it comes to, what was covered, tables, filters. */
#include <inttypes.h>

#include "common/base/clock.h"
#include "common/link/csp.h"
#include "reconcile/html_private.h"

struct words {
    const char *text;
    bool target; /* followed by the target's name */
};

static const struct words kinds[HTML_KINDS] = {
    [DIFFERENCE_MISSING] = {"missing at", true },
      [DIFFERENCE_EXTRA] = {"extra at",   true },
    [DIFFERENCE_STALE] = {"stale at",   true },
      [DIFFERENCE_DIVERGED] = {"diverged",   false},
    [DIFFERENCE_DEFINITION] = {"definition", false},
      [HTML_UNSETTLED] = {"unsettled",  false},
};

void html_put_region(struct buf *out, const struct html *h, int side)
{
    html_put_text(out, span_str(h->options->regions[side]));
}

void html_put_kind(struct buf *out, const struct html *h, int kind)
{
    buf_put_str(out, kinds[kind].text);
    if (!kinds[kind].target)
        return;
    buf_put_str(out, " ");
    html_put_region(out, h, 1);
}

void html_put_cause(struct buf *out, enum difference_cause c)
{
    for (const char *p = difference_cause_name(c); *p; p++)
        buf_put_u8(out, *p == '_' ? ' ' : (uint8_t)*p);
}

static uint64_t found_of(const struct html *h, int kind)
{
    uint64_t sum = 0;
    for (int c = 0; c < DIFFERENCE_CAUSES; c++)
        sum += h->found[kind][c];
    return sum;
}

/* ---- the head ---- */

/* Of modes that compare no rows: what they count, which of rows says nothing. */
static void put_items_title(struct buf *out, const struct html *h, const struct report_totals *t)
{
    buf_put_str(out, t->problems > 0 && t->items > 0 ? "At least " : "");
    if (t->items > 0)
        html_put_number(out, t->items);
    else
        buf_put_str(out, t->problems > 0 ? "No known" : "No");
    buf_printf(out, " %s, ", h->options->items);
    html_put_region(out, h, 0);
    buf_put_str(out, " and ");
    html_put_region(out, h, 1);
}

static void put_title(struct buf *out, const struct html *h, const struct report_totals *t)
{
    if (h->options->items) {
        put_items_title(out, h, t);
        return;
    }
    uint64_t found = table_counts_found(&t->all) + t->items;
    if (found > 0)
        html_put_number(out, found);
    else
        buf_put_str(out, "No");
    buf_printf(out, " %s between ", found == 1 ? "difference" : "differences");
    html_put_region(out, h, 0);
    buf_put_str(out, " and ");
    html_put_region(out, h, 1);
}

static void put_subtitle(struct buf *out, const struct html *h, const struct report_totals *t)
{
    char at[CLOCK_TEXT_LEN];
    static const char *const codes[2][3] = {
        {"Equal",         "Different", "Incomplete"},
        {"Accounted for", "Lost",      "Incomplete"},
    };
    clock_text(at, clock_wall_us());
    buf_printf(out, "<p class=\"sub\"><b class=\"code-%d\">%s</b> <span>drc-reconcile %s", t->exit_code,
               codes[h->options->items != NULL][t->exit_code], h->options->mode);
    if (!h->options->items) {
        buf_put_str(out, ", ");
        html_put_number(out, t->tables);
        buf_printf(out, " %s, ", t->tables == 1 ? "table" : "tables");
        html_put_number(out, t->all.rows);
        buf_put_str(out, " rows");
    }
    buf_printf(out, " in %.1f s, finished <time>%.10s %.8s UTC</time></span></p>\n", t->seconds, at, at + 11);
}

static void put_stat(struct buf *out, uint64_t n, const struct html *h, int kind, const char *text)
{
    buf_printf(out, "<div%s><dd>", n == 0 ? " class=\"zero\"" : "");
    html_put_number(out, n);
    buf_put_str(out, "</dd><dt>");
    if (text)
        buf_put_str(out, text);
    else
        html_put_kind(out, h, kind);
    buf_put_str(out, "</dt></div>\n");
}

static void put_stats(struct buf *out, const struct html *h, const struct report_totals *t)
{
    if (h->options->items)
        return;
    buf_put_str(out, "<dl class=\"stats\">\n");
    for (int k = 0; k < DIFFERENCE_CLASSES; k++)
        put_stat(out, t->all.found[k], h, k, NULL);
    put_stat(out, t->all.in_flight, h, 0, "were in flight");
    put_stat(out, t->all.unsettled, h, HTML_UNSETTLED, NULL);
    buf_put_str(out, "</dl>\n");
}

/* ---- causes ---- */

static void put_cause_row(struct buf *out, const struct html *h, enum difference_cause c)
{
    buf_put_str(out, "<tr><th scope=\"row\">");
    html_put_cause(out, c);
    buf_put_str(out, "</th>");
    for (int k = 0; k < DIFFERENCE_CLASSES; k++) {
        buf_printf(out, "<td class=\"n%s\">", h->found[k][c] == 0 ? " zero" : "");
        html_put_number(out, h->found[k][c]);
        buf_put_str(out, "</td>");
    }
    buf_put_str(out, "</tr>\n");
}

static void put_causes(struct buf *out, const struct html *h, const struct report_totals *t)
{
    uint64_t found = table_counts_found(&t->all);
    if (found == 0)
        return;
    buf_put_str(out, "<section><h2>Causes</h2><div class=\"scroll\"><table class=\"list causes\"><thead><tr>"
                     "<th scope=\"col\">Cause</th>");
    for (int k = 0; k < DIFFERENCE_CLASSES; k++) {
        buf_put_str(out, "<th scope=\"col\" class=\"n\">");
        html_put_kind(out, h, k);
        buf_put_str(out, "</th>");
    }
    buf_put_str(out, "</tr></thead><tbody>\n");
    for (int c = 0; c < DIFFERENCE_CAUSES; c++)
        if (t->all.causes[c] > 0)
            put_cause_row(out, h, (enum difference_cause)c);
    buf_put_str(out, "</tbody></table></div></section>\n");
}

/* ---- lists ---- */

static void put_list(struct buf *out, const char *title, const struct buf *entries, const char *open, const char *close)
{
    if (entries->len == 0)
        return;
    buf_printf(out, "<section><h2>%s</h2>%s\n", title, open);
    buf_put_span(out, buf_span(entries));
    buf_printf(out, "%s</section>\n", close);
}

static void put_tables(struct buf *out, const struct html *h)
{
    if (h->tables.len == 0)
        return;
    buf_put_str(out, "<section><h2>Tables</h2><div class=\"scroll\"><table class=\"list\"><thead><tr><th scope=\"col\">"
                     "Table</th><th scope=\"col\" class=\"n\">Differences</th><th scope=\"col\" class=\"n\">Rows</th>"
                     "<th scope=\"col\" class=\"n wide\">In flight</th><th scope=\"col\" class=\"n\">Unsettled</th>"
                     "<th scope=\"col\" class=\"n wide\">Time</th></tr></thead><tbody>\n");
    buf_put_span(out, buf_span(&h->tables));
    buf_put_str(out, "</tbody></table></div>\n");
    if (h->clean_shown < h->clean_tables) {
        buf_put_str(out, "<p class=\"note\">and ");
        html_put_number(out, h->clean_tables - h->clean_shown);
        buf_put_str(out, " more tables without a difference</p>\n");
    }
    buf_put_str(out, "</section>\n");
}

static void put_policy(struct buf *out)
{
    struct buf policy = {0};
    csp_put_policy(&policy, html_js, html_css);
    buf_put_str(out, "<meta http-equiv=\"Content-Security-Policy\" content=\"");
    html_put_text(out, buf_span(&policy));
    buf_put_str(out, "\">\n");
    buf_free(&policy);
}

void html_put_head(struct buf *out, const struct html *h, const struct report_totals *t)
{
    buf_put_str(out, "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n");
    put_policy(out);
    buf_put_str(out, "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                     "<meta name=\"color-scheme\" content=\"light dark\">\n<title>");
    put_title(out, h, t);
    buf_put_str(out, "</title>\n<style>");
    buf_put_span(out, html_css);
    buf_put_str(out, "</style></head><body><main>\n<header><h1>");
    put_title(out, h, t);
    buf_put_str(out, "</h1>\n");
    put_subtitle(out, h, t);
    put_stats(out, h, t);
    buf_put_str(out, "</header>\n");
    put_list(out, "Problems", &h->problems, "<ul class=\"problems\">", "</ul>");
    put_list(out, "Coverage", &h->facts, "<dl class=\"facts\">", "</dl>");
    html_put_timeline(out, h);
    put_causes(out, h, t);
    put_tables(out, h);
    put_list(out, "Transactions", &h->items, "<dl class=\"facts\">", "</dl>");
}

/* ---- differences ---- */

static void put_kind_filters(struct buf *out, const struct html *h)
{
    for (int k = 0; k < HTML_KINDS; k++) {
        if (h->shown[k] == 0)
            continue;
        buf_printf(out, "<label><input type=\"checkbox\" name=\"kind\" value=\"%d\" checked> ", k);
        html_put_kind(out, h, k);
        buf_put_str(out, " <small>");
        html_put_number(out, h->shown[k]);
        buf_put_str(out, "</small></label>\n");
    }
}

static void put_selects(struct buf *out, const struct html *h)
{
    buf_put_str(out, "<select name=\"cause\" aria-label=\"Cause\"><option value=\"\">any cause</option>");
    for (int c = 0; c < DIFFERENCE_CAUSES; c++) {
        uint64_t sum = 0;
        for (int k = 0; k < HTML_KINDS; k++)
            sum += h->found[k][c];
        if (sum == 0)
            continue;
        buf_printf(out, "<option value=\"%d\">", c);
        html_put_cause(out, (enum difference_cause)c);
        buf_put_str(out, "</option>");
    }
    buf_put_str(out, "</select>\n<select name=\"table\" aria-label=\"Table\"><option value=\"\">any table</option>");
    for (size_t i = 0; i < h->section_count; i++) {
        buf_printf(out, "<option value=\"%zu\">", i);
        buf_put_span(out, buf_span(&h->sections[i].name));
        buf_put_str(out, "</option>");
    }
    buf_put_str(out, "</select>\n");
}

void html_put_filters(struct buf *out, const struct html *h)
{
    if (h->section_count == 0)
        return;
    buf_put_str(out,
                "<section class=\"differences\"><h2>Differences</h2>\n<form id=\"filters\" hidden>\n"
                "<input type=\"search\" name=\"text\" placeholder=\"Key, column or value\" aria-label=\"Search\">\n");
    put_selects(out, h);
    buf_put_str(out, "<div class=\"kinds\">");
    put_kind_filters(out, h);
    buf_put_str(out, "</div>\n<output id=\"count\"></output>\n</form>\n");
    for (int k = 0; k < HTML_KINDS; k++) {
        if (found_of(h, k) == h->shown[k])
            continue;
        buf_put_str(out, "<p class=\"note\">");
        html_put_number(out, h->shown[k]);
        buf_put_str(out, " of ");
        html_put_number(out, found_of(h, k));
        buf_put_str(out, " ");
        html_put_kind(out, h, k);
        buf_put_str(out, " are on this page; the JSON has all.</p>\n");
    }
}

void html_put_section(struct buf *out, const struct html *h, const struct html_section *s)
{
    bool any = false;
    buf_printf(out, "<section class=\"rows\" data-table=\"%zu\"><h3>", (size_t)(s - h->sections));
    buf_put_span(out, buf_span(&s->name));
    buf_put_str(out, " <span>");
    for (int k = 0; k < HTML_KINDS; k++) {
        if (s->found[k] == 0)
            continue;
        buf_put_str(out, any ? ", " : "");
        html_put_number(out, s->found[k]);
        buf_put_str(out, " ");
        html_put_kind(out, h, k);
        any = true;
    }
    buf_put_str(out, "</span></h3>\n");
}

void html_put_end(struct buf *out, const struct html *h)
{
    buf_put_str(out, h->section_count > 0 ? "</section>\n" : "");
    buf_put_str(out, "<footer>drc-reconcile " DRC_VERSION ". Times are UTC.</footer>\n</main>\n<script>");
    buf_put_span(out, html_js);
    buf_put_str(out, "</script></body></html>\n");
}
