/* Which tables there are on both sides, and one comparison after the other. */
#include <stdlib.h>

#include "common/base/clock.h"
#include "common/base/mem.h"
#include "reconcile/apart.h"
#include "reconcile/cause.h"
#include "reconcile/definition.h"
#include "reconcile/full.h"
#include "reconcile/keyed.h"
#include "reconcile/mode.h"
#include "reconcile/moments.h"
#include "reconcile/repair.h"
#include "reconcile/state.h"
#include "reconcile/throttle.h"
#include "reconcile/underway.h"
#include "reconcile/unkeyed.h"

#define CONFLICTS_US ((uint64_t)86400 * 1000000) /* of the last day, on the page */

struct table_name {
    struct span db;
    struct span name;
    uint64_t about_rows;
};

struct table_list {
    struct side_query query;  /* owns the names */
    struct table_name *names; /* sorted */
    size_t count;
};

static int compare_spans(struct span a, struct span b)
{
    int order = memcmp(a.p, b.p, a.n < b.n ? a.n : b.n);
    return order ? order : (a.n > b.n) - (a.n < b.n);
}

static int compare_names(const void *a, const void *b)
{
    const struct table_name *x = a, *y = b;
    int order = compare_spans(x->db, y->db);
    return order ? order : compare_spans(x->name, y->name);
}

/* ---- listing ---- */

/* Without the servers' own schemas, whose views would all be opened for it. */
static void start_list(struct table_list *l)
{
    side_query_start(&l->query);
    buf_put_str(&l->query.sql, "SELECT TABLE_SCHEMA, TABLE_NAME, IFNULL(TABLE_ROWS, 0) FROM information_schema.TABLES"
                               " WHERE TABLE_SCHEMA NOT IN ('mysql', 'sys', 'information_schema', 'performance_schema')"
                               " AND TABLE_TYPE IN ('BASE TABLE', 'SYSTEM VERSIONED')");
}

static void take_list(struct table_list *l, const struct run *run)
{
    const struct db_rows *rows = &l->query.rows;
    l->names = xcalloc(rows->row_count, sizeof *l->names);
    for (size_t i = 0; i < rows->row_count; i++) {
        struct table_name n = {db_cell(rows, i, 0), db_cell(rows, i, 1), 0};
        if (!wishes_table(run->wishes, &run->config->tables, n.db, n.name))
            continue;
        n.about_rows = strtoull((const char *)db_cell(rows, i, 2).p, NULL, 10);
        l->names[l->count++] = n;
    }
    qsort(l->names, l->count, sizeof *l->names, compare_names);
}

static int list_tables(struct table_list lists[2], struct run *run, struct err *err)
{
    for (int side = 0; side < 2; side++)
        start_list(&lists[side]);
    if (side_both(run->sides, &lists[0].query.job, &lists[1].query.job, err))
        return -1;
    for (int side = 0; side < 2; side++)
        take_list(&lists[side], run);
    return 0;
}

static void list_free(struct table_list *l)
{
    side_query_free(&l->query);
    free(l->names);
}

/* ---- one table ---- */

struct load_job {
    struct side_job job;
    const struct table_name *name;
    struct target_table *table; /* NULL: there is none */
    enum plan_sum sum;          /* that its server takes */
};

static int run_load(struct side_job *job, struct db *db, struct err *err)
{
    struct load_job *l = (struct load_job *)job;
    target_table_free(&l->table);
    l->sum = plan_sum_of(db_flavor(db), db_version(db));
    return target_table_load(&l->table, db, l->name->db, l->name->name, err) < 0 ? -1 : 0;
}

static void tell_table(struct run *run, struct table_counts *counts, const struct table_name *name,
                       enum difference_class class, const char *detail)
{
    const struct difference d = {.class = class,
                                 .cause =
                                     cause_is_filtered(run, name->db, name->name) ? CAUSE_FILTERED_NOW : CAUSE_UNKNOWN,
                                 .db = name->db,
                                 .table = name->name,
                                 .detail = detail};
    report_difference(run->report, counts, &d);
}

struct telling {
    struct run *run;
    struct table_counts *counts;
    const struct table_name *name;
};

static void tell_column(void *context, const char *phrase)
{
    const struct telling *t = context;
    tell_table(t->run, t->counts, t->name, DIFFERENCE_DEFINITION, phrase);
}

