/* drc-reconcile audit: every transaction of a source against its topic against the ledger of the target. */
#include "reconcile/audit.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/mem.h"
#include "common/base/since.h"
#include "common/stream/claim.h"
#include "common/stream/dump.h"
#include "reconcile/mode.h"

#define FILES_MAX_RECORD ((size_t)1 << 30) /* records go nowhere: no topic bounds them */
#define REPLICA_IDS 0x7e000000u            /* where nobody numbers servers; a random one of them */

struct arguments {
    struct wishes wishes;
    const char *region; /* NULL: both directions */
    struct binlog_files files;
    uint64_t since_us;
};

/* ---- the source ---- */

static int connect_to(struct db **out, const struct region_config *region, struct err *err)
{
    const struct db_options options = {.program = "drc-reconcile", .read_timeout_s = 60, .read_only_too = true};
    return db_connect(out, region, &options, err);
}

static int ask_source(struct audit *a, struct err *err)
{
    struct db *db = NULL;
    if (a->files->count > 0)
        return 0;
    int rc = connect_to(&db, a->from, err);
    if (rc == 0)
        rc = db_source_position(db, &a->until, err);
    db_close(&db);
    return rc;
}

static int join_from(struct audit *a, const struct position *from, bool *refused, struct err *err)
{
    const struct stream state = {.epoch = 1, .position = *from, .before = *from};
    const struct history_options options = {
        .config = a->run->config, .region = a->from, .topic = a->topic, .state = &state, .max_bytes = FILES_MAX_RECORD};
    struct history *h = history_new(&options);
    uint32_t id = 0;
    int rc = 0;
    *refused = false;
    if (a->files->count > 0)
        history_read_files(h, a->files->paths, a->files->count);
    else
        rc = claim_random(&id, sizeof id, err) ||
                     history_read_server(h, REPLICA_IDS | (id & 0xffffff), from, &a->until, err)
                 ? -1
                 : 0;
    if (rc == 0)
        rc = audit_join(a, h, err);
    *refused = rc && err->code == DUMP_REFUSED;
    if (rc == 0 && history_torn(h))
        report_fact(a->run->report, "torn", history_torn(h));
    if (rc == 0 && history_gap(h))
        report_problem(a->run->report, history_gap(h));
    history_free(&h);
    return rc;
}

static void tell_purged(struct audit *a, const struct position *oldest)
{
    struct buf text = {0};
    buf_printf(&text, "%s has purged its binlog: of what it committed after ", a->from->name);
    position_put_text(&a->start, &text);
    buf_put_str(&text, oldest ? ", up to " : "");
    if (oldest)
        position_put_text(oldest, &text);
    buf_put_str(&text, ", it is unknown whether all was published");
    report_problem(a->run->report, buf_cstr(&text));
    buf_free(&text);
}

/* The source has not all of it any more: from where it has, when it says where that is. */
static int join_from_oldest(struct audit *a, struct err *err)
{
    struct position oldest = {0};
    struct db *db = NULL;
    struct err why = {0};
    bool refused;
    int rc = connect_to(&db, a->from, &why);
    if (rc == 0)
        rc = db_oldest_position(db, &oldest, &why);
    db_close(&db);
    tell_purged(a, rc == 0 ? &oldest : NULL);
    rc = rc == 0 ? join_from(a, &oldest, &refused, err) : audit_join(a, NULL, err);
    position_free(&oldest);
    return rc;
}

/* ---- telling ---- */

static void tell_counts(struct audit *a)
{
    struct buf text = {0};
    buf_printf(&text, "%" PRIu64 " published", a->published);
    for (int i = 0; i < AUDIT_FATES; i++)
        buf_printf(&text, ", %" PRIu64 " %s", a->by_fate[i], audit_fate_name((enum audit_fate)i));
    buf_printf(&text,
               ", %" PRIu64 " missing, %" PRIu64 " not published yet; in the binlog besides %" PRIu64
               " filtered, %" PRIu64 " replayed, %" PRIu64 " rolled back",
               a->missing, a->unpublished, a->by_history[HISTORY_FILTERED], a->by_history[HISTORY_REPLAYED],
               a->by_history[HISTORY_ROLLED_BACK]);
    report_fact(a->run->report, a->link, buf_cstr(&text));
    buf_free(&text);
}

static void tell_start(struct audit *a)
{
    struct buf text = {0};
    char *name = xasprintf("%s begins after", a->topic);
    position_put_text(&a->start, &text);
    if (text.len == 0)
        buf_put_str(&text, "nothing: the stream holds all of its source");
    if (scan_is_purged(a->scan) && !a->since_us)
        buf_put_str(&text, " (purged before: whether all of that took effect is unknown)");
    report_fact(a->run->report, name, buf_cstr(&text));
    free(name);
    buf_free(&text);
}

/* ---- one direction ---- */

