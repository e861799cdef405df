/* One look after another; each cause has a function of its own. */
#include "reconcile/throttle.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/base/mem.h"
#include "common/link/db.h"
#include "common/model/position.h"

#define LOOK_EVERY_MS 1000
#define TIMEOUT_S 2u
#define BUSY_PER_S 100u /* statements of others from which on a server is busy */
#define REST_MOST_MS 10000u
#define CAUSE_MOST 400

/* A replica is behind when it lacks what its server had a while ago. */
struct replica {
    struct db *db;
    bool waiting;        /* for `had` */
    struct position had; /* by the server at `at_ms` */
    uint64_t at_ms;
};

struct watched {
    const struct region_config *region;
    struct region_config replicas_at; /* the region's account at the replicas' addresses */
    struct db *db;
    struct replica *replicas;
    uint64_t statements; /* since the server's start, at the look before */
    uint64_t looked_ms;
    bool busy;
};

struct throttle {
    struct throttle_options options;
    struct watched sides[2];
    uint64_t looked_ms;
    char cause[CAUSE_MOST]; /* "": nothing holds it up */
    char told[CAUSE_MOST];
};

/* ---- causes ---- */

static void look_at_flag(struct throttle *t, const char *file)
{
    if (file && access(file, F_OK) == 0)
        (void)snprintf(t->cause, CAUSE_MOST, "the flag file %s is there", file);
}

static int connect_to(struct db **db, const struct region_config *region, size_t server, struct err *err)
{
    const struct db_options options = {
        .program = "drc-reconcile",
        .connect_timeout_s = TIMEOUT_S,
        .read_timeout_s = TIMEOUT_S,
        .write_timeout_s = TIMEOUT_S,
        .server = server,
    };
    return *db ? 0 : db_connect(db, region, &options, err);
}

static void compare_load(struct throttle *t, const struct watched *w, struct span name, uint64_t value)
{
    const struct throttle_config *c = &w->region->throttle;
    for (size_t i = 0; i < c->max_load_count; i++) {
        size_t n = strcspn(c->max_load[i], "=");
        if (name.n == n && strncasecmp((const char *)name.p, c->max_load[i], n) == 0 &&
            value > strtoull(c->max_load[i] + n + 1, NULL, 10))
            (void)snprintf(t->cause, CAUSE_MOST, "%s of %s is above the limit", c->max_load[i], w->region->name);
    }
}

static void note_statements(struct watched *w, uint64_t now_ms, uint64_t statements)
{
    uint64_t gone_ms = now_ms - w->looked_ms;
    if (w->looked_ms > 0 && gone_ms > 0 && statements >= w->statements)
        w->busy = (statements - w->statements) * 1000 / gone_ms > BUSY_PER_S;
    w->statements = statements;
    w->looked_ms = now_ms;
}

static int look_at_load(struct throttle *t, struct watched *w, struct err *err)
{
    const struct throttle_config *c = &w->region->throttle;
    struct arena a = {0};
    struct db_rows rows;
    struct buf sql = {0};
    buf_put_str(&sql, "SHOW GLOBAL STATUS WHERE Variable_name IN ('Questions'");
    for (size_t i = 0; i < c->max_load_count; i++)
        buf_printf(&sql, ", '%.*s'", (int)strcspn(c->max_load[i], "="), c->max_load[i]);
    buf_put_str(&sql, ")");
    int rc = db_query(w->db, &rows, &a, buf_cstr(&sql), err);
    for (size_t i = 0; rc == 0 && i < rows.row_count; i++) {
        uint64_t value = strtoull((const char *)db_cell(&rows, i, 1).p, NULL, 10);
        if (span_is(db_cell(&rows, i, 0), "Questions"))
            note_statements(w, clock_mono_ms(), value);
        compare_load(t, w, db_cell(&rows, i, 0), value);
    }
    buf_free(&sql);
    arena_free(&a);
    return rc;
}

/* What a replica has applied; its own binlog may be off, or hold its own writes only. */
static int read_position(struct db *db, struct position *out, struct err *err)
{
    struct arena a = {0};
    struct db_rows rows;
    if (db_flavor(db) == FLAVOR_MYSQL)
        return db_source_position(db, out, err);
    int rc = db_query(db, &rows, &a, "SELECT @@GLOBAL.gtid_current_pos", err);
    if (rc == 0)
        rc = position_parse(out, FLAVOR_MARIADB, rows.row_count > 0 ? db_cell(&rows, 0, 0) : span_str(""), err);
    arena_free(&a);
    return rc;
}

