/* One look after another, each of the three causes by a function of its own. */
#include "applier/throttle.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "applier/lag.h"
#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/base/mem.h"
#include "common/link/db.h"
#include "common/target/schema.h"

#define LOOK_EVERY_MS 1000
#define TIMEOUT_S 1u /* a stop waits for it */
#define CAUSE_MOST 400

struct throttle {
    struct throttle_setup setup;
    const struct throttle_config *config;
    struct region_config replicas; /* the target's account at the replicas' addresses */
    struct db *target;             /* NULL: not connected */
    struct db **at;                /* connections to the replicas */
    struct lag lag;
    struct stop *stop;
    pthread_t thread;
};

static int connect_to(struct throttle *t, struct db **db, const struct region_config *region, size_t server,
                      struct err *err)
{
    const struct db_options options = {
        .program = t->setup.program,
        .connect_timeout_s = TIMEOUT_S,
        .read_timeout_s = TIMEOUT_S,
        .write_timeout_s = TIMEOUT_S,
        .server = server,
    };
    return *db ? 0 : db_connect(db, region, &options, err);
}

/* How often the ledger has been counted on at that server. */
static int read_count(struct db **db, uint64_t *n, struct err *err)
{
    int rc = db_query_u64(*db, n, "SELECT COALESCE(SUM(`n`), 0) FROM `" DRC_DB "`.`" LEDGER_TABLE "`", err);
    if (rc)
        db_close(db);
    return rc;
}

/* ---- the causes: each says in `cause` why to hold, or leaves it empty ---- */

static void look_at_flag(struct throttle *t, char cause[CAUSE_MOST])
{
    if (t->config->flag_file && access(t->config->flag_file, F_OK) == 0)
        (void)snprintf(cause, CAUSE_MOST, "the flag file %s is there", t->config->flag_file);
}

static void compare_load(const struct throttle *t, struct span name, const char *value, char cause[CAUSE_MOST])
{
    for (size_t i = 0; i < t->config->max_load_count; i++) {
        const char *limit = t->config->max_load[i];
        size_t n = strcspn(limit, "=");
        if (name.n == n && strncasecmp((const char *)name.p, limit, n) == 0 &&
            strtoull(value, NULL, 10) > strtoull(limit + n + 1, NULL, 10))
            (void)snprintf(cause, CAUSE_MOST, "%.*s of the target is above %s", (int)n, limit, limit + n + 1);
    }
}

static int look_at_load(struct throttle *t, char cause[CAUSE_MOST], struct err *err)
{
    struct arena a = {0};
    struct db_rows rows;
    struct buf sql = {0};
    if (t->config->max_load_count == 0)
        return 0;
    buf_put_str(&sql, "SHOW GLOBAL STATUS WHERE Variable_name IN (''");
    for (size_t i = 0; i < t->config->max_load_count; i++)
        buf_printf(&sql, ", '%.*s'", (int)strcspn(t->config->max_load[i], "="), t->config->max_load[i]);
    buf_put_str(&sql, ")");
    int rc = db_query(t->target, &rows, &a, buf_cstr(&sql), err);
    for (size_t i = 0; rc == 0 && i < rows.row_count; i++)
        compare_load(t, db_cell(&rows, i, 0), (const char *)db_cell(&rows, i, 1).p, cause);
    if (rc)
        db_close(&t->target);
    buf_free(&sql);
    arena_free(&a);
    return rc;
}

static void look_at_replica(struct throttle *t, size_t i, uint64_t now_ms, char cause[CAUSE_MOST])
{
    const struct host_config *host = &t->config->replicas[i];
    struct err err = {0};
    uint64_t n;
    if (connect_to(t, &t->at[i], &t->replicas, i + 1, &err) || read_count(&t->at[i], &n, &err))
        (void)snprintf(cause, CAUSE_MOST, "replica %s:%u cannot be asked how far it is: %.250s", host->name, host->port,
                       err.text);
    else if (lag_of(&t->lag, now_ms, n) > t->config->max_lag_ms)
        (void)snprintf(cause, CAUSE_MOST, "replica %s:%u is more than %" PRIu64 " s behind", host->name, host->port,
                       t->config->max_lag_ms / 1000);
}

static int look_at_replicas(struct throttle *t, char cause[CAUSE_MOST], struct err *err)
{
    uint64_t n;
    if (t->config->replica_count == 0)
        return 0;
    if (read_count(&t->target, &n, err))
        return -1;
    uint64_t now_ms = clock_mono_ms();
    lag_note(&t->lag, now_ms, n);
    for (size_t i = 0; i < t->config->replica_count && !stop_requested(t->stop); i++)
        look_at_replica(t, i, now_ms, cause);
    return 0;
}

/* A target that cannot be asked holds nothing up: the worker meets the same trouble, and says so. */
static void look(struct throttle *t, char cause[CAUSE_MOST])
{
    struct err err = {0};
    cause[0] = '\0';
    look_at_flag(t, cause);
    if (t->config->max_load_count == 0 && t->config->replica_count == 0)
        return;
    if (connect_to(t, &t->target, t->setup.target, t->setup.server, &err) || look_at_replicas(t, cause, &err) ||
        look_at_load(t, cause, &err))
        log_debug("throttle: the target cannot be asked: %s", err.text);
}

static void *run(void *context)
{
    struct throttle *t = context;
    char cause[CAUSE_MOST];
    bool held = false;
    do {
        look(t, cause);
        schedule_hold(t->setup.schedule, cause[0] != '\0');
        if (cause[0])
            status_set(t->setup.status, LINK_THROTTLED, cause);
        else if (held)
            status_resume(t->setup.status, LINK_THROTTLED);
        held = cause[0] != '\0';
    } while (!stop_wait(t->stop, LOOK_EVERY_MS));
    schedule_hold(t->setup.schedule, false);
    status_resume(t->setup.status, LINK_THROTTLED);
    return NULL;
}

static void release(struct throttle *t)
{
    for (size_t i = 0; i < t->config->replica_count; i++)
        db_close(&t->at[i]);
    free(t->at);
    db_close(&t->target);
    stop_free(&t->stop);
    free(t);
}

int throttle_start(struct throttle **out, const struct throttle_setup *setup, struct err *err)
{
    const struct throttle_config *config = &setup->target->throttle;
    *out = NULL;
    if (config->replica_count == 0 && config->max_load_count == 0 && !config->flag_file)
        return 0;
    struct throttle *t = xcalloc(1, sizeof *t);
    t->setup = *setup;
    t->config = config;
    t->replicas = *setup->target;
    t->replicas.hosts = config->replicas;
    t->replicas.host_count = config->replica_count;
    t->replicas.socket = NULL;
    t->at = xcalloc(config->replica_count + 1, sizeof(struct db *));
    t->lag.every_ms = config->max_lag_ms / (LAG_SAMPLES / 2);
    t->stop = stop_new();
    if (pthread_create(&t->thread, NULL, run, t)) {
        release(t);
        return err_retry(err, "no thread to be had for the throttle");
    }
    *out = t;
    return 0;
}

void throttle_stop(struct throttle **throttle)
{
    struct throttle *t = *throttle;
    if (!t)
        return;
    stop_request(t->stop, "the session has ended");
    (void)pthread_join(t->thread, NULL);
    release(t);
    *throttle = NULL;
}
