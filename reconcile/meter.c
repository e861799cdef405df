/* Drawing the progress line. */
#include "reconcile/meter.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/mem.h"
#include "common/base/utf8.h"

#define EVERY_MS 200
#define NAME_BYTES 40
#define BAR 20

struct meter {
    bool on;
    bool shown;
    struct buf name;
    uint64_t about_rows;   /* of the table in hand */
    uint64_t about_all;    /* of all; 0: not known */
    uint64_t about_before; /* of the tables before */
    uint64_t rows_before;  /* that were compared in them */
    uint64_t rows;         /* of the table in hand, as far as shown */
    uint64_t began_ms;     /* the run, or its first table */
    uint64_t drawn_ms;
};

struct meter *meter_new(bool quiet)
{
    struct meter *m = xcalloc(1, sizeof *m);
    m->on = !quiet && isatty(STDERR_FILENO);
    return m;
}

void meter_free(struct meter **m)
{
    if (!*m)
        return;
    meter_clear(*m);
    buf_free(&(*m)->name);
    free(*m);
    *m = NULL;
}

void meter_all(struct meter *m, uint64_t about_rows)
{
    m->about_all = about_rows;
    m->began_ms = clock_mono_ms();
}

void meter_table(struct meter *m, struct span db, struct span table, uint64_t about_rows)
{
    buf_clear(&m->name);
    utf8_put_printable(&m->name, db, NAME_BYTES);
    buf_put_str(&m->name, ".");
    utf8_put_printable(&m->name, table, NAME_BYTES);
    m->about_before += m->about_rows;
    m->rows_before += m->rows;
    m->about_rows = about_rows;
    m->rows = 0;
    if (m->began_ms == 0)
        m->began_ms = clock_mono_ms();
}

/* How much is done, from 0 to 1; the servers' numbers of rows are estimates. */
static double share_done(const struct meter *m)
{
    uint64_t here = m->about_rows < m->rows ? m->about_rows : m->rows;
    uint64_t all = m->about_all > 0 ? m->about_all : m->about_before + m->about_rows;
    return all == 0 ? 0 : (double)(m->about_before + here) / (double)all;
}

static void draw_bar(double share)
{
    char bar[BAR + 1];
    size_t full = (size_t)(share * BAR);
    for (size_t i = 0; i < BAR; i++)
        bar[i] = i < full ? '#' : '.';
    bar[BAR] = '\0';
    fprintf(stderr, "\r\033[K[%s] %3.0f %% ", bar, share * 100);
}

/* 3725 s as "1:02:05". */
static void draw_time(double seconds)
{
    uint64_t s = (uint64_t)seconds;
    fprintf(stderr, ", %" PRIu64 ":%02u:%02u to go", s / 3600, (unsigned)(s / 60 % 60), (unsigned)(s % 60));
}

void meter_show(struct meter *m, uint64_t rows, const char *doing)
{
    uint64_t now = clock_mono_ms();
    m->rows = rows;
    if (!m->on || now - m->drawn_ms < EVERY_MS)
        return;
    m->drawn_ms = now;
    m->shown = true;
    double seconds = (double)(now - m->began_ms + 1) / 1000, share = share_done(m);
    draw_bar(share > 1 ? 1 : share);
    fprintf(stderr, "%s: %s, %" PRIu64 " rows, %.0f rows/s", buf_cstr(&m->name), doing, rows,
            (double)(m->rows_before + rows) / seconds);
    if (share > 0 && share < 1)
        draw_time(seconds / share * (1 - share));
    fflush(stderr);
}

void meter_clear(struct meter *m)
{
    if (!m->shown)
        return;
    fputs("\r\033[K", stderr);
    fflush(stderr);
    m->shown = false;
}
