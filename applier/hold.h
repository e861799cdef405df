/* What an operator says to a link by its control socket: pause, and resume; and what the link waits for him to say.
 *
 * Kept for the daemon's life; asked by the control thread, followed by the session's. That a link is paused is also in
 * drc.links, so that it is so after a restart. */
#ifndef DRC_APPLIER_HOLD_H
#define DRC_APPLIER_HOLD_H

#include <stdbool.h>

#include "common/base/buf.h"
#include "common/target/link_row.h"

struct hold;

struct hold *hold_new(void);
void hold_free(struct hold **h);

/* Control thread. `args`: "WHO WHY…"; the answer begins with "error: " when there is nothing to do. */
void hold_ask_pause(struct hold *h, const char *args, struct buf *out);
/* `args`: "WHO GTID WHY…", GTID "-" for whatever statement is waited for. A pause is lifted first. */
void hold_ask_resume(struct hold *h, const char *args, struct buf *out);

/* ---- the session ---- */

/* What the target says; only the first time, later this memory knows better. */
void hold_load(struct hold *h, const char *paused);
/* Has what it says not been told to the target, or is it paused? */
bool hold_due(struct hold *h);
/* As it is to be in the target; "": not paused. Returns whether it is, and since when this memory knows (clock_mono_ms;
 * may be NULL). */
bool hold_paused(struct hold *h, char out[LINK_ROW_PAUSED_MAX + 1], uint64_t *since_ms);
void hold_told(struct hold *h, const char *paused);
/* Does the target know whether it is paused? Then it is so after a restart, too. Any thread. */
bool hold_is_kept(struct hold *h);

/* The link waits to hear that it may pass the statement of that GTID; NULL: it has been passed, the word with it. Until
 * then a word that was said holds, over lost connections too. */
void hold_expect(struct hold *h, const char *gtid);
/* Was it said, and by whom (with why)? */
bool hold_resumed(struct hold *h, char by[LINK_ROW_PAUSED_MAX + 1]);

#endif
