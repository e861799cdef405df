/* drc-reconcile incident: only the keys that were touched on either side in a window, so that it costs what the window
 * holds, whatever the tables hold. */
#include <inttypes.h>
#include <stdlib.h>

#include "common/base/clock.h"
#include "common/base/mem.h"
#include "common/stream/history.h"
#include "reconcile/cause.h"
#include "reconcile/full.h"
#include "reconcile/mode.h"
#include "reconcile/moments.h"
#include "reconcile/repair.h"
#include "reconcile/throttle.h"
#include "reconcile/touched.h"
#include "reconcile/window.h"

#define FILES_MAX_RECORD ((size_t)1 << 30) /* records of files go nowhere: no topic bounds them */

struct incident {
    struct wishes wishes;
    struct run run;
    struct window window;
    struct touched *touched;
    struct binlog_files files;
    const char *files_of; /* region */
    const char *flag_file;
    unsigned share;
    uint64_t max_differences;
    struct table_cache cache;
    struct arena arena;
};

/* ---- records ---- */

static int take_rows(struct incident *in, const struct record *rec, int side, uint64_t *rows_read, struct err *err)
{
    struct body_reader body;
    struct rows rows;
    int got;
    body_open(&body, rec->body, &in->cache, &in->arena);
    while ((got = body_next(&body, &rows, err)) > 0) {
        *rows_read += rows.count;
        if (touched_rows(in->touched, &rows, side, err))
            return -1;
    }
    return got;
}

static int take_record(struct incident *in, const struct record *rec, int side, uint64_t *rows_read, struct err *err)
{
    struct ddl ddl;
    int rc = 0;
    arena_reset(&in->arena);
    if (rec->kind == RECORD_DATA)
        rc = take_rows(in, rec, side, rows_read, err);
    else if (rec->kind == RECORD_DDL)
        rc = ddl_read(&ddl, rec->body, &in->arena, err) || touched_ddl(in->touched, &ddl, err) ? -1 : 0;
    if (rc == 0 && touched_is_full(in->touched))
        rc = touched_compare(in->touched, err);
    return rc;
}

static int take_stream(struct incident *in, struct window_stream *s, struct err *err)
{
    struct scan_step step;
    int got;
    while ((got = window_next(&in->window, s, &in->run, &step, err)) > 0)
        if (run_stopped(&in->run) || take_record(in, &step.rec, s->side, &s->rows, err))
            return -1;
    return got;
}

/* ---- rescued files ---- */

/* `stamp_us`: of the record, by which times that sessions have set do not hide it; of a group its commit time again. */
static bool in_window(const struct window *w, uint64_t commit_us, uint64_t stamp_us)
{
    const struct window_bound *until = &w->until;
    uint64_t latest = stamp_us > commit_us ? stamp_us : commit_us;
    uint64_t earliest = stamp_us < commit_us ? stamp_us : commit_us;
    return latest + WINDOW_SLACK_US >= w->since.us && (!until->text || earliest <= until->us + WINDOW_SLACK_US);
}

static int take_history(struct incident *in, struct history *h, int side, struct err *err)
{
    struct history_step step;
    struct buf text = {0};
    uint64_t rows = 0, groups = 0;
    int got;
    while ((got = history_next(h, &step, err)) > 0) {
        groups += step.kind == HISTORY_GROUP && in_window(&in->window, step.commit_us, step.commit_us);
        if (step.kind == HISTORY_RECORD && in_window(&in->window, step.rec.commit_us, clock_stamp_us(step.rec.stamp)) &&
            take_record(in, &step.rec, side, &rows, err))
            got = -1;
        if (got < 0 || run_stopped(&in->run))
            break;
    }
    buf_printf(&text, "%zu files, %" PRIu64 " transactions of the window, %" PRIu64 " row changes%s%s", in->files.count,
               groups, rows, history_torn(h) ? "; " : "", history_torn(h) ? history_torn(h) : "");
    report_fact(in->run.report, "binlogs", buf_cstr(&text));
    if (history_gap(h))
        report_problem(in->run.report, history_gap(h));
    buf_free(&text);
    return got;
}

