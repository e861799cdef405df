/* Reading the ledger again until it has what the cut has. */
#include "applier/cut_gate.h"

#include <inttypes.h>
#include <stdio.h>

#include "common/base/backoff.h"
#include "common/base/clock.h"
#include "common/model/cut.h"

#define SAY_AFTER_MS 1000u

void cut_gate_free(struct cut_gate *g)
{
    ledger_done_free(&g->done);
    buf_free(&g->passed);
}

static bool has_all(const struct watermark *there, const struct watermark_range *wanted)
{
    uint64_t first = wanted->first > there->low ? wanted->first : there->low + 1;
    bool all = first > wanted->last;
    for (size_t i = 0; !all && i < there->count; i++)
        all = there->ranges[i].first <= first && wanted->last <= there->ranges[i].last;
    return all;
}

/* Up to which seq has to be waited for what one has and the other has not; 0: for nothing. */
static uint64_t greatest_missing(const struct watermark *wanted, const struct watermark *there)
{
    uint64_t missing = wanted->low > there->low ? wanted->low : 0;
    for (size_t i = 0; i < wanted->count; i++)
        if (!has_all(there, &wanted->ranges[i]))
            missing = wanted->ranges[i].last;
    return missing;
}

bool cut_gate_is_open(const struct ledger_done *done, struct span bytes, uint64_t *missing)
{
    struct cut cut = {0};
    struct bytes r = bytes_of(bytes);
    *missing = 0;
    if (bytes.n > 0)
        cut_read(&cut, &r);
    bool open = done->known || cut.count == 0;
    for (size_t i = 0; done->known && i < cut.count; i++)
        if (memcmp(cut.entries[i].stream, done->stream, STREAM_UUID_LEN) == 0)
            *missing = greatest_missing(&cut.entries[i].done, &done->done);
    cut_free(&cut);
    return open && *missing == 0;
}

static void say(const struct cut_gate *g, uint64_t missing)
{
    const struct cut_gate_setup *s = &g->setup;
    char cause[500];
    if (!s->status)
        return;
    if (!g->done.known)
        (void)snprintf(cause, sizeof cause,
                       "the link %s:%s has not begun at this target; in a mesh a transaction waits for what its region "
                       "knew of: is drc-applier --from %s --to %s running?",
                       s->region, s->to, s->region, s->to);
    else
        (void)snprintf(cause, sizeof cause,
                       "the next transaction was made with knowledge of seq %" PRIu64
                       " of region %s, which is not in effect at %s yet: the link %s:%s has come to seq %" PRIu64,
                       missing, s->region, s->to, s->region, s->to, g->done.done.low);
    status_set(s->status, LINK_WAITING, cause);
}

static void let_pass(struct cut_gate *g, struct span cut, bool said)
{
    buf_clear(&g->passed);
    buf_put_span(&g->passed, cut);
    if (said)
        status_resume(g->setup.status, LINK_WAITING);
}

int cut_gate_pass(struct cut_gate *g, struct db *db, struct span cut, struct err *err)
{
    struct backoff backoff = backoff_make(2, 200);
    const uint64_t began_ms = clock_mono_ms();
    bool said = false;
    uint64_t missing;
    if (span_eq(cut, buf_span(&g->passed)))
        return 1;
    while (!cut_gate_is_open(&g->done, cut, &missing)) {
        beat_on(g->beat);
        if (stop_requested(g->setup.stop))
            return 0;
        if (ledger_done_read(&g->done, db, g->setup.topic, err))
            return -1;
        if (cut_gate_is_open(&g->done, cut, &missing))
            break;
        if (clock_mono_ms() - began_ms > SAY_AFTER_MS) {
            say(g, missing);
            said = g->setup.status != NULL;
        }
        (void)stop_wait(g->setup.stop, backoff_next(&backoff));
    }
    let_pass(g, cut, said);
    return 1;
}
