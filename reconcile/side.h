/* One of the two databases under comparison: a connection with a thread of its own, so that both sides work at once.
 *
 * The main thread gives jobs and takes them back in order. A job that fails because the world does (lost connection,
 * lock wait) is tried again on a new connection for a while; it must therefore have no effect but its own result. */
#ifndef DRC_RECONCILE_SIDE_H
#define DRC_RECONCILE_SIDE_H

#include "common/base/stop.h"
#include "common/link/db.h"

struct side;

/* What a side is asked to do. Embedded in the caller's own structure; must live until side_take gives it back. */
struct side_job {
    /* Runs in the side's thread, may run again after a retry error: it begins by forgetting what it had. */
    int (*run)(struct side_job *job, struct db *db, struct err *err);
    uint64_t took_ms; /* of the run that counted */
    struct err err;   /* class ERR_NONE: it is done */
};

/* Connects at the first job. After `stop` no job is tried again. */
struct side *side_new(const struct region_config *region, const struct stop *stop);
void side_free(struct side **s); /* after every job was taken back */

const char *side_region(const struct side *s);
void side_give(struct side *s, struct side_job *job);
/* Wait for the oldest job. -1 with err set when it failed. */
MUST_CHECK int side_take(struct side *s, struct side_job **job, struct err *err);

/* Give a job to each and wait for both: the common case. The first failure is told, with the region's name before it.
 */
MUST_CHECK int side_both(struct side *const sides[2], struct side_job *a, struct side_job *b, struct err *err);

/* A query whose whole result is kept. */
struct side_query {
    struct side_job job;
    struct buf sql;     /* the caller's */
    struct arena arena; /* of the result */
    struct db_rows rows;
};
void side_query_start(struct side_query *q); /* forget statement and result, keep memory */
void side_query_free(struct side_query *q);

#endif