static void keep_quiet(void *context, const char *phrase)
{
    (void)context;
    (void)phrase;
}

static void count_phrase(void *context, const char *phrase)
{
    ++*(size_t *)context;
    (void)phrase;
}

/* Has one side what the other has not, or otherwise? -1: a database failed. */
static int are_apart(struct run *run, const struct load_job loads[2], struct err *err)
{
    struct plan plan;
    size_t phrases = 0;
    if (!loads[0].table || !loads[1].table)
        return loads[0].table || loads[1].table;
    plan_make(&plan, loads[0].table, loads[1].table, count_phrase, &phrases);
    int rc = definition_compare(run, &plan, count_phrase, &phrases, err);
    plan_free(&plan);
    return rc ? -1 : phrases > 0;
}

/* As both sides have it once what is under way has come. */
static int load_both(struct run *run, struct load_job loads[2], struct err *err)
{
    if (side_both(run->sides, &loads[0].job, &loads[1].job, err))
        return -1;
    int apart = underway_is_possible(run) ? are_apart(run, loads, err) : 0;
    if (apart <= 0 || !underway_pass(run))
        return apart < 0 ? -1 : 0;
    return side_both(run->sides, &loads[0].job, &loads[1].job, err);
}

static int compare_rows(struct run *run, const struct plan *plan, struct table_counts *counts, struct err *err)
{
    if (plan->key_count > 0)
        return plan->apart ? apart_compare(run, plan, counts, err) : keyed_compare(run, plan, counts, err);
    if (unkeyed_compare(run, plan, counts, err))
        return -1;
    return plan->document_count == 0 ? 0
                                     : err_data(err, "JSON of one side and text of the other can be compared in tables "
                                                     "with a key only: all other columns were");
}

static int compare_loaded(struct run *run, const struct table_name *name, const struct load_job loads[2],
                          struct table_counts *counts, struct err *err)
{
    struct telling telling = {run, counts, name};
    struct plan plan;
    if (!loads[0].table && !loads[1].table)
        return 0; /* dropped or renamed on both since it was listed, or written */
    if (!loads[0].table || !loads[1].table) {
        tell_table(run, counts, name, loads[0].table ? DIFFERENCE_MISSING : DIFFERENCE_EXTRA, "the whole table");
        repair_table_end(run->repair, NULL, name->db, name->name, counts);
        return 0;
    }
    bool begun = state_place_in(run->state, name->db, name->name) != NULL; /* then definitions have been told */
    plan_make(&plan, loads[0].table, loads[1].table, begun ? keep_quiet : tell_column, &telling);
    plan_sum_by(&plan, (const enum plan_sum[]){loads[0].sum, loads[1].sum});
    int rc = begun ? 0 : definition_compare(run, &plan, tell_column, &telling, err);
    if (rc == 0)
        rc = compare_rows(run, &plan, counts, err);
    repair_table_end(run->repair, &plan, name->db, name->name, counts);
    plan_free(&plan);
    return rc;
}

/* Its line. -1: there is no point in going on, or no wish to. */
static int end_table(struct run *run, const struct table_name *name, struct table_counts *counts, bool failed,
                     struct err *err)
{
    counts->problem = failed ? err->text : NULL;
    meter_clear(run->meter);
    report_table(run->report, name->db, name->name, counts);
    bool enough = run_wants(run, counts) == 0;
    run->told_before += table_counts_found(counts);
    if (failed)
        return enough || err->class == ERR_RETRY ? -1 : 0;
    if (state_table(run->state, name->db, name->name, counts, err)) {
        report_problem(run->report, err->text);
        return -1;
    }
    if (enough)
        report_problem(run->report, run_end_text(run));
    return enough ? -1 : 0;
}

/* -1: there is no point in going on. What is wrong with this table alone is told in its line. */
static int compare_table(struct run *run, const struct table_name *name, struct err *err)
{
    struct load_job loads[2] = {
        {.job = {.run = run_load}, .name = name},
        {.job = {.run = run_load}, .name = name}
    };
    const struct state_place *place = state_place_in(run->state, name->db, name->name);
    struct table_counts counts = place ? place->counts : (struct table_counts){0};
    uint64_t before_ms = counts.took_ms, began_ms = clock_mono_ms();
    meter_table(run->meter, name->db, name->name, name->about_rows);
    int rc = load_both(run, loads, err);
    if (rc == 0)
        rc = compare_loaded(run, name, loads, &counts, err);
    counts.took_ms = before_ms + clock_mono_ms() - began_ms;
    target_table_free(&loads[0].table);
    target_table_free(&loads[1].table);
    return end_table(run, name, &counts, rc != 0, err);
}

