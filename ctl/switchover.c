/* drcctl switchover: the planned move of the writers from one region to another, with a way back at each step. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/mem.h"
#include "common/link/daemon.h"
#include "ctl/command.h"
#include "ctl/liveness.h"
#include "ctl/switchover.h"

#define SETTLE_MS 1500 /* what a writer that is not held back brings in, shows within that time */

struct arguments {
    const char *config_path;
    struct options_link link;
    uint64_t timeout_ms;
    const char *user;
    const char *password_file;
    bool no_read_only;
    bool reconcile;
    bool dry_run;
};

enum { KEY_USER = 256, KEY_PASSWORD_FILE, KEY_NO_READ_ONLY, KEY_RECONCILE };

static const struct argp_option options[] = {
    {"timeout",       'T',               "SECONDS", 0, "Give up after that time and put everything back (default 60)",               0},
    {"no-read-only",  KEY_NO_READ_ONLY,  NULL,      0,
     "The writers at FROM have been stopped: leave read_only alone on both sides, and see that nothing is written",                  0},
    {"reconcile",     KEY_RECONCILE,     NULL,      0, "Compare both sides by drc-reconcile before TO is opened",                    0},
    {"dry-run",       'n',               NULL,      0, "Look at everything, say what would be done, change nothing",                 0},
    {"user",          KEY_USER,          "NAME",    0, "An account that may set read_only on both sides, instead of the pair's own", 0},
    {"password-file", KEY_PASSWORD_FILE, "FILE",    0, "Its password: a file that only its owner can read",                          0},
    {NULL,            0,                 NULL,      0, NULL,                                                                         0},
};

static const char doc[] =
    "Move the writers from region FROM to region TO as planned: FROM becomes read-only, all that it has committed is "
    "waited for until it is in effect at TO, that is verified, then TO is opened to writers. FROM stays read-only. "
    "When anything fails, takes too long, or at Ctrl-C, FROM and TO are put back as they were. The way back is the "
    "same "
    "command with FROM and TO exchanged.\v"
    "Exit codes: 0 done; 69 a link is stopped, something is parked, or the sides differ; 75 not in time, interrupted, "
    "or "
    "a server cannot be reached; 77 the account may not set read_only. After all but 0 everything is as it was, unless "
    "the last line says otherwise.";

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct arguments *a = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &a->config_path;
        state->child_inputs[1] = &a->link;
        return 0;
    case 'T':
        a->timeout_ms = options_seconds(arg, "--timeout", state);
        return 0;
    case 'n':
        a->dry_run = true;
        return 0;
    case KEY_NO_READ_ONLY:
        a->no_read_only = true;
        return 0;
    case KEY_RECONCILE:
        a->reconcile = true;
        return 0;
    case KEY_USER:
        a->user = arg;
        return 0;
    case KEY_PASSWORD_FILE:
        a->password_file = arg;
        return 0;
    case ARGP_KEY_END:
        if (!a->user != !a->password_file)
            argp_error(state, "--user and --password-file go together");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* ---- the move ---- */

struct move {
    const struct arguments *arguments;
    struct config *config;
    struct stop *stop;
    uint64_t deadline_ms;
    struct switch_side from;
    struct switch_side to;
    struct progress *progress;
    uint64_t seq; /* the last of FROM, in effect at TO */
};

__attribute__((format(printf, 1, 2))) static void say(const char *fmt, ...)
{
    char at[CLOCK_TEXT_LEN];
    va_list ap;
    va_start(ap, fmt);
    printf("%s  ", clock_text(at, clock_wall_us()));
    vprintf(fmt, ap);
    va_end(ap);
    puts("");
    fflush(stdout);
}

static uint64_t left_ms(const struct move *m)
{
    uint64_t now = clock_mono_ms();
    return now < m->deadline_ms ? m->deadline_ms - now : 0;
}

