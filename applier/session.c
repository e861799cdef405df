/* A session step by step: target, schema, ledger, topic, then the worker's loop. */
#include "applier/session.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "applier/intake.h"
#include "applier/park_record.h"
#include "applier/start.h"
#include "applier/throttle.h"
#include "common/base/log.h"
#include "common/base/mem.h"
#include "common/target/check.h"
#include "common/target/link_row.h"
#include "common/target/schema.h"
#include "common/target/session.h"
#include "common/target/standby.h"

/* ---- what another thread may touch ---- */

static void show_connection(struct applier *a, struct db *db)
{
    pthread_mutex_lock(&a->lock);
    a->db = db;
    pthread_mutex_unlock(&a->lock);
}

static void show_schedule(struct applier *a, struct schedule *schedule)
{
    status_watch_schedule(a->status, schedule);
    pthread_mutex_lock(&a->lock);
    a->schedule = schedule;
    pthread_mutex_unlock(&a->lock);
    if (schedule && stop_requested(a->stop)) /* it may have come before there was anything to wake */
        schedule_abandon(schedule);
}

void session_wake(struct applier *a)
{
    pthread_mutex_lock(&a->lock);
    if (a->schedule)
        schedule_abandon(a->schedule);
    pthread_mutex_unlock(&a->lock);
}

void session_interrupt(struct applier *a)
{
    pthread_mutex_lock(&a->lock);
    if (a->db)
        db_interrupt(a->db);
    pthread_mutex_unlock(&a->lock);
}

/* Does another link of the pair begin where this one ends? */
static bool is_source(const struct config *c, const char *region)
{
    for (size_t i = 0; i < c->link_count; i++)
        if (strcmp(c->links[i].from, region) == 0)
            return true;
    return false;
}

/* The server each time; its tables once, and against the source where its password is on this host: what the stream
 * brings tells the same, later. */
static int check_target(struct applier *a, struct db *db, struct err *err)
{
    const struct db_options options = {.program = a->name, .connect_timeout_s = 3, .read_timeout_s = 30};
    struct target_check_setup setup = {.db = db,
                                       .tables = a->checked ? NULL : &a->config->tables,
                                       .is_source = is_source(a->config, a->link->to),
                                       .sql_writer = a->link->writer == APPLY_WRITER_SQL};
    struct err why = {0};
    if (!a->checked && a->from->password && db_connect(&setup.from, a->from, &options, &why))
        log_info("definitions are not compared with those of %s: %s", a->link->from, why.text);
    int rc = target_check(&setup, err);
    a->checked = a->checked || rc == 0;
    db_close(&setup.from);
    return rc;
}

/* Our own schema, and BINLOG: what the account lacks of either is told at once, not one at each start. */
static int check_rights(const struct applier *a, struct sink *s, struct err *err)
{
    struct err schema = {0};
    int rc = schema_ensure(s->db, &schema);
    if (rc == 0 && a->to->standby)
        rc = standby_record(s->db, &schema);
    if (rows_writer_open(&s->writer, s->db, a->link->writer, err)) {
        if (rc)
            log_error("%s", schema.text);
        return -1;
    }
    if (rc)
        *err = schema;
    return rc;
}

/* Another server than before has the region's data: what this instance holds, it holds at the former one. */
static int meet_server(struct applier *a, struct db *db, struct err *err)
{
    char server[DB_IDENTITY_LEN];
    if (db_identity(db, server, err))
        return -1;
    if (a->holds && strcmp(server, a->server) != 0) {
        log_warn("the target is %s (%s) now, no more %s: its own ledger says what is in effect there",
                 db_server_name(db), server, a->server);
        a->holds = false;
        a->moved = true;
    }
    memcpy(a->server, server, sizeof a->server);
    return 0;
}

static int connect_target(struct applier *a, struct sink *s, struct err *err)
{
    if (target_session_open(&s->db, a->to, a->name, err))
        return -1;
    show_connection(a, s->db);
    if (meet_server(a, s->db, err))
        return -1;
    if (check_target(a, s->db, err))
        return -1;
    return check_rights(a, s, err);
}

/* ---- the place in the stream ---- */

/* A link that the ledger does not know begins where the pair file says. */
static int first_start(struct applier *a, struct db *db, struct err *err)
{
    struct ledger_state start;
    if (start_find(&start, &a->from->kafka, a->topic, &a->link->start, a->stop, err))
        return -1;
    int rc = ledger_create(db, a->topic, &start, err);
    if (rc == 0)
        log_notice("first start of %s: after seq %" PRIu64 " of its stream", a->name, start.done.low);
    ledger_state_free(&start);
    return rc;
}

/* This instance has the ledger already; only the connection is new. */
static int resume_hold(struct applier *a, struct sink *s, struct err *err)
{
    int committed = ledger_settle(s->db, a->topic, &a->slot, err);
    if (committed < 0)
        return -1;
    s->slot = a->slot;
    return ledger_find(s->db, a->topic, &s->state, err) < 0 ? -1 : 0;
}

