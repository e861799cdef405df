/* DDL of the source: each statement is handled alone, after everything before it and before everything after it.
 *
 * What is done about it says the table of ddl_plan.c; here is how: passing it, putting it into the journal, waiting for
 * the target to get there. Running it is ddl_run.c's. */
#include <inttypes.h>
#include <stdio.h>

#include "applier/ddl_job.h"
#include "common/base/log.h"
#include "common/base/utf8.h"
#include "common/target/ddl_print.h"
#include "common/target/journal.h"
#include "common/target/session.h"

#define SHOWN 200    /* bytes of a statement in a message */
#define LOOK_MS 1000 /* between looks at a target that does not fit */

/* ---- the end ---- */

static int write_journal(struct ddl_job *j, const struct ddl_end *end, struct err *err)
{
    const struct journal_ddl entry = {
        .link = j->w->sink->link,
        .gtid = &j->t->head.gtid,
        .seq = j->t->head.seq,
        .ddl = &j->plan.ddl,
        .policy = ddl_policy_name(j->w->link->ddl),
        .verdict = end->verdict,
        .why = end->why,
    };
    return journal_write_ddl(j->w->sink->db, &entry, err);
}

int ddl_job_end(struct ddl_job *j, const struct ddl_end *end, struct err *err)
{
    struct sink *s = j->w->sink;
    if (sink_begin(s, &j->t, 1, err))
        return -1;
    if ((end->verdict && write_journal(j, end, err)) ||
        (end->begun && link_row_end_ddl(s->db, j->w->topic, s->part, err))) {
        sink_rollback(s);
        return -1;
    }
    schedule_note_changed_table(s->schedule); /* before anybody gets what comes after it */
    if (sink_commit(s, &j->t, 1, err))
        return -1;
    s->counts.transactions++;
    if (end->verdict)
        sink_count_conflict(&s->counts, SINK_KIND_DDL, CONFLICT_CAUSE_UNTOLD);
    sink_forget_tables(s);
    worker_committed(j->w);
    return 0;
}

/* ---- waiting ---- */

/* What ends the waiting without a word of anybody. */
static const char *sign_text(enum ddl_sign sign)
{
    static const char *const texts[] = {
        [DDL_SIGN_NONE] = "",
        [DDL_SIGN_GONE] = "; the link goes on once the tables are gone",
        [DDL_SIGN_EMPTY] = "; the link goes on once the table is empty",
        [DDL_SIGN_MOVED] = "; the link goes on once the tables have their new names",
        [DDL_SIGN_MADE] = "; the link goes on once the table is there",
        [DDL_SIGN_NO_BASE] = "; the link goes on once the database has no table of the pair",
    };
    return texts[sign];
}

int ddl_job_wait(struct ddl_job *j, const char *why, bool begun, unsigned ms, struct err *err)
{
    struct worker *w = j->w;
    char by[LINK_ROW_PAUSED_MAX + 1];
    char cause[900];
    (void)snprintf(cause, sizeof cause, "%s: %s%s, or is told to pass it: drcctl resume --from %s --to %s --gtid %s",
                   buf_cstr(&j->name), why, sign_text(j->plan.sign), w->link->from, w->link->to, j->gtid);
    hold_expect(w->hold, j->gtid);
    status_set(w->status, LINK_WAITING, cause);
    (void)stop_wait(w->stop, ms);
    if (stop_requested(w->stop))
        return 0;
    if (hold_due(w->hold) ? worker_pause_as_it_is(w, err) : target_session_keep(w->sink->db, err))
        return -1;
    if (!hold_resumed(w->hold, by))
        return 0;
    const struct ddl_end end = {.verdict = "passed", .why = by, .begun = begun};
    if (ddl_job_end(j, &end, err))
        return -1;
    log_event(MSG_DDL_PASSED, log_str("ddl", buf_cstr(&j->name)), log_str("how", by));
    return 1;
}

/* Until the target is there, somebody says resume, or a stop is requested. */
static int wait_until_it_fits(struct ddl_job *j, struct err *err)
{
    const struct filter *tables = &j->w->sink->config->tables;
    const struct ddl_end end = {0};
    int rc = 0;
    while (rc == 0 && !stop_requested(j->w->stop)) {
        int fits = ddl_print_fits(j->w->sink->db, &j->plan, tables, err);
        if (fits < 0)
            return -1;
        if (fits) {
            log_event(MSG_DDL_THERE, log_str("ddl", buf_cstr(&j->name)));
            return ddl_job_end(j, &end, err);
        }
        rc = ddl_job_wait(j, j->plan.why, false, LOOK_MS, err);
    }
    return rc < 0 ? -1 : 0;
}

/* ---- the rest ---- */

static int pass(struct ddl_job *j, struct err *err)
{
    const struct ddl_end end = {0};
    if (ddl_job_end(j, &end, err))
        return -1;
    log_event(MSG_DDL_NOT_RUN, log_str("ddl", buf_cstr(&j->name)), log_str("why", j->plan.why));
    return 0;
}

static int ignore(struct ddl_job *j, struct err *err)
{
    const struct ddl_end end = {.verdict = "ignored", .why = j->plan.why};
    if (ddl_job_end(j, &end, err))
        return -1;
    log_event(MSG_DDL_IGNORED, log_str("ddl", buf_cstr(&j->name)));
    return 0;
}

static void make(struct ddl_job *j, struct worker *w, struct txn *t)
{
    *j = (struct ddl_job){.w = w, .t = t, .backoff = backoff_make(200, 5000)};
    ddl_plan_make(&j->plan, t->ddl, t->head.gtid.flavor, db_flavor(w->sink->db), &w->sink->config->tables, w->link->ddl,
                  &j->arena);
    (void)gtid_text(j->gtid, &t->head.gtid);
    utf8_put_printable(&j->name, t->ddl->text, SHOWN);
    buf_printf(&j->name, " (gtid %s)", j->gtid);
}

int worker_apply_ddl(struct worker *w, struct txn *t, struct err *err)
{
    static int (*const ways[])(struct ddl_job * j, struct err * err) = {
        [DDL_ACT_PASS] = pass,
        [DDL_ACT_JOURNAL] = ignore,
        [DDL_ACT_WAIT] = wait_until_it_fits,
        [DDL_ACT_RUN] = ddl_job_run,
    };
    struct ddl_job j;
    int rc = 0;
    make(&j, w, t);
    if (j.plan.action == DDL_ACT_RUN || j.plan.action == DDL_ACT_WAIT)
        rc = ddl_job_wait_for_parked(&j, err);
    if (rc == 0 && !stop_requested(w->stop))
        rc = ways[j.plan.action](&j, err);
    if (rc >= 0)
        hold_expect(w->hold, NULL);
    ddl_session_close(&j.session);
    buf_free(&j.name);
    arena_free(&j.arena);
    txn_free(&t);
    return rc < 0 ? -1 : 0;
}
