/* drc-applier: replays one region's stream at another region's database. */
#include <argp.h>
#include <stdio.h>
#include <stdlib.h>

#include "applier/run.h"
#include "common/base/log.h"
#include "common/link/daemon.h"

struct arguments {
    const char *config;
    const char *from;
    const char *to;
};

enum { OPTION_HELP_CONFIG = 256 };

static const struct argp_option options[] = {
    {"config",                                           'c', "FILE", 0, "the pair file (default " CONFIG_DEFAULT_PATH ")", 0},
    {"from",                                            'f', "REGION", 0, "whose stream is read", 0},
    {"to", 't', "REGION", 0, "whose database is written", 0},
    {"help-config",                                                  OPTION_HELP_CONFIG, NULL, 0, "list every key of the pair file", 0},
    {0   },
};

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
    struct arguments *a = state->input;
    switch (key) {
    case 'c':
        a->config = arg;
        return 0;
    case 'f':
        a->from = arg;
        return 0;
    case 't':
        a->to = arg;
        return 0;
    case OPTION_HELP_CONFIG:
        config_print_help(stdout);
        exit(EXIT_DONE);
    case ARGP_KEY_ARG:
        argp_error(state, "no argument is taken, got '%s'", arg);
        return 0;
    case ARGP_KEY_END:
        if (!a->from || !a->to)
            argp_error(state, "--from REGION and --to REGION are required");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static int load(struct config **config, const struct arguments *a, struct err *err)
{
    if (config_load(config, a->config, err))
        return -1;
    log_setup((enum log_level)(*config)->log_level);
    return config_password(*config, a->to, err) || config_kafka_password(*config, a->from, err) ? -1 : 0;
}

int main(int argc, char **argv)
{
    const struct argp argp = {
        .options = options,
        .parser = parse_option,
        .doc =
            "Replays the stream of one region at the database of another: whole transactions, in source order, each "
            "exactly once.\vExit codes: 0 stopped as asked; 64 usage; 69 going on would lose, repeat or reorder data; "
            "75 try again; 77 grants, or fenced by a newer instance; 78 configuration or server settings.",
    };
    struct arguments arguments = {.config = CONFIG_DEFAULT_PATH};
    struct config *config = NULL;
    struct err err = {0};
    argp_err_exit_status = EXIT_BAD_USAGE;
    argp_program_version = "drc-applier " DRC_VERSION;
    if (argp_parse(&argp, argc, argv, 0, NULL, &arguments))
        return EXIT_BAD_USAGE;
    struct stop *stop = daemon_signals();
    if (load(&config, &arguments, &err) == 0 && applier_run(config, arguments.from, arguments.to, stop, &err) == 0)
        err = (struct err){0};
    int code = daemon_last_line("drc-applier", stop, &err);
    config_free(&config);
    _Exit(code); /* the thread that waits for signals may still hold `stop` */
}
