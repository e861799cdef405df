/* The watch: canary and topic, each at its own pace. */
#include "capture/watch.h"

#include <pthread.h>
#include <stdlib.h>

#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/base/mem.h"
#include "common/link/db.h"
#include "common/target/ledger_canary.h"
#include "common/target/session.h"

#define TIMEOUT_S 5u
#define TICK_MS 1000u
#define TOPIC_EVERY_MS 20000u
/* Until the first canary could be written: a new region has no ledger before its applier has made it. */
#define FIRST_EVERY_MS 5000u
#define PROBE_AGAIN_MS 5000u /* after one that failed */
#define KEPT_EVERY_MS 60000u
/* A connection is not kept for longer without a statement: target_session_pin lets the server end it. */
#define IDLE_MOST_MS 5000u

struct watch {
    struct watch_options options;
    pthread_mutex_t lock; /* of db, against watch_interrupt */
    struct db *db;
    bool is_target;
    uint64_t used_ms;   /* when db was asked last */
    uint64_t probe_ms;  /* when the source may be asked next */
    uint64_t kept_ms;   /* when it is asked next for how long it keeps binlogs */
    uint64_t canary_ms; /* when the next one is due */
    uint64_t topic_ms;
    char trouble[300]; /* that was logged last: the same is not said again */
};

static bool is_target(const struct config *config, const char *region)
{
    for (size_t i = 0; i < config->link_count; i++)
        if (strcmp(config->links[i].to, region) == 0)
            return true;
    return false;
}

struct watch *watch_new(const struct watch_options *options)
{
    struct watch *w = xcalloc(1, sizeof *w);
    w->options = *options;
    pthread_mutex_init(&w->lock, NULL);
    w->is_target = is_target(options->config, options->region->name);
    w->topic_ms = clock_mono_ms() + TOPIC_EVERY_MS;
    return w;
}

void watch_free(struct watch **watch)
{
    struct watch *w = *watch;
    if (!w)
        return;
    db_close(&w->db);
    pthread_mutex_destroy(&w->lock);
    free(w);
    *watch = NULL;
}

void watch_interrupt(struct watch *w)
{
    pthread_mutex_lock(&w->lock);
    if (w->db)
        db_interrupt(w->db);
    pthread_mutex_unlock(&w->lock);
}

static void say(struct watch *w, enum message_id what, const struct err *err)
{
    if (stop_requested(w->options.stop) || strcmp(w->trouble, err->text) == 0)
        return;
    snprintf(w->trouble, sizeof w->trouble, "%.*s", (int)sizeof w->trouble - 1, err->text);
    log_event(what, log_detail(err->text));
}

/* ---- the canary ---- */

static void set_db(struct watch *w, struct db *db)
{
    pthread_mutex_lock(&w->lock);
    struct db *old = w->db;
    w->db = db;
    if (db && stop_requested(w->options.stop))
        db_interrupt(db);
    pthread_mutex_unlock(&w->lock);
    db_close(&old);
}

static int connect_db(struct watch *w, struct err *err)
{
    struct db *db;
    struct db_options options = {
        .program = w->options.program,
        .connect_timeout_s = TIMEOUT_S,
        .read_timeout_s = TIMEOUT_S,
        .write_timeout_s = TIMEOUT_S,
        .server = w->options.server,
    };
    if (w->db && clock_mono_ms() - w->used_ms > IDLE_MOST_MS)
        set_db(w, NULL);
    w->used_ms = clock_mono_ms();
    if (w->db)
        return 0;
    if (db_connect(&db, w->options.region, &options, err) != 0)
        return -1;
    if (w->is_target && target_session_pin(db, err) != 0) {
        db_close(&db);
        return -1;
    }
    set_db(w, db);
    return 0;
}

/* 1: written; 0: there is no ledger yet; -1. */
static int write_canary(struct watch *w, struct err *err)
{
    struct position end = {0};
    uint64_t nonce = clock_wall_us();
    canary_expect(w->options.canary, nonce);
    int rc = ledger_canary_write(w->db, w->options.topic, nonce, err);
    if (rc == 1 && db_source_position(w->db, &end, err) != 0)
        rc = -1;
    if (rc == 1)
        canary_written(w->options.canary, &end);
    else
        canary_abandon(w->options.canary);
    position_free(&end);
    return rc;
}

