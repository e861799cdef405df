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

struct meter {
    bool on;
    bool shown;
    struct buf name;
    uint64_t about_rows;
    uint64_t began_ms;
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

void meter_table(struct meter *m, struct span db, struct span table, uint64_t about_rows)
{
    buf_clear(&m->name);
    utf8_put_printable(&m->name, db, NAME_BYTES);
    buf_put_str(&m->name, ".");
    utf8_put_printable(&m->name, table, NAME_BYTES);
    m->about_rows = about_rows;
    m->began_ms = clock_mono_ms();
}

void meter_show(struct meter *m, uint64_t rows, const char *doing)
{
    uint64_t now = clock_mono_ms();
    if (!m->on || now - m->drawn_ms < EVERY_MS)
        return;
    m->drawn_ms = now;
    m->shown = true;
    double seconds = (double)(now - m->began_ms + 1) / 1000;
    double rate = (double)rows / seconds;
    fprintf(stderr, "\r\033[K%s: %s, %" PRIu64 " rows, %.0f rows/s", buf_cstr(&m->name), doing, rows, rate);
    if (m->about_rows > rows && rate > 0)
        fprintf(stderr, ", %.0f %%, %.0f s to go", 100 * (double)rows / (double)m->about_rows,
                (double)(m->about_rows - rows) / rate);
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
