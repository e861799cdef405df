/* The timeline: lag, conflicts and differences under each other over one axis, drawn as SVG of steps.
 *
 * Shapes stretch with the page, words do not: they stand beside the drawing. */
#include <inttypes.h>

#include "common/base/clock.h"
#include "reconcile/html_private.h"

#define HEIGHT 100u
#define TICKS 4
#define STEPS_MIN 30u /* drawn, however short the time */

struct panel {
    const char *title;
    enum timeline_series series[2]; /* of the source and of the target */
    int count;
    bool lag;
};

static const struct panel panels[] = {
    {"Lag until published",       {TIMELINE_LAG_SOURCE, TIMELINE_LAG_TARGET},             2, true },
    {"Conflicts decided",         {TIMELINE_CONFLICTS_SOURCE, TIMELINE_CONFLICTS_TARGET}, 2, false},
    {"Differences by last write", {TIMELINE_DIFFERENCES, TIMELINE_DIFFERENCES},           1, false},
};

static uint64_t greatest(const struct timeline *t, const struct panel *p, uint64_t used)
{
    uint64_t most = 0;
    for (uint64_t i = 0; i < used; i++) {
        uint64_t sum = 0;
        for (int s = 0; s < p->count; s++) {
            uint64_t v = t->values[p->series[s]][i];
            sum = p->lag ? (v > sum ? v : sum) : sum + v;
        }
        most = sum > most ? sum : most;
    }
    return most;
}

/* 1234 ms as "1.2 s". */
static void put_duration(struct buf *out, uint64_t ms)
{
    if (ms < 1000)
        buf_printf(out, "%" PRIu64 " ms", ms);
    else if (ms < 120000)
        buf_printf(out, "%.1f s", (double)ms / 1000);
    else if (ms < 7200000)
        buf_printf(out, "%.0f min", (double)ms / 60000);
    else
        buf_printf(out, "%.1f h", (double)ms / 3600000);
}

static void put_step_width(struct buf *out, uint64_t s)
{
    if (s < 60)
        buf_printf(out, "%" PRIu64 " s", s);
    else if (s < 3600)
        buf_printf(out, "%" PRIu64 " min", s / 60);
    else
        buf_printf(out, "%" PRIu64 " h", s / 3600);
}

static void put_amount(struct buf *out, const struct panel *p, uint64_t v)
{
    if (p->lag)
        put_duration(out, v);
    else
        html_put_number(out, v);
}

/* "2026-01-31 10:00:00" or without the date. */
static void put_time(struct buf *out, uint64_t s, bool date)
{
    char text[CLOCK_TEXT_LEN];
    clock_text(text, s * 1000000);
    if (date)
        buf_printf(out, "%.10s ", text);
    buf_printf(out, "%.8s", text + 11);
}

/* ---- shapes ---- */

static void put_tooltip(struct buf *out, const struct html *h, const struct panel *p, uint64_t step)
{
    const struct timeline *t = &h->timeline;
    buf_put_str(out, "<title>");
    put_time(out, t->start_s + step * t->step_s, true);
    buf_put_str(out, " UTC:");
    for (int s = 0; s < p->count; s++) {
        buf_put_str(out, s > 0 ? ", " : " ");
        if (p->count > 1) {
            html_put_region(out, h, s);
            buf_put_str(out, " ");
        }
        put_amount(out, p, t->values[p->series[s]][step]);
    }
    buf_put_str(out, "</title>");
}

static double scaled(uint64_t v, uint64_t most)
{
    double y = (double)v / (double)most * HEIGHT;
    return v > 0 && y < 2 ? 2 : y;
}

/* Counts: a bar a step, the sides upon each other. */
static void put_bars(struct buf *out, const struct html *h, const struct panel *p, uint64_t used, uint64_t most)
{
    for (uint64_t i = 0; i < used; i++) {
        double base = 0;
        for (int s = 0; s < p->count; s++) {
            uint64_t v = h->timeline.values[p->series[s]][i];
            double y = scaled(v, most);
            if (v == 0)
                continue;
            buf_printf(out, "<rect class=\"side-%s\" x=\"%" PRIu64 ".08\" width=\".84\" y=\"%.2f\" height=\"%.2f\">",
                       p->count == 1 ? "both"
                       : s == 0      ? "0"
                                     : "1",
                       i, HEIGHT - base - y, y);
            put_tooltip(out, h, p, i);
            buf_put_str(out, "</rect>");
            base += y;
        }
    }
}