static int take_files(struct incident *in, struct err *err)
{
    const struct stream beginning = {.epoch = 1};
    struct history_options options = {
        .config = in->run.config, .topic = "", .state = &beginning, .max_bytes = FILES_MAX_RECORD};
    int side = strcmp(in->files_of, in->wishes.regions[1]) == 0;
    if (config_region(in->run.config, in->files_of, &options.region, err))
        return -1;
    struct history *h = history_new(&options);
    history_read_files(h, in->files.paths, in->files.count);
    int rc = take_history(in, h, side, err);
    history_free(&h);
    return rc;
}

/* ---- the run ---- */

/* Of the window as it was read: from the first to the last transaction of any stream. */
static void tell_conflicts(struct incident *in)
{
    uint64_t since = 0, until = 0;
    for (size_t i = 0; i < in->window.count; i++) {
        const struct window_stream *s = &in->window.streams[i];
        if (s->any && (since == 0 || s->first_us < since))
            since = s->first_us;
        if (s->any && s->last_us > until)
            until = s->last_us;
    }
    if (since > 0)
        moments_tell_conflicts(&in->run, since, in->window.until.text ? until + WINDOW_SLACK_US : clock_wall_us());
}

static int read_window(struct incident *in, struct err *err)
{
    if (window_open(&in->window, &in->run, err))
        return -1;
    for (size_t i = 0; i < in->window.count; i++)
        if (take_stream(in, &in->window.streams[i], err))
            return -1;
    if (in->files.count > 0 && take_files(in, err))
        return -1;
    window_tell(&in->window, &in->run);
    tell_conflicts(in);
    return touched_compare(in->touched, err);
}

/* As many as are wished may have been found: then it ends early, and says so. */
static void compare_all(struct incident *in)
{
    struct err err = {0};
    int rc = read_window(in, &err);
    touched_tell(in->touched);
    if (rc == 0 && run_wants(&in->run, NULL) > 0)
        rc = touched_compare_whole(in->touched, &err);
    if (rc == 0 && in->run.wishes->some_tables && touched_keys(in->touched) + touched_whole_tables(in->touched) == 0)
        rc = full_check_tables(&in->run, &err);
    if (run_wants(&in->run, NULL) == 0) {
        char *text = xasprintf("%s: the rest of the window was not compared", run_end_text(&in->run));
        report_problem(in->run.report, text);
        free(text);
    } else if (rc) {
        report_problem(in->run.report, err.text);
    }
}

static int compare_window(struct incident *in)
{
    char *keys;
    in->touched = touched_new(&in->run);
    compare_all(in);
    keys = xasprintf("%" PRIu64 " looked at, %" PRIu64 " tables compared whole", touched_keys(in->touched),
                     touched_whole_tables(in->touched));
    report_fact(in->run.report, "keys", keys);
    free(keys);
    meter_clear(in->run.meter);
    if (in->run.repair)
        repair_finish(in->run.repair);
    cause_tell_limits(&in->run);
    return report_summary(in->run.report);
}

/* ---- the mode ---- */

enum { KEY_SINCE = 0x100, KEY_UNTIL, KEY_BINLOG, KEY_BINLOG_OF, KEY_FLAG_FILE, KEY_SHARE, KEY_MAX_DIFFS };

