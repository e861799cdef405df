/* One round after another: the journal's retention, the tombstones', what runs of reconcile left behind. */
#include "applier/janitor.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>

#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/base/mem.h"
#include "common/base/stop.h"
#include "common/target/ends.h"
#include "common/target/journal_purge.h"
#include "common/target/repair.h"
#include "common/target/session.h"
#include "common/target/tombstone.h"

#define ROUND_MS 60000
#define STEP_MS 100 /* between two steps: others want the disk as well */
#define WARN_EVERY_MS ((uint64_t)24 * 3600 * 1000)
#define ENDS_KEEP_MS ((uint64_t)7 * 24 * 3600 * 1000) /* at least */
#define LOCK "SELECT COALESCE(GET_LOCK('drc janitor', 0), 0)"
#define UNLOCK "DO RELEASE_LOCK('drc janitor')"

struct janitor {
    struct janitor_setup setup;
    struct journal_retention retention;
    struct journal_counted counted;
    struct db *db; /* NULL: not connected */
    uint64_t warned_ms;
    struct stop *stop;
    pthread_t thread;
};

/* ---- the journal ---- */

static int warn(struct janitor *j, const struct journal_age *age, struct err *err)
{
    char oldest[CLOCK_TEXT_LEN];
    uint64_t open;
    uint64_t now_ms = clock_mono_ms();
    if (age->soon + age->over_age + age->over_rows == 0 || (j->warned_ms && now_ms - j->warned_ms < WARN_EVERY_MS))
        return 0;
    if (journal_purge_open(j->db, &j->retention, age, &open, err))
        return -1;
    j->warned_ms = now_ms;
    log_event(MSG_JOURNAL_AGES, log_str("target", j->setup.target->name),
              log_str("oldest", clock_text(oldest, age->oldest_us)), log_u64("open", open));
    return 0;
}

static int purge_journal(struct janitor *j, struct err *err)
{
    struct journal_age age;
    uint64_t sum = 0, gone = 1;
    if (j->retention.age_ms == 0 && j->retention.rows == 0 && j->retention.bytes == 0)
        return 0;
    if (journal_purge_look(j->db, &j->retention, &j->counted, &age, err) || warn(j, &age, err))
        return -1;
    int rc = 0;
    while (rc == 0 && gone > 0 && (age.over_age > 0 || age.over_rows > 0) && !stop_wait(j->stop, sum ? STEP_MS : 0)) {
        rc = journal_purge_step(j->db, &j->retention, &age, &gone, err);
        sum += gone;
    }
    j->counted.rows -= sum < j->counted.rows ? sum : j->counted.rows;
    j->counted.length = rc == 0 && age.length > 0 ? age.length : j->counted.length;
    if (sum > 0)
        log_event(MSG_JOURNAL_REMOVED, log_str("target", j->setup.target->name), log_u64("entries", sum));
    return rc;
}

/* ---- tombstones ---- */

static int purge_tombstones(struct janitor *j, struct err *err)
{
    uint64_t gone = TOMBSTONE_PURGE_STEP;
    int rc = 0;
    for (bool first = true; rc == 0 && gone == TOMBSTONE_PURGE_STEP && !stop_wait(j->stop, first ? 0 : STEP_MS);
         first = false)
        rc = tombstone_purge_step(j->db, j->setup.config->tombstone_keep_ms, &gone, err);
    return rc;
}

/* ---- marks of reconcile that nobody came back for ---- */

static int purge_marks(struct janitor *j, struct err *err)
{
    uint64_t gone = REPAIR_PURGE_STEP;
    int rc = 0;
    for (bool first = true; rc == 0 && gone == REPAIR_PURGE_STEP && !stop_wait(j->stop, first ? 0 : STEP_MS);
         first = false)
        rc = repair_purge_step(j->db, NULL, &gone, err);
    return rc;
}

/* What deletes have ended is asked for as long as something is on its way that did not know of it. */
static int purge_ends(struct janitor *j, struct err *err)
{
    const uint64_t keep_ms = j->setup.config->tombstone_keep_ms;
    uint64_t gone = ENDS_PURGE_STEP;
    int rc = 0;
    for (bool first = true; rc == 0 && gone == ENDS_PURGE_STEP && !stop_wait(j->stop, first ? 0 : STEP_MS);
         first = false)
        rc = ends_purge_step(j->db, keep_ms > ENDS_KEEP_MS ? keep_ms : ENDS_KEEP_MS, &gone, err);
    return rc;
}

/* ---- rounds ---- */

static int work(struct janitor *j, struct err *err)
{
    uint64_t mine = 0;
    if (!j->db && target_session_open(&j->db, j->setup.target, j->setup.program, err))
        return -1;
    if (db_query_u64(j->db, &mine, LOCK, err))
        return -1;
    if (!mine)
        return 0;
    bool failed = purge_journal(j, err) || purge_tombstones(j, err) || purge_ends(j, err) || purge_marks(j, err) ||
                  db_exec(j->db, UNLOCK, err);
    return failed ? -1 : 0;
}

/* Between the rounds there is no connection: it would be idle for most of its life. */
static void *run(void *context)
{
    struct janitor *j = context;
    do {
        struct err err = {0};
        if (work(j, &err))
            log_debug("janitor: %s", err.text);
        db_close(&j->db);
    } while (!stop_wait(j->stop, ROUND_MS));
    return NULL;
}

static void release(struct janitor *j)
{
    db_close(&j->db);
    stop_free(&j->stop);
    free(j);
}

int janitor_start(struct janitor **out, const struct janitor_setup *setup, struct err *err)
{
    struct janitor *j = xcalloc(1, sizeof *j);
    *out = NULL;
    j->setup = *setup;
    j->retention = (struct journal_retention){setup->config->journal_age_ms, setup->config->journal_rows,
                                              setup->config->journal_bytes};
    j->stop = stop_new();
    if (pthread_create(&j->thread, NULL, run, j)) {
        release(j);
        return err_retry(err, "no thread to be had for the janitor");
    }
    *out = j;
    return 0;
}

void janitor_stop(struct janitor **janitor)
{
    struct janitor *j = *janitor;
    if (!j)
        return;
    stop_request(j->stop, "the session has ended");
    (void)pthread_join(j->thread, NULL);
    release(j);
    *janitor = NULL;
}
