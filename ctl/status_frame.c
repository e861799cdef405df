/* Cells, put into columns as wide as their widest, and cut to the terminal's width. */
#include "ctl/status_frame.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/mem.h"
#include "common/base/utf8.h"

#define MOST_COLUMNS 12
#define CELL_MOST 64

/* ---- what is told ---- */

void frame_rate_note(struct frame_rate *r, const struct link_status *l, uint64_t now_ms)
{
    const struct progress_view *v = &l->view;
    uint64_t rows = (uint64_t)json_integer_value(json_object_get(l->applier.all, "rows"));
    uint64_t published = v->has_topic ? v->published_seq : 0, applied = v->has_ledger ? v->ledger.done.low : 0;
    double seconds = (double)(now_ms - r->at_ms) / 1000;
    bool known = r->at_ms > 0 && now_ms > r->at_ms;
    r->published_rate =
        known && published >= r->published && r->published ? (double)(published - r->published) / seconds : -1;
    r->applied_rate = known && applied >= r->applied && r->applied ? (double)(applied - r->applied) / seconds : -1;
    r->row_rate = known && l->applier.all && rows >= r->rows ? (double)(rows - r->rows) / seconds : -1;
    r->at_ms = now_ms;
    r->published = published;
    r->applied = applied;
    r->rows = rows;
}

static void put_number(char out[CELL_MOST], bool known, uint64_t n)
{
    if (known)
        (void)snprintf(out, CELL_MOST, "%" PRIu64, n);
    else
        (void)snprintf(out, CELL_MOST, "-");
}

static void put_rate(char out[CELL_MOST], double rate)
{
    if (rate < 0)
        (void)snprintf(out, CELL_MOST, "-");
    else
        (void)snprintf(out, CELL_MOST, rate < 10 ? "%.1f" : "%.0f", rate);
}

static void put_bytes(char out[CELL_MOST], bool known, uint64_t n)
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    double v = (double)n;
    size_t i = 0;
    while (v >= 1024 && i + 1 < sizeof units / sizeof units[0]) {
        v /= 1024;
        i++;
    }
    if (known)
        (void)snprintf(out, CELL_MOST, i > 0 && v < 10 ? "%.1f %s" : "%.0f %s", v, units[i]);
    else
        (void)snprintf(out, CELL_MOST, "-");
}

static void put_lag(char out[CELL_MOST], bool known, double seconds)
{
    if (!known)
        (void)snprintf(out, CELL_MOST, "-");
    else if (seconds < 120)
        (void)snprintf(out, CELL_MOST, "%.1f s", seconds);
    else if (seconds < 7200)
        (void)snprintf(out, CELL_MOST, "%.0f min", seconds / 60);
    else
        (void)snprintf(out, CELL_MOST, "%.1f h", seconds / 3600);
}

static uint64_t behind(const struct progress_view *v)
{
    return v->published_seq > v->ledger.done.low ? v->published_seq - v->ledger.done.low : 0;
}

/* ---- tables ---- */

enum shade { SHADE_NONE, SHADE_HEAD, SHADE_GOOD, SHADE_WARN, SHADE_BAD, SHADE_DIM };

static const char *const shades[] = {
    [SHADE_NONE] = "",         [SHADE_HEAD] = "\x1b[1m",   [SHADE_GOOD] = "\x1b[32m",
    [SHADE_WARN] = "\x1b[33m", [SHADE_BAD] = "\x1b[31;1m", [SHADE_DIM] = "\x1b[2m",
};

struct table {
    const char *const *heads; /* of the columns; a leading '>' sets to the right */
    size_t columns;
    size_t rows;
    char (*cells)[MOST_COLUMNS][CELL_MOST];
    enum shade *states; /* of the second column of each row */
};

struct page {
    struct buf *out;
    size_t width;
    bool colour;
};

/* Text of so many columns at most, in that shade. */
static size_t put_piece(const struct page *p, const char *text, enum shade shade, size_t room)
{
    size_t bytes = 0, columns = 0;
    while (text[bytes] && columns < room) {
        do
            bytes++;
        while (((unsigned char)text[bytes] & 0xC0) == 0x80);
        columns++;
    }
    bool shaded = p->colour && shade != SHADE_NONE && columns > 0;
    buf_printf(p->out, "%s%.*s%s", shaded ? shades[shade] : "", (int)bytes, text, shaded ? "\x1b[0m" : "");
    return columns;
}

static size_t put_blanks(const struct page *p, size_t n, size_t room)
{
    n = n < room ? n : room;
    buf_printf(p->out, "%*s", (int)n, "");
    return n;
}

static void put_line(const struct page *p, const char *text, enum shade shade)
{
    (void)put_piece(p, text, shade, p->width);
    buf_put_str(p->out, "\n");
}

