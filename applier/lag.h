/* How far a replica of the target is behind, told by how often each has counted the ledger. Pure.
 *
 * Every target transaction counts the n of its ledger row on, and the row is replicated: so a replica whose sum of n is
 * the one that the target had ten seconds ago is ten seconds behind. No privilege but that of reading drc.ledger is
 * needed, and a replica that is stopped or delayed on purpose is measured like any other. */
#ifndef DRC_APPLIER_LAG_H
#define DRC_APPLIER_LAG_H

#include <stddef.h>
#include <stdint.h>

#define LAG_SAMPLES 128

struct lag_sample {
    uint64_t at_ms;
    uint64_t n; /* the target's, from that time on */
};

/* Zeroed: nothing known. `every_ms`: least time between two samples; all of them reach LAG_SAMPLES times as far. */
struct lag {
    uint64_t every_ms;
    struct lag_sample samples[LAG_SAMPLES]; /* a ring; rising in both */
    size_t first;
    size_t count;
};

/* The target has counted to n at that time. */
void lag_note(struct lag *l, uint64_t at_ms, uint64_t n);
/* Since when the target has had something that a replica with that n lacks, in ms; 0: it lacks nothing that is known.
 * As far as the samples reach: what is older counts from the oldest. */
uint64_t lag_of(const struct lag *l, uint64_t now_ms, uint64_t n);

#endif