static const struct argp_option options[] = {
    {"since",     KEY_SINCE,     "TIME|GTID", 0, "Begin there: 2026-01-31T10:00:00 (UTC), 15m, 2h, 3d ago, or a transaction",
     0                                                                                                                         },
    {"until",     KEY_UNTIL,     "TIME|GTID", 0, "End there (default: now)",                                                  0},
    {"binlog",    KEY_BINLOG,    "FILE",      0, "A rescued binlog file, read besides; may be given again, in their order",   0},
    {"binlog-of", KEY_BINLOG_OF, "REGION",    0, "Whose the files are (default: the first of --pair)",                        0},
    {"share",     KEY_SHARE,     "PERCENT",   0, "Of the time, to work while others are busy with a server (default: 35)",    0},
    {"flag-file", KEY_FLAG_FILE, "FILE",      0, "Stand still while this file is there",                                      0},
    {"max-diffs", KEY_MAX_DIFFS, "N",         0, "End once so many differences are found",                                    0},
    {NULL,        0,             NULL,        0, NULL,                                                                        0},
};

static void parse_bound(struct window_bound *b, const char *option, const char *arg, struct argp_state *state)
{
    if (!window_parse(b, arg))
        argp_error(state, "%s wants a time, as 2026-01-31T10:00:00 or 15m, or a GTID, not '%s'", option, arg);
}

static void check_whole(struct incident *in, struct argp_state *state)
{
    const struct window_bound *since = &in->window.since, *until = &in->window.until;
    if (!since->text)
        argp_error(state, "--since is needed");
    if (!since->by_gtid && since->us > clock_wall_us() + WINDOW_SLACK_US)
        argp_error(state, "--since %s lies ahead: times are UTC", since->text);
    if (until->text && !since->by_gtid && !until->by_gtid && until->us < since->us)
        argp_error(state, "--until %s is before --since %s", until->text, since->text);
    if (!in->files_of)
        in->files_of = in->wishes.regions[0];
    if (in->files_of && strcmp(in->files_of, in->wishes.regions[0]) != 0 &&
        strcmp(in->files_of, in->wishes.regions[1]) != 0)
        argp_error(state, "--binlog-of wants one of the regions of --pair");
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct incident *in = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &in->wishes;
        return 0;
    case KEY_SINCE:
        parse_bound(&in->window.since, "--since", arg, state);
        return 0;
    case KEY_UNTIL:
        parse_bound(&in->window.until, "--until", arg, state);
        return 0;
    case KEY_FLAG_FILE:
        in->flag_file = arg;
        return 0;
    case KEY_SHARE:
        in->share = (unsigned)options_number(arg, "--share", 1, 100, state);
        return 0;
    case KEY_MAX_DIFFS:
        in->max_differences = options_number(arg, "--max-diffs", 1, UINT32_MAX, state);
        return 0;
    case ARGP_KEY_ARG:
        return binlog_files_take(&in->files, arg, true);
    case KEY_BINLOG:
        return binlog_files_take(&in->files, arg, false);
    case KEY_BINLOG_OF:
        in->files_of = arg;
        return 0;
    case ARGP_KEY_SUCCESS:
        check_whole(in, state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

int mode_incident(int argc, char **argv, const char *config_path)
{
    static const char doc[] =
        "Compare only the keys that were written on either side in a window of time, as the topics of both directions "
        "tell them. Tables with statements (DDL) or cascades in the window, and those without a key, are compared "
        "whole. The report says what of the window could be read.";
    const struct argp argp = {options, parse, "[FILE...]", doc, wishes_child, NULL, NULL};
    struct incident in = {
        .wishes = wishes_default("incident", config_path), .share = THROTTLE_SHARE, .max_differences = UINT64_MAX};
    argp_parse(&argp, argc, argv, 0, NULL, &in);
    int code = run_open(&in.run, &in.wishes);
    if (code == 0) {
        const struct throttle_options manners = {
            .regions = {in.run.regions[0], in.run.regions[1]},
            .flag_file = in.flag_file,
            .stop = in.run.stop,
            .share = in.share
        };
        in.run.throttle = throttle_new(&manners);
        in.run.max_differences = in.max_differences;
        code = compare_window(&in);
        touched_free(&in.touched);
        window_close(&in.window);
        run_close(&in.run);
    }
    table_cache_free(&in.cache);
    arena_free(&in.arena);
    wishes_free(&in.wishes);
    binlog_files_free(&in.files);
    return code;
}
