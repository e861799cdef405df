/* One difference: a line that says what it is, and behind it both sides' columns, those that differ marked. */
#include <inttypes.h>

#include "common/base/clock.h"
#include "reconcile/html_private.h"

#define VALUE_MAX 600u        /* bytes shown of a value */
#define KEY_VALUE_MAX 120u    /* of one in the line */
#define DIFFERENCE_MAX 16384u /* bytes after which no more columns follow */
#define NAMES_MAX 6           /* columns named in the line */

/* A value as JSON, made a little easier to read: NULL, 0x… for {"hex": …}. */
static void put_value(struct buf *out, struct span json, size_t max)
{
    static const char hex[] = "{\"hex\": \"";
    size_t prefix = sizeof hex - 1;
    if (!json.p) {
        buf_put_str(out, "<i>unknown</i>");
    } else if (span_is(json, "null")) {
        buf_put_str(out, "<i>NULL</i>");
    } else if (span_is(json, MASK_JSON)) {
        buf_put_str(out, "<i>masked</i>");
    } else if (json.n >= prefix + 2 && memcmp(json.p, hex, prefix) == 0) {
        buf_put_str(out, "0x");
        html_put_cut(out, span_of(json.p + prefix, json.n - prefix - 2), max);
    } else {
        html_put_cut(out, json, max);
    }
}

static void put_key(struct buf *out, const struct difference *d)
{
    bool any = false;
    for (size_t i = 0; i < d->column_count && d->class != DIFFERENCE_DEFINITION; i++) {
        const struct difference_column *c = &d->columns[i];
        if (!c->key || out->len > DIFFERENCE_MAX / 2)
            continue;
        buf_put_str(out, any ? ", <span>" : "<span>");
        html_put_cut(out, c->name, KEY_VALUE_MAX);
        buf_put_str(out, "</span>&nbsp;");
        put_value(out, difference_key_value(c), KEY_VALUE_MAX);
        any = true;
    }
    if (!any)
        buf_put_str(out, d->class == DIFFERENCE_DEFINITION ? "<i>definition</i>" : "<i>whole table</i>");
}

/* The names of the first columns that differ. */
static void put_names(struct buf *out, const struct difference *d)
{
    size_t count = 0;
    buf_put_str(out, "<span class=\"cols\">");
    for (size_t i = 0; i < d->column_count; i++) {
        if (!d->columns[i].differs || count++ >= NAMES_MAX)
            continue;
        buf_put_str(out, count > 1 ? ", " : "");
        html_put_cut(out, d->columns[i].name, KEY_VALUE_MAX);
    }
    if (count > NAMES_MAX)
        buf_printf(out, " and %zu more", count - NAMES_MAX);
    if (count == 0 && d->detail)
        html_put_cut(out, span_str(d->detail), VALUE_MAX);
    buf_put_str(out, "</span>");
}

static void put_line(struct buf *out, const struct html *h, const struct difference *d, int kind)
{
    buf_printf(out, "<details class=\"diff\" data-kind=\"%d\" data-cause=\"%d\"><summary><span class=\"key\">", kind,
               (int)d->cause);
    put_key(out, d);
    buf_printf(out, "</span><span class=\"kind k%d\">", kind);
    html_put_kind(out, h, kind);
    buf_put_str(out, "</span><span class=\"cause\">");
    if (d->cause != CAUSE_UNKNOWN)
        html_put_cause(out, d->cause);
    buf_put_str(out, "</span>");
    put_names(out, d);
    buf_put_str(out, "</summary>\n");
}

static void put_column(struct buf *out, const struct difference *d, const struct difference_column *c)
{
    buf_printf(out, "<tr%s><th scope=\"row\">", c->differs ? " class=\"differs\"" : "");
    html_put_cut(out, c->name, VALUE_MAX);
    buf_put_str(out, c->key && d->class != DIFFERENCE_DEFINITION ? "<small>key</small></th>" : "</th>");
    for (int side = 0; side < 2; side++) {
        buf_put_str(out, "<td>");
        if (difference_has_row(d, side))
            put_value(out, c->value[side], VALUE_MAX);
        else
            buf_put_str(out, "<i>no row</i>");
        buf_put_str(out, "</td>");
    }
    buf_put_str(out, "</tr>\n");
}