/* -1: the replica cannot be asked. */
static int ask_replica(struct watched *w, size_t i, struct err *err)
{
    struct replica *r = &w->replicas[i];
    struct position at = {0};
    if (connect_to(&r->db, &w->replicas_at, i + 1, err))
        return -1;
    if (!r->waiting) {
        position_free(&r->had);
        r->at_ms = clock_mono_ms();
        r->waiting = w->db && read_position(w->db, &r->had, err) == 0;
    }
    int rc = read_position(r->db, &at, err);
    if (rc == 0 && r->waiting && position_covers(&at, &r->had))
        r->waiting = false;
    position_free(&at);
    if (rc)
        db_close(&r->db);
    return rc;
}

static void look_at_replicas(struct throttle *t, struct watched *w)
{
    const struct throttle_config *c = &w->region->throttle;
    for (size_t i = 0; i < c->replica_count; i++) {
        struct err err = {0};
        if (ask_replica(w, i, &err))
            (void)snprintf(t->cause, CAUSE_MOST, "replica %s:%u of %s cannot be asked how far it is: %.200s",
                           c->replicas[i].name, c->replicas[i].port, w->region->name, err.text);
        else if (w->replicas[i].waiting && clock_mono_ms() - w->replicas[i].at_ms > c->max_lag_ms)
            (void)snprintf(t->cause, CAUSE_MOST, "replica %s:%u of %s is more than %" PRIu64 " s behind",
                           c->replicas[i].name, c->replicas[i].port, w->region->name, c->max_lag_ms / 1000);
    }
}

static void look(struct throttle *t)
{
    t->cause[0] = '\0';
    look_at_flag(t, t->options.flag_file);
    for (int side = 0; side < 2; side++) {
        struct watched *w = &t->sides[side];
        struct err err = {0};
        look_at_flag(t, w->region->throttle.flag_file);
        if (connect_to(&w->db, w->region, 0, &err) || look_at_load(t, w, &err)) {
            log_debug("throttle: %s cannot be asked: %s", w->region->name, err.text);
            db_close(&w->db);
            w->busy = false;
        }
        look_at_replicas(t, w);
    }
    t->looked_ms = clock_mono_ms();
}

static bool is_busy(const struct throttle *t)
{
    return t->options.share < 100 && (t->sides[0].busy || t->sides[1].busy);
}

/* ---- the face ---- */

bool throttle_holds(struct throttle *t)
{
    if (!t)
        return false;
    if (t->looked_ms == 0 || clock_mono_ms() - t->looked_ms >= LOOK_EVERY_MS)
        look(t);
    return t->cause[0] || is_busy(t);
}

void throttle_wait(struct throttle *t, struct meter *meter, uint64_t rows, uint64_t took_ms)
{
    while (!stop_requested(t->options.stop) && throttle_holds(t) && t->cause[0]) {
        char doing[CAUSE_MOST + 32];
        (void)snprintf(doing, sizeof doing, "waiting, because %s", t->cause);
        if (strcmp(t->told, t->cause) != 0)
            log_event(MSG_COMPARE_WAITS, log_detail(t->cause));
        memcpy(t->told, t->cause, sizeof t->told);
        meter_show(meter, rows, doing);
        (void)stop_wait(t->options.stop, LOOK_EVERY_MS);
    }
    t->told[0] = '\0';
    if (is_busy(t)) {
        uint64_t rest_ms = took_ms * (100 - t->options.share) / t->options.share;
        (void)stop_wait(t->options.stop, (unsigned)(rest_ms < REST_MOST_MS ? rest_ms : REST_MOST_MS));
    }
}

struct throttle *throttle_new(const struct throttle_options *options)
{
    struct throttle *t = xcalloc(1, sizeof *t);
    t->options = *options;
    for (int side = 0; side < 2; side++) {
        struct watched *w = &t->sides[side];
        w->region = options->regions[side];
        w->replicas_at = *w->region;
        w->replicas_at.hosts = w->region->throttle.replicas;
        w->replicas_at.host_count = w->region->throttle.replica_count;
        w->replicas_at.socket = NULL;
        w->replicas = xcalloc(w->region->throttle.replica_count + 1, sizeof *w->replicas);
    }
    return t;
}

void throttle_free(struct throttle **throttle)
{
    struct throttle *t = *throttle;
    if (!t)
        return;
    for (int side = 0; side < 2; side++) {
        struct watched *w = &t->sides[side];
        for (size_t i = 0; i < w->region->throttle.replica_count; i++) {
            db_close(&w->replicas[i].db);
            position_free(&w->replicas[i].had);
        }
        free(w->replicas);
        db_close(&w->db);
    }
    free(t);
    *throttle = NULL;
}