/* Lag: a line a side, which ends where nothing is known. */
static void put_lines(struct buf *out, const struct html *h, const struct panel *p, uint64_t used, uint64_t most)
{
    for (int s = 0; s < p->count; s++) {
        bool open = false;
        buf_printf(out, "<path class=\"side-%d\" d=\"", s);
        for (uint64_t i = 0; i < used; i++) {
            uint64_t v = h->timeline.values[p->series[s]][i];
            if (v > 0)
                buf_printf(out, "%s%" PRIu64 " %.2fh1", open ? "L" : "M", i, HEIGHT - scaled(v, most));
            open = v > 0;
        }
        buf_put_str(out, "\"/>");
    }
    for (uint64_t i = 0; i < used; i++) {
        buf_printf(out, "<rect class=\"touch\" x=\"%" PRIu64 "\" width=\"1\" y=\"0\" height=\"%u\">", i, HEIGHT);
        put_tooltip(out, h, p, i);
        buf_put_str(out, "</rect>");
    }
}

/* No conflicts is an answer too; a lag or a last write that nobody knows is none. */
static bool is_known(const struct timeline *t, const struct panel *p)
{
    bool conflicts = p->series[0] == TIMELINE_CONFLICTS_SOURCE;
    return conflicts || timeline_has(t, p->series[0]) || timeline_has(t, p->series[1]);
}

static void put_panel(struct buf *out, const struct html *h, const struct panel *p, uint64_t used)
{
    const struct timeline *t = &h->timeline;
    uint64_t most = greatest(t, p, used);
    uint64_t earlier = t->earlier[p->series[0]] + (p->count > 1 ? t->earlier[p->series[1]] : 0);
    buf_printf(out, "<figure class=\"panel\"><figcaption>%s <span>", p->title);
    if (most > 0) {
        buf_put_str(out, "at most ");
        put_amount(out, p, most);
    } else {
        buf_put_str(out, "none");
    }
    if (earlier > 0) {
        buf_put_str(out, ", ");
        html_put_number(out, earlier);
        buf_put_str(out, " before this time");
    }
    buf_printf(out,
               "</span></figcaption><svg viewBox=\"0 0 %" PRIu64 " %u\" preserveAspectRatio=\"none\" role=\"img\" "
               "aria-label=\"%s over time\"><path class=\"grid\" d=\"M0 .5H%" PRIu64 "M0 50H%" PRIu64 "M0 99.5H%" PRIu64
               "\"/>",
               used, HEIGHT, p->title, used, used, used);
    if (most > 0)
        (p->lag ? put_lines : put_bars)(out, h, p, used, most);
    buf_put_str(out, "</svg></figure>\n");
}

/* ---- the section ---- */

static void put_axis(struct buf *out, const struct timeline *t, uint64_t used)
{
    uint64_t span = used * t->step_s;
    buf_put_str(out, "<div class=\"axis\">");
    for (uint64_t i = 0; i <= TICKS; i++) {
        buf_put_str(out, "<time>");
        put_time(out, t->start_s + span * i / TICKS, span > 86400);
        buf_put_str(out, "</time>");
    }
    buf_put_str(out, "</div>\n");
}

void html_put_timeline(struct buf *out, const struct html *h)
{
    const struct timeline *t = &h->timeline;
    uint64_t used = timeline_used(t);
    if (used == 0)
        return;
    used = used < STEPS_MIN ? STEPS_MIN : used;
    buf_put_str(out, "<section class=\"timeline\"><h2>Timeline</h2>\n<p class=\"legend\">");
    for (int side = 0; side < 2; side++) {
        buf_printf(out, "<span class=\"side-%d\">", side);
        html_put_region(out, h, side);
        buf_put_str(out, "</span> ");
    }
    buf_put_str(out, "<span class=\"when\">from ");
    put_time(out, t->start_s, true);
    buf_put_str(out, " UTC, steps of ");
    put_step_width(out, t->step_s);
    buf_put_str(out, "</span></p>\n");
    for (size_t i = 0; i < sizeof panels / sizeof *panels; i++)
        if (is_known(t, &panels[i]))
            put_panel(out, h, &panels[i], used);
    put_axis(out, t, used);
    buf_put_str(out, "</section>\n");
}
