/* drc-reconcile lost-tail: what a dead region committed and nobody else has. */
#include "reconcile/lost_tail.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/mem.h"
#include "common/base/since.h"
#include "common/link/kafka.h"
#include "common/link/options.h"
#include "common/stream/claim.h"
#include "common/stream/scan.h"
#include "common/target/computed_columns.h"
#include "reconcile/mode.h"
#include "reconcile/wishes.h"

#define RECORD_OVERHEAD 2048u

enum replay { REPLAY_NONE, REPLAY_SAFE, REPLAY_ALL };

struct arguments {
    const char *config_path;
    struct options_link link;
    const char *pair; /* NULL: not said */
    struct filter tables;
    bool some_tables;
    const char *json_path;
    const char *html_path;
    struct mask mask; /* as argv names it; ours */
    const char *why;
    struct binlog_files files;
    enum replay replay;
    uint64_t died_us; /* 0: not said */
    bool dry_run;
    bool quiet;
};

/* ---- the files ---- */

static void tell_files(struct lost_tail *tail, const struct history *h)
{
    struct buf text = {0};
    position_put_text(history_position(h), &text);
    report_fact(tail->report, "binlogs end at", buf_cstr(&text));
    if (history_torn(h))
        report_fact(tail->report, "torn", history_torn(h));
    if (history_gap(h))
        report_problem(tail->report, history_gap(h));
    tail->exact = !history_gap(h);
    buf_free(&text);
}

static int walk(struct lost_tail *tail, struct history *h, lost_each_fn *each, void *context, struct err *err)
{
    struct history_step step;
    int got;
    while ((got = history_next(h, &step, err)) > 0 && (got = each(context, tail, &step, err)) == 0)
        continue;
    return got;
}

/* The dead server cannot be asked; the survivor has the same tables. */
static int computed(void *context, const struct table_def *t, const uint8_t *present, struct err *err)
{
    const struct lost_tail *tail = context;
    const struct db_options options = {.program = "drc-reconcile", .read_only_too = true};
    struct db *db = NULL;
    int rc = db_connect(&db, tail->survivor, &options, err);
    if (rc == 0)
        rc = computed_columns_lack(db, t, present, err);
    db_close(&db);
    return rc;
}

int lost_tail_walk(struct lost_tail *tail, const struct stream *state, lost_each_fn *each, void *context, unsigned how,
                   struct err *err)
{
    const struct history_options options = {.config = tail->config,
                                            .region = tail->dead,
                                            .topic = tail->topic,
                                            .state = state,
                                            .max_bytes = tail->max_bytes,
                                            .computed = computed,
                                            .context = tail};
    struct history *h = history_new(&options);
    history_read_files(h, tail->files->paths, tail->files->count);
    int rc = walk(tail, h, each, context, err);
    if (rc == 0 && (how & LOST_TELL_FILES))
        tell_files(tail, h);
    if (rc == 0 && (how & LOST_LAST_WORD))
        rc = history_say_heartbeat(h, clock_wall_us(), err) || walk(tail, h, each, context, err) ? -1 : 0;
    history_free(&h);
    return rc;
}

/* ---- the dead region's stream ---- */

static int read_stream(struct lost_tail *tail, struct err *err)
{
    struct kafka_topic_facts facts;
    struct claim c;
    bool empty = true;
    if (kafka_topic_check(&facts, &tail->dead->kafka, tail->topic, err))
        return -1;
    tail->max_bytes = facts.max_bytes > 2 * RECORD_OVERHEAD ? facts.max_bytes - RECORD_OVERHEAD : RECORD_OVERHEAD;
    int rc = claim_open(&c, &tail->dead->kafka, tail->topic, tail->dead->name, NULL, 0, err);
    if (rc == 0)
        rc = claim_look(&c, &empty, err);
    if (rc == 0 && empty)
        rc = err_fatal(err, EXIT_UNSAFE, "topic %s is empty: nothing of region %s was ever published", tail->topic,
                       tail->dead->name);
    if (rc == 0)
        rc = readback_state(&c.rb, &tail->stream, c.low, c.high, err);
    if (rc == 0 && !tail->stream.based)
        rc = err_fatal(err, EXIT_UNSAFE, "topic %s has no record left that says where the stream stands", tail->topic);
    claim_close(&c);
    return rc;
}