static size_t columns_of(const char *text)
{
    size_t n = 0;
    for (; *text; text++)
        n += ((unsigned char)*text & 0xC0) != 0x80;
    return n;
}

static void find_widths(size_t widths[MOST_COLUMNS], const struct table *t)
{
    for (size_t c = 0; c < t->columns; c++) {
        widths[c] = columns_of(t->heads[c] + (t->heads[c][0] == '>'));
        for (size_t r = 0; r < t->rows; r++) {
            size_t n = columns_of(t->cells[r][c]);
            widths[c] = n > widths[c] ? n : widths[c];
        }
    }
}

/* Row r of the table; r == rows: the heads. */
static void put_row(const struct page *p, const struct table *t, const size_t widths[MOST_COLUMNS], size_t r)
{
    size_t used = 0;
    for (size_t c = 0; c < t->columns; c++) {
        bool right = t->heads[c][0] == '>', head = r == t->rows;
        const char *text = head ? t->heads[c] + right : t->cells[r][c];
        enum shade shade = head ? SHADE_HEAD : c == 1 ? t->states[r] : SHADE_NONE;
        size_t blanks = widths[c] - columns_of(text);
        used += put_blanks(p, c ? 2 : 0, p->width - used);
        used += right ? put_blanks(p, blanks, p->width - used) : 0;
        used += put_piece(p, text, shade, p->width - used);
        if (!right && c + 1 < t->columns)
            used += put_blanks(p, blanks, p->width - used);
    }
    buf_put_str(p->out, "\n");
}

static void put_table(const struct page *p, const struct table *t)
{
    size_t widths[MOST_COLUMNS];
    find_widths(widths, t);
    put_row(p, t, widths, t->rows);
    for (size_t r = 0; r < t->rows; r++)
        put_row(p, t, widths, r);
}

/* ---- the picture ---- */

