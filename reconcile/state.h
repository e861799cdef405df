/* What a run has come to so far, in a file, so that one that was killed goes on where it was and tells the same.
 *
 * The file is a line with the format's version, then records: what the run is about, each difference as it was told
 * (behind all masks), suspects that are not settled yet, and after each chunk and table how far it is. Only what stands
 * before the last of these counts; the rest is cut off when the file is opened again. A file is used by one run at a
 * time. Without a file the state is NULL, which every function takes. One thread. */
#ifndef DRC_RECONCILE_STATE_H
#define DRC_RECONCILE_STATE_H

#include "reconcile/report.h"
#include "reconcile/suspects.h"

struct state;

/* Where the run was in a table when it ended. */
struct state_place {
    struct span db; /* .p NULL: between two tables */
    struct span table;
    struct table_counts counts;
    struct span *key; /* up to which rows had been compared */
    uint16_t key_count;
    struct suspects suspects; /* seen up to there, not settled */
};

/* `path` NULL: *out is NULL. `about` says what is compared: a file about something else, of another format or in use is
 * refused (fatal 64). A file that is not there is made. */
MUST_CHECK int state_open(struct state **out, const char *path, struct span about, struct err *err);
/* The run ended before its end: the file stays. */
void state_close(struct state **s);
/* All has been told: there is nothing to go on with, the file goes. */
void state_remove(struct state **s);

/* Tell the report all that had been told before. -1: the file cannot be read. */
MUST_CHECK int state_replay(struct state *s, struct report *report, struct err *err);
/* Has the table been told whole? */
bool state_has_table(const struct state *s, struct span db, struct span table);
/* Where to go on in the table; NULL: at its beginning. Valid until the next state_chunk or state_table. */
const struct state_place *state_place_in(const struct state *s, struct span db, struct span table);

/* The report's `told`; context: the state. */
void state_difference(void *state, const struct difference *shown, bool unsettled);
void state_suspect(struct state *s, const struct span *key, uint16_t key_count);
void state_settled(struct state *s); /* all suspects */
/* How far it is now. -1: it cannot be written down (retry: the run should end). */
MUST_CHECK int state_chunk(struct state *s, struct span db, struct span table, const struct table_counts *counts,
                           const struct span *key, uint16_t key_count, struct err *err);
MUST_CHECK int state_table(struct state *s, struct span db, struct span table, const struct table_counts *counts,
                           struct err *err);

#endif