static void tell_stream(struct lost_tail *tail)
{
    const struct stream *s = &tail->stream;
    char gtid[GTID_TEXT_LEN], at[2][CLOCK_TEXT_LEN];
    struct buf text = {0};
    buf_printf(&text, "seq %" PRIu64 ", %s", s->seq, s->seq > 0 ? gtid_text(gtid, &s->gtid) : "none");
    if (s->commit_us)
        buf_printf(&text, ", committed %s", clock_text(at[0], s->commit_us));
    report_fact(tail->report, "published last", buf_cstr(&text));
    buf_clear(&text);
    position_put_text(&s->position, &text);
    report_fact(tail->report, "published up to", buf_cstr(&text));
    if (s->source_clock_us)
        report_fact(tail->report, "its capture last said so at", clock_text(at[1], s->source_clock_us));
    buf_free(&text);
}

/* ---- with its files ---- */

static int note(void *context, struct lost_tail *tail, const struct history_step *step, struct err *err)
{
    (void)context;
    if (step->kind != HISTORY_RECORD)
        return 0;
    if (tail->count < LOST_TRANSACTIONS_MOST || !(step->rec.flags & RECORD_LAST))
        tail->count += (step->rec.flags & RECORD_LAST) != 0;
    else
        return err_fatal(err, EXIT_UNSAFE, "the tail has more than %u transactions: too many to be judged one by one",
                         LOST_TRANSACTIONS_MOST);
    return lost_keys_note(tail->keys, &step->rec, err);
}

/* The first of another region's transactions that the tail's beginning did not know of. */
static uint64_t known_of(const struct lost_tail *tail, const uint8_t stream[STREAM_UUID_LEN])
{
    for (size_t i = 0; i < tail->stream.cut.count; i++)
        if (memcmp(tail->stream.cut.entries[i].stream, stream, STREAM_UUID_LEN) == 0)
            return tail->stream.cut.entries[i].done.low;
    return 0;
}

static void tell_break(struct lost_tail *tail, const char *topic, const struct scan_break *b)
{
    char *text = xasprintf("topic %s, offset %" PRId64 ": %s", topic, b->offset, b->why);
    report_problem(tail->report, text);
    free(text);
}

/* What that region has written since; a window that begins too early costs time only. */
static int read_living(struct lost_tail *tail, const struct region_config *region, struct err *err)
{
    struct scan *scan = NULL;
    struct scan_step step;
    char *topic = config_topic(tail->config, region->name);
    int got = -1;
    if (scan_open(&scan, &region->kafka, topic, err))
        goto out;
    got = scan_next(scan, &step, err); /* whose stream it is */
    if (got > 0) {
        got = scan_from_seq(scan, known_of(tail, step.rec.stream), err) ? -1 : 1;
        if (got > 0 && scan_is_purged(scan) && scan_starts_at_low(scan))
            report_problem(tail->report,
                           "what the living wrote since is not all in their topics any more: a row may have "
                           "been written that is taken for untouched");
    }
    while (got > 0 && (got = scan_next(scan, &step, err)) > 0) {
        if (step.broken)
            tell_break(tail, topic, step.broken);
        if (step.verdict == STREAM_TAKE && lost_keys_written(tail->keys, &step.rec, region->name, err))
            got = -1;
    }
out:
    scan_close(&scan);
    free(topic);
    return got;
}

static bool writes_to_survivor(const struct lost_tail *tail, const struct region_config *region)
{
    if (region == tail->dead)
        return false;
    for (size_t i = 0; i < tail->config->link_count; i++) {
        const struct link_config *l = &tail->config->links[i];
        if (strcmp(l->from, region->name) == 0 &&
            (region == tail->survivor || strcmp(l->to, tail->survivor->name) == 0))
            return true;
    }
    return false;
}

static int read_all_living(struct lost_tail *tail, struct err *err)
{
    bool any = false;
    for (size_t i = 0; i < tail->config->region_count; i++) {
        const struct region_config *r = &tail->config->regions[i];
        if (!writes_to_survivor(tail, r))
            continue;
        any = true;
        if (config_kafka_password(tail->config, r->name, err) || read_living(tail, r, err))
            return -1;
    }
    if (!any)
        report_problem(tail->report,
                       "the survivor has no stream of its own, so that what was written there since is not "
                       "known: its rows will be compared when the transactions are applied");
    return 0;
}

/* ---- judging ---- */

struct judging {
    struct lost_teller *teller;
    struct lost_verdict verdict;
};

