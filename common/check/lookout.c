/* Rounds of looking at a server. */
#include "common/check/lookout.h"

#include <pthread.h>
#include <stdlib.h>

#include "common/base/log.h"
#include "common/base/mem.h"
#include "common/base/stop.h"
#include "common/check/tables.h"

#define TIMEOUT_S 5
#define TABLES_EVERY 30 /* rounds: they are many */

struct lookout {
    struct lookout_setup setup;
    struct findings_told told;
    struct findings tables; /* of the last round that looked at them */
    unsigned rounds;
    struct stop *stop;
    pthread_mutex_t lock; /* of db, against lookout_stop */
    struct db *db;
    pthread_t thread;
};

int lookout_look(struct findings *out, const struct check_place *p, unsigned account, struct err *err)
{
    return check_server_settings(out, p, err) || check_server_account(out, p, account, false, err) ? -1 : 0;
}

static void set_db(struct lookout *l, struct db *db)
{
    pthread_mutex_lock(&l->lock);
    struct db *old = l->db;
    l->db = db;
    if (db && stop_requested(l->stop))
        db_interrupt(db);
    pthread_mutex_unlock(&l->lock);
    db_close(&old);
}

static int look(struct lookout *l, struct findings *found, struct err *err)
{
    const struct lookout_setup *s = &l->setup;
    const struct db_options how = {
        .program = s->program, .connect_timeout_s = TIMEOUT_S, .read_timeout_s = TIMEOUT_S, .read_only_too = true};
    struct check_place place = {.config = s->config, .region = s->region, .roles = s->roles};
    if (db_connect(&place.db, s->region, &how, err))
        return -1;
    set_db(l, place.db);
    int rc = lookout_look(found, &place, s->account, err);
    if (rc == 0 && (s->roles & CHECK_TARGET) && l->rounds % TABLES_EVERY == 0) {
        findings_free(&l->tables);
        rc = check_tables(&l->tables, &place, err);
    }
    set_db(l, NULL);
    return rc;
}

/* The first round finds what the daemon's own start has just told. */
static void go_round(struct lookout *l)
{
    struct findings found = {0};
    struct err err = {0};
    if (look(l, &found, &err)) {
        log_debug("lookout: %s", err.text);
    } else {
        findings_copy(&found, &l->tables);
        if (l->rounds == 0)
            findings_know(&l->told, &found);
        else
            findings_tell(&l->told, &found);
        l->rounds++;
    }
    findings_free(&found);
}

static void *run(void *context)
{
    struct lookout *l = context;
    do
        go_round(l);
    while (!stop_wait(l->stop, l->setup.config->check_ms));
    return NULL;
}

static void release(struct lookout *l)
{
    findings_told_free(&l->told);
    findings_free(&l->tables);
    stop_free(&l->stop);
    pthread_mutex_destroy(&l->lock);
    free(l);
}

int lookout_start(struct lookout **out, const struct lookout_setup *setup, struct err *err)
{
    struct lookout *l = xcalloc(1, sizeof *l);
    *out = NULL;
    l->setup = *setup;
    l->stop = stop_new();
    pthread_mutex_init(&l->lock, NULL);
    if (pthread_create(&l->thread, NULL, run, l)) {
        release(l);
        return err_retry(err, "no thread to be had for the lookout");
    }
    *out = l;
    return 0;
}

void lookout_stop(struct lookout **lookout)
{
    struct lookout *l = *lookout;
    if (!l)
        return;
    stop_request(l->stop, "the daemon ends");
    pthread_mutex_lock(&l->lock);
    if (l->db)
        db_interrupt(l->db);
    pthread_mutex_unlock(&l->lock);
    (void)pthread_join(l->thread, NULL);
    release(l);
    *lookout = NULL;
}