static int denied(const struct watch *w, const struct err *why, struct err *err)
{
    return err_fatal(err, EXIT_DENIED,
                     "region %s is a target, so that its capture must prove that the loop mark is in its binlog, and "
                     "may not. Run: GRANT " LEDGER_CANARY_GRANT " TO the user %s; or say capture.canary: 0s (%.400s)",
                     w->options.region->name, w->options.region->user, why->text);
}

static int keep_canary(struct watch *w, struct err *err)
{
    struct err found = {0};
    uint64_t period = w->options.config->canary_ms;
    uint64_t now = clock_mono_ms();
    if (!w->is_target || period == 0 || now < w->canary_ms)
        return 0;
    int rc = connect_db(w, &found);
    if (rc == 0)
        rc = write_canary(w, &found);
    bool proved = canary_seen_us(w->options.canary) > 0;
    w->canary_ms = now + (rc != 1 && !proved && period > FIRST_EVERY_MS ? FIRST_EVERY_MS : period);
    if (rc < 0)
        set_db(w, NULL);
    if (rc < 0 && found.class == ERR_FATAL && found.exit_code == EXIT_DENIED)
        return denied(w, &found, err);
    if (rc < 0)
        say(w, MSG_WATCH_CANARY, &found);
    return 0;
}

/* ---- where the source stands ---- */

/* A server that does not know the variable keeps them by other rules: nothing is told then. */
static void look_at_binlogs(struct watch *w)
{
    struct err unused = {0};
    uint64_t seconds = 0;
    if (clock_mono_ms() < w->kept_ms)
        return;
    w->kept_ms = clock_mono_ms() + KEPT_EVERY_MS;
    if (db_query_u64(w->db, &seconds, "SELECT @@GLOBAL.binlog_expire_logs_seconds", &unused) == 0)
        status_binlogs(w->options.status, seconds * 1000);
}

/* Of no consequence when it fails: the reader, which has a connection of its own, says what there is to say. */
static void probe_source(struct watch *w)
{
    struct err err = {0};
    struct position end = {0};
    if (!probe_is_due(w->options.probe) || clock_mono_ms() < w->probe_ms)
        return;
    int rc = connect_db(w, &err);
    uint64_t asked_us = clock_mono_us();
    if (rc == 0)
        rc = db_source_position(w->db, &end, &err);
    if (rc == 0) {
        probe_ask(w->options.probe, &end, asked_us);
        look_at_binlogs(w);
    } else {
        log_debug("the source cannot be asked now where it stands: %s", err.text);
        set_db(w, NULL);
        w->probe_ms = clock_mono_ms() + PROBE_AGAIN_MS;
    }
    position_free(&end);
}

/* ---- the topic ---- */

static int look_at_topic(struct watch *w, struct err *err)
{
    struct kafka_topic_facts facts;
    struct err found = {0};
    const char *topic = w->options.topic;
    if (clock_mono_ms() < w->topic_ms)
        return 0;
    int rc = kafka_topic_check(&facts, &w->options.region->kafka, topic, &found);
    w->topic_ms = clock_mono_ms() + TOPIC_EVERY_MS;
    if (rc != 0 && found.class == ERR_RETRY) {
        say(w, MSG_WATCH_TOPIC, &found);
        return 0;
    }
    if (rc != 0) {
        *err = found;
        return -1;
    }
    if (!facts.exists)
        return err_retry(err, "topic %s is gone", topic);
    if (facts.max_bytes != w->options.facts.max_bytes)
        return err_retry(err, "topic %s takes records of %zu bytes now, and took %zu", topic, facts.max_bytes,
                         w->options.facts.max_bytes);
    w->options.looked(w->options.context, &facts);
    return 0;
}

int watch_run(struct watch *w, struct err *err)
{
    w->options.looked(w->options.context, &w->options.facts);
    status_expect_canary(w->options.status, w->is_target && w->options.config->canary_ms > 0);
    do {
        status_canary(w->options.status, canary_seen_us(w->options.canary));
        probe_source(w);
        if (keep_canary(w, err) != 0 || look_at_topic(w, err) != 0)
            return -1;
    } while (!stop_wait(w->options.stop, TICK_MS));
    return 0;
}
