/* drcctl: the one tool by which people and scripts look at a pair and wait for it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/log.h"
#include "ctl/command.h"

struct arguments {
    const char *config_path;
    int command_at; /* index of the command's name in argv; 0: there is none */
};

enum { KEY_HELP_CONFIG = 0x100 };

static const struct argp_option options[] = {
    {"config",      'c',             "FILE",   0,                   "The pair file (default: " CONFIG_DEFAULT_PATH ")", 0},
    {"help-config", KEY_HELP_CONFIG, "FORMAT", OPTION_ARG_OPTIONAL,
     "Describe every key of the pair file, as text (default) or markdown",                                              0},
    {NULL,          0,               NULL,     0,                   NULL,                                               0},
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct arguments *a = state->input;
    switch (key) {
    case 'c':
        a->config_path = arg;
        return 0;
    case KEY_HELP_CONFIG:
        if (arg && strcmp(arg, "text") != 0 && strcmp(arg, "markdown") != 0)
            argp_error(state, "--help-config: no format '%s'; text or markdown", arg);
        (arg && strcmp(arg, "markdown") == 0 ? config_print_markdown : config_print_help)(stdout);
        exit(EXIT_DONE);
    case ARGP_KEY_ARG:
        a->command_at = state->next - 1;
        state->next = state->argc; /* the rest is the command's */
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* The list of commands, out of their table. */
static char *help_filter(int key, const char *text, void *input)
{
    (void)input;
    if (key != ARGP_KEY_HELP_POST_DOC)
        return (char *)text;
    struct buf out = {0};
    buf_put_str(&out, "Commands:\n");
    for (const struct command *c = commands; c->name; c++)
        buf_printf(&out, "  %-16s %s\n", c->name, c->help);
    buf_put_str(&out,
                "\n`drcctl COMMAND --help` tells more. Exit codes: 0 done; 64 usage; 69 a link is stopped, or going "
                "on would lose or repeat data; 75 not now, try again; 77 access denied; 78 configuration.");
    (void)buf_cstr(&out);
    return (char *)out.data; /* argp frees it */
}

/* Does the command's name stand at argv[at], word by word? How many words; 0: no. */
static int name_matches(const char *name, int argc, char **argv, int at)
{
    int words = 0;
    while (*name) {
        size_t n = strcspn(name, " ");
        if (at + words >= argc || strlen(argv[at + words]) != n || memcmp(argv[at + words], name, n) != 0)
            return 0;
        words++;
        name += n;
        name += *name == ' ';
    }
    return words;
}

static int run_command(int argc, char **argv, const struct arguments *a)
{
    char name[64];
    for (const struct command *c = commands; c->name; c++) {
        int words = name_matches(c->name, argc, argv, a->command_at);
        if (words == 0)
            continue;
        int last = a->command_at + words - 1;
        snprintf(name, sizeof name, "drcctl %s", c->name);
        argv[last] = name;
        return c->run(argc - last, argv + last, a->config_path);
    }
    fprintf(stderr, "drcctl: no command '%s': see drcctl --help\n", argv[a->command_at]);
    return EXIT_BAD_USAGE;
}

int main(int argc, char **argv)
{
    struct arguments a = {.config_path = CONFIG_DEFAULT_PATH};
    const struct argp argp = {.options = options,
                              .parser = parse,
                              .args_doc = "COMMAND [ARGUMENT...]",
                              .doc = "Look at a pair of regions, and wait for it.\v",
                              .help_filter = help_filter};
    argp_err_exit_status = EXIT_BAD_USAGE;
    log_setup(LOG_WARN);
    argp_program_version = "drcctl " DRC_VERSION;
    argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, &a);
    if (a.command_at == 0) {
        fprintf(stderr, "drcctl: no command given: see drcctl --help\n");
        return EXIT_BAD_USAGE;
    }
    return run_command(argc, argv, &a);
}
