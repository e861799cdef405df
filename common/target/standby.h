/* A target that is kept read-only: may this connection write to it, and does drc.meta name the server that it is? */
#ifndef DRC_TARGET_STANDBY_H
#define DRC_TARGET_STANDBY_H

#include "common/link/db.h"

/* The privilege by which an account writes under read_only, as GRANT takes it. */
const char *standby_privilege(enum flavor flavor);

/* To a server of a standby region that db_connect chose (to_write), before anything is written: fatal 77 with the GRANT
 * when the account may not write while it is read_only. */
MUST_CHECK int standby_check(struct db *db, struct err *err);

/* Put down in drc.meta (which is there) that this server is the one that is written to: at the first start, and when
 * another one, writable now, has taken its place. */
MUST_CHECK int standby_record(struct db *db, struct err *err);

/* Inside a target transaction: does drc.meta go on to name it? Another server may have taken its place, which then
 * replicates to this one; to go on writing here would part the two. Retry, with what it names, where it does not. The
 * row stays as it is until the transaction ends. */
MUST_CHECK int standby_hold(struct db *db, const char *identity, struct err *err);

#endif
