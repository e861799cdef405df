/* The gate of a mesh: a transaction comes to the schedule when all that its source knew of is in effect at the target.
 *
 * What the source knew of the target's own region is there by itself, and of its own stream what comes before; of the
 * third region's stream the target's ledger says what is in effect. Transactions pass in the order of their stream, and
 * whatever passed waits for nothing that is still to pass: a circle of links that wait for each other would need two
 * changes of which each was made with knowledge of the other. One thread (the router's). */
#ifndef DRC_APPLIER_CUT_GATE_H
#define DRC_APPLIER_CUT_GATE_H

#include "applier/status.h"
#include "common/base/pulse.h"
#include "common/base/stop.h"
#include "common/target/ledger_done.h"

struct cut_gate_setup {
    const char *topic;  /* of the third region; NULL: there is none, and nothing to wait for */
    const char *region; /* its name */
    const char *to;
    struct status *status; /* is told what is waited for; NULL: nobody is */
    const struct stop *stop;
};

struct cut_gate {
    struct cut_gate_setup setup;
    struct beat *beat;       /* of the thread; NULL: nobody watches */
    struct ledger_done done; /* as last read */
    struct buf passed;       /* the cut that passed last */
};
void cut_gate_free(struct cut_gate *g);

/* Does it pass by what is in effect? An empty cut does; where the ledger does not know the link, no other does.
 * *missing is the greatest seq of the third region's stream that is waited for. Pure. */
bool cut_gate_is_open(const struct ledger_done *done, struct span cut, uint64_t *missing);

/* 1: it may pass; 0: stop was requested; -1: the ledger cannot be read. */
MUST_CHECK int cut_gate_pass(struct cut_gate *g, struct db *db, struct span cut, struct err *err);

#endif