static int take_hold(struct applier *a, struct sink *s, struct err *err)
{
    int found = ledger_find(s->db, a->topic, &s->state, err);
    ledger_state_free(&s->state);
    if (found == 0 && a->moved)
        return err_fatal(err, EXIT_UNSAFE,
                         "%s became the target of this link, but its drc.ledger has no row of it: it is no copy of the "
                         "former target; take it out of regions.%s.host, or give it a copy",
                         db_server_name(s->db), a->to->name);
    if (found < 0 || (found == 0 && first_start(a, s->db, err)))
        return -1;
    if (ledger_take_over(s->db, a->topic, 1, &s->slot, &s->state, err))
        return -1;
    a->slot = s->slot;
    a->holds = true;
    if (a->moved && s->state.done.low < a->applied_seq)
        log_warn("%s is behind: it has up to seq %" PRIu64 ", the former target had up to %" PRIu64 "; the %" PRIu64
                 " transactions between are read again from the topic",
                 db_server_name(s->db), s->state.done.low, a->applied_seq, a->applied_seq - s->state.done.low);
    a->moved = false;
    return 0;
}

static int find_place(struct applier *a, struct sink *s, struct err *err)
{
    if (a->holds ? resume_hold(a, s, err) : take_hold(a, s, err))
        return -1;
    if (ledger_attach(s->db, &s->slot, err))
        return -1;
#ifdef DRC_FAULT_NO_DEDUPE
    if (start_forget_some(&s->state, &a->from->kafka, a->topic, err))
        return -1;
#endif
    struct link_row row;
    if (link_row_read(&row, s->db, a->topic, s->state.part, err))
        return -1;
    hold_load(a->hold, row.paused);
    link_row_free(&row);
    log_notice("%s goes on after seq %" PRIu64 " (gtid %s, offset %" PRId64 ") at %s", a->name, s->state.done.low,
               s->state.gtid, s->state.offset, db_version_text(s->db));
    return 0;
}

/* ---- the loop ---- */

static enum worker_end run_worker(struct applier *a, struct sink *s, struct schedule *schedule, struct err *err)
{
    struct worker w = {
        .sink = s,
        .schedule = schedule,
        .status = a->status,
        .stop = a->stop,
        .link = a->link,
        .target = a->to,
        .name = a->name,
        .topic = a->topic,
        .hold = a->hold,
        .exact_seq = a->exact_seq,
        .park = a->park,
        .big_park = a->big_park,
    };
    status_applied(a->status, &s->state, &s->counts);
    status_resume(a->status, LINK_STARTING); /* what waited does so until something is committed */
    status_resume(a->status, LINK_RETRYING);
    enum worker_end end = worker_run(&w, err);
    a->exact_seq = w.exact_seq;
    a->big_park = w.big_park;
    return end;
}

/* As the table says, whoever parked it. */
static int load_park(struct applier *a, struct sink *s, struct err *err)
{
    if (park_load_all(a->park, s->db, a->topic, &a->config->tables, err))
        return -1;
    status_parked(a->status, a->park);
    if (!park_is_empty(a->park))
        log_warn("link %s has transactions that are parked: see drcctl parked list", s->link);
    return 0;
}

static enum worker_end read_and_apply(struct applier *a, struct sink *s, struct err *err)
{
    struct stop *stop_intake = stop_new();
    struct schedule *schedule = schedule_new(a->config->queue_bytes);
    const struct intake_setup setup = {
        .kafka = &a->from->kafka,
        .topic = a->topic,
        .region = a->link->from,
        .tables = &a->config->tables,
        .from = &s->state,
        .schedule = schedule,
        .status = a->status,
        .stop = stop_intake,
    };
    const struct throttle_setup throttle_setup = {
        .target = a->to,
        .server = db_server(s->db),
        .program = a->name,
        .schedule = schedule,
        .status = a->status,
    };
    struct intake *intake = NULL;
    struct throttle *throttle = NULL;
    enum worker_end end = WORKER_ERROR;
    if (intake_start(&intake, &setup, err) == 0 && throttle_start(&throttle, &throttle_setup, err) == 0) {
        show_schedule(a, schedule);
        end = run_worker(a, s, schedule, err);
        show_schedule(a, NULL);
    }
    stop_request(stop_intake, "the worker has ended");
    schedule_abandon(schedule);
    throttle_stop(&throttle);
    intake_join(&intake);
    schedule_free(&schedule);
    stop_free(&stop_intake);
    return end;
}

static void close_sink(struct applier *a, struct sink *s)
{
    a->slot.n = s->slot.n;
    a->counts = s->counts;
    if (s->state.done.low > 0)
        a->applied_seq = s->state.done.low;
    show_connection(a, NULL);
    sink_forget_tables(s);
    map_free(&s->tables);
    map_free(&s->plans);
    map_free(&s->touched);
    rows_writer_free(&s->writer);
    ledger_state_free(&s->state);
    db_close(&s->db);
    free(s->link);
}

enum worker_end session_run(struct applier *a, struct err *err)
{
    struct sink s = {
        .config = a->config,
        .from = a->link->from,
        .to = a->link->to,
        .exact_path = a->link->exact_path,
        .link = xasprintf("%s:%s", a->link->from, a->link->to),
        .slot = a->slot,
        .standby = a->to->standby ? a->server : NULL,
        .counts = a->counts,
    };
    enum worker_end end = WORKER_ERROR;
    if (connect_target(a, &s, err) == 0 && find_place(a, &s, err) == 0 && load_park(a, &s, err) == 0)
        end = read_and_apply(a, &s, err);
    close_sink(a, &s);
    return end;
}