static int interrupted(const struct move *m, struct err *err)
{
    return stop_requested(m->stop) ? err_retry(err, "interrupted (%s)", stop_reason(m->stop)) : 0;
}

static int check_parked(struct move *m, struct err *err)
{
    struct parked_sum sum;
    struct buf text = {0};
    if (progress_parked(m->progress, &sum, err))
        return -1;
    if (sum.transactions == 0)
        return 0;
    progress_put_parked(&sum, &text);
    (void)err_fatal(err, EXIT_UNSAFE, "%s has not all of %s: %s; see drcctl parked list", m->to.name, m->from.name,
                    buf_cstr(&text));
    buf_free(&text);
    return -1;
}

/* Everything that FROM has committed by now is in effect at TO. */
static int wait_for_all(struct move *m, struct err *err)
{
    struct position position = {0};
    struct progress_report report;
    struct liveness liveness;
    liveness_start(&liveness, m->config);
    int rc = progress_source_position(m->progress, &position, err);
    if (rc == 0) {
        const struct progress_watch watch = {
            .timeout_ms = left_ms(m), .stop = m->stop, .check = liveness_check, .context = &liveness};
        rc = progress_wait(m->progress, &report, &position, &watch, err);
        if (rc && stop_requested(m->stop))
            rc = interrupted(m, err);
        else if (rc && err->class == ERR_RETRY)
            liveness_at_timeout(&liveness, &report, err);
    }
    position_free(&position);
    return rc ? -1 : check_parked(m, err);
}

/* The last seq that FROM has published, and whether TO has it. */
static int look(struct move *m, uint64_t *seq, bool *applied, struct err *err)
{
    struct progress_view v;
    int rc = 0;
    progress_look(m->progress, &v);
    const struct err *failed[] = {&v.source_err, &v.topic_err, &v.target_err};
    for (size_t i = 0; rc == 0 && i < sizeof failed / sizeof failed[0]; i++) {
        if (failed[i]->class == ERR_NONE)
            continue;
        *err = *failed[i];
        rc = -1;
    }
    *seq = v.has_topic ? v.published_seq : 0;
    *applied = v.has_ledger && v.ledger.done.low >= *seq;
    progress_view_free(&v);
    return rc;
}

/* Nothing of FROM's own comes any more, and TO has all that did. */
static int verify(struct move *m, struct err *err)
{
    for (;;) {
        uint64_t before, after;
        bool applied;
        if (wait_for_all(m, err) || look(m, &before, &applied, err))
            return -1;
        (void)stop_wait(m->stop, SETTLE_MS);
        if (interrupted(m, err) || wait_for_all(m, err) || look(m, &after, &applied, err))
            return -1;
        m->seq = after;
        if (before == after && applied)
            return 0;
        say("%s is still written to: %" PRIu64 " transactions came meanwhile", m->from.name, after - before);
        if (left_ms(m) == 0)
            return err_retry(err, "%s is still written to%s", m->from.name,
                             m->arguments->no_read_only ? "" : ", by accounts that read_only does not hold back");
    }
}

static int reconcile(struct move *m, struct err *err)
{
    say("comparing both sides by drc-reconcile");
    int code = switch_reconcile(m->config->path, m->from.name, m->to.name, m->stop);
    if (interrupted(m, err))
        return -1;
    if (code == 0)
        return 0;
    return err_fatal(err, EXIT_UNSAFE, "drc-reconcile ended with %d: %s", code,
                     code == 1 ? "the sides differ" : "the comparison is not complete");
}

