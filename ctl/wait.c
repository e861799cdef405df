/* drcctl wait: returns once all that a region has committed now is in effect in another. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/base/clock.h"
#include "ctl/command.h"
#include "ctl/liveness.h"

struct wait_arguments {
    const char *config_path;
    struct options_link link;
    uint64_t timeout_ms;
    bool quiet;
};

static const struct argp_option options[] = {
    {"timeout", 'T', "SECONDS", 0, "Give up after that time, with exit code 75 (default: never)", 0},
    {"quiet",   'q', NULL,      0, "Print nothing but errors",                                    0},
    {NULL,      0,   NULL,      0, NULL,                                                          0},
};

static const char doc[] =
    "Return once everything that region FROM has committed when this is called is in effect in region TO: "
    "applied, kept in the conflict journal, filtered, or itself replayed from another region.\v"
    "Exit codes: 0 it is; 75 not in time; 69 the link is stopped, or has parked some of it. What is missing is said in "
    "each case.";

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct wait_arguments *a = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &a->config_path;
        state->child_inputs[1] = &a->link;
        return 0;
    case 'q':
        a->quiet = true;
        return 0;
    case 'T':
        a->timeout_ms = options_seconds(arg, "--timeout", state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* The position of the source, asked for until it answers or the time is over. */
static int source_position(struct progress *p, struct position *out, const struct wait_arguments *a, uint64_t began_ms,
                           struct err *err)
{
    while (progress_source_position(p, out, err)) {
        bool over = a->timeout_ms != UINT64_MAX && clock_mono_ms() - began_ms >= a->timeout_ms;
        if (err->class != ERR_RETRY || over)
            return -1;
        clock_sleep_ms(500);
    }
    return 0;
}

/* What was put aside is in the target, and not in effect. */
static int check_parked(struct progress *p, const struct progress_report *report, struct err *err)
{
    struct parked_sum sum;
    struct buf text = {0};
    if (progress_parked(p, &sum, err))
        return -1;
    if (sum.transactions == 0 || sum.oldest_seq > report->wanted_seq)
        return 0;
    progress_put_parked(&sum, &text);
    (void)err_fatal(err, EXIT_UNSAFE,
                    "%s has everything of %s up to seq %" PRIu64 " but what is parked: %s; see drcctl "
                    "parked list",
                    report->to, report->from, report->wanted_seq, buf_cstr(&text));
    buf_free(&text);
    return -1;
}

static int wait_for_link(const struct config *config, const struct wait_arguments *a, struct progress_report *report,
                         struct err *err)
{
    uint64_t began_ms = clock_mono_ms();
    struct progress *p = progress_new(config, a->link.from, a->link.to);
    struct position position = {0};
    struct liveness liveness;
    int rc = -1;

    liveness_start(&liveness, config);
    if (source_position(p, &position, a, began_ms, err))
        goto out;
    uint64_t gone = clock_mono_ms() - began_ms;
    const struct progress_watch watch = {.timeout_ms = a->timeout_ms == UINT64_MAX ? UINT64_MAX
                                                       : a->timeout_ms > gone      ? a->timeout_ms - gone
                                                                                   : 0,
                                         .check = liveness_check,
                                         .context = &liveness};
    rc = progress_wait(p, report, &position, &watch, err);
    if (rc && err->class == ERR_RETRY)
        liveness_at_timeout(&liveness, report, err);
    if (rc == 0)
        rc = check_parked(p, report, err);
out:
    position_free(&position);
    progress_free(&p);
    return rc;
}

int command_wait(int argc, char **argv, const char *config_path)
{
    const struct argp argp = {options, parse, NULL, doc, command_link_children, NULL, NULL};
    struct wait_arguments a = {.config_path = config_path, .timeout_ms = UINT64_MAX};
    const struct link_config *link;
    struct progress_report report;
    struct config *config;
    struct err err = {0};

    argp_parse(&argp, argc, argv, 0, NULL, &a);
    int code = command_load(&config, a.config_path);
    if (code)
        return code;
    if (config_link(config, a.link.from, a.link.to, &link, &err) || command_secrets(config, a.link.from, true, &err) ||
        command_secrets(config, a.link.to, false, &err) || wait_for_link(config, &a, &report, &err)) {
        code = command_fail(&err);
    } else if (!a.quiet) {
        struct buf text = {0};
        progress_put_report(&report, &text);
        puts(buf_cstr(&text));
        buf_free(&text);
    }
    config_free(&config);
    return code;
}
