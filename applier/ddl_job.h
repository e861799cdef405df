/* One DDL statement while it is being settled. What worker_ddl.c and ddl_run.c share; nobody else includes it. */
#ifndef DRC_APPLIER_DDL_JOB_H
#define DRC_APPLIER_DDL_JOB_H

#include "applier/worker_parts.h"
#include "common/model/ddl_plan.h"
#include "common/target/ddl_session.h"
#include "common/target/link_row.h"

struct ddl_job {
    struct worker *w;
    struct txn *t;
    struct ddl_plan plan;
    struct arena arena;
    char gtid[GTID_TEXT_LEN];
    struct buf name; /* "ALTER TABLE …" (gtid 0-1-2)", for messages */
    struct ddl_session *session;
    struct backoff backoff;
};

/* How a job ends: in one target transaction that moves the ledger behind the statement. */
struct ddl_end {
    const char *verdict; /* what the journal says; NULL: nothing */
    const char *why;
    bool begun; /* drc.links has it as begun */
};
MUST_CHECK int ddl_job_end(struct ddl_job *j, const struct ddl_end *end, struct err *err);

/* Say what the link waits for, and wait so long. 1: somebody said resume, and the job has been ended by that; 0: look
 * again (or stop); -1: error. `begun` as in struct ddl_end. */
MUST_CHECK int ddl_job_wait(struct ddl_job *j, const char *why, bool begun, unsigned ms, struct err *err);

/* Before it is run or waited for: until nothing is parked that touches its tables. 0: so, or a stop was requested; 1
 * and -1 as ddl_job_wait. */
MUST_CHECK int ddl_job_wait_for_parked(struct ddl_job *j, struct err *err);

/* Run it, and see that it is run once. 0: it is settled, or a stop was requested before; -1: the session starts anew.
 */
MUST_CHECK int ddl_job_run(struct ddl_job *j, struct err *err);

#endif