static int judge(void *context, struct lost_tail *tail, const struct history_step *step, struct err *err)
{
    struct judging *j = context;
    const struct record *rec = &step->rec;
    if (step->kind != HISTORY_RECORD)
        return 0;
    if (lost_keys_judge(tail->keys, &j->verdict, rec, tail->dead->name, err) ||
        lost_tell(j->teller, rec, &j->verdict, err))
        return -1;
    if (!(rec->flags & RECORD_LAST))
        return 0;
    tail->txns = tail->txns ? tail->txns : xcalloc(tail->count, sizeof *tail->txns);
    size_t at = rec->seq - tail->stream.seq - 1;
    if (at >= tail->count)
        return err_fatal(err, EXIT_BUG, "the files read differently the second time");
    tail->txns[at] = (struct lost_txn_state){.seq = rec->seq, .class = j->verdict.class, .movable = j->verdict.movable};
    tail->counts[j->verdict.class]++;
    tail->rows += j->verdict.rows;
    return 0;
}

static int judge_all(struct lost_tail *tail, struct err *err)
{
    struct judging j = {.teller = lost_teller_new(tail)};
    int rc = lost_tail_walk(tail, &tail->stream, judge, &j, 0, err);
    lost_teller_free(&j.teller);
    return rc;
}

static void tell_counts(struct lost_tail *tail)
{
    char *text = xasprintf("%zu transactions, %" PRIu64 " row changes: %" PRIu64 " safe to replay, %" PRIu64
                           " superseded, %" PRIu64 " conflicting",
                           tail->count, tail->rows, tail->counts[LOST_SAFE], tail->counts[LOST_SUPERSEDED],
                           tail->counts[LOST_CONFLICTING]);
    report_fact(tail->report, "lost", text);
    free(text);
    if (tail->untold > 0) {
        text = xasprintf("%" PRIu64 " of them, which change none of --tables", tail->untold);
        report_fact(tail->report, "not told", text);
        free(text);
    }
}

static int read_tail(struct lost_tail *tail, const struct arguments *a, struct err *err)
{
    if (read_stream(tail, err))
        return -1;
    tell_stream(tail);
    if (a->files.count == 0)
        return lost_bound(tail, a->died_us, err);
    tail->keys = lost_keys_new();
    if (lost_tail_walk(tail, &tail->stream, note, NULL, LOST_TELL_FILES, err) || read_all_living(tail, err) ||
        judge_all(tail, err))
        return -1;
    tell_counts(tail);
    if (a->replay == REPLAY_NONE || a->dry_run || tail->count == 0)
        return 0;
    return lost_replay(tail, a->replay == REPLAY_ALL, a->why, err);
}

/* ---- the mode ---- */

enum { KEY_BINLOG = 0x100, KEY_REPLAY, KEY_DIED, KEY_WHY, KEY_TABLES };

static const struct argp_option options[] = {
    {"binlog",  KEY_BINLOG, "FILE",     0, "A rescued binlog file; may be given again, in their order",               0},
    {"replay",  KEY_REPLAY, "safe|all", 0, "Publish the tail; safe: with what is not safe put aside at the survivor", 0},
    {"why",     KEY_WHY,    "TEXT",     0, "The reason, kept in the journal of every target; needed to replay",       0},
    {"dry-run", 'n',        NULL,       0, "Say what would be replayed, and write nothing",                           0},
    {"died",    KEY_DIED,   "TIME",     0, "When the region died, where its files are not there",                     0},
    {"pair",    'p',        "A,B",      0, "The two regions, as other modes take them; --from and --to are of it",    0},
    {"tables",  KEY_TABLES, "PATTERN",  0, "Tell only transactions that change such a table; may be given again",     0},
    {"json",    'j',        "FILE",     0, "Write JSON Lines, a summary last; - for stdout",                          0},
    {"html",    'H',        "FILE",     0, "Write a page for a browser, which needs nothing else",                    0},
    {"mask",    'm',        "COLUMN",   0, "Tell no values of such columns; may be given again",                      0},
    {"quiet",   'q',        NULL,       0, "Print only what is lost",                                                 0},
    {NULL,      0,          NULL,       0, NULL,                                                                      0},
};

static const struct argp_child children[] = {
    {&options_config, 0, NULL, 0},
    {&options_link,           0, NULL, 0},
    {0              }
};

static enum replay parse_replay(const char *arg, struct argp_state *state)
{
    if (strcmp(arg, "safe") != 0 && strcmp(arg, "all") != 0)
        argp_error(state, "--replay wants safe or all, not '%s'", arg);
    return strcmp(arg, "safe") == 0 ? REPLAY_SAFE : REPLAY_ALL;
}

static bool is_pair_of(const char *pair, const char *a, const char *b)
{
    size_t n = strlen(a);
    return strncmp(pair, a, n) == 0 && pair[n] == ',' && strcmp(pair + n + 1, b) == 0;
}