static int read_target(struct audit *a, struct err *err)
{
    struct db *db = NULL;
    int rc = connect_to(&db, a->to, err);
    if (rc == 0)
        rc = audit_target_read(&a->target, db, a->topic, err) ||
                     audit_target_read_journal(&a->target, db, a->link, 0, UINT64_MAX, err)
                 ? -1
                 : 0;
    db_close(&db);
    return rc;
}

/* The target first: what it has is in the topic then, and what is in the topic was committed when the source is asked.
 */
static int audit(struct audit *a, struct err *err)
{
    bool refused;
    if (read_target(a, err) || scan_open(&a->scan, &a->from->kafka, a->topic, err) || ask_source(a, err) ||
        audit_begin(a, err))
        return -1;
    tell_start(a);
    int rc = join_from(a, &a->start, &refused, err);
    if (rc && refused)
        rc = join_from_oldest(a, err);
    tell_counts(a);
    return rc;
}

static void audit_link(struct run *run, const struct arguments *args, const struct link_config *link)
{
    struct audit a = {.run = run, .since_us = args->since_us};
    struct err err = {0};
    a.topic = config_topic(run->config, link->from);
    a.link = xasprintf("%s:%s", link->from, link->to);
    a.files = &args->files;
    if (config_region(run->config, link->from, &a.from, &err) || config_region(run->config, link->to, &a.to, &err) ||
        audit(&a, &err))
        report_problem(run->report, err.text);
    scan_close(&a.scan);
    audit_target_free(&a.target);
    position_free(&a.start);
    position_free(&a.until);
    map_free(&a.ahead);
    table_cache_free(&a.cache);
    arena_free(&a.scratch);
    free(a.topic);
    free(a.link);
}

static int audit_pair(struct run *run, const struct arguments *args)
{
    size_t links = 0;
    for (size_t i = 0; i < run->config->link_count; i++) {
        const struct link_config *l = &run->config->links[i];
        for (int side = 0; side < 2; side++)
            if (strcmp(l->from, args->wishes.regions[side]) == 0 && strcmp(l->to, args->wishes.regions[!side]) == 0 &&
                (!args->region || strcmp(l->from, args->region) == 0)) {
                audit_link(run, args, l);
                links++;
            }
    }
    if (links == 0)
        report_problem(run->report, "no link goes that way: nothing was accounted for");
    return report_summary(run->report);
}

/* ---- the mode ---- */

enum { KEY_SINCE = 0x100, KEY_BINLOG, KEY_REGION };

static const struct argp_option options[] = {
    {"region", KEY_REGION, "REGION", 0, "Only what that region committed",                                         0},
    {"since",  KEY_SINCE,  "TIME",   0, "Begin there: 2026-01-31T10:00:00 (UTC), 15m, 2h, 3d ago",                 0},
    {"binlog", KEY_BINLOG, "FILE",   0, "Read the region's binlog from files; may be given again, in their order", 0},
    {NULL,     0,          NULL,     0, NULL,                                                                      0},
};

/* What would be passed over in silence. */
static void check_whole(const struct arguments *a, struct argp_state *state)
{
    const struct wishes *w = &a->wishes;
    if (a->region && w->pair && strcmp(a->region, w->regions[0]) != 0 && strcmp(a->region, w->regions[1]) != 0)
        argp_error(state, "--region %s: the pair is %s,%s", a->region, w->regions[0], w->regions[1]);
    if (repair_wished(&w->repair))
        argp_error(state, "an audit repairs nothing: full, incident and lost-tail do");
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct arguments *a = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &a->wishes;
        return 0;
    case KEY_REGION:
        a->region = arg;
        return 0;
    case KEY_SINCE:
        if (!since_parse(&a->since_us, arg, clock_wall_us()))
            argp_error(state, "--since wants 2026-01-31T10:00:00, or 90s, 15m, 2h, 3d, not '%s'", arg);
        return 0;
    case ARGP_KEY_ARG:
        return binlog_files_take(&a->files, arg, true);
    case KEY_BINLOG:
        return binlog_files_take(&a->files, arg, false);
    case ARGP_KEY_SUCCESS:
        check_whole(a, state);
        if (a->files.count > 0 && !a->region)
            argp_error(state, "--binlog needs --region: whose files are they?");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

int mode_audit(int argc, char **argv, const char *config_path)
{
    static const char doc[] =
        "Account for every transaction: what a source has committed, by its binlog, against its topic, against the "
        "ledger, the journal and the parked transactions of the target. Named are those that are parked, given up, "
        "journaled, in flight, and those that are missing. Nothing is written.";
    const struct argp argp = {options, parse, "[FILE...]", doc, wishes_child, NULL, NULL};
    struct arguments a = {.wishes = wishes_default("audit", config_path)};
    struct run run;
    a.wishes.items = "transactions missing, or contradicted";
    argp_parse(&argp, argc, argv, 0, NULL, &a);
    int code = run_open(&run, &a.wishes);
    if (code == 0) {
        code = audit_pair(&run, &a);
        run_close(&run);
    }
    wishes_free(&a.wishes);
    binlog_files_free(&a.files);
    return code;
}