static enum shade shade_of(const char *state)
{
    static const char *const bad[] = {"stopped", "silent"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (strcmp(state, bad[i]) == 0)
            return SHADE_BAD;
    return strcmp(state, "running") == 0 ? SHADE_GOOD : SHADE_WARN;
}

/* The first link of a source region tells of its capture. */
static bool tells_of_capture(const struct pair_status *s, size_t i)
{
    for (size_t j = 0; j < i; j++)
        if (strcmp(s->links[j].link->from, s->links[i].link->from) == 0)
            return false;
    return true;
}

static void fill_capture(char cells[MOST_COLUMNS][CELL_MOST], const struct link_status *l, const struct frame_rate *r)
{
    const struct progress_view *v = &l->view;
    uint64_t n;
    bool known;
    struct buf text = {0};
    (void)snprintf(cells[0], CELL_MOST, "%.60s", l->link->from);
    (void)snprintf(cells[1], CELL_MOST, "%.60s", l->capture_state);
    put_number(cells[2], v->has_topic, v->published_seq);
    put_rate(cells[3], r->at_ms ? r->published_rate : -1);
    known = daemon_state_number(&n, &l->capture, "lag_us");
    put_lag(cells[4], known, (double)n / 1e6);
    known = daemon_state_number(&n, &l->capture, "queue_items");
    put_number(cells[5], known, n);
    known = daemon_state_number(&n, &l->capture, "queue_bytes");
    put_bytes(cells[6], known, n);
    if (v->has_topic)
        position_put_text(&v->published, &text);
    (void)snprintf(cells[7], CELL_MOST, "%.60s", text.len ? buf_cstr(&text) : "-");
    buf_free(&text);
}

static void fill_link(char cells[MOST_COLUMNS][CELL_MOST], const struct link_status *l, const struct frame_rate *r)
{
    const struct progress_view *v = &l->view;
    uint64_t n;
    (void)snprintf(cells[0], CELL_MOST, "%.28s:%.28s", l->link->from, l->link->to);
    (void)snprintf(cells[1], CELL_MOST, "%.60s", l->state);
    put_number(cells[2], v->has_ledger, v->ledger.done.low);
    put_number(cells[3], v->has_ledger && v->has_topic, behind(v));
    put_lag(cells[4], l->has_lag, l->lag_seconds);
    put_bytes(cells[5], v->has_unread, v->unread_bytes);
    put_rate(cells[6], r->at_ms ? r->applied_rate : -1);
    put_rate(cells[7], r->at_ms ? r->row_rate : -1);
    bool known = daemon_state_number(&n, &l->applier, "queued_transactions");
    put_number(cells[8], known, n);
    known = daemon_state_number(&n, &l->applier, "conflicts");
    put_number(cells[9], known, n);
    put_number(cells[10], v->has_ledger, v->parked.transactions);
}

static void put_captures(const struct page *p, const struct pair_status *s, const struct frame_rate *rates)
{
    static const char *const heads[] = {"CAPTURE", "STATE", ">SEQ", ">TX/S", ">LAG", ">QUEUE", ">BYTES", "PUBLISHED"};
    struct table t = {.heads = heads, .columns = sizeof heads / sizeof heads[0]};
    t.cells = xcalloc(s->count, sizeof *t.cells);
    t.states = xcalloc(s->count, sizeof *t.states);
    for (size_t i = 0; i < s->count; i++) {
        if (!tells_of_capture(s, i))
            continue;
        t.states[t.rows] = shade_of(s->links[i].capture_state);
        fill_capture(t.cells[t.rows++], &s->links[i], &rates[i]);
    }
    put_table(p, &t);
    free(t.cells);
    free(t.states);
}

static void put_links(const struct page *p, const struct pair_status *s, const struct frame_rate *rates)
{
    static const char *const heads[] = {"LINK",  "STATE",   ">APPLIED", ">BEHIND",    ">LAG",   ">BYTES",
                                        ">TX/S", ">ROWS/S", ">QUEUE",   ">CONFLICTS", ">PARKED"};
    struct table t = {.heads = heads, .columns = sizeof heads / sizeof heads[0], .rows = s->count};
    t.cells = xcalloc(s->count, sizeof *t.cells);
    t.states = xcalloc(s->count, sizeof *t.states);
    for (size_t i = 0; i < s->count; i++) {
        t.states[i] = shade_of(s->links[i].state);
        fill_link(t.cells[i], &s->links[i], &rates[i]);
    }
    put_table(p, &t);
    free(t.cells);
    free(t.states);
}

static void put_note(const struct page *p, const char *name, const char *text, enum shade shade)
{
    struct buf line = {0};
    if (!text || !*text)
        return;
    buf_printf(&line, "%s  ", name);
    utf8_put_printable(&line, span_str(text), 900);
    put_line(p, buf_cstr(&line), shade);
    buf_free(&line);
}

static const char *text_told(const struct daemon_state *d, const char *key)
{
    return json_string_value(json_object_get(d->all, key));
}

static void put_notes(const struct page *p, const struct pair_status *s)
{
    for (size_t i = 0; i < s->count; i++) {
        const struct link_status *l = &s->links[i];
        char name[80];
        (void)snprintf(name, sizeof name, "%.36s:%.36s", l->link->from, l->link->to);
        put_note(p, name, l->error, SHADE_BAD);
        put_note(p, name, text_told(&l->applier, "throttle"), SHADE_WARN);
        put_note(p, name, text_told(&l->applier, "settings"), SHADE_DIM);
        if (!tells_of_capture(s, i))
            continue;
        put_note(p, l->link->from, l->capture_error, SHADE_BAD);
        put_note(p, l->link->from, text_told(&l->capture, "settings"), SHADE_DIM);
    }
}

void frame_put(struct buf *out, const struct pair_status *s, const struct frame_rate *rates, const char *clock,
               size_t width, bool colour)
{
    const struct page p = {.out = out, .width = width, .colour = colour};
    struct buf title = {0};
    buf_printf(&title, "drc  pair %s  %s  %s", s->config->pair, s->config->path, clock);
    put_line(&p, buf_cstr(&title), SHADE_HEAD);
    buf_put_str(out, "\n");
    put_captures(&p, s, rates);
    buf_put_str(out, "\n");
    put_links(&p, s, rates);
    buf_put_str(out, "\n");
    put_notes(&p, s);
    buf_free(&title);
}

/* ---- line by line ---- */

void frame_put_lines(struct buf *out, const struct pair_status *s, const struct frame_rate *rates, const char *clock)
{
    static const char *const names[] = {"",           " state=",      " applied=", " behind=",    " lag=",   " bytes=",
                                        " tx_per_s=", " rows_per_s=", " queued=",  " conflicts=", " parked="};
    for (size_t i = 0; i < s->count; i++) {
        char cells[MOST_COLUMNS][CELL_MOST];
        fill_link(cells, &s->links[i], &rates[i]);
        if (s->links[i].has_lag)
            (void)snprintf(cells[4], CELL_MOST, "%.1f", s->links[i].lag_seconds);
        put_number(cells[5], s->links[i].view.has_unread, s->links[i].view.unread_bytes);
        buf_printf(out, "%s link=%s", clock, cells[0]);
        for (size_t c = 1; c < sizeof names / sizeof names[0]; c++)
            buf_printf(out, "%s%s", names[c], cells[c]);
        if (s->links[i].error) {
            buf_put_str(out, " error=\"");
            utf8_put_printable(out, span_str(s->links[i].error), 300);
            buf_put_str(out, "\"");
        }
        buf_put_str(out, "\n");
    }
}
