/* A dead region without its files: everything up to the newest word of its capture is published; what came after is
 * what may be lost.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "common/base/clock.h"
#include "common/stream/scan.h"
#include "reconcile/lost_tail.h"

#define RATE_WINDOW_US ((uint64_t)600 * 1000000) /* by which the rate of a stream is told */

/* How many transactions the stream had in the last minutes before its end. */
static int count_lately(struct lost_tail *tail, uint64_t *count, uint64_t *span_us, struct err *err)
{
    const struct stream *s = &tail->stream;
    struct scan *scan = NULL;
    struct scan_step step;
    uint64_t end = s->source_clock_us > s->commit_us ? s->source_clock_us : s->commit_us;
    uint64_t first = end;
    int got = scan_open(&scan, &tail->dead->kafka, tail->topic, err);
    *count = 0;
    if (got == 0)
        got = scan_from_time(scan, end, RATE_WINDOW_US, err) ? -1 : 1;
    while (got > 0 && (got = scan_next(scan, &step, err)) > 0) {
        *count += step.verdict == STREAM_TAKE && (step.rec.flags & RECORD_LAST);
        if (step.rec.commit_us && step.rec.commit_us < first)
            first = step.rec.commit_us;
    }
    scan_close(&scan);
    *span_us = end - first;
    return got;
}

int lost_bound(struct lost_tail *tail, uint64_t died_us, struct err *err)
{
    const struct stream *s = &tail->stream;
    uint64_t said = s->source_clock_us > s->commit_us ? s->source_clock_us : s->commit_us;
    uint64_t until = died_us ? died_us : clock_wall_us();
    uint64_t lately, span;
    struct buf text = {0};
    if (count_lately(tail, &lately, &span, err))
        return -1;
    double seconds = until > said ? (double)(until - said) / 1e6 : 0;
    buf_printf(&text, "what was committed in the %.1f s after that, up to %s", seconds,
               died_us ? "its death" : "now (say --died TIME to narrow it)");
    if (span > 0)
        buf_printf(&text, "; at the pace of before (%.1f transactions a second) about %.0f transactions",
                   (double)lately * 1e6 / (double)span, (double)lately * seconds * 1e6 / (double)span);
    report_fact(tail->report, "may be lost", buf_cstr(&text));
    report_problem(tail->report,
                   "without the region's binlog files (--binlog FILE...) the lost transactions are bounded, "
                   "not known");
    buf_free(&text);
    return 0;
}
