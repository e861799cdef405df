/* A connection that writes to a target: pinned so that nothing of the server's or the user's settings changes what our
 * statements mean. What the server itself must be like: common/check. */
#ifndef DRC_TARGET_SESSION_H
#define DRC_TARGET_SESSION_H

#include "common/link/db.h"

/* Connect and pin: sql_mode, time zone, character sets, isolation, row format, checks, timeouts. What cannot be pinned
 * is fatal: 77 with the GRANT, or 78 with the setting that mends it. A server that is read_only is a retry, unless it
 * is the standby (standby.h). Closed by db_close. */
MUST_CHECK int target_session_open(struct db **out, const struct region_config *region, const char *program,
                                   struct err *err);
/* The same with another limit to how long an answer is waited for. */
MUST_CHECK int target_session_open_patient(struct db **out, const struct region_config *region, const char *program,
                                           unsigned read_timeout_s, struct err *err);
/* Pin a connection that was made otherwise. */
MUST_CHECK int target_session_pin(struct db *db, struct err *err);

/* Keep an idle connection (also one with an open transaction) from being closed by its short timeouts: to be called at
 * least that often. */
#define TARGET_SESSION_IDLE_MS 10000
MUST_CHECK int target_session_keep(struct db *db, struct err *err);

/* Let the session's clock run again: the BINLOG statement leaves it standing. */
MUST_CHECK int target_session_now(struct db *db, struct err *err);
/* BEGIN, at the present time. */
MUST_CHECK int target_session_begin(struct db *db, struct err *err);

#endif
