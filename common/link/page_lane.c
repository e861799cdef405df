/* The picture of the pair: a lane for each link, from the source's database to the target's. */
#include <string.h>

#include "common/base/html.h"
#include "common/link/page_private.h"

static const struct page_member *find(const struct page *p, bool is_capture, const char *from, const char *to)
{
    for (size_t i = 0; i < p->count; i++) {
        const struct page_member *m = &p->members[i];
        if (m->is_capture == is_capture && strcmp(m->from, from) == 0 && (is_capture || strcmp(m->to, to) == 0))
            return m;
    }
    return NULL;
}

static void put_region(struct buf *out, const char *name, const char *role)
{
    buf_put_str(out, "<li class=\"region\"><b>");
    page_put_text(out, name);
    buf_printf(out, "</b> <span>%s</span></li>\n", role);
}

/* Its state, or why there is none to be had here. */
static void put_daemon(struct buf *out, const struct page *p, const struct page_member *m)
{
    const char *what = m->is_capture ? "capture" : "applier";
    const char *state = page_text(m->status, "state");
    double transactions, rows;
    buf_printf(out, "<li class=\"daemon %s%s\"><b>%s</b> ", m->status ? page_tone(state) : "none",
               m == &p->members[p->self] ? " self" : "", what);
    if (!m->status) {
        buf_put_str(out, "<span class=\"word\">");
        page_put_text(out, m->trouble ? "silent" : "elsewhere");
        buf_put_str(out, "</span><span>");
        page_put_text(out, m->trouble ? m->trouble : "not on this host: its own page tells");
        buf_put_str(out, "</span></li>\n");
        return;
    }
    buf_put_str(out, "<span class=\"word\">");
    page_put_text(out, state);
    buf_put_str(out, "</span>");
    if (trail_rates(m->trail, &transactions, &rows)) {
        buf_put_str(out, "<span class=\"rates\">");
        page_put_rate(out, transactions);
        buf_put_str(out, " tx/s, ");
        page_put_rate(out, rows);
        buf_put_str(out, " rows/s</span>");
    }
    buf_put_str(out, "</li>\n");
}

/* What waits in the topic, as far as both ends are known. */
static void put_topic(struct buf *out, const struct page_member *capture, const struct page_member *applier)
{
    buf_put_str(out, "<li class=\"topic\"><b>topic</b> ");
    if (capture->status && applier->status) {
        uint64_t there = page_number(capture->status, "acked_seq"), read = page_number(applier->status, "topic_seq");
        buf_put_str(out, "<span>");
        html_put_number(out, there > read ? there - read : 0);
        buf_put_str(out, " waiting</span>");
    } else if (capture->status) {
        buf_put_str(out, "<span>written to seq ");
        html_put_number(out, page_number(capture->status, "acked_seq"));
        buf_put_str(out, "</span>");
    } else if (applier->status) {
        buf_put_str(out, "<span>read to seq ");
        html_put_number(out, page_number(applier->status, "topic_seq"));
        buf_put_str(out, "</span>");
    }
    buf_put_str(out, "</li>\n");
}

/* The applier's is the whole way's; where it is not here, the capture's is what is known. */
static void put_lag(struct buf *out, const struct page_member *capture, const struct page_member *applier)
{
    const struct page_member *m = applier->status ? applier : capture;
    const json_t *lag = json_object_get(m->status, "lag_us");
    buf_put_str(out, "<div class=\"lag\"><p><b>");
    if (json_is_integer(lag))
        page_put_time(out, page_number(m->status, "lag_us"));
    else
        buf_put_str(out, "unknown");
    buf_printf(out, "</b> <span>%s</span></p>",
               m == applier && applier->status ? "behind the source"
               : m->status                     ? "from the source to the capture"
                                               : "nobody here knows this direction");
    if (m->status) {
        trail_put_svg(out, m->trail);
        buf_put_str(out, "<p class=\"axis\"><span>10 min ago</span><span>most ");
        page_put_time(out, trail_most_us(m->trail));
        buf_put_str(out, "</span><span>now</span></p>");
    }
    buf_put_str(out, "</div>\n");
}

/* Why a daemon does not go on as it should. */
static void put_trouble(struct buf *out, const struct page_member *m)
{
    const char *why = page_text(m->status, "cause");
    if (!*why)
        why = page_text(m->status, "last_error");
    if (!*why)
        return;
    buf_printf(out, "<p class=\"trouble\">%s: ", m->is_capture ? "Capture" : "Applier");
    page_put_text(out, why);
    buf_put_str(out, "</p>\n");
}

static void put_lane(struct buf *out, const struct page *p, const struct page_member *applier)
{
    const struct page_member *capture = find(p, true, applier->from, NULL);
    buf_put_str(out, "<article class=\"lane\">\n<h3>");
    page_put_member(out, applier);
    buf_put_str(out, "</h3>\n<ol class=\"way\">\n");
    put_region(out, applier->from, "source");
    put_daemon(out, p, capture);
    put_topic(out, capture, applier);
    put_daemon(out, p, applier);
    put_region(out, applier->to, "target");
    buf_put_str(out, "</ol>\n");
    put_trouble(out, capture);
    put_trouble(out, applier);
    put_lag(out, capture, applier);
    buf_put_str(out, "</article>\n");
}

/* A region that no link leaves has its capture shown by itself. */
static void put_lone_capture(struct buf *out, const struct page *p, const struct page_member *capture)
{
    buf_put_str(out, "<article class=\"lane\">\n<h3>");
    page_put_member(out, capture);
    buf_put_str(out, "</h3>\n<ol class=\"way\">\n");
    put_region(out, capture->from, "source");
    put_daemon(out, p, capture);
    put_topic(out, capture, &(struct page_member){0});
    buf_put_str(out, "</ol>\n");
    put_lag(out, capture, &(struct page_member){0});
    buf_put_str(out, "</article>\n");
}

void page_put_lanes(struct buf *out, const struct page *p)
{
    buf_put_str(out, "<section>\n<h2>The pair</h2>\n<div class=\"lanes\">\n");
    for (size_t i = 0; i < p->count; i++)
        if (!p->members[i].is_capture)
            put_lane(out, p, &p->members[i]);
    for (size_t i = 0; i < p->count; i++) {
        bool leaves = false;
        for (size_t k = 0; k < p->count; k++)
            leaves = leaves || (!p->members[k].is_capture && strcmp(p->members[k].from, p->members[i].from) == 0);
        if (p->members[i].is_capture && !leaves && (p->members[i].status || i == p->self))
            put_lone_capture(out, p, &p->members[i]);
    }
    buf_put_str(out, "</div>\n</section>\n");
}