int full_compare_table(struct run *run, struct span db, struct span name, struct err *err)
{
    const struct table_name table = {.db = db, .name = name};
    return compare_table(run, &table, err);
}

/* On `side` the table is not listed: it is not there, or the account there may not see it. */
static int tell_missing(struct run *run, const struct table_name *name, int side, struct err *err)
{
    struct load_job load = {.job = {.run = run_load}, .name = name};
    struct side_job *taken;
    struct table_counts counts = {0};
    if (underway_is_possible(run))
        return compare_table(run, name, err);
    meter_clear(run->meter);
    side_give(run->sides[side], &load.job);
    int rc = side_take(run->sides[side], &taken, err);
    if (rc == 0)
        tell_table(run, &counts, name, side ? DIFFERENCE_MISSING : DIFFERENCE_EXTRA, "the whole table");
    if (rc == 0)
        repair_table_end(run->repair, NULL, name->db, name->name, &counts);
    target_table_free(&load.table);
    return end_table(run, name, &counts, rc != 0, err);
}

/* Walk both sorted lists side by side. */
static int compare_tables(struct run *run, const struct table_list lists[2], struct err *err)
{
    size_t i = 0, j = 0;
    while (i < lists[0].count || j < lists[1].count) {
        const struct table_name *a = i < lists[0].count ? &lists[0].names[i] : NULL;
        const struct table_name *b = j < lists[1].count ? &lists[1].names[j] : NULL;
        int order = !a ? 1 : !b ? -1 : compare_names(a, b);
        const struct table_name *name = order <= 0 ? a : b;
        bool told = state_has_table(run->state, name->db, name->name);
        if (!told && (order == 0 ? compare_table(run, a, err) : tell_missing(run, name, order < 0 ? 1 : 0, err)))
            return -1;
        i += order <= 0;
        j += order >= 0;
    }
    return 0;
}

/* ---- the run ---- */

static uint64_t rows_of(const struct run *run, const struct table_list *l)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < l->count; i++)
        sum += state_has_table(run->state, l->names[i].db, l->names[i].name) ? 0 : l->names[i].about_rows;
    return sum;
}

/* A pattern that matches nothing is a slip, and no reason to say that all is equal. */
static int list_some(struct table_list lists[2], struct run *run, struct err *err)
{
    if (list_tables(lists, run, err))
        return -1;
    if (lists[0].count + lists[1].count > 0)
        return 0;
    return err_data(err, run->wishes->some_tables ? "no table of the pair on either side matches --tables"
                                                  : "the pair has no table on either side: nothing was compared");
}

int full_check_tables(struct run *run, struct err *err)
{
    struct table_list lists[2] = {0};
    int rc = list_some(lists, run, err);
    list_free(&lists[0]);
    list_free(&lists[1]);
    return rc;
}

static int compare_listed(struct run *run, struct err *err)
{
    struct table_list lists[2] = {0};
    int rc = list_some(lists, run, err);
    if (rc) {
        report_problem(run->report, err->text);
    } else {
        meter_all(run->meter, rows_of(run, &lists[0]));
        rc = compare_tables(run, lists, err);
        if (rc)
            report_problem(run->report, "the tables after this one were not compared");
    }
    meter_clear(run->meter);
    moments_tell_conflicts(run, clock_wall_us() - CONFLICTS_US, clock_wall_us());
    if (run->repair)
        repair_finish(run->repair);
    cause_tell_limits(run);
    list_free(&lists[0]);
    list_free(&lists[1]);
    return rc;
}

/* What a state has to be about. */
static void put_about(struct buf *out, const struct run *run)
{
    const struct wishes *w = run->wishes;
    buf_printf(out, "pair %s --pair %s,%s", run->config->pair, w->regions[0], w->regions[1]);
    buf_put_span(out, buf_span(&w->scope));
    for (size_t i = 0; i < run->mask.count; i++)
        buf_printf(out, " --mask %s", run->mask.names[i]);
}

