/* drcctl skip: have one source transaction that blocks a link left out at its target. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/mem.h"
#include "common/model/act.h"
#include "common/stream/scan.h"
#include "common/target/journal.h"
#include "common/target/ledger.h"
#include "common/target/parked.h"
#include "ctl/command.h"

struct arguments {
    const char *config_path;
    struct options_link link;
    const char *gtid;
    const char *why;
    bool dry_run;
};

static const struct argp_option options[] = {
    {"gtid",    'g', "GTID", 0, "Of the transaction, as the link's state and drcctl positions tell it; needed", 0},
    {"why",     'w', "TEXT", 0, "The reason, kept in the journal; needed",                                      0},
    {"dry-run", 'n', NULL,   0, "Look for it, say what it is, change nothing",                                  0},
    {NULL,      0,   NULL,   0, NULL,                                                                           0},
};

static const char doc[] =
    "Leave one transaction of region FROM out in region TO, where it blocks the link: a conflict whose rule is `stop`, "
    "or a table that does not take its rows. It has to be the next one that is to come into effect. The applier skips "
    "it when it stands before it, at once or at its next start, in the target transaction that moves the ledger over "
    "it: it is kept whole in drc.parked as discarded, and in drc.conflicts as `skipped`, with who, when and why. If it "
    "can be applied after all, it is. Both sides differ afterwards: compare by drc-reconcile.\v"
    "Not to be confused with `drcctl stream skip`, by which a capture passes over one event of its binlog that it "
    "cannot "
    "read; nor with `drcctl resume`, by which a link passes a DDL statement, nor with `drcctl parked discard`.\n"
    "Exit codes: 0 it is asked for; 64 it is in effect already, or is not the next one, or is not known; 69; 75; 77.";

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct arguments *a = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &a->config_path;
        state->child_inputs[1] = &a->link;
        return 0;
    case 'g':
        a->gtid = arg;
        return 0;
    case 'w':
        a->why = command_why(arg, state);
        return 0;
    case 'n':
        a->dry_run = true;
        return 0;
    case ARGP_KEY_END:
        if (!a->gtid || !a->why)
            argp_error(state, "--gtid and --why are needed");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* What was found of it. */
struct found {
    uint64_t seq;
    uint64_t commit_us;
    uint64_t bytes;
    char gtid[GTID_TEXT_LEN];
};

static bool takes_seq(const struct record *rec)
{
    return rec->kind == RECORD_DATA || rec->kind == RECORD_DDL || rec->kind == RECORD_XA_END;
}

/* Only what the applier can skip as it is. */
static int check_kind(const struct record *rec, const char *gtid, struct err *err)
{
    const unsigned whole = RECORD_FIRST | RECORD_LAST;
    if (rec->kind == RECORD_DDL)
        return err_fatal(err, EXIT_BAD_USAGE, "%s is a DDL statement: drcctl resume --gtid passes it", gtid);
    if (rec->kind != RECORD_DATA || rec->flags & RECORD_HELD || (rec->flags & whole) != whole)
        return err_fatal(err, EXIT_BAD_USAGE, "%s is %s, which cannot be skipped", gtid,
                         rec->kind == RECORD_DATA && !(rec->flags & RECORD_HELD)
                             ? "a big transaction of several records"
                             : "part of an XA transaction");
    return 0;
}

/* One record behind the watermark. 1: it is the one; 0: go on; -1. */
static int judge(struct found *out, const struct record *rec, const struct ledger_state *state, const char *gtid,
                 struct err *err)
{
    char own[GTID_TEXT_LEN];
    bool meant = strcmp(gtid_text(own, &rec->gtid), gtid) == 0;
    bool done = watermark_has(&state->done, rec->seq);
    if (!done && out->seq == 0) {
        out->seq = rec->seq;
        (void)snprintf(out->gtid, sizeof out->gtid, "%s", own);
    }
    if (!meant)
        return 0;
    if (done)
        return err_fatal(err, EXIT_BAD_USAGE, "%s (seq %" PRIu64 ") is in effect already", gtid, rec->seq);
    if (rec->seq != out->seq)
        return err_fatal(err, EXIT_BAD_USAGE, "%s (seq %" PRIu64 ") is not the next one: that is %s (seq %" PRIu64 ")",
                         gtid, rec->seq, out->gtid, out->seq);
    out->commit_us = rec->commit_us;
    out->bytes = rec->body.n;
    return check_kind(rec, gtid, err) ? -1 : 1;
}

