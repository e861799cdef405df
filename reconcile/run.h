/* What every part of a run needs: the two sides, the links between them, the report, the operator's wishes. */
#ifndef DRC_RECONCILE_RUN_H
#define DRC_RECONCILE_RUN_H

#include "common/link/config.h"
#include "reconcile/links.h"
#include "reconcile/meter.h"
#include "reconcile/plan.h"
#include "reconcile/report.h"
#include "reconcile/side.h"
#include "reconcile/wishes.h"

struct marker;
struct repair;
struct state;
struct throttle;

struct run {
    struct config *config;
    const struct wishes *wishes;
    struct side *sides[2];
    struct links *links;
    struct report *report;
    struct meter *meter;
    struct mask mask;          /* columns whose values are told nowhere */
    struct repair *repair;     /* of what is told; NULL: not wished */
    struct marker *marker;     /* to ask appliers; NULL: not wished, or not possible */
    struct state *state;       /* to go on with after a kill; NULL: not wished */
    struct throttle *throttle; /* NULL: nothing holds it up */
    const struct region_config *regions[2];
    uint64_t max_differences; /* after so many it ends; UINT64_MAX: never */
    uint64_t told_before;     /* in tables before the one in hand */
    uint64_t cause_ms;        /* spent on looking for causes */
    uint64_t chunk_rows;      /* 0: as many as take the target time */
    uint64_t chunk_ms;        /* the target time */
    uint64_t timeout_ms;      /* to wait for the links; 0 after they once did not come in time */
    uint64_t look_ms;         /* how long rows that keep changing are looked at again and again, at least */
};

/* Reads the pair file, sees that the pair is one, loads what secrets it needs, opens the report. Nothing is connected
 * to yet. `wishes` outlives it. Returns 0, or, having said on stderr what is wrong, the exit code. */
int run_open(struct run *out, const struct wishes *wishes);
void run_close(struct run *run);

/* How many differences more, behind a table with these counts, the run wants at most; 0: it has enough. */
size_t run_wants(const struct run *run, const struct table_counts *counts);

#endif
