/* Parsers of the options that several programs take. */
#include "common/link/options.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

#include "common/link/config.h"
#include "common/link/metrics.h"

void options_begin(const char *version)
{
    argp_err_exit_status = EXIT_BAD_USAGE;
    argp_program_version = version;
#ifndef DRC_DEBUG
    (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
}

/* ---- groups ---- */

enum { KEY_HELP_CONFIG = 0x1000, KEY_HELP_METRICS };

static const struct argp_option config_options[] = {
    {"config",       'c',              "FILE",   0,                   "The pair file (default: " CONFIG_DEFAULT_PATH ")",           -2},
    {"help-config",  KEY_HELP_CONFIG,  "FORMAT", OPTION_ARG_OPTIONAL,
     "Describe every key of the pair file, as text (default) or markdown, and end",                                                 -2},
    {"help-metrics", KEY_HELP_METRICS, NULL,     0,                   "Describe every metric of the daemons, as markdown, and end", -2},
    {NULL,           0,                NULL,     0,                   NULL,                                                         0 },
};

static void help_config(const char *format, struct argp_state *state)
{
    bool markdown = format && strcmp(format, "markdown") == 0;
    if (format && !markdown && strcmp(format, "text") != 0)
        argp_error(state, "--help-config: no format '%s'; text or markdown", format);
    (markdown ? config_print_markdown : config_print_help)(stdout);
    exit(EXIT_DONE);
}

static void help_metrics(void)
{
    metrics_print_markdown(stdout);
    exit(EXIT_DONE);
}

static error_t parse_config(int key, char *arg, struct argp_state *state)
{
    const char **path = state->input;
    if (key == KEY_HELP_CONFIG)
        help_config(arg, state);
    else if (key == KEY_HELP_METRICS)
        help_metrics();
    else if (key == 'c')
        *path = arg;
    else
        return ARGP_ERR_UNKNOWN;
    return 0;
}

const struct argp options_config = {.options = config_options, .parser = parse_config};

static const struct argp_option link_options[] = {
    {"from", 'f', "REGION", 0, "The region whose transactions it is about", 0},
    {"to",   't', "REGION", 0, "The region in which they come into effect", 0},
    {NULL,   0,   NULL,     0, NULL,                                        0},
};

static error_t parse_link(int key, char *arg, struct argp_state *state)
{
    struct options_link *l = state->input;
    switch (key) {
    case 'f':
        l->from = arg;
        return 0;
    case 't':
        l->to = arg;
        return 0;
    case ARGP_KEY_END:
        if (!l->from || !l->to)
            argp_error(state, "--from and --to are needed");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

const struct argp options_link = {.options = link_options, .parser = parse_link};

/* ---- values ---- */

uint64_t options_number(const char *arg, const char *option, uint64_t min, uint64_t max, struct argp_state *state)
{
    char *end;
    errno = 0;
    uint64_t n = strtoull(arg, &end, 10);
    if (end != arg && !*end && !errno && arg[0] >= '0' && arg[0] <= '9' && n >= min && n <= max)
        return n;
    if (max >= INT64_MAX)
        argp_error(state, "%s wants a number from %" PRIu64 ", not '%s'", option, min, arg);
    else
        argp_error(state, "%s wants a number from %" PRIu64 " to %" PRIu64 ", not '%s'", option, min, max, arg);
    return min;
}

uint64_t options_seconds(const char *arg, const char *option, struct argp_state *state)
{
    char *end;
    errno = 0;
    double seconds = strtod(arg, &end);
    if (end == arg || *end || errno || !(seconds >= 0 && seconds < 1e9))
        argp_error(state, "%s wants a number of seconds, not '%s'", option, arg);
    return (uint64_t)(seconds * 1000);
}

void options_table(struct filter *f, const char *arg, struct argp_state *state)
{
    struct err err = {0};
    if (filter_add(f, true, arg, &err))
        argp_error(state, "%s", err.text);
}