static int search(struct found *out, struct config *config, const struct arguments *a, const char *topic,
                  const struct ledger_state *state, struct err *err)
{
    const struct region_config *from;
    struct scan *scan = NULL;
    struct scan_step step;
    int rc = 0, more = 0;
    if (config_region(config, a->link.from, &from, err) || scan_open(&scan, &from->kafka, topic, err) ||
        scan_from_seq(scan, state->done.low, err))
        rc = -1;
    while (rc == 0 && (more = scan_next(scan, &step, err)) == 1)
        if (step.verdict == STREAM_TAKE && takes_seq(&step.rec) && step.rec.seq > state->done.low)
            rc = judge(out, &step.rec, state, a->gtid, err);
    scan_close(&scan);
    if (rc == 0 && more == 0)
        return err_fatal(err, EXIT_BAD_USAGE,
                         "%s is not among what the topic holds behind seq %" PRIu64
                         ", up to which all is in effect: it is in effect already, or was never published",
                         a->gtid, state->done.low);
    return rc == 1 ? 0 : -1;
}

static int write_word(struct db *db, const struct arguments *a, const char *topic, const struct found *f,
                      struct err *err)
{
    char *link = xasprintf("%s:%s", a->link.from, a->link.to), *who = command_who(), at[CLOCK_TEXT_LEN];
    char *why = xasprintf("by %s at %s: %s", who, clock_text(at, clock_wall_us()), a->why);
    char *details = xasprintf("{\"seq\": %" PRIu64 ", \"gtid\": \"%s\"}", f->seq, a->gtid);
    struct gtid none = {0};
    const struct parked_row row = {.topic = topic,
                                   .link = link,
                                   .seq = f->seq,
                                   .gtid = a->gtid,
                                   .commit_us = f->commit_us,
                                   .why = why,
                                   .tables = "",
                                   .state = PARKED_SKIP};
    const struct act act = {.kind = span_str("skip"),
                            .who = span_str(who),
                            .at_us = clock_wall_us(),
                            .why = span_str(a->why),
                            .details = span_str(details)};
    const struct journal_act entry = {.link = link, .gtid = &none, .seq = f->seq, .act = &act};
    int rc = db_exec(db, "BEGIN", err) || parked_skip_ask(db, &row, err) || journal_write_act(db, &entry, err) ||
                     db_exec(db, "COMMIT", err)
                 ? -1
                 : 0;
    free(details);
    free(why);
    free(who);
    free(link);
    return rc;
}

static int skip(struct config *config, const struct arguments *a, struct err *err)
{
    const struct link_config *link;
    struct ledger_state state = {0};
    struct found found = {0};
    struct db *db = NULL;
    char at[CLOCK_TEXT_LEN];
    char *topic = config_topic(config, a->link.from);
    int rc = -1, known;
    if (config_link(config, a->link.from, a->link.to, &link, err) || command_secrets(config, a->link.from, true, err) ||
        command_connect(&db, config, a->link.to, true, err))
        goto out;
    known = ledger_find(db, topic, &state, err);
    if (known == 0)
        (void)err_fatal(err, EXIT_BAD_USAGE, "the link has no ledger in %s: its applier has never run", a->link.to);
    if (known != 1 || search(&found, config, a, topic, &state, err))
        goto out;
    rc = a->dry_run ? 0 : write_word(db, a, topic, &found, err);
    if (rc == 0)
        printf("%s (seq %" PRIu64 ", committed %s, %" PRIu64 " bytes) %s\n", a->gtid, found.seq,
               clock_text(at, found.commit_us), found.bytes,
               a->dry_run ? "is the next one, and would be skipped"
                          : "is to be skipped by the applier, should the link stand before it; drcctl conflicts list "
                            "shows it then");
out:
    ledger_state_free(&state);
    db_close(&db);
    free(topic);
    return rc;
}

int command_skip(int argc, char **argv, const char *config_path)
{
    const struct argp argp = {options, parse, NULL, doc, command_link_children, NULL, NULL};
    struct arguments a = {.config_path = config_path};
    struct config *config;
    struct err err = {0};
    argp_parse(&argp, argc, argv, 0, NULL, &a);
    int code = command_load(&config, a.config_path);
    if (code)
        return code;
    if (skip(config, &a, &err))
        code = command_fail(&err);
    config_free(&config);
    return code;
}