static int prepare(struct move *m, struct err *err)
{
    const struct arguments *a = m->arguments;
    const struct link_config *link;
    if (config_link(m->config, a->link.from, a->link.to, &link, err) ||
        command_secrets(m->config, a->link.from, true, err) || command_secrets(m->config, a->link.to, false, err))
        return -1;
    bool back = config_two_way(m->config, a->link.from, a->link.to);
    if (switch_open(&m->from, m->config, a->link.from, a->user, a->password_file, err) ||
        switch_open(&m->to, m->config, a->link.to, a->user, a->password_file, err))
        return -1;
    m->from.keep_super_off = back; /* what replays at it has to get through */
    m->progress = progress_new(m->config, a->link.from, a->link.to);
    say("%s (%s) is %s, %s (%s) is %s", m->from.name, m->from.host, switch_state(&m->from), m->to.name, m->to.host,
        switch_state(&m->to));
    if (!back)
        say("there is no link from %s to %s: what will be written at %s does not come back to %s", m->to.name,
            m->from.name, m->to.name, m->from.name);
    else if (!a->no_read_only && config_link(m->config, a->link.to, a->link.from, &link, err) == 0 && !link->standby)
        say("links[] from %s to %s has not standby: true: it will wait until %s is writable again", m->to.name,
            m->from.name, m->from.name);
    return check_parked(m, err);
}

static int dry_run(struct move *m, struct err *err)
{
    uint64_t seq;
    bool applied;
    if (look(m, &seq, &applied, err))
        return -1;
    say("%s has %s of what %s has published (seq %" PRIu64 ")", m->to.name, applied ? "all" : "not all yet",
        m->from.name, seq);
    if (m->arguments->no_read_only)
        say("would wait until all of %s is in effect at %s, and see that nothing more is written there", m->from.name,
            m->to.name);
    else
        say("would make %s read-only, wait until all of it is in effect at %s, make %s writable; nothing is changed",
            m->from.name, m->to.name, m->to.name);
    return 0;
}

static int go(struct move *m, struct err *err)
{
    const struct arguments *a = m->arguments;
    if (!a->no_read_only) {
        if (switch_close(&m->from, left_ms(m), err))
            return -1;
        say("%s is read-only now", m->from.name);
    }
    if (interrupted(m, err) || verify(m, err))
        return -1;
    say("all of %s is in effect at %s, up to seq %" PRIu64, m->from.name, m->to.name, m->seq);
    if (a->reconcile && reconcile(m, err))
        return -1;
    if (a->no_read_only || interrupted(m, err))
        return a->no_read_only ? 0 : -1;
    if (switch_let(&m->to, err))
        return -1;
    say("%s is writable now: send the writers there", m->to.name);
    return 0;
}

/* As it was on both sides. */
static void put_back(struct move *m)
{
    struct switch_side *sides[] = {&m->to, &m->from}; /* never both open longer than need be */
    for (size_t i = 0; i < 2; i++) {
        struct err err = {0};
        if (!sides[i]->changed)
            continue;
        if (switch_restore(sides[i], &err) == 0)
            say("%s is %s again", sides[i]->name, switch_state(sides[i]));
        else
            say("%s could not be put back: %s; run there: %s", sides[i]->name, err.text, switch_statement(sides[i]));
    }
}

int command_switchover(int argc, char **argv, const char *config_path)
{
    const struct argp argp = {options, parse, NULL, doc, command_link_children, NULL, NULL};
    struct arguments a = {.config_path = config_path, .timeout_ms = 60000};
    struct move m = {.arguments = &a};
    struct err err = {0};
    argp_parse(&argp, argc, argv, 0, NULL, &a);
    m.stop = daemon_signals(NULL);
    m.deadline_ms = clock_mono_ms() + a.timeout_ms;
    int code = command_load(&m.config, a.config_path);
    if (code)
        return code;
    int rc = prepare(&m, &err);
    if (rc == 0)
        rc = a.dry_run ? dry_run(&m, &err) : go(&m, &err);
    if (rc) {
        code = command_fail(&err);
        put_back(&m);
    } else if (!a.dry_run) {
        say("done; the way back: drcctl switchover --from %s --to %s", m.to.name, m.from.name);
    }
    switch_end(&m.from);
    switch_end(&m.to);
    progress_free(&m.progress);
    config_free(&m.config);
    return code;
}
