/* Running a statement of the source so that it is run once, whatever is killed in between.
 *
 * A statement commits by itself, so it cannot share a transaction with the ledger. Before it, a transaction of the
 * ledger puts down that it begins, and what its tables looked like (the intent); behind it, the transaction that moves
 * the ledger puts down that it is done. Who finds an intent without its end waits until the connection that ran it is
 * gone (its lock), then compares the tables with what was put down: the statement is finished, or run (again), or,
 * where definitions cannot tell, left to an operator. Every try goes this way, the first one too. */
#include <inttypes.h>

#include "applier/ddl_job.h"
#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/target/ddl_print.h"
#include "common/target/session.h"

#define ANSWER_MS 200   /* between looks for a stop while it runs */
#define REFUSED_MS 3000 /* before the next try of what the target refuses */
#define LONG_MS 2000    /* a statement that runs longer is told of */
#define KEEP_MS 5000

/* What one try came to. */
enum outcome { OUTCOME_ERROR = -1, OUTCOME_AGAIN = 0, OUTCOME_SETTLED = 1 };

/* ---- intent and end ---- */

static int write_intent(struct ddl_job *j, const uint64_t *prints, struct err *err)
{
    struct sink *s = j->w->sink;
    struct buf before = {0};
    for (size_t i = 0; i < j->plan.ddl.table_count; i++)
        buf_put_le(&before, prints[i], 8);
    const struct link_ddl intent = {
        .stream = s->stream,
        .seq = j->t->head.seq,
        .gtid = j->gtid,
        .text = j->plan.ddl.text,
        .before = buf_span(&before),
        .mark = ddl_session_mark(j->session),
    };
    int rc = sink_begin_aside(s, err);
    if (rc == 0 && link_row_begin_ddl(s->db, j->w->topic, s->part, &intent, err)) {
        sink_rollback(s);
        rc = -1;
    } else if (rc == 0) {
        rc = sink_commit_aside(s, err);
    }
    buf_free(&before);
    return rc;
}

/* The server said that it did not run: there is nothing to be settled. */
static int withdraw_intent(struct ddl_job *j, struct err *err)
{
    struct sink *s = j->w->sink;
    if (sink_begin_aside(s, err))
        return -1;
    if (link_row_end_ddl(s->db, j->w->topic, s->part, err)) {
        sink_rollback(s);
        return -1;
    }
    return sink_commit_aside(s, err);
}

static enum outcome finish(struct ddl_job *j, const char *how, struct err *err)
{
    const struct ddl_end end = {.begun = true};
    if (ddl_job_end(j, &end, err))
        return OUTCOME_ERROR;
    log_event(MSG_DDL_DONE, log_str("ddl", buf_cstr(&j->name)), log_str("how", how));
    return OUTCOME_SETTLED;
}

/* ---- trouble ---- */

static enum outcome wait_for_word(struct ddl_job *j, const char *why, bool begun, struct err *err)
{
    int rc = ddl_job_wait(j, why, begun, REFUSED_MS, err);
    return rc < 0 ? OUTCOME_ERROR : rc > 0 ? OUTCOME_SETTLED : OUTCOME_AGAIN;
}

static enum outcome again_later(struct ddl_job *j, const struct err *why, struct err *err)
{
    if (j->backoff.tries > 0)
        status_set(j->w->status, LINK_RETRYING, why->text);
    (void)stop_wait(j->w->stop, backoff_next(&j->backoff));
    return target_session_keep(j->w->sink->db, err) ? OUTCOME_ERROR : OUTCOME_AGAIN;
}

/* Nothing of it runs: a pause need not wait until it has. */
static enum outcome again_unless_paused(struct ddl_job *j, const struct err *why, struct err *err)
{
    enum outcome out = again_later(j, why, err);
    if (out == OUTCOME_AGAIN && hold_due(j->w->hold) && worker_pause_as_it_is(j->w, err))
        return OUTCOME_ERROR;
    return out;
}

/* The target does not take it as it is. What is in its way may be mended. */
static enum outcome refused(struct ddl_job *j, const struct err *why, struct err *err)
{
    struct buf text = {0};
    buf_printf(&text, "%.400s. It is tried again", why->text);
    enum outcome out = wait_for_word(j, buf_cstr(&text), false, err);
    buf_free(&text);
    return out;
}

static bool same_prints(const struct ddl_job *j, const uint64_t *a, const uint64_t *b)
{
    for (size_t i = 0; i < j->plan.ddl.table_count; i++)
        if (a[i] != b[i])
            return false;
    return true;
}

/* The statement ended with an error. What the server answered is certain, unless tables have changed all the same (a
 * list of tables of which some were dropped); then, and where the connection broke, the next try compares. */
static enum outcome failed(struct ddl_job *j, const uint64_t *before, const struct err *why, struct err *err)
{
    uint64_t *now;
    ddl_session_close(&j->session);
    if (!ddl_session_answered(why))
        return again_later(j, why, err);
    if (ddl_print(&now, j->w->sink->db, &j->plan, &j->arena, err))
        return OUTCOME_ERROR;
    if (!same_prints(j, before, now))
        return OUTCOME_AGAIN;
    if (withdraw_intent(j, err))
        return OUTCOME_ERROR;
    return why->class == ERR_RETRY ? again_unless_paused(j, why, err) : refused(j, why, err);
}

/* ---- running ---- */

static bool due(uint64_t *last_ms, uint64_t now_ms, uint64_t every_ms)
{
    if (now_ms - *last_ms < every_ms)
        return false;
    *last_ms = now_ms;
    return true;
}

/* 1: it succeeded; 0: a stop was requested, and it still runs; -1: `why` says what came of it, or our own session
 * broke: then `why` has no code. */
