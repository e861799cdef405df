/* drcctl pause and resume: a word to the applier of a link, by its control socket. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/mem.h"
#include "ctl/daemon_state.h"
#include "ctl/daemons.h"

#define LOOK_MS 200
#define IN_FORCE_MS 60000 /* a transaction in hand is brought to its end first */
#define RETRYING_MS 20000 /* for so long at a stretch: it will not be through soon; a pause bears less */
#define RESUMED "resumed; it was paused "

struct word_arguments {
    const char *config_path;
    struct options_link link;
    const char *why;
    const char *gtid;
};

static const struct argp_option pause_options[] = {
    {"why", 'w', "TEXT", 0, "The reason, kept with the link", 0},
    {NULL,  0,   NULL,   0, NULL,                             0},
};

static const struct argp_option resume_options[] = {
    {"why",  'w', "TEXT", 0, "The reason, kept in the journal with a statement that is passed", 0},
    {"gtid", 'g', "GTID", 0, "Pass that statement and no other",                                0},
    {NULL,   0,   NULL,   0, NULL,                                                              0},
};

static const char pause_doc[] =
    "Let a link begin nothing more: what its applier has in hand is committed, with all before it in the stream, so "
    "that one position (`drcctl positions`) says what the target has; then it waits until `drcctl resume`, over "
    "restarts too. What cannot come into effect within 10 seconds is left, and told. Run where the applier runs. "
    "Returns when the pause is in force.\v"
    "Exit codes: 0 it is paused; 75 it is paused already, no applier of the link runs here, or it is not through with "
    "what it has in hand yet.";

static const char resume_doc[] =
    "Let a paused link go on; or let a link that waits before a DDL statement of its source pass it, which is "
    "kept in the journal: the target is taken to be where the statement would have brought it. Run where the applier "
    "runs. Returns when it is so after a restart as well.\v"
    "Exit codes: 0 done; 75 there is nothing to resume, no applier of the link runs here, or its target has not been "
    "told yet.";

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct word_arguments *a = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &a->config_path;
        state->child_inputs[1] = &a->link;
        return 0;
    case 'w':
        a->why = command_why(arg, state);
        return 0;
    case 'g':
        if (!*arg || strpbrk(arg, " \r\n"))
            argp_error(state, "--gtid wants a GTID");
        a->gtid = arg;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* The answer's line to `out`, too. */
static int say(struct buf *out, const struct config *config, const char *name, const char *command, struct err *err)
{
    struct buf answer = {0};
    int rc = daemons_ask(config, name, command, EXIT_TRY_AGAIN, &answer, err);
    buf_put(out, buf_cstr(&answer), strcspn(buf_cstr(&answer), "\n"));
    if (rc == 0)
        puts(buf_cstr(out));
    buf_free(&answer);
    return rc;
}

/* By these words, and no others: a former pause may only just be lifted, or a later one be said. */
static bool is_paused_by(const struct daemon_state *s, const char *words)
{
    const char *cause = json_string_value(json_object_get(s->all, "cause"));
    return s->there && strcmp(s->state, "paused") == 0 && cause && strcmp(cause, words) == 0;
}

/* A position of a copy would leave them out, or bring others twice. */
static void tell_gaps(const struct daemon_state *s)
{
    uint64_t all, high;
    if (daemon_state_number(&all, s, "applied_seq") && daemon_state_number(&high, s, "newest_seq") && high > all)
        printf("what is in effect has gaps: all up to seq %" PRIu64 ", of the next ones up to %" PRIu64
               " some; so no position says what the target has, until it is resumed and paused again without what it "
               "waits for\n",
               all, high);
}

static int wait_until_paused(const struct config *config, const char *name, const char *answer, struct err *err)
{
    uint64_t now_ms = clock_mono_ms(), end_ms = now_ms + IN_FORCE_MS, in_vain_ms = now_ms + RETRYING_MS;
    for (; now_ms < end_ms; clock_sleep_ms(LOOK_MS), now_ms = clock_mono_ms()) {
        struct daemon_state s;
        int rc = 1;
        daemon_state_ask(&s, config, name);
        if (strcmp(s.state, "retrying") != 0)
            in_vain_ms = now_ms + RETRYING_MS;
        if (is_paused_by(&s, answer + strlen("paused "))) {
            tell_gaps(&s);
            rc = 0;
        } else if (now_ms >= in_vain_ms) {
            rc =
                err_retry(err,
                          "%s has been told, and is retrying what it has in hand (%s): the pause is in force, and kept "
                          "over restarts, once it gets through to the target",
                          name, s.last_error ? s.last_error : "no cause is known");
        }
        daemon_state_free(&s);
        if (rc <= 0)
            return rc;
    }
    return err_retry(err, "%s has been told, and is not through with what it has in hand yet", name);
}

/* The target knows that it is not paused: one that is started anew before would be. */
static bool is_lifted(const struct daemon_state *s, const char *answer)
{
    uint64_t kept;
    bool tells = daemon_state_number(&kept, s, "pause_kept"); /* one of an earlier release does not */
    return s->all && (!tells || kept) && !is_paused_by(s, answer + strlen(RESUMED));
}

static int wait_until_resumed(const struct config *config, const char *name, const char *answer, struct err *err)
{
    const uint64_t end_ms = clock_mono_ms() + RETRYING_MS;
    bool done = false;
    while (!done && clock_mono_ms() < end_ms) {
        struct daemon_state s;
        daemon_state_ask(&s, config, name);
        done = is_lifted(&s, answer);
        daemon_state_free(&s);
        if (!done)
            clock_sleep_ms(LOOK_MS);
    }
    return done ? 0
                : err_retry(err,
                            "%s has been told, and has not told the target yet: as long as that is so, the link is "
                            "paused again when it is started anew. Run drcctl status, and then this once more",
                            name);
}

/* What was answered is so, and stays so. */
static int wait_until_kept(const struct config *config, const char *name, const char *answer, struct err *err)
{
    if (strncmp(answer, "paused ", strlen("paused ")) == 0)
        return wait_until_paused(config, name, answer, err);
    if (strncmp(answer, RESUMED, strlen(RESUMED)) == 0)
        return wait_until_resumed(config, name, answer, err);
    return 0; /* a statement that is passed: its transaction says it to the target */
}

static int run(int argc, char **argv, const char *config_path, const struct argp_option *options, const char *doc,
               bool pause)
{
    const struct argp argp = {options, parse, NULL, doc, command_link_children, NULL, NULL};
    struct word_arguments a = {.config_path = config_path, .why = "", .gtid = "-"};
    const struct link_config *link;
    struct config *config;
    struct buf answer = {0};
    struct err err = {0};
    argp_parse(&argp, argc, argv, 0, NULL, &a);
    int code = command_load(&config, a.config_path);
    if (code)
        return code;
    char *name = daemon_applier_name(a.link.from, a.link.to);
    char *who = command_who();
    char *command = pause ? xasprintf("pause %s %s", who, a.why) : xasprintf("resume %s %s %s", who, a.gtid, a.why);
    if (config_link(config, a.link.from, a.link.to, &link, &err) || say(&answer, config, name, command, &err) ||
        wait_until_kept(config, name, buf_cstr(&answer), &err))
        code = command_fail(&err);
    buf_free(&answer);
    free(command);
    free(who);
    free(name);
    config_free(&config);
    return code;
}

int command_pause(int argc, char **argv, const char *config_path)
{
    return run(argc, argv, config_path, pause_options, pause_doc, true);
}

int command_resume(int argc, char **argv, const char *config_path)
{
    return run(argc, argv, config_path, resume_options, resume_doc, false);
}
