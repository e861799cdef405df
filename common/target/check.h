/* What a target must be like to be written to safely: a table of checks, run when a link connects.
 *
 * Each finding comes with what mends it. What would lose or bend data refuses the target; the rest is a warning, since
 * it concerns one table or costs something. */
#ifndef DRC_TARGET_CHECK_H
#define DRC_TARGET_CHECK_H

#include "common/link/config.h"
#include "common/link/db.h"

/* What is checked. The connection is one of target_session_open. */
struct target_check_setup {
    struct db *db;
    const struct filter *tables; /* NULL: the server only */
    bool is_source;              /* a capture reads this server's binlog, with what we write in it */
    bool sql_writer;             /* rows are written by SQL: triggers would fire */
    struct db *from; /* a connection to the link's source, to compare definitions; NULL: they are not compared */
};

struct target_finding {
    const char *check; /* "settings", "isolation", "engine", "triggers", "grants", "definitions" */
    bool refuses;
    const char *what; /* "slave_exec_mode = IDEMPOTENT would hide duplicate and missing rows" */
    const char *fix;  /* a statement, or what is to be done */
};

/* Strings are valid during the call. */
typedef void target_finding_fn(void *context, const struct target_finding *f);

/* All checks, whatever they find. -1: something could not be asked. */
MUST_CHECK int target_check_all(const struct target_check_setup *setup, target_finding_fn *found, void *context,
                                struct err *err);

/* The same, told in the log, one line a finding; an error (fatal 78) when one refuses the target. */
MUST_CHECK int target_check(const struct target_check_setup *setup, struct err *err);

#endif