/* What only all words together can tell. */
static void check_words(const struct arguments *a, struct argp_state *state)
{
    const char *from = a->link.from, *to = a->link.to;
    if (a->replay != REPLAY_NONE && !a->dry_run && (!a->why || a->files.count == 0))
        argp_error(state, "--replay needs --binlog FILE and --why");
    if (a->replay != REPLAY_NONE && a->some_tables)
        argp_error(state, "--replay publishes the whole tail: leave out --tables");
    if (a->pair && from && to && !is_pair_of(a->pair, from, to) && !is_pair_of(a->pair, to, from))
        argp_error(state, "--pair %s is not the pair of --from %s and --to %s", a->pair, from, to);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct arguments *a = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &a->config_path;
        state->child_inputs[1] = &a->link;
        return 0;
    case ARGP_KEY_ARG:
        return binlog_files_take(&a->files, arg, true);
    case KEY_BINLOG:
        return binlog_files_take(&a->files, arg, false);
    case KEY_REPLAY:
        a->replay = parse_replay(arg, state);
        return 0;
    case KEY_WHY:
        a->why = arg;
        return 0;
    case 'n':
        a->dry_run = true;
        return 0;
    case KEY_DIED:
        if (!since_parse(&a->died_us, arg, clock_wall_us()))
            argp_error(state, "--died wants 2026-01-31T10:00:00, or 90s, 15m, 2h, 3d, not '%s'", arg);
        return 0;
    case 'p':
        a->pair = arg;
        return 0;
    case KEY_TABLES:
        options_table(&a->tables, arg, state);
        a->some_tables = true;
        return 0;
    case 'j':
        a->json_path = arg;
        return 0;
    case 'H':
        a->html_path = arg;
        return 0;
    case 'm':
        wishes_add_mask(&a->mask, arg);
        return 0;
    case 'q':
        a->quiet = true;
        return 0;
    case ARGP_KEY_END:
        check_words(a, state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static int open_tail(struct lost_tail *tail, const struct arguments *a, struct err *err)
{
    const struct link_config *link;
    if (config_load(&tail->config, a->config_path, err) ||
        config_region(tail->config, a->link.from, &tail->dead, err) ||
        config_region(tail->config, a->link.to, &tail->survivor, err) ||
        config_link(tail->config, a->link.from, a->link.to, &link, err) ||
        config_kafka_password(tail->config, a->link.from, err) || config_password(tail->config, a->link.to, err))
        return -1;
    tail->mask = wishes_join_masks(&tail->config->conflict_mask, &a->mask);
    const struct report_options report = {
        .mode = "lost-tail",
        .regions = {a->link.from, a->link.to},
        .json_path = a->json_path,
        .html_path = a->html_path,
        .mask = &tail->mask,
        .quiet = a->quiet,
        .items = "transactions lost",
    };
    tail->topic = config_topic(tail->config, a->link.from);
    tail->link = xasprintf("%s:%s", a->link.from, a->link.to);
    tail->files = &a->files;
    tail->tables = a->some_tables ? &a->tables : NULL;
    return report_open(&tail->report, &report, err);
}

static void close_tail(struct lost_tail *tail)
{
    stream_free(&tail->stream);
    lost_keys_free(&tail->keys);
    report_close(&tail->report);
    free(tail->txns);
    free(tail->topic);
    free(tail->link);
    free(tail->mask.names);
    config_free(&tail->config);
}

static int run(struct lost_tail *tail, const struct arguments *a)
{
    struct err err = {0};
    if (open_tail(tail, a, &err)) {
        fprintf(stderr, "drc-reconcile: %s\n", err.text);
        return err.exit_code ? err.exit_code : RECONCILE_INCOMPLETE;
    }
    if (read_tail(tail, a, &err))
        report_problem(tail->report, err.text);
    return report_summary(tail->report);
}

int mode_lost_tail(int argc, char **argv, const char *config_path)
{
    static const char doc[] =
        "After a disaster: the transactions that the dead region committed and nobody else has, one by one, from its "
        "rescued binlog files; without them, how much it may be at most. Each is safe to replay (none of its rows was "
        "written since), superseded (all were, later), or conflicting.\v"
        "--replay publishes them in the dead region's own stream, where its capture goes on when it comes back: "
        "nothing "
        "takes effect twice. With `safe` the others are put aside at the survivor (drcctl parked list).";
    const struct argp argp = {options, parse, "[FILE...]", doc, children, NULL, NULL};
    struct arguments a = {.config_path = config_path};
    struct lost_tail tail = {0};
    argp_parse(&argp, argc, argv, 0, NULL, &a);
    int code = run(&tail, &a);
    close_tail(&tail);
    binlog_files_free(&a.files);
    filter_free(&a.tables);
    free(a.mask.names);
    return code;
}
