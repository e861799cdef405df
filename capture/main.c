/* drc-capture: publishes a region's transactions to its Kafka topic. The command line. */
#include <stdio.h>
#include <stdlib.h>

#include "capture/capture.h"
#include "common/base/log.h"
#include "common/link/daemon.h"
#include "common/link/options.h"
#include "common/target/pair_file.h"

enum { OPTION_CHECK = 256 };

static const struct argp_option options[] = {
    {"region",                              'r', "REGION", 0, "Which region's database to capture", 0},
    {"check",                             OPTION_CHECK, NULL, 0, "Look at configuration, source and topic, change nothing, and end", 0},
    {0},
};

struct arguments {
    const char *config;
    const char *region;
    bool check;
};

static error_t parse_option(int key, char *value, struct argp_state *state)
{
    struct arguments *a = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &a->config;
        return 0;
    case 'r':
        a->region = value;
        return 0;
    case OPTION_CHECK:
        a->check = true;
        return 0;
    case ARGP_KEY_END:
        if (!a->region)
            argp_error(state, "--region is missing");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_child children[] = {
    {&options_config, 0, NULL, 0},
    {0          }
};

static const struct argp argp = {
    .options = options,
    .parser = parse_option,
    .children = children,
    .doc = "Reads the binlog of REGION's database and publishes its transactions to Kafka, each exactly once.\v"
           "Exit codes: 0 stopped as asked; 64 usage; 69 going on would lose, repeat or reorder data; 70 a mistake of "
           "this "
           "program; 75 try again; 77 grants, authentication, or fenced by a newer instance; 78 configuration, server "
           "settings included. Every stop names its cause in the last line of the log.",
};

static int load(struct config **config, const struct region_config **region, const struct arguments *a, struct err *err)
{
    if (pair_load(config, a->config, err) != 0 || config_region(*config, a->region, region, err) != 0 ||
        config_password(*config, a->region, err) != 0 || config_kafka_password(*config, a->region, err) != 0)
        return -1;
    log_setup((enum log_level)(*config)->log_level, (enum log_format)(*config)->log_format);
    return 0;
}

int main(int argc, char **argv)
{
    struct arguments a = {.config = CONFIG_DEFAULT_PATH};
    struct config *config = NULL;
    const struct region_config *region;
    struct err err = {0};
    options_begin("drc-capture " DRC_VERSION);
    argp_parse(&argp, argc, argv, 0, NULL, &a);
    struct daemon_hup *hup;
    struct stop *stop = daemon_signals(&hup);
    if (load(&config, &region, &a, &err) == 0)
        (void)(a.check ? capture_check(config, region, &err) : capture_run(config, region, stop, hup, &err));
    if (a.check && err.class == ERR_NONE)
        return EXIT_DONE;
    /* No cleaning up: a thread may still be waiting for an answer, and the system takes all back. */
    fflush(stdout);
    _Exit(daemon_last_line("drc-capture", stop, &err));
}
