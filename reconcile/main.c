/* drc-reconcile: what differs between the two sides of a pair, row by row, while they are written. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/log.h"
#include "common/base/mem.h"
#include "common/link/options.h"
#include "reconcile/full.h"

#define TIMEOUT_S 120

struct arguments {
    const char *config_path;
    const char *mode;
    char *pair; /* ours; cut in two */
    struct filter tables;
    struct full_options options;
};

enum { KEY_CHUNK_ROWS = 0x100 };

static const struct argp_option options[] = {
    {"pair",       'p',            "A,B",     0, "The two regions; A is told as the source of B",  0},
    {"tables",     't',            "PATTERN", 0, "Only tables that match; may be given again",     0},
    {"json",       'j',            "FILE",    0, "Write JSON Lines, a summary last; - for stdout", 0},
    {"chunk-rows", KEY_CHUNK_ROWS, "N",       0, "Rows a chunk (default: what takes 0.25 s)",      0},
    {"timeout",    'T',            "SECONDS", 0, "Wait that long for the links (default: 120)",    0},
    {"quiet",      'q',            NULL,      0, "Print only what differs",                        0},
    {NULL,         0,              NULL,      0, NULL,                                             0},
};

static const char doc[] = "Compare the tables of a pair in two regions, by checksums in the databases, and name every "
                          "row that differs. Both may be "
                          "written meanwhile: what differs is looked at again after the links have passed it.\v"
                          "full: every row of every table. Exit codes: 0 equal; 1 differences; 2 incomplete (something "
                          "was not reachable in time, or "
                          "rows kept changing); 64 usage; 78 configuration.";

static void parse_pair(struct arguments *a, const char *arg, struct argp_state *state)
{
    free(a->pair);
    a->pair = xstrdup(arg);
    char *comma = strchr(a->pair, ',');
    if (!comma || comma == a->pair || !comma[1] || strchr(comma + 1, ','))
        argp_error(state, "--pair wants two regions, as in --pair eu,us, not '%s'", arg);
    *comma = '\0';
    a->options.regions[0] = a->pair;
    a->options.regions[1] = comma + 1;
}

static void check_whole(const struct arguments *a, struct argp_state *state)
{
    if (!a->mode)
        argp_error(state, "what to do is missing: full");
    if (strcmp(a->mode, "full") != 0)
        argp_error(state, "no mode '%s': full", a->mode);
    if (!a->pair)
        argp_error(state, "--pair is needed");
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct arguments *a = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &a->config_path;
        return 0;
    case 'p':
        parse_pair(a, arg, state);
        return 0;
    case 't':
        options_table(&a->tables, arg, state);
        a->options.tables = &a->tables;
        return 0;
    case 'j':
        a->options.json_path = arg;
        return 0;
    case 'T':
        a->options.timeout_ms = options_number(arg, "--timeout", 1, UINT32_MAX, state) * 1000;
        return 0;
    case 'q':
        a->options.quiet = true;
        return 0;
    case KEY_CHUNK_ROWS:
        a->options.chunk_rows = options_number(arg, "--chunk-rows", 1, UINT32_MAX, state);
        return 0;
    case ARGP_KEY_ARG:
        if (a->mode)
            argp_error(state, "one mode at a time, not also '%s'", arg);
        a->mode = arg;
        return 0;
    case ARGP_KEY_END:
        check_whole(a, state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

int main(int argc, char **argv)
{
    struct arguments a = {.config_path = CONFIG_DEFAULT_PATH, .options = {.timeout_ms = TIMEOUT_S * 1000}};
    const struct argp_child children[] = {
        {&options_config, 0, NULL, 0},
        {0          }
    };
    const struct argp argp = {options, parse, "full", doc, children, NULL, NULL};
    struct config *config = NULL;
    struct err err = {0};
    log_setup(LOG_WARN);
    options_begin("drc-reconcile " DRC_VERSION);
    argp_parse(&argp, argc, argv, 0, NULL, &a);
    int code = config_load(&config, a.config_path, &err) ? err.exit_code : 0;
    if (code)
        fprintf(stderr, "drc-reconcile: %s\n", err.text);
    else
        code = full_run(config, &a.options);
    config_free(&config);
    filter_free(&a.tables);
    free(a.pair);
    return code;
}
