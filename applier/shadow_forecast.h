/* What the files of a forecast's run share. Nobody else includes it. */
#ifndef DRC_APPLIER_SHADOW_FORECAST_H
#define DRC_APPLIER_SHADOW_FORECAST_H

#include "applier/key_tables.h"
#include "applier/park.h"
#include "applier/shadow.h"
#include "applier/shadow_private.h"

/* A number, and the first one of it. */
struct shadow_count {
    uint64_t count;
    uint64_t seq;
    char why[200];
};

/* A big transaction on its way. */
struct shadow_open {
    uint64_t seq; /* 0: none */
    enum { OPEN_JUDGED, OPEN_PARKED, OPEN_HELD } fate;
    struct park_item *items; /* of the fragments so far, while they are judged */
    size_t count;
    size_t cap;
};

struct forecast {
    const struct shadow_setup *setup;
    const struct link_config *link;
    struct sink sink;
    struct shadow shadow;
    /* The open snapshot. */
    bool follows; /* the ledger is asked what is in effect */
    bool open;
    uint64_t opened_ms;
    struct ledger_state now;
    /* What is not in effect, by its keys: put aside by the link, and not to be judged. */
    struct key_tables *keys;
    struct park *park;
    struct park *held;
    struct shadow_open big;
    bool over; /* it can be told no further */
    /* Counts. */
    uint64_t first_seq;
    uint64_t last_seq; /* passed last */
    uint64_t judged;
    uint64_t rows;
    uint64_t in_effect;
    uint64_t statements;          /* DDL, not run */
    struct shadow_count stops;    /* places where the link would stop */
    struct shadow_count unjudged; /* transactions */
};

/* ---- shadow_judge.c ---- */

/* One transaction or fragment, inside the open snapshot. -1: retry, with nothing of it remembered, or fatal. */
MUST_CHECK int shadow_judge(struct forecast *f, struct txn *t, struct err *err);
/* The fragments so far are void. */
void shadow_void(struct forecast *f);
void shadow_count(struct shadow_count *c, uint64_t seq, const char *why);

/* ---- shadow_report.c ---- */

/* On stdout. */
void shadow_report(const struct forecast *f);

#endif
