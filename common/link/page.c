/* The page's frame: head, title, log, foot; and how values look. */
#include "common/link/page.h"

#include <inttypes.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/html.h"
#include "common/link/csp.h"
#include "common/link/page_private.h"

#define LINE_MAX_BYTES 400

/* ---- values ---- */

const char *page_text(const json_t *status, const char *name)
{
    const char *text = json_string_value(json_object_get(status, name));
    return text ? text : "";
}

uint64_t page_number(const json_t *status, const char *name)
{
    json_int_t n = json_integer_value(json_object_get(status, name));
    return n > 0 ? (uint64_t)n : 0;
}

void page_put_text(struct buf *out, const char *text)
{
    html_put_text(out, span_str(text));
}

void page_put_time(struct buf *out, uint64_t us)
{
    uint64_t s = us / 1000000;
    if (us < 1000)
        buf_put_str(out, us ? "&lt; 1 ms" : "0 ms");
    else if (us < 1000000)
        buf_printf(out, "%" PRIu64 " ms", us / 1000);
    else if (s < 10)
        buf_printf(out, "%.1f s", (double)us / 1e6);
    else if (s < 120)
        buf_printf(out, "%" PRIu64 " s", s);
    else if (s < 3600)
        buf_printf(out, "%" PRIu64 " min %" PRIu64 " s", s / 60, s % 60);
    else if (s < 86400)
        buf_printf(out, "%" PRIu64 " h %" PRIu64 " min", s / 3600, s % 3600 / 60);
    else
        buf_printf(out, "%" PRIu64 " d %" PRIu64 " h", s / 86400, s % 86400 / 3600);
}

void page_put_rate(struct buf *out, double rate)
{
    if (rate > 0 && rate < 10)
        buf_printf(out, "%.1f", rate);
    else
        html_put_number(out, (uint64_t)(rate + 0.5));
}

const char *page_tone(const char *state)
{
    static const struct {
        const char *state;
        const char *tone;
    } tones[] = {
        {"running",   "good"},
        {"starting",  "warn"},
        {"waiting",   "warn"},
        {"parked",    "warn"},
        {"throttled", "warn"},
        {"paused",    "warn"},
        {"retrying",  "bad" },
        {"stopping",  "bad" },
    };
    for (size_t i = 0; i < sizeof tones / sizeof *tones; i++)
        if (strcmp(tones[i].state, state) == 0)
            return tones[i].tone;
    return "none";
}

void page_put_member(struct buf *out, const struct page_member *m)
{
    page_put_text(out, m->from);
    if (m->is_capture)
        return;
    buf_put_str(out, " \xe2\x86\x92 ");
    page_put_text(out, m->to);
}

/* ---- readiness ---- */

void page_put_unready(struct buf *out, const json_t *status)
{
    static const char *const standing[] = {"running", "parked", "throttled"};
    const char *state = page_text(status, "state");
    bool stands = false;
    for (size_t i = 0; i < sizeof standing / sizeof *standing; i++)
        stands = stands || strcmp(standing[i], state) == 0;
    const char *why = page_text(status, "last_error");
    if (!*why)
        why = page_text(status, "cause");
    if (!*why)
        why = page_text(status, "phase");
    if (!stands)
        buf_printf(out, "%s%s%s", *state ? state : "no status", *why ? ": " : "", why);
    else if (!json_is_integer(json_object_get(status, "lag_us")))
        buf_put_str(out, "how far it is behind is not known yet");
}

/* ---- the frame ---- */

static void put_head(struct buf *out, const struct page *p)
{
    buf_put_str(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                     "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                     "<meta name=\"color-scheme\" content=\"light dark\">\n"
                     "<noscript><meta http-equiv=\"refresh\" content=\"5\"></noscript>\n<title>");
    page_put_text(out, p->program);
    buf_put_str(out, " \xc2\xb7 ");
    page_put_text(out, p->pair);
    buf_put_str(out, "</title>\n<style>");
    buf_put_span(out, page_css);
    buf_put_str(out, "</style>\n</head>\n<body>\n<main>\n");
}

static void put_title(struct buf *out, const struct page *p)
{
    const struct page_member *self = &p->members[p->self];
    const char *state = page_text(self->status, "state");
    struct buf unready = {0};
    uint64_t started = page_number(self->status, "started_us");
    page_put_unready(&unready, self->status);
    buf_put_str(out, "<header>\n<p class=\"kind\">");
    buf_put_str(out, self->is_capture ? "Capture" : "Applier");
    buf_put_str(out, " of the pair <b>");
    page_put_text(out, p->pair);
    buf_put_str(out, "</b></p>\n<h1>");
    page_put_member(out, self);
    buf_printf(out, " <span class=\"state %s\">", page_tone(state));
    page_put_text(out, *state ? state : "no answer");
    buf_put_str(out, "</span></h1>\n<p class=\"sub\">DRC ");
    page_put_text(out, page_text(self->status, "version"));
    buf_put_str(out, " on ");
    page_put_text(out, p->host);
    if (started > 0 && p->now_us > started) {
        buf_put_str(out, ", up for ");
        page_put_time(out, p->now_us - started);
    }
    buf_put_str(out, "</p>\n");
    if (unready.len > 0) {
        buf_put_str(out, "<p class=\"trouble\">Not ready: ");
        page_put_text(out, buf_cstr(&unready));
        buf_put_str(out, "</p>\n");
    }
    buf_put_str(out, "</header>\n");
    buf_free(&unready);
}

static const char *level_class(enum log_level level)
{
    return level <= LOG_ERROR ? "bad" : level == LOG_WARN ? "warn" : level == LOG_NOTICE ? "notice" : "info";
}

static void put_log(struct buf *out, const struct page *p)
{
    buf_put_str(out, "<section>\n<h2>Log <span>the newest first</span></h2>\n<ol class=\"log\">\n");
    for (size_t i = p->line_count; i-- > 0;) {
        char at[CLOCK_TEXT_LEN];
        clock_text(at, p->lines[i].wall_us);
        buf_printf(out, "<li class=\"%s\"><time datetime=\"%s\">%.8s</time> <span>", level_class(p->lines[i].level), at,
                   at + 11);
        html_put_cut(out, span_str(p->lines[i].text), LINE_MAX_BYTES);
        buf_put_str(out, "</span></li>\n");
    }
    buf_put_str(out, p->line_count ? "</ol>\n</section>\n" : "</ol>\n<p class=\"note\">nothing yet</p>\n</section>\n");
}

static void put_foot(struct buf *out, const struct page *p)
{
    char at[CLOCK_TEXT_LEN];
    clock_text(at, p->now_us);
    buf_printf(out,
               "<footer><p>As of <time>%.10s %.8s</time> UTC.</p><p><a href=\"/metrics\">metrics</a> "
               "<a href=\"/healthz\">health</a> <a href=\"/readyz\">readiness</a></p></footer>\n</main>\n",
               at, at + 11);
    buf_put_str(out, "<p id=\"lost\" hidden>This daemon does not answer any more.</p>\n<script>");
    buf_put_span(out, page_js);
    buf_put_str(out, "</script>\n</body>\n</html>\n");
}

void page_put(struct buf *out, const struct page *p)
{
    put_head(out, p);
    put_title(out, p);
    page_put_lanes(out, p);
    page_put_stages(out, p);
    page_put_conflicts(out, p);
    page_put_positions(out, p);
    put_log(out, p);
    put_foot(out, p);
}

void page_put_policy(struct buf *out)
{
    csp_put_policy(out, page_js, page_css);
    buf_put_str(out, "; connect-src 'self'; frame-ancestors 'none'");
}