static int run_to_end(struct ddl_job *j, struct err *why)
{
    uint64_t began_ms = clock_mono_ms(), kept_ms = began_ms;
    struct buf text = {0};
    int rc = ddl_session_start(j->session, j->plan.reading.run, why);
    bool told = false;
    while (rc == 0 && (rc = ddl_session_wait(j->session, ANSWER_MS, why)) == 0 && !stop_requested(j->w->stop)) {
        uint64_t now_ms = clock_mono_ms();
        if (!told && now_ms - began_ms >= LONG_MS) {
            buf_printf(&text, "the target runs %s", buf_cstr(&j->name));
            status_set(j->w->status, LINK_RUNNING, buf_cstr(&text));
            told = true;
        }
        if (due(&kept_ms, now_ms, KEEP_MS) && target_session_keep(j->w->sink->db, why)) {
            why->code = 0;
            rc = -1;
        }
    }
    if (told)
        status_set(j->w->status, LINK_RUNNING, NULL);
    buf_free(&text);
    return rc;
}

static enum outcome run(struct ddl_job *j, const uint64_t *before, struct err *err)
{
    struct err why = {0};
    int rc = run_to_end(j, &why);
    if (rc > 0)
        return finish(j, "run", err);
    if (rc < 0)
        return failed(j, before, &why, err);
    log_event(MSG_DDL_RUNS_ON, log_str("ddl", buf_cstr(&j->name)));
    return OUTCOME_AGAIN;
}

/* Only where nothing but the pair's tables would be dropped. 0: so; else *out says what came of it. */
static int check_database(struct ddl_job *j, enum outcome *out, struct err *err)
{
    const struct filter *tables = &j->w->sink->config->tables;
    struct buf name = {0}, why = {0};
    int others =
        j->plan.whole_database ? ddl_print_database_has_others(&name, j->w->sink->db, &j->plan, tables, err) : 0;
    if (others < 0)
        *out = OUTCOME_ERROR;
    if (others > 0) {
        buf_printf(&why, "the database has tables here that are not the pair's, such as `%s`", buf_cstr(&name));
        *out = wait_for_word(j, buf_cstr(&why), false, err);
    }
    buf_free(&name);
    buf_free(&why);
    return others;
}

/* Nothing has been begun. */
static enum outcome begin(struct ddl_job *j, const uint64_t *now, struct err *err)
{
    enum outcome out = OUTCOME_ERROR;
    struct err why = {0};
    if (check_database(j, &out, err))
        return out;
    if (ddl_session_set(j->session, &j->plan.ddl, j->t->head.gtid.flavor, &why))
        return why.class == ERR_RETRY ? again_later(j, &why, err) : refused(j, &why, err);
    if (write_intent(j, now, err))
        return OUTCOME_ERROR;
    return run(j, now, err);
}

/* Somebody began, this instance or a former one, and nobody knows the end. */
static enum outcome settle(struct ddl_job *j, const uint64_t *before, const uint64_t *now, struct err *err)
{
    static const char undecided[] =
        "whether it ran cannot be told: the applier was cut off in between, and the definitions of its tables do not "
        "show it; look at the target, and bring it there by hand if it did not run";
    switch (before ? ddl_plan_effect(&j->plan, before, now) : DDL_EFFECT_UNKNOWN) {
    case DDL_EFFECT_DONE:
        return finish(j, "begun before and found done", err);
    case DDL_EFFECT_NONE:
        log_event(MSG_DDL_AGAIN, log_str("ddl", buf_cstr(&j->name)));
        return begin(j, now, err);
    case DDL_EFFECT_UNKNOWN:
        break;
    }
    return wait_for_word(j, undecided, true, err);
}

/* What was put down, or NULL when it is not of this statement's tables. */
static const uint64_t *prints_before(struct ddl_job *j, const struct link_row *row)
{
    struct bytes r = bytes_of(buf_span(&row->before));
    size_t count = j->plan.ddl.table_count;
    uint64_t *prints = arena_alloc(&j->arena, (count + 1) * sizeof *prints);
    for (size_t i = 0; i < count; i++)
        prints[i] = bytes_u64(&r);
    return r.bad || bytes_left(&r) > 0 ? NULL : prints;
}

static enum outcome one_try(struct ddl_job *j, struct err *err)
{
    struct worker *w = j->w;
    struct sink *s = w->sink;
    struct link_row row = {0};
    struct err why = {0};
    uint64_t *now;
    enum outcome out = OUTCOME_ERROR;
    const struct ddl_session_setup setup = {
        .region = w->target,
        .server = db_server(s->db),
        .program = w->name,
        .topic = w->topic,
        .part = s->part,
    };
    if (ddl_session_open(&j->session, &setup, &why)) {
        if (why.class == ERR_RETRY)
            return again_later(j, &why, err);
        *err = why;
        return OUTCOME_ERROR;
    }
    /* In this order: whoever ran it before is through with it, since the lock is ours. */
    if (link_row_read(&row, s->db, w->topic, s->part, err) || ddl_print(&now, s->db, &j->plan, &j->arena, err))
        goto out;
    bool begun = row.begun && row.seq == j->t->head.seq && memcmp(row.stream, s->stream, STREAM_UUID_LEN) == 0;
    out = begun ? settle(j, prints_before(j, &row), now, err) : begin(j, now, err);
out:
    link_row_free(&row);
    return out;
}

int ddl_job_run(struct ddl_job *j, struct err *err)
{
    enum outcome out = OUTCOME_AGAIN;
    j->plan.sign = DDL_SIGN_NONE; /* nobody else is expected to bring the target there */
    while (out == OUTCOME_AGAIN && !stop_requested(j->w->stop)) {
        out = one_try(j, err);
        ddl_session_close(&j->session);
    }
    return out == OUTCOME_ERROR ? -1 : 0;
}