static int open_state(struct run *run, const char *path, struct err *err)
{
    struct buf about = {0};
    put_about(&about, run);
    int rc = state_open(&run->state, path, buf_span(&about), err);
    buf_free(&about);
    if (rc || !run->state)
        return rc;
    report_watch(run->report, state_difference, run->state);
    return state_replay(run->state, run->report, err);
}

/* The state is kept where the run did not come to its end, to be gone on with. */
static int compare_pair(struct run *run)
{
    struct err err = {0};
    int rc = compare_listed(run, &err);
    int code = report_summary(run->report);
    if (rc == 0)
        state_remove(&run->state);
    return code;
}

/* ---- the mode ---- */

enum { KEY_CHUNK_ROWS = 0x100, KEY_CHUNK_TIME, KEY_STATE, KEY_FLAG_FILE, KEY_SHARE, KEY_MAX_DIFFS };

struct arguments {
    struct wishes wishes;
    uint64_t chunk_rows;
    uint64_t chunk_ms; /* 0: not said */
    uint64_t max_differences;
    const char *state_path;
    const char *flag_file;
    unsigned share;
};

static const struct argp_option options[] = {
    {"chunk-rows", KEY_CHUNK_ROWS, "N",       0, "Rows a chunk (default: what takes the chunk time)",                      0},
    {"chunk-time", KEY_CHUNK_TIME, "SECONDS", 0, "What a chunk should take (default: 0.25)",                               0},
    {"share",      KEY_SHARE,      "PERCENT", 0, "Of the time, to work while others are busy with a server (default: 35)", 0},
    {"flag-file",  KEY_FLAG_FILE,  "FILE",    0, "Stand still while this file is there",                                   0},
    {"max-diffs",  KEY_MAX_DIFFS,  "N",       0, "End once so many differences are found",                                 0},
    {"state",      KEY_STATE,      "FILE",    0, "Keep there what is done, and go on from there after a kill",             0},
    {NULL,         0,              NULL,      0, NULL,                                                                     0},
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct arguments *a = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &a->wishes;
        return 0;
    case KEY_CHUNK_ROWS:
        a->chunk_rows = options_number(arg, "--chunk-rows", 1, UINT32_MAX, state);
        return 0;
    case KEY_CHUNK_TIME:
        a->chunk_ms = options_seconds(arg, "--chunk-time", state);
        return 0;
    case KEY_STATE:
        a->state_path = arg;
        return 0;
    case KEY_FLAG_FILE:
        a->flag_file = arg;
        return 0;
    case KEY_SHARE:
        a->share = (unsigned)options_number(arg, "--share", 1, 100, state);
        return 0;
    case KEY_MAX_DIFFS:
        a->max_differences = options_number(arg, "--max-diffs", 1, UINT32_MAX, state);
        return 0;
    case ARGP_KEY_END:
        if (a->state_path && repair_wished(&a->wishes.repair))
            argp_error(state,
                       "--state does not go with repairs: what was told before a kill would be left out of them");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static int run_mode(const struct arguments *a)
{
    struct run run;
    struct err err = {0};
    int code = run_open(&run, &a->wishes);
    if (code)
        return code;
    const struct throttle_options manners = {
        .regions = {run.regions[0], run.regions[1]},
          .flag_file = a->flag_file, .stop = run.stop, .share = a->share
    };
    run.throttle = throttle_new(&manners);
    run.chunk_rows = a->chunk_rows;
    if (a->chunk_ms > 0)
        run.chunk_ms = a->chunk_ms;
    run.max_differences = a->max_differences;
    if (open_state(&run, a->state_path, &err)) {
        fprintf(stderr, "drc-reconcile: %s\n", err.text);
        code = err.exit_code;
    } else {
        code = compare_pair(&run);
    }
    run_close(&run);
    return code;
}

int mode_full(int argc, char **argv, const char *config_path)
{
    static const char doc[] = "Compare every row of every table of a pair in two regions, by checksums in the "
                              "databases, and name every row that differs. Both may be written meanwhile: what differs "
                              "is looked at again after the links have passed it.";
    const struct argp argp = {options, parse, NULL, doc, wishes_child, NULL, NULL};
    struct arguments a = {
        .wishes = wishes_default("full", config_path), .max_differences = UINT64_MAX, .share = THROTTLE_SHARE};
    argp_parse(&argp, argc, argv, 0, NULL, &a);
    int code = run_mode(&a);
    wishes_free(&a.wishes);
    return code;
}
