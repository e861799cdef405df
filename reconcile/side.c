/* The thread of one side: takes jobs, reconnects, hands results back. */
#include "reconcile/side.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

#include "common/base/backoff.h"
#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/base/mem.h"
#include "common/base/queue.h"

#define JOBS 16
#define READ_TIMEOUT_S 3600 /* a scan of a table without a key takes its time */
#define TRIES 8             /* about half a minute */

struct side {
    const struct region_config *region;
    const struct stop *stop;
    struct queue *to_do;
    struct queue *done;
    pthread_t thread;
    struct db *db; /* of the thread */
};

/* The same text for the same value, whatever the server's or the user's settings are. */
static int connect_side(struct side *s, struct err *err)
{
    static const struct {
        enum flavor only; /* FLAVOR_NONE: both */
        const char *sql;
    } statements[] = {
        {FLAVOR_NONE,    "SET SESSION sql_mode = ''"                                       },
        {FLAVOR_NONE,    "SET SESSION time_zone = '+00:00'"                                },
        {FLAVOR_NONE,    "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED"          },
        {FLAVOR_NONE,    "SET SESSION autocommit = 1"                                      },
        {FLAVOR_MARIADB, "SET SESSION max_statement_time = 0"                              },
        {FLAVOR_MYSQL,   "SET SESSION max_execution_time = 0"                              },
        {FLAVOR_MYSQL,   "SET SESSION information_schema_stats_expiry = 0"                 },
        {FLAVOR_NONE,    "SET SESSION group_concat_max_len = 1000000"                      },
        {FLAVOR_MYSQL,   "SET SESSION show_gipk_in_create_table_and_information_schema = 1"},
    };
    const struct db_options options = {.program = "drc-reconcile", .read_timeout_s = READ_TIMEOUT_S};
    uint64_t packet;
    if (db_connect(&s->db, s->region, &options, err))
        return -1;
    for (size_t i = 0; i < sizeof statements / sizeof *statements; i++)
        if ((statements[i].only == FLAVOR_NONE || statements[i].only == db_flavor(s->db)) &&
            db_exec(s->db, statements[i].sql, err))
            return -1;
    if (db_query_u64(s->db, &packet, "SELECT @@max_allowed_packet", err))
        return -1;
    if (packet < 1u << 20)
        return err_fatal(err, EXIT_BAD_CONFIG,
                         "max_allowed_packet is below 1 MiB, a row's checksum may need more: SET GLOBAL "
                         "max_allowed_packet = 16777216");
    return 0;
}

static int try_once(struct side *s, struct side_job *job)
{
    uint64_t began = clock_mono_ms();
    job->err = (struct err){0};
    if (!s->db && connect_side(s, &job->err)) {
        db_close(&s->db);
        return -1;
    }
    int rc = job->run(job, s->db, &job->err);
    job->took_ms = clock_mono_ms() - began;
    if (rc && job->err.class == ERR_RETRY)
        db_close(&s->db);
    return rc;
}

static void run_job(struct side *s, struct side_job *job)
{
    struct backoff backoff = backoff_make(100, 8000);
    for (int i = 1; try_once(s, job) && job->err.class == ERR_RETRY && i < TRIES; i++) {
        log_event(MSG_COMPARE_RETRIES, log_str("region", s->region->name), log_detail(job->err.text));
        if (stop_wait(s->stop, backoff_next(&backoff)))
            return;
    }
}

static void *side_thread(void *arg)
{
    struct side *s = arg;
    struct side_job *job;
    while ((job = queue_pop(s->to_do, -1))) {
        run_job(s, job);
        int failed = queue_push(s->done, job, 0);
        assert(!failed);
    }
    db_close(&s->db);
    return NULL;
}

struct side *side_new(const struct region_config *region, const struct stop *stop)
{
    struct side *s = xcalloc(1, sizeof *s);
    *s = (struct side){
        .region = region, .stop = stop, .to_do = queue_new(JOBS, SIZE_MAX), .done = queue_new(JOBS, SIZE_MAX)};
    int failed = pthread_create(&s->thread, NULL, side_thread, s);
    assert(!failed);
    return s;
}

void side_free(struct side **side)
{
    struct side *s = *side;
    if (!s)
        return;
    queue_close(s->to_do);
    pthread_join(s->thread, NULL);
    queue_free(&s->to_do, NULL);
    queue_free(&s->done, NULL);
    free(s);
    *side = NULL;
}

const char *side_region(const struct side *s)
{
    return s->region->name;
}

void side_give(struct side *s, struct side_job *job)
{
    int failed = queue_push(s->to_do, job, 0);
    assert(!failed);
}

int side_take(struct side *s, struct side_job **job, struct err *err)
{
    *job = queue_pop(s->done, -1);
    assert(*job);
    if ((*job)->err.class == ERR_NONE)
        return 0;
    if (err) {
        *err = (*job)->err;
        err_prefix(err, "%s", s->region->name);
    }
    return -1;
}

int side_both(struct side *const sides[2], struct side_job *a, struct side_job *b, struct err *err)
{
    struct side_job *taken;
    struct err second = {0};
    side_give(sides[0], a);
    side_give(sides[1], b);
    int rc = side_take(sides[0], &taken, err);
    if (side_take(sides[1], &taken, rc ? &second : err))
        rc = -1;
    return rc;
}

static int run_query(struct side_job *job, struct db *db, struct err *err)
{
    struct side_query *q = (struct side_query *)job;
    arena_reset(&q->arena);
    return db_query(db, &q->rows, &q->arena, buf_cstr(&q->sql), err);
}

void side_query_start(struct side_query *q)
{
    q->job.run = run_query;
    q->rows = (struct db_rows){0};
    buf_clear(&q->sql);
    arena_reset(&q->arena);
}

void side_query_free(struct side_query *q)
{
    buf_free(&q->sql);
    arena_free(&q->arena);
}