/* 0: of the key; 1: differ; 2: the others. */
static int rank(const struct difference_column *c)
{
    return c->key ? 0 : c->differs ? 1 : 2;
}

static void put_columns(struct buf *out, const struct html *h, const struct difference *d)
{
    size_t left = 0;
    if (d->column_count == 0)
        return;
    buf_put_str(out, "<div class=\"scroll\"><table class=\"cells\"><thead><tr><th scope=\"col\">Column</th>");
    for (int side = 0; side < 2; side++) {
        buf_put_str(out, "<th scope=\"col\">");
        html_put_region(out, h, side);
        buf_put_str(out, "</th>");
    }
    buf_put_str(out, "</tr></thead><tbody>\n");
    for (int r = 0; r < 3; r++)
        for (size_t i = 0; i < d->column_count; i++) {
            if (rank(&d->columns[i]) != r)
                continue;
            if (out->len < DIFFERENCE_MAX)
                put_column(out, d, &d->columns[i]);
            else
                left++;
        }
    buf_put_str(out, "</tbody></table></div>\n");
    if (left > 0)
        buf_printf(out, "<p class=\"note\">and %zu columns more; the JSON has them</p>\n", left);
}

static void put_write(struct buf *out, const struct html *h, const struct difference *d, int side)
{
    const struct difference_write *w = &d->last[side];
    char at[CLOCK_TEXT_LEN];
    if (!w->region)
        return;
    buf_put_str(out, "<p class=\"note\">Last written in ");
    html_put_region(out, h, side);
    buf_put_str(out, " by ");
    html_put_text(out, span_str(w->region));
    if (w->time_us > 0)
        buf_printf(out, " at <time>%s</time>", clock_text(at, w->time_us));
    if (w->gtid.n > 0) {
        buf_put_str(out, ", GTID <code>");
        html_put_cut(out, w->gtid, VALUE_MAX);
        buf_put_str(out, "</code>");
    }
    if (w->seq > 0)
        buf_printf(out, ", seq %" PRIu64, w->seq);
    buf_put_str(out, "</p>\n");
}

static void put_notes(struct buf *out, const struct html *h, const struct difference *d)
{
    if (d->copies[0] || d->copies[1]) {
        buf_put_str(out, "<p class=\"note\">Equal rows: ");
        for (int side = 0; side < 2; side++) {
            html_put_number(out, d->copies[side]);
            buf_put_str(out, " in ");
            html_put_region(out, h, side);
            buf_put_str(out, side == 0 ? ", " : "</p>\n");
        }
    }
    if (d->journal_id > 0) {
        buf_printf(out, "<p class=\"note\">Conflict %" PRIu64, d->journal_id);
        buf_put_str(out, d->journal_at ? " in the journal of " : "");
        html_put_text(out, span_str(d->journal_at ? d->journal_at : ""));
        buf_put_str(out, "</p>\n");
    }
    put_write(out, h, d, 0);
    put_write(out, h, d, 1);
    if (d->detail) {
        buf_put_str(out, "<p class=\"note\">");
        html_put_cut(out, span_str(d->detail), 4 * VALUE_MAX);
        buf_put_str(out, "</p>\n");
    }
}

void html_put_difference(struct buf *out, const struct html *h, const struct difference *d, bool unsettled)
{
    put_line(out, h, d, unsettled ? HTML_UNSETTLED : (int)d->class);
    buf_put_str(out, "<div class=\"body\">\n");
    put_columns(out, h, d);
    put_notes(out, h, d);
    buf_put_str(out, "</div></details>\n");
}
