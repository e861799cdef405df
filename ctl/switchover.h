/* A side of a switchover: its read_only, as it was and as it is made. Main thread. */
#ifndef DRC_CTL_SWITCHOVER_H
#define DRC_CTL_SWITCHOVER_H

#include "common/base/stop.h"
#include "common/link/db.h"

struct switch_side {
    const char *name;
    char host[200];
    struct db *db;
    bool read_only; /* as it was */
    bool super;     /* MySQL's super_read_only, as it was */
    bool keep_super_off;
    bool changed; /* and is to be put back, should anything fail */
    char statement[80];
    const struct region_config *region;
    struct config *own; /* with another account; NULL: the pair's */
};

/* Connect, whether it can be written to or not; from now on the configuration knows that one host of the region, so
 * that all that looks at it looks at the same. `user`: NULL for the pair's own. */
MUST_CHECK int switch_open(struct switch_side *s, struct config *config, const char *region, const char *user,
                           const char *password_file, struct err *err);
void switch_end(struct switch_side *s);

/* Make it read-only: waits for what is being committed, at most that long. */
MUST_CHECK int switch_close(struct switch_side *s, uint64_t timeout_ms, struct err *err);
/* Make it writable. */
MUST_CHECK int switch_let(struct switch_side *s, struct err *err);
/* As it was when it was opened. A connection that is gone is made anew. */
MUST_CHECK int switch_restore(struct switch_side *s, struct err *err);

/* "read-only" or "writable": as it was. */
const char *switch_state(const struct switch_side *s);
/* The statement that puts it back. */
const char *switch_statement(struct switch_side *s);

/* Run drc-reconcile full between the two, its output to ours; its exit code, -1: it could not be run, or was stopped.
 */
int switch_reconcile(const char *config_path, const char *from, const char *to, const struct stop *stop);

#endif
