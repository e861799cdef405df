/* What every part of a run needs: the two sides, the links between them, the report, the operator's wishes. */
#ifndef DRC_RECONCILE_RUN_H
#define DRC_RECONCILE_RUN_H

#include "common/base/stop.h"
#include "common/link/config.h"
#include "reconcile/links.h"
#include "reconcile/meter.h"
#include "reconcile/plan.h"
#include "reconcile/report.h"
#include "reconcile/side.h"
#include "reconcile/wishes.h"

struct cause_feed;
struct marker;
struct ready;
struct repair;
struct state;
struct throttle;

/* Looking for causes: what the operator permits, and what came of it. */
struct causes {
    uint64_t since_us; /* topics are read back to then */
    uint64_t most_ms;  /* of the whole run */
    uint64_t spent_ms;
    bool failed;             /* nobody tries again */
    uint64_t unsearched;     /* rows, for want of time */
    uint64_t before;         /* rows that nobody wrote in what was read */
    uint64_t read_since_us;  /* of these the latest beginning */
    struct cause_feed *feed; /* NULL: nothing is open */
};

struct run {
    struct config *config;
    const struct wishes *wishes;
    struct side *sides[2];
    struct side *scans[2]; /* the same servers: for sums that are under way while `sides` look closer */
    struct links *links;
    struct report *report;
    struct meter *meter;
    struct mask mask;          /* columns whose values are told nowhere */
    struct repair *repair;     /* of what is told; NULL: not wished */
    struct marker *marker;     /* to ask appliers; NULL: not wished, or not possible */
    struct ready *ready;       /* NULL: nothing has differed yet */
    struct state *state;       /* to go on with after a kill; NULL: not wished */
    struct throttle *throttle; /* NULL: nothing holds it up */
    const struct region_config *regions[2];
    const struct stop *stop;  /* by a signal; NULL: nobody listens to any */
    uint64_t max_differences; /* after so many it ends; UINT64_MAX: never */
    uint64_t told_before;     /* in tables before the one in hand */
    struct causes causes;
    uint64_t chunk_rows; /* 0: as many as take the target time */
    uint64_t chunk_ms;   /* the target time */
    uint64_t timeout_ms; /* to wait for the links; 0 after they once did not come in time */
    uint64_t look_ms;    /* how long rows that keep changing are looked at again and again, at least */
};

/* Reads the pair file, sees that the pair is one, loads what secrets it needs, opens the report. Nothing is connected
 * to yet. `wishes` outlives it. Returns 0, or, having said on stderr what is wrong, the exit code. */
int run_open(struct run *out, const struct wishes *wishes);
void run_close(struct run *run);

/* Did somebody ask it to end? What is told then is told, and the rest is said to be missing. */
static inline bool run_stopped(const struct run *run)
{
    return run->stop && stop_requested(run->stop);
}

/* Why a run that wants no more ends before all is compared: a sentence. */
const char *run_end_text(const struct run *run);

/* How many differences more, behind a table with these counts (NULL: none in hand), the run wants at most; 0: it has
 * enough, or was stopped. */
size_t run_wants(const struct run *run, const struct table_counts *counts);

#endif
