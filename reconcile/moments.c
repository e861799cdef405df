/* Conflicts by time, counted in the databases. */
#include "reconcile/moments.h"

#include <inttypes.h>
#include <stdlib.h>

#include "common/base/clock.h"

#define STEPS 1000u /* into which the time is cut */

/* "2026-01-31 10:00:00" */
static void put_time(struct buf *out, uint64_t us)
{
    char text[CLOCK_TEXT_LEN];
    clock_text(text, us);
    buf_printf(out, "'%.10s %.8s'", text, text + 11);
}

static void put_statement(struct buf *out, uint64_t since_us, uint64_t until_us)
{
    uint64_t step = (until_us - since_us) / 1000000 / STEPS + 1;
    buf_printf(out,
               "SELECT MIN(TIMESTAMPDIFF(SECOND, '1970-01-01', at)), COUNT(*), "
               "TIMESTAMPDIFF(SECOND, '1970-01-01', at) DIV %" PRIu64
               " AS s FROM drc.conflicts WHERE kind LIKE '%%/%%' AND at >= ",
               step);
    put_time(out, since_us);
    buf_put_str(out, " AND at <= ");
    put_time(out, until_us + 1000000);
    buf_put_str(out, " GROUP BY s");
}

static uint64_t number(struct span text)
{
    return text.n > 0 ? strtoull((const char *)text.p, NULL, 10) : 0;
}

static void tell_side(struct run *run, int side, uint64_t since_us, uint64_t until_us)
{
    static const enum timeline_series series[2] = {TIMELINE_CONFLICTS_SOURCE, TIMELINE_CONFLICTS_TARGET};
    struct side_query q = {0};
    struct side_job *taken;
    struct err err = {0};
    side_query_start(&q);
    put_statement(&q.sql, since_us, until_us);
    side_give(run->sides[side], &q.job);
    if (side_take(run->sides[side], &taken, &err))
        report_fact(run->report, "conflicts over time", err.text);
    else
        for (size_t i = 0; i < q.rows.row_count; i++)
            report_moment(run->report, series[side], number(db_cell(&q.rows, i, 0)) * 1000000,
                          number(db_cell(&q.rows, i, 1)));
    side_query_free(&q);
}

void moments_tell_conflicts(struct run *run, uint64_t since_us, uint64_t until_us)
{
    if (!report_has_timeline(run->report) || until_us <= since_us)
        return;
    for (int side = 0; side < 2; side++)
        tell_side(run, side, since_us, until_us);
}
