/* drc-capture: publishes a region's transactions to its Kafka topic. The command line. */
#include <argp.h>
#include <stdio.h>
#include <stdlib.h>

#include "capture/capture.h"
#include "common/base/log.h"
#include "common/link/daemon.h"

const char *argp_program_version = "drc-capture " DRC_VERSION;

enum { OPTION_HELP_CONFIG = 256, OPTION_CHECK };

static const struct argp_option options[] = {
    {"config",                                           'c', "FILE", 0, "The pair file (default " CONFIG_DEFAULT_PATH ")", 0},
    {"region",                                            'r', "REGION", 0, "Which region's database to capture", 0},
    {"check", OPTION_CHECK, NULL, 0, "Look at configuration, source and topic, change nothing, and end", 0},
    {"help-config",                                                  OPTION_HELP_CONFIG, NULL, 0, "Print every key of the pair file, and end", 0},
    {0   },
};

struct arguments {
    const char *config;
    const char *region;
    bool check;
    bool help_config;
};

static error_t parse_option(int key, char *value, struct argp_state *state)
{
    struct arguments *a = state->input;
    switch (key) {
    case 'c':
        a->config = value;
        return 0;
    case 'r':
        a->region = value;
        return 0;
    case OPTION_CHECK:
        a->check = true;
        return 0;
    case OPTION_HELP_CONFIG:
        a->help_config = true;
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state, "unexpected argument \"%s\"", value);
        return 0;
    case ARGP_KEY_END:
        if (!a->region && !a->help_config)
            argp_error(state, "--region is missing");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp argp = {
    .options = options,
    .parser = parse_option,
    .doc = "Reads the binlog of REGION's database and publishes its transactions to Kafka, each exactly once.\v"
           "Exit codes: 0 stopped as asked; 64 usage; 69 going on would lose, repeat or reorder data; 70 a mistake of "
           "this "
           "program; 75 try again; 77 grants, authentication, or fenced by a newer instance; 78 configuration, server "
           "settings included. Every stop names its cause in the last line of the log.",
};

static int load(struct config **config, const struct region_config **region, const struct arguments *a, struct err *err)
{
    if (config_load(config, a->config, err) != 0 || config_region(*config, a->region, region, err) != 0 ||
        config_password(*config, a->region, err) != 0 || config_kafka_password(*config, a->region, err) != 0)
        return -1;
    log_setup((enum log_level)(*config)->log_level);
    return 0;
}

int main(int argc, char **argv)
{
    struct arguments a = {.config = CONFIG_DEFAULT_PATH};
    struct config *config = NULL;
    const struct region_config *region;
    struct err err = {0};
    argp_err_exit_status = EXIT_BAD_USAGE;
    argp_parse(&argp, argc, argv, 0, NULL, &a);
    if (a.help_config) {
        config_print_help(stdout);
        return EXIT_DONE;
    }
    struct stop *stop = daemon_signals();
    if (load(&config, &region, &a, &err) == 0)
        (void)(a.check ? capture_check(config, region, &err) : capture_run(config, region, stop, &err));
    if (a.check && err.class == ERR_NONE)
        return EXIT_DONE;
    /* No cleaning up: a thread may still be waiting for an answer, and the system takes all back. */
    fflush(stdout);
    _Exit(daemon_last_line("drc-capture", stop, &err));
}
